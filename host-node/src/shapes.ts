// What the typed commands take and give: docs/contract.md section 5. Times are milliseconds since 1970 (UTC).

import type { DeriveCosts, HashParameters, Lifetime } from "./options.js";

/** An OAuth client. */
export interface Client {
  readonly id: string;
  readonly name: string;
  readonly redirectUris: readonly string[];
  readonly scopes: readonly string[];
  readonly grantTypes: readonly GrantType[];
  readonly authMethod: ClientAuthMethod;
  readonly accessToken: AccessTokenFormat;
  readonly dpopBoundAccessTokens: boolean;
  /** The public keys that its assertions are verified with, as the engine writes them. */
  readonly jwks?: { readonly keys: readonly JsonWebKey[] };
  /** Where these keys are instead. */
  readonly jwksUri?: string;
  readonly authSigningAlg?: SigningAlgorithm;
  readonly requirePushedAuthorizationRequests: boolean;
  /** The resources that it serves: it may introspect access tokens for them. */
  readonly resources: readonly string[];
  /** The resources for which it may exchange the tokens that it receives (RFC 8693). */
  readonly exchangeFor: readonly string[];
  /** What was said of OpenID Connect; absent when nothing was. */
  readonly openid?: OpenIdClient;
  readonly disabled: boolean;
  readonly createdAt: number;
  readonly origin: ClientOrigin;
  /** What a client that registered itself says of itself. */
  readonly metadata?: ClientMetadata;
}

/** How a client wants to be told of people (OpenID Connect Dynamic Client Registration section 2); each member may be absent. */
export interface OpenIdClient {
  /** What its ID tokens are signed with: `signing.algorithm` of the configuration, or one of `signing.alternatives`. */
  idTokenAlg?: SigningAlgorithm;
  /** Answers of the userinfo endpoint are signed with it; plain JSON when absent. */
  userinfoAlg?: SigningAlgorithm;
  /** `pairwise`: it knows people by names that only its sector knows; needs `openid.pairwiseSalt`. */
  subjectType?: "public" | "pairwise";
  /** The host of this address is its sector; needed where its redirect URIs have several hosts. */
  sectorIdentifierUri?: string;
  /** How old a sign-in may be, in seconds, where a request does not say. */
  defaultMaxAge?: number;
  /** Where a browser may go after signing out. */
  postLogoutRedirectUris?: readonly string[];
  /** Who is told that somebody signed out (https); needs `fetch`. */
  backchannelLogoutUri?: string;
  /** Whether it needs the `sid` in what it is told; it is always there. */
  backchannelLogoutSessionRequired?: boolean;
}

/**
 * Where a registration is from: the operator; the client itself (RFC 7591); or the metadata document at the address that is its
 * id. Nobody has checked the last two.
 */
export type ClientOrigin = "operator" | "registered" | "document";

/** In the words of RFC 7591 section 2. The addresses are https, and the client's own choice: load nothing from them unasked. */
export interface ClientMetadata {
  readonly application_type?: "web" | "native";
  readonly client_uri?: string;
  readonly logo_uri?: string;
  readonly tos_uri?: string;
  readonly policy_uri?: string;
  readonly contacts?: readonly string[];
  readonly software_id?: string;
  readonly software_version?: string;
}

/** An initial access token (RFC 7591 section 1.2). */
export interface RegistrationToken {
  readonly id: string;
  /** How many clients may still be registered with it. */
  readonly usesLeft: number;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** The token itself is shown this once. */
export interface IssuedRegistrationToken extends RegistrationToken {
  readonly token: string;
}

export type GrantType =
  | "authorization_code"
  | "refresh_token"
  | "client_credentials"
  | "urn:ietf:params:oauth:grant-type:device_code"
  | "urn:ietf:params:oauth:grant-type:token-exchange"
  | (string & {});
/** RFC 7591 section 2, `token_endpoint_auth_method`. */
export type ClientAuthMethod = "none" | "client_secret_basic" | "client_secret_post" | "private_key_jwt";
/** RFC 9068, or opaque to everyone but this server. */
export type AccessTokenFormat = "jwt" | "opaque";

export interface NewClient {
  /** What the consent page calls it. */
  name: string;
  /** Compared byte for byte; on a loopback address any port fits (RFC 8252 section 7.3). */
  redirectUris: readonly string[];
  /** All that are configured when absent. */
  scopes?: readonly Scope[];
  /** `authorization_code` and `refresh_token` when absent; none for what serves resources and has no redirect URIs. */
  grantTypes?: readonly GrantType[];
  /** `client_secret_basic` when absent; `none` for a public client; `private_key_jwt` needs `jwks` or `jwksUri`. */
  authMethod?: ClientAuthMethod;
  /** `jwt` when absent. */
  accessToken?: AccessTokenFormat;
  /** Whether it gets only tokens that are bound to a key of its own (RFC 9449 section 5.2); `false` when absent. */
  dpopBoundAccessTokens?: boolean;
  /** Its public keys, at most 8 (RFC 7517 section 5). */
  jwks?: { readonly keys: readonly JsonWebKey[] };
  /** Where its public keys are: https. The engine asks your `fetch` for them. */
  jwksUri?: string;
  /** The only algorithm of its assertions; any that its keys are for when absent. */
  authSigningAlg?: SigningAlgorithm;
  /** RFC 9126 section 6; `false` when absent. */
  requirePushedAuthorizationRequests?: boolean;
  /** The resources that it serves, out of those configured: it may introspect access tokens for them. None when absent. */
  resources?: readonly string[];
  /** The resources for which it may exchange the tokens that it receives (RFC 8693). None when absent. */
  exchangeFor?: readonly string[];
  openid?: OpenIdClient;
  /** Made by the engine when absent. */
  id?: string;
}

export interface ClientChanges {
  name?: string;
  redirectUris?: readonly string[];
  scopes?: readonly Scope[];
  grantTypes?: readonly GrantType[];
  accessToken?: AccessTokenFormat;
  dpopBoundAccessTokens?: boolean;
  /** In the place of `jwksUri`, if that was there. */
  jwks?: { readonly keys: readonly JsonWebKey[] };
  /** In the place of `jwks`, if that was there. */
  jwksUri?: string;
  authSigningAlg?: SigningAlgorithm;
  requirePushedAuthorizationRequests?: boolean;
  resources?: readonly string[];
  exchangeFor?: readonly string[];
  /** The whole of it. */
  openid?: OpenIdClient;
  disabled?: boolean;
}

/** A client and its secret, which is shown this once. */
export interface ClientWithSecret<Secret = string> {
  readonly client: Client;
  readonly secret: Secret;
}

/** A person who can sign in, kept by the engine. */
export interface Account {
  readonly id: string;
  readonly login: string;
  readonly name: string | null;
  readonly disabled: boolean;
  readonly createdAt: number;
  /** What applications may be told beside `name` and `login` (OpenID Connect Core section 5.1). */
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface NewAccount {
  login: string;
  /** Nobody can sign in with a password when absent. */
  password?: string;
  /** In its place what another system made of it: argon2, bcrypt, scrypt or pbkdf2, in one of the forms of docs/contract.md. */
  passwordHash?: string;
  name?: string;
  /** What applications may be told, by name: `{ email: "ada@example.com", email_verified: true }`. */
  claims?: Readonly<Record<string, unknown>>;
}

export interface AccountChanges {
  name?: string;
  disabled?: boolean;
  /** Each takes the place of the one with its name; `null` takes it away. */
  claims?: Readonly<Record<string, unknown>>;
}

/** A password to set: itself, or what another system made of it. */
export type NewPassword = { password: string } | { passwordHash: string };

/** What a change of a password does to sessions. */
export interface PasswordChange {
  current: string;
  new: string;
  /** Whether the person is signed out; `true` when absent. */
  endSessions?: boolean;
  /** The id of the session that goes on. */
  keepSession?: string;
  /** The address that it comes from: wrong guesses count for it. */
  remote?: string;
}

/** A guess at a person's password. */
export type PasswordGuess = ({ id: string } | { login: string }) & {
  password: string;
  /** The address that it comes from: wrong guesses count for it. */
  remote?: string;
};

/** What a hash was made with. */
export interface InspectedHash {
  readonly algorithm: DeriveCosts["algorithm"];
  /** Those of the algorithm, and `length` in bytes. */
  readonly parameters: HashParameters;
  /** The id of the pepper, if there is one. */
  readonly pepper: string | null;
  /** Whether a new hash would be better. */
  readonly needsRehash: boolean;
}

/** One browser that is signed in. */
export interface Session {
  readonly id: string;
  readonly subject: string;
  /** When the person last proved to be that person. */
  readonly authTime: number;
  /** How (RFC 8176). */
  readonly methods: readonly string[];
  readonly createdAt: number;
  /** When it was last seen in use, as fine as a tenth of `lifetimes.sessionIdle`. */
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  /** When it is over unless it is used before. */
  readonly idleUntil?: number;
  /** What the browser said of itself when the person signed in; at most 256 characters. */
  readonly userAgent?: string;
  /** Where it was then. */
  readonly address?: string;
}

/** How somebody leaves to sign in at another server. */
export interface NewJourney {
  /** Where on this site they go on; `/` when absent. */
  readonly redirectPath?: string;
  /** For an application on their device, which must give a `codeChallenge`. */
  readonly mobile?: boolean;
  /** Of a verifier that the application keeps to itself (RFC 7636, S256). */
  readonly codeChallenge?: string;
}

/** Who came back: what they left with. */
export interface CompletedJourney {
  readonly handle: string;
  readonly redirectPath: string;
  /** Of a mobile application. */
  readonly codeChallenge: string | null;
}

/** How far somebody came in signing in. Set the `headers` in your response either way. */
export type Stage = FullStage | PendingStage;

/** Signed in. */
export interface FullStage {
  readonly stage: "full";
  readonly subject: string;
  readonly sessionId: string;
  readonly headers: [name: string, value: string][];
}

/** A second factor is wanted, of one of these kinds: see `auth.signIn.withCode`. */
export interface PendingStage {
  readonly stage: "pending";
  readonly pending: string;
  readonly kinds: readonly FactorKind[];
  readonly headers: [name: string, value: string][];
}

/** A mail is on its way, if there is anybody to get it. */
export interface SentMail {
  /** For `auth.signIn.withMail`; it says nothing about whether there is such an account. */
  readonly waiting: string;
  readonly headers: [name: string, value: string][];
}

/** What one person proves themselves with beside a password. */
export interface SecondFactors {
  /** What a sign-in may be asked for; with none, there is no second factor. */
  readonly kinds: readonly FactorKind[];
  /** At most five. */
  readonly authenticators: readonly Authenticator[];
  readonly recoveryCodesLeft: number;
}

/** What a second factor is proved by: a code of an authenticator app, or one for the day on which the app is gone. */
export type FactorKind = "totp" | "email_code" | "recovery_code";

/** An authenticator app. */
export interface Authenticator {
  readonly id: string;
  /** What its owner calls it. */
  readonly name: string | null;
  /** Whether it is a factor; until then it waits for its first code. */
  readonly confirmed: boolean;
  readonly createdAt: number;
  /** When a code of it was good last, to 30 seconds. */
  readonly lastUsedAt: number | null;
}

/** A key for an authenticator app, shown this once. */
export interface NewAuthenticator {
  readonly id: string;
  /** In base32, for typing. */
  readonly secret: string;
  /** `otpauth://…`, for a QR code. */
  readonly uri: string;
  /** The first code must come before. */
  readonly expiresAt: number;
}

/** By what somebody proved themselves. */
export interface VerifiedCode {
  readonly kind: FactorKind;
  readonly recoveryCodesLeft: number;
}

/** Who is signed in in a browser; nobody when `subject` is `null`. */
export interface Resumed {
  readonly subject: string | null;
  readonly sessionId: string | null;
  /** For the response. */
  readonly headers: readonly (readonly [string, string])[];
}

/** Whose tokens: of the session with this id, or of one that begins, of somebody whom you signed in. */
export type SessionTokensOf = {
  /** Your own, in every access token of the session; none of the engine's names, such as `sub` or `exp`. At most 4 kB. */
  claims?: Readonly<Record<string, unknown>>;
} & (
  | { subject: string; sessionId: string }
  | { subject: string; methods: readonly string[]; userAgent?: string; remote?: string }
);

/** The tokens of one session. */
export interface SessionTokens {
  /** A JWT for `auth.authenticate`, good for `lifetimes.accessToken` and as long as its session. */
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly sessionId: string;
  /** Of the access token. */
  readonly expiresAt: number;
}

/** What one person allowed one client. */
export interface Grant {
  readonly id: string;
  readonly subject: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Resources (RFC 8707); none: this server itself. */
  readonly resources: readonly string[];
  /** What your application keeps with it. */
  readonly context?: unknown;
  readonly state: "code" | "live" | "revoked";
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Who makes a request, by an access token or by a session, and what it may do. */
export type Principal = PrincipalFacts & Permission;

/** Who makes a request: by an access token, a session, a password in the request itself, or a personal access token. */
export type PrincipalFacts = TokenPrincipal | SessionPrincipal | PasswordPrincipal | PatPrincipal;

/**
 * Name your scopes here, and TypeScript refuses the others:
 * `declare module "claviger" { interface Scopes { "things:read": unknown; "things:write": unknown } }`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: applications fill it
export interface Scopes {}

/** The name of a scope: one of yours or of the engine's own, or any text as long as `Scopes` is empty. */
export type Scope = keyof Scopes extends never ? string : (keyof Scopes & string) | EngineScope;

/** The scopes that the engine knows by itself (OpenID Connect Core sections 5.4 and 11). */
export type EngineScope = "openid" | "profile" | "email" | "address" | "phone" | "offline_access";

/** What a request may do. A person who is signed in may do anything: scopes bound what applications do for people. */
export interface Permission {
  /** Whether it may do what takes all of these scopes. */
  hasScope(...scopes: Scope[]): boolean;
  /** Whether it has one of these scopes at least. */
  hasAnyScope(...scopes: Scope[]): boolean;
}

export interface TokenPrincipal {
  readonly kind: "token";
  /** The person; `null` when a client acts for itself (`client_credentials`). */
  readonly subject: string | null;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** The resources it is for: the issuer itself when none was asked for. */
  readonly audience: readonly string[];
  readonly sessionId: string | null;
  /** `null` for a JWT, which is not looked up. */
  readonly grantId: string | null;
  /** Who acts for the subject, where a token was exchanged. */
  readonly actor: Actor | null;
  /** The thumbprint of the key that the token is bound to (RFC 9449 section 6); `null` for a bearer token. */
  readonly jkt: string | null;
  readonly expiresAt: number;
  /** When the person signed in; `null` where there is none. */
  readonly authTime: number | null;
}

/** RFC 8693 section 4.1. */
export interface Actor {
  /** A person's subject, or a client's id. */
  readonly sub: string;
  /** Who acted before. */
  readonly act?: Actor;
}

export interface SessionPrincipal {
  readonly kind: "session";
  readonly subject: string;
  readonly clientId: null;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  readonly sessionId: string;
  readonly grantId: null;
  readonly actor: null;
  readonly jkt: null;
  readonly expiresAt: number;
  /** When the person signed in. */
  readonly authTime: number;
  /** How they did (RFC 8176): `pwd`, `otp`, `mfa`, ... */
  readonly methods?: readonly string[];
  /** For the response, when the session goes on with another cookie; `auth.guard` sets them by itself. */
  readonly headers?: readonly (readonly [string, string])[];
}

/** Who sent a login and a password with the request (RFC 7617), where `basic` lets them. */
export interface PasswordPrincipal extends Omit<SessionPrincipal, "kind" | "sessionId"> {
  readonly kind: "password";
  readonly sessionId: null;
}

/** A personal access token, or the JWT that one was exchanged for: nobody's account, whoever its owner is said to be. */
export interface PatPrincipal
  extends Omit<SessionPrincipal, "kind" | "subject" | "sessionId" | "authTime" | "methods" | "headers"> {
  readonly kind: "pat";
  readonly subject: null;
  readonly sessionId: null;
  readonly authTime: null;
  readonly pat: PatHolder;
}

/** What a personal access token may. */
export interface PatHolder {
  readonly id: string;
  readonly owner: string;
  readonly admin: boolean;
  readonly roles: readonly string[];
}

/** A personal access token; times in milliseconds since 1970. */
export interface Pat extends PatHolder {
  readonly createdAt: number;
  /** To the minute. */
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
  readonly expiresAt: number | null;
  /** What stands in place of its secret, where that was asked for. */
  readonly hash?: string;
}

/** What a new personal access token is. */
export interface NewPat {
  /** From 1 to 100 characters: a name, and nobody's account. */
  owner: string;
  /** Whether it may administer the others. */
  admin?: boolean;
  /** At most 50. */
  roles?: readonly string[];
  /** Milliseconds since 1970; none when absent. */
  expiresAt?: number | null;
  /** 21 letters and digits; of the engine's own choice when absent. */
  id?: string;
}

/** One that was made elsewhere: by `generate`, or by another system. */
export interface RegisteredPat extends NewPat {
  id: string;
  /** What `generate` gave; or `$scrypt$ln=..,r=..,p=..$salt$hash` of another system, for `pats.imported`. */
  hash: string;
}

/** What becomes of a personal access token. */
export interface PatChanges {
  owner?: string;
  admin?: boolean;
  /** All of them; or those to add, or those to remove, of which none is lost when others change them at the same time. */
  roles?: readonly string[] | { add: readonly string[] } | { remove: readonly string[] };
  /** `null`: it does not expire. */
  expiresAt?: number | null;
  /** That of another secret. */
  hash?: string;
}

/** Which personal access tokens are listed. Those that are revoked or expired are left out, unless you say otherwise. */
export interface PatFilter extends Paging {
  owner?: string;
  hasRole?: string;
  includeRevoked?: boolean;
  includeExpired?: boolean;
  includeHash?: boolean;
}

/** Why a personal access token is not good: for your log, and not for whoever presented it. */
export type PatReason =
  | "invalid_prefix"
  | "invalid_format"
  | "not_found"
  | "invalid_phc"
  | "unsupported_algorithm"
  | "invalid_parameters"
  | "invalid_secret"
  | "revoked"
  | "expired";

/** Whether a personal access token is good. `pat` of one that is not is there only where its secret was right. */
export type PatVerified =
  | { readonly valid: true; readonly pat: Pat; readonly reason?: undefined }
  | { readonly valid: false; readonly reason: PatReason; readonly pat?: Pat };

/** What a token must be good for. */
export interface TokenRequirement {
  /** The resource that is asked, as in `resources`; the issuer when absent. */
  audience?: string;
  /** All of them. */
  scopes?: readonly Scope[];
  /** One of them at least. */
  anyScopes?: readonly Scope[];
  /**
   * What becomes of a JWT that was revoked before it expired: `expiry` (the default) takes it, without a trip to the store;
   * `check` refuses it, in one.
   */
  revocation?: "expiry" | "check";
  /**
   * How long ago the person may have signed in. Otherwise it is refused with `insufficient_user_authentication` (401, RFC 9470): send
   * them to sign in again, an application with `max_age`.
   */
  maxAge?: Lifetime;
  /** It must be an administrator's personal access token. Otherwise it is refused with `insufficient_scope` (403). */
  admin?: boolean;
  /** It must be a personal access token with all of these roles; the same otherwise. */
  roles?: readonly string[];
  /** By all of these they must have (RFC 8176), such as `["mfa"]`. Only a session tells how; a token is refused with any. */
  methods?: readonly string[];
  /**
   * The person's email address must be verified: one trip to the store more. Otherwise it is refused with `email_not_verified` (403), as
   * is a client that acts for itself.
   */
  requireVerifiedEmail?: boolean;
}

/** What a request must be good for. */
export interface Requirement extends TokenRequirement {
  /** `token`: a session is not let through. */
  only?: "token";
  /**
   * Takes a login and a password in the request itself, too (RFC 7617): for tools, behind TLS. Each is hashed and counted as at the
   * sign-in page; say `remote`, the peer's address, so that it is counted there too. Whoever has a second factor is refused.
   */
  basic?: boolean;
  remote?: string | null;
}

/** Protected resource metadata (RFC 9728 section 2). */
export interface ResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly scopes_supported?: readonly string[];
  readonly bearer_methods_supported: readonly string[];
  readonly resource_name?: string;
  readonly [member: string]: unknown;
}

/** RFC 7662 section 2.2. */
export interface Introspection {
  readonly active: boolean;
  readonly scope?: string;
  readonly client_id?: string;
  readonly username?: string;
  readonly token_type?: string;
  /** Seconds since 1970. */
  readonly exp?: number;
  /** Seconds since 1970. */
  readonly iat?: number;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  readonly iss?: string;
  readonly jti?: string;
  readonly act?: Actor;
  readonly [member: string]: unknown;
}

/** A signing key; only its public half is ever shown. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly state: "next" | "active" | "retired" | "withdrawn";
  readonly createdAt: number;
  /** A symmetric key has none. */
  readonly publicJwk?: JsonWebKey;
}

/** The public half of a key. */
export interface ExportedKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicJwk: JsonWebKey;
  /** SubjectPublicKeyInfo. */
  readonly publicPem: string;
}

/** A key that is kept nowhere. A symmetric one has its JWK alone. */
export interface KeyPair {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateJwk: JsonWebKey;
  /** PKCS #8. */
  readonly privatePem?: string;
  readonly publicJwk?: JsonWebKey;
  /** SubjectPublicKeyInfo. */
  readonly publicPem?: string;
}

/** RFC 7517 section 5. */
export interface JsonWebKeys {
  readonly keys: readonly JsonWebKey[];
}

/** RFC 7518 section 3.1, RFC 8037, RFC 9864. Those that begin with `HS` are for the application's own JWTs alone. */
export type SigningAlgorithm =
  | "EdDSA"
  | "ES256"
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "HS256"
  | "HS384"
  | "HS512"
  | (string & {});

/** How a JWT of the application's own is made. */
export interface NewJwt {
  /** At most `lifetimes.jwt`, and that when absent. */
  readonly expiresIn?: Lifetime;
  /** Whom it is for: this issuer when absent. */
  readonly audience?: string | readonly string[];
  /** What kind of token it is; `app+jwt` when absent, and never that of another kind, such as `at+jwt`. */
  readonly typ?: string;
  /** The key's; the usual one when absent. `auth.keys.rotate(algorithm)` makes the first key of another. */
  readonly algorithm?: SigningAlgorithm;
}

export interface SignedJwt {
  readonly token: string;
  readonly jti: string;
  readonly expiresAt: number;
}

/** What a JWT must be. What is absent is as `auth.jwts.sign` makes it; `null` is not looked at. */
export interface JwtPolicy {
  /** `iss`, byte for byte. */
  readonly issuer?: string | null;
  /** `aud` must have one of these, byte for byte. */
  readonly audience?: string | readonly string[] | null;
  readonly typ?: string | null;
  /** Each key is used with its own algorithm; of these alone, when they are given. */
  readonly algorithms?: readonly SigningAlgorithm[];
  /** Claims that must be there; `exp` when absent. */
  readonly required?: readonly string[];
  /** How far clocks may be apart: at most ten minutes, not at all when absent. */
  readonly leeway?: Lifetime;
  /** How long ago it may have been made, by its `iat`. */
  readonly maxAge?: Lifetime;
  /** `check`: a token that was denied is refused, for a trip to the store; `expiry` (the default) takes it until it expires. */
  readonly revocation?: "expiry" | "check";
  /** Another issuer's keys, or their https address, which is fetched and kept for ten minutes (needs `fetch`); say `issuer` with them. */
  readonly jwks?: { readonly keys: readonly object[] } | URL | string;
}

/** A JWT that is as its reader wants it. */
export interface VerifiedJwt<Claims extends object = Record<string, unknown>> {
  readonly claims: Claims;
  readonly header: { readonly alg: SigningAlgorithm; readonly kid?: string; readonly typ?: string };
}

/** The application that asks, as a page shows it. */
export interface AskingClient {
  readonly id: string;
  readonly name: string;
  readonly origin: ClientOrigin;
  /** What a client that registered itself says of itself; not where a device asks. */
  readonly metadata?: ClientMetadata;
}

/** What a page of your own must ask the person. */
export interface Interaction {
  /** `nothing`: the person allowed all of it before; `consent` then only sends the browser on. */
  readonly prompt: "sign_in" | "consent" | "nothing";
  /**
   * Say so when its `origin` is not `operator`: nobody has checked it. `null` when a person signs in to enter the code of a device:
   * what asks is told after that.
   */
  readonly client: AskingClient | null;
  /** Where the browser goes in the end; show it, because anyone can choose a client's name. */
  readonly redirectHost: string | null;
  readonly scopes: readonly { readonly name: string; readonly description: string }[];
  readonly subject: string | null;
  readonly loginHint: string | null;
}

/** What a page where a device's code was entered must do: send the browser to sign in, or ask the person. */
export type DeviceRequest = DeviceSignIn | DeviceConfirmation;

export interface DeviceSignIn {
  readonly prompt: "sign_in";
  readonly location: string;
}

/** Show all of it, above all the code: it must be the one that the device shows. */
export interface DeviceConfirmation {
  readonly prompt: "confirm";
  readonly userCode: string;
  readonly client: AskingClient;
  readonly scopes: readonly { readonly name: string; readonly description: string }[];
  readonly subject: string;
  /** The address that the device asked from. */
  readonly askedFrom: string | null;
  readonly askedAt: number;
  readonly expiresAt: number;
}

/** What the person allows a device. */
export interface DeviceDecision {
  /** Of what was asked for; all when absent. */
  scopes?: readonly string[];
  /** Any JSON to keep with the grant, of at most 4 kB. */
  context?: unknown;
}

/** What became of a device's code. */
export interface Decided {
  readonly approved: boolean;
}

/** Whom your own sign-in page found. */
export interface SignedIn {
  subject: string;
  /** How the person proved it (RFC 8176), such as `["pwd"]`. */
  methods: readonly string[];
  /** The browser's `user-agent`, for the list of the person's sessions; that of the request when absent. */
  userAgent?: string;
  /** Where the browser is, for the same. */
  remote?: string;
  /** Whether the browser is to begin sessions by itself, for `signIn.rememberFor`. */
  remember?: boolean;
}

/** What the person at your own consent page allows. */
export interface Allowed {
  /** All that were asked when absent. */
  scopes?: readonly string[];
  /** Whom the page asked: somebody else may have signed in since. Whoever is signed in when absent. */
  subject?: string;
  /** Any JSON to keep with the grant, of at most 4 kB. */
  context?: unknown;
}

/** Which page of a list. */
export interface Paging {
  /** The `next` of the page before. */
  after?: string;
  /** At most so many items. */
  limit?: number;
}

/** One page of a list. */
export interface ListPage<Item> {
  readonly items: readonly Item[];
  /** Where the next page starts; `null` when this was the last. */
  readonly next: string | null;
}

export interface PurgeOptions {
  /** Count only. */
  dryRun?: boolean;
  /** How long rows are left after they are over; not at all when absent. */
  retention?: Lifetime;
}

/** What a purge saw and removed. */
export interface Purged {
  readonly seen: number;
  /** How many of each kind. */
  readonly purged: Readonly<Record<string, number>>;
  /** The keys of rows that cannot be used; they were left alone. */
  readonly unreadable: readonly string[];
}

/** What a mail is about. Later versions may know more: let them pass. */
export type MailKind =
  | "verify_email"
  | "change_email"
  | "email_changed"
  | "reset_password"
  | "sign_in_link"
  | "sign_in_code"
  | "already_registered"
  | "password_changed"
  | "new_sign_in"
  | "factor_added"
  | "factor_removed"
  | "recovery_codes_regenerated";

/** A mail to send. `link` and `code` are secrets: log neither. */
export interface Mail {
  readonly kind: MailKind;
  /** The one address it goes to. */
  readonly to: string;
  /** The id of the account whose address it is. */
  readonly subject: string;
  /** Only where the address is known to be theirs: whoever signs up may choose a name for somebody else to read. */
  readonly name?: string;
  /** The language that they read, if that is known. */
  readonly locale?: string;
  /** What is to be opened. */
  readonly link?: string;
  /** What is to be typed. */
  readonly code?: string;
  /** Milliseconds since 1970, until when the link and the code are good. */
  readonly expiresAt?: number;
  /** Of which issuer, where it is not the engine's first. */
  readonly issuer?: string;
  /** The engine's own words, in plain English: one line, */
  readonly subjectLine: string;
  /** and the whole mail as plain text. */
  readonly text: string;
}

/** Somebody who makes an account for themselves. */
export interface Registration {
  /** Their login, too. It is sent a link that verifies it. */
  email: string;
  password: string;
  name?: string;
  /** The address of the peer: one may ask sixty times in an hour. */
  remote?: string;
}

/** What became of asking for a mail: the same whether or not there is anybody who gets it. */
export interface MailSent<Status extends string = "sent" | "throttled" | "verified"> {
  /** `throttled`: one was sent so short a while ago that none is now; `verified`: there is nothing left to verify. */
  readonly status: Status;
  /** Seconds until another may be asked for. */
  readonly retryAfter?: number;
}

/** What became of a link that verifies an address. */
export interface EmailVerified {
  /** `token`: the link is over; `taken`: the address is another account's login. */
  readonly status: "verified" | "token" | "taken";
  readonly subject?: string;
  readonly email?: string;
}

/** What became of a link to choose a new password. */
export interface PasswordReset {
  /** `token`: the link is over; `user`: there is no such account any more, or it is disabled. */
  readonly status: "reset" | "token" | "user";
  readonly subject?: string;
}
