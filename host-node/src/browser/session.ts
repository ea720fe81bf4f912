import { ConfigurationError, Fault, Refused } from "../errors.js";
import { alone } from "./lock.js";
import type { Server } from "./server.js";
import type { Pending } from "./sign-in.js";
import { forOrigin, type Keeper, readItem, writeItem } from "./storage.js";
import { postForm } from "./transport.js";

/** An access token is refreshed this long before it ends, in milliseconds, or when a tenth of its life is left if that is less. */
const early = 30_000;

/** What is kept of a session. */
interface Kept {
  readonly server: Server;
  readonly clientId: string;
  readonly origins: readonly string[];
  readonly scope: string | undefined;
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** When the access token is to be refreshed, in milliseconds since 1970. */
  readonly refreshAt?: number;
}

/** What a session is made with. */
interface Means {
  storage?: Keeper | undefined;
  clock?: (() => number) | undefined;
}

/**
 * Somebody who is signed in. All tabs of an origin share it: what one refreshes all use, and when one signs out all are.
 *
 * The tokens are bearer tokens (RFC 6750): a script of another's in this page could read them.
 */
export class Session {
  readonly issuer: string;
  readonly clientId: string;
  /** What was granted. */
  readonly scopes: readonly string[];
  readonly #storage: Keeper;
  readonly #clock: () => number;

  /** Use `handleCallback` or {@link restoreSession}. */
  constructor({ server, clientId, scope }: Kept, { storage = forOrigin(), clock = Date.now }: Means) {
    this.issuer = server.issuer;
    this.clientId = clientId;
    this.scopes = scope?.split(" ") ?? [];
    this.#storage = storage;
    this.#clock = clock;
  }

  /**
   * As `fetch`, with the access token, which is refreshed in time. When the API refuses it all the same, it is refreshed and the
   * request sent once more. Only the origins that `signIn` was given are sent to.
   */
  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    await this.#checkOrigin(request.url);
    const again = request.clone();
    const token = await this.accessToken();
    const response = await fetch(bearing(request, token));
    if (!isTokenRefused(response) || !(await this.#kept()).refreshToken) return response;
    await response.body?.cancel();
    return fetch(bearing(again, await this.#refreshed(token)));
  };

  /** An access token that is good for a while. Rejects with `login_required` when the session is over. */
  async accessToken(): Promise<string> {
    const { accessToken, refreshToken, refreshAt } = await this.#kept();
    const due = refreshToken !== undefined && refreshAt !== undefined && this.#clock() >= refreshAt;
    return due ? this.#refreshed(accessToken) : accessToken;
  }

  /** Ends the session here and, where the server offers it, revokes its tokens there (RFC 7009). */
  async signOut(): Promise<void> {
    // Not while a tab refreshes: what it gets would bring the session back.
    const kept = await alone(this.#key, async () => {
      const found = await readItem<Kept>(this.#storage, this.#key);
      await this.#storage.removeItem(this.#key);
      return found;
    });
    if (!kept) return;
    const { server, accessToken, refreshToken, clientId } = kept;
    if (!server.revocationEndpoint) return;
    await postForm(server.revocationEndpoint, { token: refreshToken ?? accessToken, client_id: clientId });
  }

  get #key(): string {
    return keyOf(this);
  }

  async #kept(): Promise<Kept> {
    const kept = await readItem<Kept>(this.#storage, this.#key);
    if (!kept) throw over("The session is over");
    return kept;
  }

  /** One refresh for all tabs: who waited finds what the other got. */
  #refreshed(stale: string): Promise<string> {
    return alone(this.#key, async () => {
      const kept = await this.#kept();
      const { server, clientId, accessToken, refreshToken } = kept;
      if (accessToken !== stale || refreshToken === undefined) return accessToken;
      const form = { grant_type: "refresh_token", refresh_token: refreshToken, client_id: clientId };
      const answer = await postForm(server.tokenEndpoint, form).catch(async (error) => {
        if (!(error instanceof Refused && error.code === "invalid_grant")) throw error;
        await this.#storage.removeItem(this.#key);
        throw over("The session was ended at the server");
      });
      const next = { ...kept, ...tokensOf(answer, this.#clock()) };
      await writeItem(this.#storage, this.#key, next);
      return next.accessToken;
    });
  }

  async #checkOrigin(address: string): Promise<void> {
    const { origin } = new URL(address);
    if ((await this.#kept()).origins.includes(origin)) return;
    throw new ConfigurationError(
      `The session's token is not for ${origin}`,
      "Name the origins of your APIs in signIn, as origins.",
    );
  }
}

/** The session of this browser, if somebody signed in and has not signed out. */
export async function restoreSession({
  issuer,
  clientId,
  ...means
}: { issuer: string; clientId: string } & Means): Promise<Session | undefined> {
  const kept = await readItem<Kept>(means.storage ?? forOrigin(), keyOf({ issuer, clientId }));
  return kept && new Session(kept, means);
}

/** A session from the answer of the token endpoint. */
export async function startSession(pending: Pending, answer: Record<string, unknown>, means: Means): Promise<Session> {
  const { server, clientId, origins, scope } = pending;
  const kept = { server, clientId, origins, scope, ...tokensOf(answer, (means.clock ?? Date.now)()) };
  const session = new Session(kept, means);
  const key = keyOf(session);
  // Not while a tab refreshes: what it gets would take this session's place.
  await alone(key, () => writeItem(means.storage ?? forOrigin(), key, kept));
  return session;
}

const keyOf = ({ issuer, clientId }: { issuer: string; clientId: string }) => `claviger.session ${issuer} ${clientId}`;

/** RFC 6749 section 5.1. */
function tokensOf(answer: Record<string, unknown>, now: number) {
  const { access_token, token_type, refresh_token, expires_in, scope } = answer;
  // RFC 6749 section 7.1: a token of a type that is not understood must not be used.
  if (typeof access_token !== "string" || typeof token_type !== "string" || token_type.toLowerCase() !== "bearer") {
    const help = "The server must answer as RFC 6749 section 5.1 says, with a bearer token.";
    throw new Fault({ code: "server_failed", status: 503, message: "The token response has no bearer token", help });
  }
  const life = typeof expires_in === "number" ? expires_in * 1000 : undefined;
  return {
    accessToken: access_token,
    ...(typeof refresh_token === "string" ? { refreshToken: refresh_token } : {}),
    ...(typeof scope === "string" ? { scope } : {}),
    ...(life === undefined ? {} : { refreshAt: now + life - Math.min(early, life / 10) }),
  };
}

function bearing(request: Request, token: string): Request {
  request.headers.set("authorization", `Bearer ${token}`);
  return request;
}

/** RFC 6750 section 3.1. A challenge that scripts may not read (another origin's) is taken for one of the token. */
function isTokenRefused(response: Response): boolean {
  const challenge = response.headers.get("www-authenticate");
  return response.status === 401 && (challenge === null || challenge.includes("invalid_token"));
}

function over(message: string): Refused {
  return new Refused({ code: "login_required", status: 401, message, help: "Send the person through signIn again." });
}
