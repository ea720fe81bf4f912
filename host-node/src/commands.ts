import type { Lifetime } from "./options.js";
import type {
  Account,
  AccountChanges,
  Allowed,
  Client,
  ClientChanges,
  ClientWithSecret,
  CompletedJourney,
  Decided,
  DeviceDecision,
  DeviceRequest,
  EmailVerified,
  ExportedKey,
  FactorKind,
  Grant,
  InspectedHash,
  Interaction,
  Introspection,
  IssuedRegistrationToken,
  JsonWebKeys,
  JwtPolicy,
  KeyPair,
  ListPage,
  MailSent,
  NewAccount,
  NewAuthenticator,
  NewClient,
  NewJourney,
  NewJwt,
  NewPassword,
  NewPat,
  Paging,
  PasswordChange,
  PasswordGuess,
  PasswordReset,
  Pat,
  PatChanges,
  PatFilter,
  PatVerified,
  PrincipalFacts,
  Purged,
  RegisteredPat,
  Registration,
  RegistrationToken,
  Requirement,
  ResourceMetadata,
  Resumed,
  SecondFactors,
  SentMail,
  Session,
  SessionTokens,
  SessionTokensOf,
  SignedIn,
  SignedJwt,
  SigningAlgorithm,
  SigningKey,
  Stage,
  TokenRequirement,
  VerifiedCode,
  VerifiedJwt,
} from "./shapes.js";

/** Response headers, names repeated where a header is. */
export type HeaderPairs = [name: string, value: string][];

/** Where an answered interaction sends the browser. */
export interface Onward {
  location: string;
  headers: HeaderPairs;
}

type ById = { id: string };
type OfSubject = { subject: string };
type OfVisit = { visit: { cookie: string; remote: string | null; userAgent: string | null; remember?: boolean } };
type Answering = { handle: string; cookie: string };

/** Every typed command: what it takes, and what it gives. */
export interface Commands {
  "clients.create": [NewClient, ClientWithSecret<string | null>];
  "clients.find": [ById, Client | null];
  "clients.list": [Paging, ListPage<Client>];
  "clients.update": [ById & ClientChanges, Client];
  "clients.delete": [ById, { deleted: boolean }];
  "clients.rotateSecret": [ById & { overlap?: Lifetime }, ClientWithSecret];
  "registrationTokens.issue": [{ uses?: number; expiresIn?: Lifetime }, IssuedRegistrationToken];
  "registrationTokens.list": [Paging, ListPage<RegistrationToken>];
  "registrationTokens.revoke": [ById, { revoked: boolean }];
  "accounts.create": [NewAccount, Account];
  "accounts.find": [ById | { login: string }, Account | null];
  "accounts.list": [Paging, ListPage<Account>];
  "accounts.update": [ById & AccountChanges, Account];
  "signIn.withPassword": [OfVisit & { login: string; password: string }, Stage];
  "signIn.withCode": [OfVisit & { pending: string; code: string; kind?: FactorKind }, Stage];
  "signIn.sendCode": [OfVisit & { pending: string }, { sent: boolean }];
  "signIn.sendMail": [OfVisit & { login: string }, SentMail];
  "signIn.withMail": [OfVisit & { waiting: string; code: string }, Stage];
  "signIn.withLink": [OfVisit & { token: string }, Stage];
  "signIn.as": [OfVisit & { subject: string; methods: readonly string[] }, Stage];
  "signIn.out": [OfVisit, { headers: HeaderPairs }];
  "accounts.setPassword": [ById & NewPassword & { endSessions?: boolean }, Account];
  "accounts.changePassword": [ById & PasswordChange, Account];
  "accounts.verifyPassword": [PasswordGuess, { valid: boolean }];
  "passwords.hash": [{ password: string }, { hash: string }];
  "passwords.verify": [{ password: string; hash: string }, { valid: boolean; needsRehash: boolean }];
  "passwords.inspect": [{ hash: string }, InspectedHash];
  "accounts.register": [Registration, MailSent<"sent" | "throttled">];
  "accounts.sendVerification": [ById, MailSent];
  "accounts.requestEmailChange": [ById & { email: string }, MailSent];
  "accounts.verifyEmail": [{ token: string }, EmailVerified];
  "accounts.requestReset": [{ login: string; remote?: string }, MailSent<"sent" | "throttled">];
  "accounts.reset": [{ token: string; password: string }, PasswordReset];
  "sessions.list": [OfSubject & Paging, ListPage<Session>];
  "sessions.revoke": [OfSubject & ById, { revoked: boolean }];
  "sessions.revokeAll": [OfSubject, { revoked: number }];
  "sessions.revokeOthers": [OfSubject & { keep: string }, { revoked: number }];
  "factors.list": [OfSubject, SecondFactors];
  "factors.beginTotp": [
    OfSubject & { name?: string; algorithm?: "SHA1" | "SHA256" | "SHA512"; digits?: 6 | 8 },
    NewAuthenticator,
  ];
  "factors.confirmTotp": [
    OfSubject & ById & { code: string; keepSession?: string },
    { recoveryCodes: string[] | null },
  ];
  "factors.regenerateRecoveryCodes": [OfSubject, { recoveryCodes: string[] }];
  "factors.setEmail": [OfSubject & { enabled: boolean; keepSession?: string }, { enabled: boolean }];
  "factors.remove": [OfSubject & ById & { keepSession?: string }, { removed: boolean }];
  "factors.verify": [OfSubject & { code: string; remote?: string }, VerifiedCode];
  "sessions.open": [{ cookie: string }, Opened];
  "sessions.save": [
    { handle: string; changes?: readonly Difference[]; regenerate?: boolean; invalidate?: boolean },
    { headers: HeaderPairs },
  ];
  "sessions.resume": [{ cookie: string; userAgent?: string; remote?: string }, Resumed];
  "sessions.issueTokens": [SessionTokensOf, SessionTokens];
  "sessions.refreshTokens": [{ refreshToken: string }, SessionTokens];
  "logout.deliver": [
    OfSubject & { sessionId: string; clientId: string; attempt?: number },
    { delivered: boolean; retryIn: number | null },
  ];
  "grants.list": [OfSubject & Paging, ListPage<Grant>];
  "grants.revoke": [OfSubject & ById, { revoked: boolean }];
  "grants.update": [OfSubject & ById & { context?: unknown }, Grant];
  "grants.revokeAll": [OfSubject & { clientId?: string }, { revoked: number }];
  "tokens.verify": [{ token: string; jkt?: string } & TokenRequirement, PrincipalFacts];
  "tokens.introspect": [{ token: string }, Introspection];
  "tokens.revoke": [{ token: string }, { revoked: boolean }];
  authenticate: [{ headers: HeaderPairs; method?: string; url?: string } & Requirement, PrincipalFacts];
  "resources.metadata": [{ resource: string }, ResourceMetadata];
  "keys.list": [Record<never, never>, { keys: SigningKey[] }];
  "keys.generate": [{ algorithm: SigningAlgorithm }, SigningKey];
  "keys.import": [
    ({ pem: string } | { jwk: JsonWebKey }) & { algorithm?: SigningAlgorithm; activate?: boolean },
    SigningKey,
  ];
  "keys.export": [{ kid: string }, ExportedKey];
  "keys.jwks": [Record<never, never>, JsonWebKeys];
  "keys.pair": [{ algorithm: SigningAlgorithm }, KeyPair];
  "keys.rotate": [{ algorithm?: SigningAlgorithm }, { keys: SigningKey[] }];
  "keys.withdraw": [{ kid: string }, { keys: SigningKey[] }];
  "jwts.sign": [{ claims: object; audience?: readonly string[] } & Omit<NewJwt, "audience">, SignedJwt];
  "jwts.verify": [
    { token: string; audience?: readonly string[] | null; jwks?: object; jwksUri?: string } & Omit<
      JwtPolicy,
      "audience" | "jwks"
    >,
    VerifiedJwt,
  ];
  "jwts.deny": [{ token: string } | { jti: string; expiresAt: number }, { denied: boolean }];
  "jwts.allow": [{ jti: string }, { allowed: boolean }];
  "jwts.isDenied": [{ jti: string }, { denied: boolean }];
  "interactions.get": [Answering, Interaction];
  "interactions.complete": [Answering & SignedIn, Onward];
  "interactions.consent": [Answering & Allowed, Onward];
  "interactions.deny": [Answering, Onward];
  "device.begin": [{ userCode: string; cookie: string }, Onward];
  "device.get": [Answering & { remote?: string }, DeviceRequest];
  "device.approve": [Answering & DeviceDecision, Decided];
  "device.deny": [Answering, Decided];
  "journeys.begin": [{ cookie: string; handle: string } & NewJourney, { state: string; headers: HeaderPairs }];
  "journeys.complete": [{ cookie: string; state: string }, CompletedJourney];
  "journeys.issueCode": [
    { subject: string; handle?: string; codeChallenge: string },
    { code: string; expiresAt: number },
  ];
  "journeys.redeemCode": [{ code: string; codeVerifier: string }, { subject: string; handle: string | null }];
  "pats.issue": [NewPat, { token: string; pat: Pat }];
  "pats.register": [RegisteredPat, Pat];
  "pats.generate": [{ id?: string }, { token: string; id: string; hash: string }];
  "pats.verify": [{ token: string }, PatVerified];
  "pats.find": [ById, Pat | null];
  "pats.load": [{ ids: readonly string[]; includeHash?: boolean }, { found: Pat[]; notFound: string[] }];
  "pats.list": [PatFilter, ListPage<Pat>];
  "pats.update": [
    ById &
      Omit<PatChanges, "roles"> & {
        roles?: readonly string[];
        addRoles?: readonly string[];
        removeRoles?: readonly string[];
      },
    Pat,
  ];
  "pats.revoke": [ById & { expiresAt?: number | null }, Pat];
  "pats.restore": [ById, Pat];
  "pats.delete": [ById, { deleted: boolean }];
  "seals.seal": [{ data: unknown; passwords: Record<string, string>; ttl?: Lifetime }, { seal: string }];
  "seals.unseal": [{ seal: string; passwords: Record<string, string> }, { data: unknown }];
  purge: [Paging & { dryRun?: boolean; retention?: Lifetime }, Purged & { next: string | null }];
}

/** A session with its bag. */
export interface Opened {
  handle: string;
  id: string;
  subject: string | null;
  values: Record<string, unknown>;
  flash: Record<string, unknown>;
  token: string;
  previousUrl: string | null;
  headers: HeaderPairs;
}

/** One change of a session's bag. */
export type Difference =
  | { put: { key: string; value: unknown } }
  | { push: { key: string; value: unknown } }
  | { add: { key: string; by: number } }
  | { forget: { key: string } }
  | { flush: Record<never, never> }
  | { flash: { key: string; value: unknown } }
  | { previousUrl: { url: string } }
  | { regenerateToken: Record<never, never> };

export type CommandName = keyof Commands;
export type Takes<Name extends CommandName> = Commands[Name][0];
export type Gives<Name extends CommandName> = Commands[Name][1];

/** Runs one typed command. Rejects with `Refused` or `Fault`. */
export type Call = <Name extends CommandName>(name: Name, argument: Takes<Name>) => Promise<Gives<Name>>;
