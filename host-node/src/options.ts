import type { ClavigerError } from "./errors.js";
import type { GrantType, Mail, Scope } from "./shapes.js";
import type { Awaitable, Store } from "./store.js";

/** A number of seconds, or text such as `"10m"`, `"1h"`, `"30d"`. */
export type Lifetime = number | string;

/**
 * The engine's configuration. Every member but `issuer` and `secret` has a default; docs/contract.md (section 6) lists bounds
 * and defaults. The engine refuses what it does not know or what is out of bounds, with a `ConfigurationError` that names it.
 */
export interface Configuration {
  /** The address of this server as others know it: https, or http on a loopback host. */
  issuer: string;
  /**
   * At least 32 characters of randomness (`npx claviger secret`). In a list the first seals and signs and all open, so that a
   * secret can be rotated.
   */
  secret: string | readonly string[] | undefined;
  /**
   * Further issuers in the same engine and store, each with a tenant of its own. Requests reach them by their address, the rooms by
   * `auth.at(issuer)`.
   */
  issuers?: readonly Omit<Configuration, "issuers">[];
  /** Separates the rows of several issuers in one store. */
  tenant?: string;
  /** What the pages call this server. */
  name?: string;
  /** Every scope, with the sentence that the consent page shows. */
  scopes?: Readonly<Record<string, string>>;
  /** The scopes of a request that names none. */
  defaultScopes?: readonly Scope[];
  lifetimes?: {
    code?: Lifetime;
    accessToken?: Lifetime;
    refreshToken?: Lifetime;
    grant?: Lifetime;
    interaction?: Lifetime;
    /** A pushed authorization request (RFC 9126). */
    pushedRequest?: Lifetime;
    /** From the sign-in on, used or not. */
    session?: Lifetime;
    /** From the last use on; use makes no difference when absent. */
    sessionIdle?: Lifetime;
    deviceCode?: Lifetime;
    idToken?: Lifetime;
    /** The application's own JWTs: the longest, and the usual one. `accessToken` when absent. */
    jwt?: Lifetime;
  };
  /** How long a rotated refresh token still yields its successor: a lost response or a second tab loses nothing. */
  refreshGrace?: Lifetime;
  /** The protected resources (RFC 8707), by their address. The issuer is one without being named. */
  resources?: Readonly<Record<string, Resource>>;
  signing?: {
    algorithm?: string;
    /** Further algorithms that a client may choose for its ID tokens. */
    alternatives?: readonly string[];
    rotateEvery?: Lifetime;
    /** Keys that only `sign` can use: a KMS or an HSM. */
    hostKeys?: readonly { kid: string; algorithm: string; publicJwk: JsonWebKey }[];
  };
  /**
   * Makes this an OpenID provider: sign-ins with the scope `openid` get ID tokens, and `/userinfo` tells the claims of scopes. `{}`
   * is enough.
   */
  openid?: {
    /** What your own scopes tell: names of claims, from accounts or from `subject.claims`. */
    claims?: Readonly<Record<string, readonly string[]>>;
    /** Whether ID tokens hold the claims of scopes as well; `false` when absent. */
    claimsInIdToken?: boolean;
    /** What pairwise subjects are made with, 32 characters or more. With another one, people are strangers to their applications. */
    pairwiseSalt?: string;
    /** What a sign-in is called (`acr`) that was made by all of these methods, such as `{ "urn:example:strong": ["pwd", "otp"] }`. */
    acr?: Readonly<Record<string, readonly string[]>>;
    /**
     * Clients that authenticate may leave PKCE out of requests with the scope `openid`: for those that know none. Public clients never
     * may.
     */
    pkceOptional?: boolean;
  };
  /** How the built-in pages look. A colour in which nothing could be read is refused. */
  theme?: {
    /** `#rrggbb`: of buttons and links. */
    accent?: string;
    /** `#rrggbb`: the same where the browser asks for dark pages; made of `accent` when absent. */
    accentDark?: string;
    /** A path, an https address, or a `data:` URL of an image with at most 8 kB: in place of the letter before the name. */
    logo?: string;
  };
  /**
   * Pages of your own (path or address), sent to with `?interaction=<handle>`; see `auth.interactions` and `auth.devices`. To `account`
   * people come signed in, from `/account`; see `auth.grants` and `auth.sessions`.
   */
  pages?: {
    signIn?: string;
    consent?: string;
    device?: string;
    account?: string;
    /** Where somebody asks for a new password; in place of the built-in one, as those below. See `auth.accounts`. */
    forgot?: string;
    /** Opened with `?token=`. */
    reset?: string;
    signUp?: string;
    /** Opened with `?token=`. */
    verifyEmail?: string;
    /** Opened with `?token=`; see `auth.signIn.withLink`. */
    signInLink?: string;
  };
  /** How passwords are hashed, and what else is asked of them. argon2id when nothing is said. */
  password?: NewHashes & {
    /** Characters that a new password has at least; 8 when absent. */
    shortest?: number;
    /**
     * Secrets that every password is hashed with and that are not in the store. The first is for new hashes, the others verify. Do not lose
     * one that is in use: its `id` stands with the hashes.
     */
    peppers?: readonly { id: string; secret: string }[];
    /**
     * What imported hashes cost, so that every failed attempt costs that too, and time does not tell whose hash is still the imported one.
     * Such as `[{ algorithm: "bcrypt", cost: 10 }]`.
     */
    legacy?: readonly HashCosts[];
  };
  /**
   * Signing in. `attempts`: how many wrong answers are looked at in each `window` (15 minutes), for one person (10) and from one
   * address (100); a browser that somebody signed in with before has as many of its own, so that nobody can lock them out of it.
   * `recent`: how long after a sign-in somebody may change what they sign in with (10 minutes). `endSessionsOnFactorChange`: whether
   * a person's other sessions end when they add or remove a second factor (`true`).
   */
  signIn?: {
    attempts?: { account?: number; address?: number; window?: Lifetime };
    recent?: Lifetime;
    endSessionsOnFactorChange?: boolean;
    /** Whether people make accounts for themselves, at `/sign-up`; needs `onMail`. */
    signUp?: boolean;
    /** What is mailed to sign in with, in place of a password: a link, a code, or both; needs `onMail`. */
    passwordless?: readonly ("link" | "code")[];
    /** How long a browser begins sessions by itself, for a person who wished so; none does when absent. */
    rememberFor?: Lifetime;
  };
  /**
   * `form`: what a session cookie is, a handle of a `row` in the store (when absent), or all of the session, `sealed`. A sealed one is good for
   * `revalidate` (60 seconds) without a look at the store; set `headers` of the principal on the response. `rotateTokens`: whether a refresh
   * token of a session is good once (`true`), so that a stolen one ends the session.
   */
  sessions?: { form?: "row" | "sealed"; revalidate?: Lifetime; rotateTokens?: boolean };
  /**
   * Clients that register themselves: by dynamic registration (RFC 7591, `mode`), or by a metadata document at an https address
   * that is their id (`documents`, which needs `fetch`). Both are off when absent. `perHour` bounds what one address may cause, so
   * see that `remote` is known; `unusedFor` is when one that nobody used is forgotten.
   */
  registration?: {
    mode?: "off" | "token" | "open";
    documents?: boolean;
    /** What they may ask for; all scopes when absent. */
    scopes?: readonly Scope[];
    /** What they may register for; `authorization_code` and `refresh_token` when absent. */
    grantTypes?: readonly GrantType[];
    perHour?: number;
    unusedFor?: Lifetime;
  };
  /**
   * Personal access tokens (`auth.pats`), exchanged at `/token` and taken by `auth.authenticate`; off when absent, and an empty object
   * will do. `prefix` (`pat_`) is what they begin with, `lifetime` (5 minutes) that of the JWT that one is exchanged for. `imported`:
   * those of another system, hashed with scrypt, are taken. `admin` (`/admin`) is where administrators' tokens administer the others
   * over HTTP; `null`: nowhere. `bootstrap`, from `claviger pats generate`, is the first of these.
   */
  pats?: {
    prefix?: string;
    lifetime?: Lifetime;
    imported?: boolean;
    admin?: string | null;
    bootstrap?: { id: string; hash: string };
  };
  /** `flows` in flight in one instance; `body` in bytes; `pushedPerMinute` for each client. */
  limits?: { flows?: number; body?: number; pushedPerMinute?: number };
  /** DPoP (RFC 9449). `requireNonce`: every proof must hold a nonce of this server, so that none can be made in advance. */
  dpop?: { requireNonce?: boolean };
  /** Takes authorization requests only when the client pushed them first (RFC 9126 section 5). */
  requirePushedAuthorizationRequests?: boolean;
  /**
   * How many proxies of your own add to `x-forwarded-for`, up to 10; none when absent, and then that header is not looked at: the peer's
   * address counts (`remote`).
   */
  trustedHops?: number;
  /** Whether people are asked again for what they allowed a client before; they are not, when absent. */
  rememberConsent?: boolean;
}

/** A protected resource: an API, and how its access tokens look. */
export interface Resource {
  /** What clients are registered with, when absent. */
  accessToken?: "jwt" | "opaque";
  /** `lifetimes.accessToken` when absent. */
  lifetime?: Lifetime;
  /** The scopes that mean something there; all when absent. Its tokens hold no others. */
  scopes?: readonly Scope[];
  /** What people call it (RFC 9728 section 2). */
  name?: string;
}

/** A user of your own application. */
export interface SubjectFound {
  /** Stable, never given to another user, at most 255 ASCII characters. */
  readonly id: string;
  /** What pages call the user. */
  readonly name?: string | null;
}

/** Your own users, instead of accounts that the engine keeps in the store. */
export interface SubjectSource {
  /** The user with this login and password, or `null`. Take the same time for both kinds of failure. */
  signIn(login: string, password: string): Awaitable<SubjectFound | null | undefined>;
  /** The user with this id, or `null` when unknown or disabled. */
  status(id: string): Awaitable<SubjectFound | null | undefined>;
  /**
   * What is known of the user under these names (OpenID Connect Core section 5.1), or `null` when unknown or disabled. An address is
   * verified when `email_verified` is `true`. Without this, applications are told nothing but the id.
   */
  claims?(id: string, names: readonly string[]): Awaitable<Readonly<Record<string, unknown>> | null | undefined>;
}

/** What new hashes are made with, and how dear they are; docs/contract.md (section 6) has bounds and defaults. */
export type NewHashes =
  | { algorithm?: "argon2id"; memory?: number; passes?: number; lanes?: number }
  | { algorithm: "bcrypt"; cost?: number }
  | { algorithm: "scrypt"; ln?: number; r?: number; p?: number }
  | { algorithm: "pbkdf2-sha256"; iterations?: number };

/** An algorithm and its costs. What is absent is what new hashes have by default. */
export type HashCosts =
  | NewHashes
  | { algorithm: "argon2i" | "argon2d"; memory?: number; passes?: number; lanes?: number }
  | { algorithm: "pbkdf2-sha512"; iterations?: number };

/** What a key is derived with: `memory` in KiB, `length` in bytes, `ln` the power of two that is scrypt's N. */
export type DeriveCosts =
  | { algorithm: "argon2id" | "argon2i" | "argon2d"; memory: number; passes: number; lanes: number; length: number }
  | { algorithm: "bcrypt"; cost: number; length: number }
  | { algorithm: "scrypt"; ln: number; r: number; p: number; length: number }
  | { algorithm: "pbkdf2-sha256" | "pbkdf2-sha512"; iterations: number; length: number };

/** The costs without the name of their algorithm. */
export type HashParameters = ParametersOf<DeriveCosts>;
type ParametersOf<Costs> = Costs extends unknown ? Omit<Costs, "algorithm"> : never;

/**
 * Derives a key elsewhere: `workerThreads()` of `claviger/node`, or native code. `signal` is aborted when nobody waits for it any more.
 * Throw a `Fault` with the code `busy` to answer the request with 503.
 */
export type Derive = (
  request: DeriveCosts & { secret: Uint8Array<ArrayBuffer>; salt: Uint8Array<ArrayBuffer> },
  signal?: AbortSignal,
) => Awaitable<Uint8Array>;

/** Signs with one of `signing.hostKeys`, in JOSE form: R and S for ECDSA (RFC 7518 section 3.4). */
export type Sign = (request: {
  kid: string;
  algorithm: string;
  message: Uint8Array<ArrayBuffer>;
}) => Awaitable<Uint8Array>;

/** Checks a signature with your own cryptography. */
export type Verify = (request: {
  publicJwk: JsonWebKey;
  algorithm: string;
  message: Uint8Array<ArrayBuffer>;
  signature: Uint8Array<ArrayBuffer>;
}) => Awaitable<boolean>;

/**
 * Makes an HTTP request for the engine: to addresses that others name, so read `publicOnly` before anything else.
 *
 * The body of the response is read up to the limit that the engine sets, and its time is limited; the signal tells when it is up.
 * A redirect is an answer, never followed.
 *
 * On Node, Bun and Deno, `publicFetch()` of `claviger/node` is one. On Workers, whose own `fetch` reaches no private network, it is
 * `({ url, publicOnly, ...init }) => fetch(url, init)`.
 */
export type Fetch = (request: {
  url: string;
  method: string;
  headers: [name: string, value: string][];
  body: Uint8Array<ArrayBuffer> | null;
  redirect: "manual";
  signal: AbortSignal;
  /**
   * Connect to addresses of the public internet alone: resolve the name once, refuse every other address, and connect to the one
   * that was checked.
   */
  publicOnly: boolean;
}) => Awaitable<Response>;

/**
 * Sends a mail, once the requester has its answer. The link and the code in it are secrets: log neither. What it throws goes to
 * `onFault`, and the mail is lost: its person asks for another. Send `text` under `subjectLine`, or write your own from the rest.
 *
 * ```ts
 * onMail: ({ to, subjectLine, text }) => transport.sendMail({ from: "auth@example.com", to, subject: subjectLine, text })
 * ```
 */
export type SendMail = (mail: Mail) => Awaitable<unknown>;

/** What the runtime or a framework knows about a request besides the request: Deno's and `claviger/node`'s form, or a Bun server. */
export type RequestInfo =
  | { readonly remoteAddr?: { readonly hostname?: string } | undefined }
  | { requestIP(request: Request): { address: string } | null };

/** What the engine cannot do itself. */
export interface Host {
  /** Where everything is kept. */
  store: Store;
  /** Your own users. */
  subject?: SubjectSource;
  derive?: Derive;
  sign?: Sign;
  verify?: Verify;
  fetch?: Fetch;
  /** Sends mail. Without it nobody verifies an address, resets a password, or is told of anything by mail. */
  onMail?: SendMail;
  /** Milliseconds since 1970; `Date.now` by default. */
  clock?: () => number;
  /** That many unpredictable bytes; `crypto.getRandomValues` by default. Never repeat any: only tests have a reason to set it. */
  random?: (length: number) => Uint8Array;
  /** Milliseconds that the store (or another service here) may take for one answer; 10 000 by default. */
  deadline?: number;
  /**
   * The address of the peer. By default what Deno, Bun and `claviger/node` pass beside the request, else unknown. Behind a proxy,
   * or on Workers, read the header that your proxy sets, and only that one.
   */
  remote?: (request: Request, info: unknown) => string | null;
  /** Told of every fault (with its cause) and of everything that a listener throws; `console.error` by default. */
  onFault?: (error: ClavigerError | Error) => void;
}

/** A compiled engine, its bytes, or how to get one of them. It is called once, at the first request. */
export type EngineSource = EngineCode | (() => Awaitable<EngineCode>);

/** A compiled engine, or its bytes. */
export type EngineCode = WebAssembly.Module | BufferSource;

/** What `new Claviger` takes: the configuration and the host's services in one object. */
export interface Options extends Configuration, Host {
  /** Another engine than the one inside the package. */
  engine?: EngineSource;
}

/** What `new Claviger` of `claviger/slim` takes: there is no engine inside. */
export interface SlimOptions extends Options {
  /** Such as `() => WebAssembly.compileStreaming(fetch("/engine.wasm"))`. */
  engine: EngineSource;
}

const hostMembers = new Set<string>([
  "store",
  "subject",
  "derive",
  "sign",
  "verify",
  "fetch",
  "onMail",
  "clock",
  "random",
  "deadline",
  "remote",
  "onFault",
  "engine",
]);

/** The part of `options` that the engine is opened with, unknown members included: it refuses them by name. */
export function configuration(options: Options): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !hostMembers.has(name)));
}
