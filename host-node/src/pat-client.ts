// A client of the administration of personal access tokens over HTTP, for programs that run elsewhere than the server.
import { ClavigerError, Fault, Refused } from "./errors.js";
import { requireSecure } from "./secure-address.js";

/** Milliseconds before its end at which a JWT is fetched anew. */
const early = 30_000;
/** How often a request is sent again, and the longest wait before that in milliseconds. */
const retries = 3;
const longestWait = 30_000;
const passing = [408, 429, 500, 502, 503, 504];
/** What one batch of the server's takes. */
const batch = 100;

export interface PatClientOptions {
  /** Where the server is: its issuer. */
  endpoint: string;
  /** The personal access token that requests are made with; an administrator's for all but `jwt`. */
  token: string;
  /** `/token` when absent. */
  tokenPath?: string;
  /** `pats.admin` of the server; `/admin` when absent. */
  adminPath?: string;
  /** The platform's own when absent. */
  fetch?: (request: Request) => Promise<Response>;
  /** Milliseconds since 1970. */
  clock?: () => number;
  /** Waits for so many milliseconds. */
  wait?: (milliseconds: number) => Promise<void>;
}

/** A token as the server's API shows it; times in seconds since 1970. */
export interface TokenRecord {
  readonly tokenId: string;
  readonly owner: string;
  readonly isAdmin: boolean;
  readonly roles: readonly string[];
  readonly createdAt: number;
  readonly lastUsedAt?: number;
  readonly revokedAt?: number;
  readonly expiresAt?: number;
  /** What stands in place of its secret, where that was asked for. */
  readonly secretPhc?: string;
}

/** What a new token is. */
export interface NewTokenRecord {
  owner: string;
  isAdmin?: boolean;
  roles?: readonly string[];
  /** Seconds since 1970. */
  expiresAt?: number;
}

/** What becomes of a token. */
export interface TokenChanges {
  owner?: string;
  isAdmin?: boolean;
  roles?: readonly string[] | { add: readonly string[] } | { remove: readonly string[] };
  /** Seconds since 1970; `null`: it does not expire. */
  expiresAt?: number | null;
  secretPhc?: string;
}

/** Which tokens are listed. */
export interface TokenFilter {
  /** Begins after this one. */
  afterTokenId?: string;
  owner?: string;
  hasRole?: string;
  includeRevoked?: boolean;
  includeExpired?: boolean;
  includeSecretPhc?: boolean;
}

/**
 * Administers the personal access tokens of a server.
 *
 * ```ts
 * const pats = new PatClient({ endpoint: "https://auth.example.com", token: process.env.ADMIN_TOKEN });
 * for await (const record of pats.list()) console.log(record.owner);
 * ```
 *
 * What the server refuses is a `Refused`; what cannot be had, after three more attempts, a `Fault`.
 */
export class PatClient {
  readonly #options: Required<PatClientOptions>;
  #jwt: { text: string; until: number } | undefined;
  #fetching: Promise<string> | undefined;

  constructor(options: PatClientOptions) {
    requireSecure(options.endpoint);
    this.#options = {
      tokenPath: "/token",
      adminPath: "/admin",
      fetch: (request) => fetch(request),
      clock: Date.now,
      wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      ...options,
      endpoint: options.endpoint.replace(/\/+$/, ""),
    };
  }

  /** The JWT that the token is exchanged for: the same one until half a minute before its end, fetched once for all who ask at a time. */
  async jwt(): Promise<string> {
    if (this.#jwt && this.#options.clock() < this.#jwt.until) return this.#jwt.text;
    this.#fetching ??= this.#exchange().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  /** All that there are, page after page; revoked and expired ones only if you say so. */
  async *list(filter: TokenFilter = {}): AsyncGenerator<TokenRecord, void, undefined> {
    let after: string | undefined = filter.afterTokenId;
    do {
      const stated = Object.entries({ ...filter, afterTokenId: after, limit: 1000 });
      const given = stated.filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)]);
      const page = await this.#ask("GET", `?${new URLSearchParams(given)}`);
      yield* page.records as TokenRecord[];
      after = page.next as string | undefined;
    } while (after !== undefined);
  }

  /** Many at once, a hundred in each request. */
  async batchLoad(
    tokenIds: Iterable<string>,
    options: { includeSecretPhc?: boolean } = {},
  ): Promise<{ found: TokenRecord[]; notFound: string[] }> {
    const all: { found: TokenRecord[]; notFound: string[] } = { found: [], notFound: [] };
    const wanted = [...new Set(tokenIds)];
    for (let at = 0; at < wanted.length; at += batch) {
      const answer = await this.#ask("POST", "/batch", { tokenIds: wanted.slice(at, at + batch), ...options });
      all.found.push(...(answer.found as TokenRecord[]));
      all.notFound.push(...(answer.notFound as string[]));
    }
    return all;
  }

  /** The token is shown this once. One whose answer was lost on its way is nobody's: nobody has its secret. */
  async issue(token: NewTokenRecord & { tokenId?: string }): Promise<{ token: string; record: TokenRecord }> {
    return (await this.#ask("POST", "", token)) as { token: string; record: TokenRecord };
  }

  /** A token that was made elsewhere. */
  async register({ tokenId, ...token }: NewTokenRecord & { tokenId: string; secretPhc: string }): Promise<TokenRecord> {
    return (await this.#ask("PUT", at(tokenId), token)).record as TokenRecord;
  }

  async find(tokenId: string): Promise<TokenRecord | null> {
    try {
      return (await this.#ask("GET", at(tokenId))).record as TokenRecord;
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return null;
      throw error;
    }
  }

  async update(tokenId: string, changes: TokenChanges): Promise<void> {
    await this.#ask("PATCH", at(tokenId), changes);
  }

  /** Its expiry stays what it was, unless you say another. */
  async revoke(tokenId: string, options: { expiresAt?: number | null } = {}): Promise<void> {
    await this.#ask("PUT", `${at(tokenId)}/revoke`, options);
  }

  /** With the expiry that it had. */
  async restore(tokenId: string): Promise<void> {
    await this.#ask("PUT", `${at(tokenId)}/restore`, {});
  }

  async delete(tokenId: string): Promise<void> {
    await this.#ask("DELETE", at(tokenId));
  }

  async #exchange(): Promise<string> {
    const { endpoint, tokenPath, token, clock } = this.#options;
    const sent = clock();
    const body = new URLSearchParams({ grant_type: "client_credentials", client_secret: token });
    const answer = await this.#send(
      () => new Request(`${endpoint}${tokenPath}`, { method: "POST", body, redirect: "error" }),
    );
    const { access_token: text, expires_in: seconds } = await objectOf(answer);
    if (typeof text !== "string" || typeof seconds !== "number") throw unfit(answer);
    this.#jwt = { text, until: sent + seconds * 1000 - early };
    return text;
  }

  /** A JWT that is refused may be of a key that is gone: another one is tried, once. */
  async #ask(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const known = this.#jwt;
    try {
      return await this.#askWith(await this.jwt(), method, path, body);
    } catch (error) {
      if (!(error instanceof Refused && error.status === 401) || !known || this.#jwt !== known) throw error;
      this.#jwt = undefined;
      return this.#askWith(await this.jwt(), method, path, body);
    }
  }

  async #askWith(jwt: string, method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const { endpoint, adminPath } = this.#options;
    const headers = { authorization: `Bearer ${jwt}`, ...(body && { "content-type": "application/json" }) };
    const init = { method, headers, redirect: "error", ...(body && { body: JSON.stringify(body) }) } as const;
    return objectOf(await this.#send(() => new Request(`${endpoint}${adminPath}/tokens${path}`, init)));
  }

  async #send(request: () => Request): Promise<Response> {
    const { fetch, wait, clock } = this.#options;
    for (let attempt = 0; ; attempt++) {
      const answer = await fetch(request()).catch((error: unknown) => unreachable(error));
      const again = answer instanceof Fault || passing.includes(answer.status);
      if (!again || attempt === retries) {
        if (answer instanceof Fault) throw answer;
        return answer;
      }
      const told = answer instanceof Fault ? undefined : retryAfter(answer, clock());
      await wait(Math.min(told ?? 1000 * 2 ** attempt, longestWait));
    }
  }
}

function at(tokenId: string): string {
  return `/${encodeURIComponent(tokenId)}`;
}

/** What `Retry-After` says, in milliseconds (RFC 9110 section 10.2.3). */
function retryAfter(answer: Response, now: number): number | undefined {
  const told = answer.headers.get("retry-after");
  if (told === null) return undefined;
  const milliseconds = /^\d+$/.test(told) ? Number(told) * 1000 : Date.parse(told) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.max(milliseconds, 0);
}

async function objectOf(answer: Response): Promise<Record<string, unknown>> {
  const text = await answer.text();
  const body = parsed(text);
  if (answer.ok && (body || text === "")) return body ?? {};
  if (typeof body?.error !== "string" || answer.status >= 500) throw unfit(answer);
  const { error: code, error_description: description, details } = body;
  const message = [description, ...reasons(details)].filter((part) => typeof part === "string").join("; ");
  throw new Refused({ code, status: answer.status, message: message || code, help: "See the server's documentation." });
}

/** The members that are at fault, each with what it should be. */
function reasons(details: unknown): string[] {
  if (!Array.isArray(details)) return [];
  return details.map(({ path, message }) => (path ? `${path}: ${message}` : String(message)));
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function unfit(answer: Response): Fault {
  const message = `The server answered with ${answer.status}, and not with what was asked for`;
  return new Fault({ code: "server_failed", status: 503, message, help: "Try again later." });
}

function unreachable(error: unknown): Fault {
  if (error instanceof ClavigerError) throw error;
  const message = "The server could not be reached";
  return new Fault({ code: "server_failed", status: 503, message, help: "Try again later." }, { cause: error });
}
