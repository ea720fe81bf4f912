import type { Claviger } from "./claviger.js";
import type { HeaderPairs } from "./commands.js";
import { ClavigerError, ConfigurationError, Refused } from "./errors.js";
import { OAuthSessionError } from "./oauth-session-error.js";
import { Redirect } from "./rooms/interactions.js";
import type { Browser } from "./rooms/journeys.js";
import { type SealedSession, type SealedSessionOptions, SealedSessions } from "./sealed-sessions.js";
import type { NewJourney } from "./shapes.js";
import type { Awaitable } from "./store.js";

/** Where what the client knows of its sessions is kept. `fromKeyValue` of `claviger/stores/key-value` makes one of any simple store. */
export interface OAuthSessionStorage {
  get<T = unknown>(key: string): Awaitable<T | null | undefined>;
  /** `ttl` in seconds; without it, until it is deleted. */
  set(key: string, value: unknown, options?: { ttl?: number }): Awaitable<unknown>;
  delete(key: string): Awaitable<unknown>;
}

/** A session at the other server, as its client keeps it. */
export interface OAuthSessionData {
  readonly did: string;
  readonly handle?: string | undefined;
  toJSON(): unknown;
}

/** Who speaks with the other server: `@tijs/oauth-client-deno` and its like. */
export interface OAuthClientOf<Session extends OAuthSessionData> {
  /** Where the person signs in. It sends `state` along as it is. */
  authorize(handle: string, options: { state: string }): Awaitable<URL | string>;
  /** Redeems the code of a callback. */
  callback(params: URLSearchParams): Awaitable<{ session: Session; state?: string | null | undefined }>;
  restore(did: string): Awaitable<Session | null | undefined>;
}

export interface OAuthSessionOptions<Session extends OAuthSessionData>
  extends Omit<SealedSessionOptions, "exists" | "mobileTtl"> {
  client: OAuthClientOf<Session>;
  storage: OAuthSessionStorage;
  /** The address that opens your application on a device; `app://auth-callback` when absent. */
  mobileScheme?: string;
  /** Seconds for which the seal of a mobile application lives; 14 days when absent. */
  mobileTtl?: number;
  /** Hears why somebody could not be signed in, when it was not their doing. `console.error` when absent. */
  onError?: (error: Error) => void;
}

/**
 * Sessions of people who sign in at a server of their own, as hono-oauth-sessions keeps them, on any runtime's `Request`.
 *
 * ```ts
 * const sessions = createOAuthSessions(auth, { client, storage, password });
 * app.get("/login", async (c) => (await sessions.start(c.req.raw, c.req.query("handle") ?? "")).toResponse());
 * app.get("/oauth/callback", (c) => sessions.callback(c.req.raw));
 * ```
 */
export function createOAuthSessions<Session extends OAuthSessionData>(
  auth: Pick<Claviger, "journeys" | "seals">,
  options: OAuthSessionOptions<Session>,
): OAuthSessions<Session> {
  return new OAuthSessions(auth, options);
}

export class OAuthSessions<Session extends OAuthSessionData> {
  readonly #journeys: Claviger["journeys"];
  readonly #client: OAuthClientOf<Session>;
  readonly #storage: OAuthSessionStorage;
  readonly #sealed: SealedSessions;
  readonly #now: () => number;
  /** Seconds for which any seal lives unused. */
  readonly #longest: number;
  readonly #mobileScheme: string;
  readonly #onError: (error: Error) => void;

  constructor(auth: Pick<Claviger, "journeys" | "seals">, options: OAuthSessionOptions<Session>) {
    const { client, storage, mobileScheme = "app://auth-callback", onError, ...rest } = options;
    checkMethods("client", client, ["authorize", "callback", "restore"]);
    checkMethods("storage", storage, ["get", "set", "delete"]);
    if (!isForApplications(mobileScheme)) throw misconfigured("mobileScheme: an address such as app://auth-callback");
    this.#journeys = auth.journeys;
    this.#client = client;
    this.#storage = storage;
    this.#mobileScheme = mobileScheme;
    this.#onError = onError ?? ((error) => console.error(error));
    this.#sealed = new SealedSessions(auth.seals, { ...rest, exists: (did, beganAt) => this.#isKept(did, beganAt) });
    this.#now = rest.clock ?? Date.now;
    this.#longest = Math.max(rest.ttl ?? 604_800, rest.mobileTtl ?? 1_209_600);
  }

  /**
   * Sends somebody to their server: `location`, and the `headers` that bind the sign-in to this browser; so a mobile application lets a browser
   * make this request. Rejects with `OAUTH_FLOW_ERROR`
   * when the handle, the path or the challenge of a mobile application is none, or a link of another site leads here: whoever follows it would
   * be signed in as whom that site likes. Nothing was asked of anybody then.
   */
  async start(browser: Browser, handle: string, options: NewJourney = {}): Promise<Redirect> {
    if (browser instanceof Request && browser.headers.get("sec-fetch-site") === "cross-site") {
      throw new OAuthSessionError("OAUTH_FLOW_ERROR", "The sign-in was started by another site");
    }
    const { state, headers } = await this.#journeys.begin(browser, handle, options).catch(flowError);
    const asked = async () => new URL(await this.#client.authorize(handle.toLowerCase(), { state }));
    const address = await asked().catch((error) => {
      throw new OAuthSessionError("OAUTH_FLOW_ERROR", "The other server could not be asked", error);
    });
    if (!isWeb(address)) throw new OAuthSessionError("OAUTH_FLOW_ERROR", "The other server has no address to sign in");
    return new Redirect({ location: address.href, headers });
  }

  /**
   * Answers the request with which somebody comes back. A browser gets its cookie and goes on; a mobile application is opened with a
   * `code` for `exchange`, and never with a token. Who cannot be signed in is told so: 400, or 503 when the storage failed.
   */
  async callback(request: Request): Promise<Response> {
    try {
      return await this.#callback(request);
    } catch (error) {
      if (!(error instanceof ClavigerError)) throw error;
      this.#tell(error);
      return error instanceof OAuthSessionError ? error.toResponse("OAuth callback failed: ") : error.toResponse();
    }
  }

  /**
   * What a mobile application gets for its code: a seal, to be sent as `Authorization: Bearer <sid>`. Rejects with
   * `MOBILE_INTEGRATION_ERROR` when the code is over, was used, or is of another verifier.
   */
  async exchange(ask: { code: string; codeVerifier: string }): Promise<{ did: string; handle?: string; sid: string }> {
    const { subject, handle } = await this.#journeys.redeemCode(ask.code, ask.codeVerifier).catch(mobileError);
    if (!(await this.#isKept(subject, this.#now())))
      throw new OAuthSessionError("MOBILE_INTEGRATION_ERROR", "The session is over");
    const sid = await this.#sealed.sealForMobile(subject);
    return handle === null ? { did: subject, sid } : { did: subject, handle, sid };
  }

  /** Who sent this request; set the `headers` either way. Rejects with `STORAGE_ERROR` when that cannot be told. */
  validate(request: Request): Promise<SealedSession> {
    return this.#sealed.validate(request);
  }

  /** Who sent this `Authorization` header. Rejects with `MOBILE_INTEGRATION_ERROR` when it is nobody. */
  validateMobile(authorization: string | null | undefined): Promise<{ valid: true; did: string }> {
    return this.#sealed.validateMobile(authorization).catch(mobileError);
  }

  /** A fresh seal for the one that a mobile application has. Rejects as `validateMobile`. */
  refreshMobile(authorization: string | null | undefined): Promise<{ did: string; sid: string }> {
    return this.#sealed.refreshMobile(authorization).catch(mobileError);
  }

  /**
   * Signs out: forgets `session:{did}`, so that no other browser and no mobile application of theirs is signed in any more, also not when they
   * sign in again (`ended:{did}`), and gives the headers that take the cookie away. A request without a session changes nothing. Call it for a POST alone.
   */
  async logout(request: Request): Promise<{ headers: HeaderPairs }> {
    const session = await this.#sealed.validate(request);
    if (session.valid) {
      // Until no seal from before could live.
      await this.#stored(() => this.#storage.set(endOf(session.did), this.#now(), { ttl: this.#longest }));
      await this.#stored(() => this.#storage.delete(keyOf(session.did)));
    }
    return { headers: [this.#sealed.clearCookie()] };
  }

  /** The header that takes the cookie away. */
  clearCookie(): [string, string] {
    return this.#sealed.clearCookie();
  }

  /** What the client keeps of somebody's session, as it is stored. */
  async getStoredOAuthData(did: string): Promise<unknown> {
    return (await this.#stored(() => this.#storage.get(keyOf(did)))) ?? null;
  }

  /** Somebody's session at their server, refreshed when that is due. What the client throws comes through. */
  async getOAuthSession(did: string): Promise<Session | null> {
    return (await this.#client.restore(did)) ?? null;
  }

  /** The same for who sent this request; `null` when it is nobody, or anything fails. */
  async getOAuthSessionFromRequest(request: Request): Promise<Session | null> {
    try {
      const session = await this.validate(request);
      return session.valid ? await this.getOAuthSession(session.did) : null;
    } catch (error) {
      this.#tell(error);
      return null;
    }
  }

  async #callback(request: Request): Promise<Response> {
    const params = new URL(request.url).searchParams;
    const state = only(params, "state");
    const [code, refusal] = [only(params, "code"), only(params, "error")];
    if (state === undefined || (code === undefined) === (refusal === undefined)) {
      throw new OAuthSessionError("OAUTH_FLOW_ERROR", "The answer of the other server is incomplete");
    }
    // Spent before anything is asked of anybody: of two with one state, one goes on.
    const { codeChallenge, redirectPath } = await this.#journeys.complete(request, state).catch(flowError);
    const comeBack = async () => {
      if (refusal !== undefined) throw new OAuthSessionError("OAUTH_FLOW_ERROR", "The other server refused");
      return this.#signIn(params, state);
    };
    if (codeChallenge === null) {
      const { did, ...known } = await comeBack();
      return away(redirectPath, await this.#sealed.begin(did, known).catch(sessionError));
    }
    try {
      const { did, ...known } = await comeBack();
      const { code } = await this.#journeys.issueCode({ subject: did, ...known, codeChallenge });
      return away(this.#toApplication({ code }), []);
    } catch (error) {
      // The application waits for an answer too.
      this.#tell(error);
      return away(this.#toApplication({ error: refusal === "access_denied" ? refusal : "server_error" }), []);
    }
  }

  /** Redeems the code at the other server, and keeps the session. */
  async #signIn(params: URLSearchParams, state: string): Promise<{ did: string; handle?: string }> {
    const redeemed = async () => this.#client.callback(params);
    const { session, state: own } = await redeemed().catch((error) => {
      throw new OAuthSessionError("OAUTH_FLOW_ERROR", "The other server's answer was not accepted", error);
    });
    if (own !== undefined && own !== null && own !== state) {
      throw new OAuthSessionError("OAUTH_FLOW_ERROR", "The answer is to another question");
    }
    if (!isDid(session.did)) throw new OAuthSessionError("OAUTH_FLOW_ERROR", "The other server told of nobody");
    await this.#stored(() => this.#storage.set(keyOf(session.did), session.toJSON()));
    const { did, handle } = session;
    return typeof handle === "string" ? { did, handle } : { did };
  }

  #toApplication(parameters: Record<string, string>): string {
    const address = new URL(this.#mobileScheme);
    for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
    return address.href;
  }

  /** Whether they are signed in, and have not signed out since then. */
  async #isKept(did: string, beganAt: number): Promise<boolean> {
    const get = (key: string) => this.#stored(() => this.#storage.get(key));
    const [kept, ended] = await Promise.all([get(keyOf(did)), get(endOf(did))]);
    return (kept ?? null) !== null && beganAt >= Number(ended ?? 0);
  }

  async #stored<T>(use: () => Awaitable<T>): Promise<T> {
    try {
      return await use();
    } catch (error) {
      throw new OAuthSessionError("STORAGE_ERROR", "The storage failed", error);
    }
  }

  /** What is the requester's own doing is no news. */
  #tell(error: unknown): void {
    if (error instanceof OAuthSessionError && error.code !== "STORAGE_ERROR" && error.cause === undefined) return;
    if (error instanceof OAuthSessionError && error.cause instanceof Refused) return;
    this.#onError(error instanceof Error ? error : new Error(String(error)));
  }
}

const keyOf = (did: string) => `session:${did}`;
/** When they signed out last. */
const endOf = (did: string) => `ended:${did}`;

/** 303, with nothing that a cache may keep and no address of here for the next site. */
function away(location: string, more: HeaderPairs): Response {
  const headers = new Headers(more);
  headers.set("location", location);
  headers.set("cache-control", "no-store");
  headers.set("referrer-policy", "no-referrer");
  return new Response(null, { status: 303, headers });
}

/** A parameter that is there once. */
function only(params: URLSearchParams, name: string): string | undefined {
  const [value, ...others] = params.getAll(name);
  return others.length === 0 && value !== "" ? value : undefined;
}

function flowError(error: unknown): never {
  throw error instanceof Refused ? new OAuthSessionError("OAUTH_FLOW_ERROR", error.message, error) : error;
}

function sessionError(error: unknown): never {
  throw error instanceof Refused ? new OAuthSessionError("SESSION_ERROR", error.message, error) : error;
}

function mobileError(error: unknown): never {
  throw error instanceof Refused ? new OAuthSessionError("MOBILE_INTEGRATION_ERROR", error.message, error) : error;
}

/** DIDs are longer on paper; a subject has at most 255 characters. */
function isDid(did: unknown): did is string {
  return typeof did === "string" && did.length <= 255 && /^did:[a-z0-9]+:[\w.:%-]+$/.test(did);
}

function isWeb({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || (protocol === "http:" && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname));
}

/** A scheme of an application's own, or a link that its system opens in it; nothing that a browser runs or shows by itself. */
function isForApplications(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hash } = new URL(address);
  const ofBrowsers = /^(http|ws|wss|ftp|file|data|blob|about|javascript|vbscript|view-source|filesystem):$/;
  return !ofBrowsers.test(protocol) && hash === "";
}

function checkMethods(name: string, value: unknown, methods: readonly string[]): void {
  const missing = methods.find((method) => typeof (value as Record<string, unknown> | null)?.[method] !== "function");
  if (missing !== undefined) throw misconfigured(`${name}: it has no method ${missing}`);
}

function misconfigured(message: string): ConfigurationError {
  return new ConfigurationError(message, "Correct the options.");
}
