import { ConfigurationError, Refused } from "./errors.js";
import type { SealPasswords, Seals } from "./rooms/seals.js";

/** Seconds by which a cookie ends before its seal does, as iron-session counts. */
const skew = 60;
/** Seconds after which a session in use is sealed anew. */
const usualRefresh = 3600;

export interface SealedSessionOptions {
  /** With 32 characters or more; several by whole numbers, the highest seals. */
  password: SealPasswords;
  /** `sid` when absent. */
  cookieName?: string;
  /** Seconds for which a session lives unused; 7 days when absent. */
  ttl?: number;
  /** Seconds for which the seal of a mobile application lives; 14 days when absent. */
  mobileTtl?: number;
  /** Seconds of use after which the cookie is set anew; an hour when absent, 0 for each time. */
  refreshAfter?: number;
  /** Whether what the session stands for is still there, that began then (milliseconds since 1970); without it, the seal alone counts. */
  exists?: (did: string, beganAt: number) => boolean | Promise<boolean>;
  /** Milliseconds since 1970. */
  clock?: () => number;
}

/** Who a session is of. `headers` are for the response, whether it is valid or not. */
export type SealedSession =
  | { readonly valid: true; readonly did: string; readonly handle?: string; readonly headers: [string, string][] }
  | { readonly valid: false; readonly headers: [string, string][] };

interface Sealed {
  did: string;
  handle?: string;
  createdAt?: number;
  lastAccessed?: number;
}

/**
 * Sessions in sealed cookies as hono-oauth-sessions keeps them, on any runtime's `Request`: the cookies of either are good for the other.
 *
 * ```ts
 * const sessions = createSealedSessions(auth.seals, { password });
 * const session = await sessions.validate(request);
 * ```
 */
export function createSealedSessions(seals: Seals, options: SealedSessionOptions): SealedSessions {
  return new SealedSessions(seals, options);
}

export class SealedSessions {
  readonly #seals: Seals;
  readonly #options: SealedSessionOptions;
  readonly #name: string;
  readonly #ttl: number;
  readonly #now: () => number;

  constructor(seals: Seals, options: SealedSessionOptions) {
    const passwords = typeof options.password === "string" ? [options.password] : Object.values(options.password ?? {});
    if (passwords.length === 0 || passwords.some((password) => password.length < 32)) {
      throw misconfigured("password: 32 characters or more");
    }
    this.#seals = seals;
    this.#options = options;
    this.#name = options.cookieName ?? "sid";
    this.#ttl = options.ttl ?? 604_800;
    this.#now = options.clock ?? Date.now;
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(this.#name)) throw misconfigured("cookieName: a token (RFC 6265)");
    if (!(Number.isSafeInteger(this.#ttl) && this.#ttl > skew)) throw misconfigured("ttl: more than 60 seconds");
  }

  /** Begins a session: the headers that set its cookie. */
  async begin(did: string, more: { handle?: string } = {}): Promise<[string, string][]> {
    const now = this.#now();
    return [await this.#cookie({ did, ...more, createdAt: now, lastAccessed: now })];
  }

  /** Who sent this request. A cookie that is no session of anybody is taken away. */
  async validate(request: Request): Promise<SealedSession> {
    const seal = cookieOf(request, this.#name);
    if (seal === undefined) return { valid: false, headers: [] };
    const session = await this.#open(seal).catch(ignored);
    if (!session || !(await this.#exists(session))) return { valid: false, headers: [this.clearCookie()] };
    const refreshAfter = (this.#options.refreshAfter ?? usualRefresh) * 1000;
    const isDue = this.#now() - (session.lastAccessed ?? 0) >= refreshAfter;
    const headers = isDue ? [await this.#cookie({ ...session, lastAccessed: this.#now() })] : [];
    return valid(session, headers);
  }

  /** The header that takes the cookie away: signing out. */
  clearCookie(): [string, string] {
    return ["set-cookie", `${this.#name}=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0`];
  }

  /** The token of a mobile application: it sends it as `Authorization: Bearer <seal>`. */
  sealForMobile(did: string): Promise<string> {
    return this.#sealForMobile(did, this.#now());
  }

  #sealForMobile(did: string, createdAt: number): Promise<string> {
    const ttl = this.#options.mobileTtl;
    return this.#seals.seal(
      { did, createdAt },
      { password: this.#options.password, ...(ttl !== undefined && { ttl }) },
    );
  }

  /** Who sent this `Authorization` header. Rejects with `Refused` (401) when it is nobody. */
  async validateMobile(authorization: string | null | undefined): Promise<{ valid: true; did: string }> {
    return { valid: true, did: (await this.#openMobile(authorization)).did };
  }

  async #openMobile(authorization: string | null | undefined): Promise<Sealed> {
    const seal = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? "")?.[1];
    const session = seal === undefined ? undefined : await this.#open(seal).catch(ignored);
    if (!session || !(await this.#exists(session))) {
      throw new Refused({ code: "invalid_token", status: 401, message: "The session is over", help: "Sign in again." });
    }
    return session;
  }

  /** A fresh seal of the same session for the one that a mobile application has. Rejects as `validateMobile`. */
  async refreshMobile(authorization: string | null | undefined): Promise<{ did: string; sid: string }> {
    const { did, createdAt = 0 } = await this.#openMobile(authorization);
    return { did, sid: await this.#sealForMobile(did, createdAt) };
  }

  async #open(seal: string): Promise<Sealed | undefined> {
    const data = await this.#seals.unseal(seal, { password: this.#options.password });
    return isSealed(data) ? data : undefined;
  }

  async #exists({ did, createdAt = 0 }: Sealed): Promise<boolean> {
    return (await this.#options.exists?.(did, createdAt)) ?? true;
  }

  async #cookie(session: Sealed): Promise<[string, string]> {
    const seal = await this.#seals.seal(session, { password: this.#options.password, ttl: this.#ttl });
    if (this.#name.length + seal.length > 4096) {
      throw new Refused({ code: "invalid_argument", status: 400, message: "The session is over 4096 bytes", help: "" });
    }
    const age = this.#ttl - skew;
    return ["set-cookie", `${this.#name}=${seal}; Max-Age=${age}; Path=/; HttpOnly; Secure; SameSite=Lax`];
  }
}

function misconfigured(message: string): ConfigurationError {
  return new ConfigurationError(message, "Correct the options.");
}

function valid({ did, handle }: Sealed, headers: [string, string][]): SealedSession {
  return handle === undefined ? { valid: true, did, headers } : { valid: true, did, handle, headers };
}

function isSealed(data: unknown): data is Sealed {
  const { did, handle, createdAt } = (data ?? {}) as Partial<Record<keyof Sealed, unknown>>;
  const isAText = (value: unknown) => typeof value === "string" && value !== "";
  return (
    isAText(did) && (handle === undefined || isAText(handle)) && ["undefined", "number"].includes(typeof createdAt)
  );
}

/** What is no seal is no session; anything else went wrong. */
function ignored(error: unknown): undefined {
  if (!(error instanceof Refused)) throw error;
}

/** One that stands there twice with different values is not trusted. Cookies of iron-session may be percent-encoded. */
function cookieOf(request: Request, name: string): string | undefined {
  const pairs = (request.headers.get("cookie") ?? "").split(";").map((pair) => pair.trim());
  const values = new Set(
    pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1)),
  );
  const [value] = values;
  if (values.size !== 1 || value === undefined || value === "") return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
