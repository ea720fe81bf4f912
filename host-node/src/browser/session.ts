import { ConfigurationError, Refused } from "../errors.js";
import { challenged } from "./challenge.js";
import type { DpopKey } from "./dpop.js";
import type { IdClaims } from "./id-token.js";
import { forgetKey, openKey } from "./keys.js";
import { alone } from "./lock.js";
import { sendProven } from "./proven.js";
import { forgetRefused } from "./register.js";
import type { Server } from "./server.js";
import type { Pending } from "./sign-in.js";
import { forOrigin, type Keeper, readItem, writeItem } from "./storage.js";
import { type Scheme, type Tokens, tokensOf } from "./tokens.js";
import { objectOf, postForm } from "./transport.js";

/** Whose session it is: nobody else's tokens are ever used for it. */
interface Owner {
  issuer: string;
  clientId: string;
  resource?: string | undefined;
}

/** What is kept of a session. */
interface Kept extends Tokens {
  readonly server: Server;
  readonly clientId: string;
  readonly resource: string | undefined;
  readonly origins: readonly string[];
  readonly claims: IdClaims | undefined;
  /** Where its sign-in ended. */
  readonly redirectUri: string | undefined;
  /** The thumbprint of the key that the tokens are bound to. */
  readonly jkt: string | undefined;
}

/** What a session is made with. */
interface Means {
  storage?: Keeper | undefined;
  clock?: (() => number) | undefined;
}

/** An API wants more than was granted (RFC 6750 section 3.1): send the person through `signIn` again, asking for `scopes`. */
export class InsufficientScope extends Refused {
  /** What was granted, and what the API wants besides. */
  readonly scopes: readonly string[];

  constructor(scopes: readonly string[]) {
    const message = "The API wants more than was granted";
    super({ code: "insufficient_scope", status: 403, message, help: "Ask for the error's scopes in a new signIn." });
    this.scopes = scopes;
  }
}

/**
 * Somebody who is signed in. All tabs of an origin share it: what one refreshes all use, and when one signs out all are.
 *
 * A session that is bound to a key (`dpop` of `signIn`) has tokens that are of use only with a key of this browser's that no script can
 * read (RFC 9449). Others have bearer tokens (RFC 6750), which a script of another's in this page could read and use.
 */
export class Session {
  readonly issuer: string;
  readonly clientId: string;
  /** The API that the token is for, if it is for one (RFC 8707). */
  readonly resource: string | undefined;
  /** What was granted. */
  readonly scopes: readonly string[];
  /** Who signed in, when and how, by a verified ID token; `undefined` without the scope `openid`. */
  readonly claims: IdClaims | undefined;
  readonly #storage: Keeper;
  readonly #clock: () => number;
  #key: DpopKey | undefined;

  /** Use `openSession`, `handleCallback` or {@link restoreSession}. */
  constructor({ server, clientId, resource, scope, claims }: Kept, { storage = forOrigin(), clock = Date.now }: Means) {
    this.issuer = server.issuer;
    this.clientId = clientId;
    this.resource = resource;
    this.scopes = scope?.split(" ") ?? [];
    this.claims = claims;
    this.#storage = storage;
    this.#clock = clock;
  }

  /**
   * As `fetch`, with the access token, which is refreshed in time. When the API refuses it all the same, it is refreshed and the
   * request sent once more. Only the origins that `signIn` was given are sent to.
   *
   * Rejects with `login_required` when the session is over, and with {@link InsufficientScope} when the API wants more than was
   * granted.
   */
  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    await this.#checkOrigin(request.url);
    const again = request.clone();
    const kept = await this.#fresh();
    const response = await this.#send(request, kept);
    this.#checkScopes(response);
    if (!isTokenRefused(response) || !kept.refreshToken) return response;
    await response.body?.cancel();
    const second = await this.#send(again, await this.#refreshed(kept.accessToken));
    this.#checkScopes(second);
    return second;
  };

  /** An access token that is good for a while. Rejects with `login_required` when the session is over. */
  async accessToken(): Promise<string> {
    return (await this.#fresh()).accessToken;
  }

  /**
   * What the provider tells of the person (OpenID Connect Core section 5.3), as the granted scopes allow. Rejects with `login_required`
   * when the session is over, and with `invalid_token` when the provider does not take its token or tells of somebody else.
   */
  async userinfo(): Promise<Readonly<Record<string, unknown>>> {
    const kept = await this.#fresh();
    const { userinfoEndpoint } = kept.server;
    if (!userinfoEndpoint || !this.claims) {
      throw new ConfigurationError("The session is not one of OpenID Connect", "Ask for the scope openid in signIn.");
    }
    const response = await this.#send(new Request(userinfoEndpoint, { headers: { accept: "application/json" } }), kept);
    const told = await objectOf(userinfoEndpoint, response);
    // OpenID Connect Core section 5.3.2: a token may have been swapped for another's.
    if (told.sub !== this.claims.sub) throw ofAnother();
    return told;
  }

  /** Ends the session here and, where the server offers it, revokes its tokens there (RFC 7009). */
  async signOut(): Promise<void> {
    // Not while a tab refreshes: what it gets would bring the session back.
    const kept = await alone(this.#name, async () => {
      const found = await readItem<Kept>(this.#storage, this.#name);
      await this.#forget();
      return found;
    });
    if (!kept) return;
    const { server, accessToken, refreshToken, clientId } = kept;
    if (!server.revocationEndpoint) return;
    await postForm(server.revocationEndpoint, { token: refreshToken ?? accessToken, client_id: clientId });
  }

  get #name(): string {
    return nameOf(this);
  }

  async #kept(): Promise<Kept> {
    const kept = await readItem<Kept>(this.#storage, this.#name);
    if (!kept) throw over("The session is over");
    return kept;
  }

  async #forget(): Promise<void> {
    await this.#storage.removeItem(this.#name);
    await forgetKey(this.#name, this.#storage);
  }

  /** RFC 6750 section 2.1 and RFC 9449 section 7.1: in the header, never in an address or a body. */
  async #send(request: Request, kept: Kept): Promise<Response> {
    const { scheme, accessToken } = kept;
    request.headers.set("authorization", `${scheme} ${accessToken}`);
    const proving = await this.#proving(kept);
    return proving ? sendProven(request, { ...proving, accessToken }) : fetch(request);
  }

  async #proving({ jkt }: Kept): Promise<{ key: DpopKey; clock: () => number } | undefined> {
    if (jkt === undefined) return undefined;
    if (this.#key?.thumbprint !== jkt) this.#key = await openKey(this.#name, this.#storage);
    if (this.#key?.thumbprint !== jkt) throw over("The session's key was forgotten");
    return { key: this.#key, clock: this.#clock };
  }

  async #fresh(): Promise<Kept> {
    const kept = await this.#kept();
    return isDue(kept, this.#clock()) ? this.#refreshed(kept.accessToken) : kept;
  }

  /** One refresh for all tabs: who waited finds what the other got. */
  #refreshed(stale: string): Promise<Kept> {
    return alone(this.#name, async () => {
      const kept = await this.#kept();
      if (kept.accessToken !== stale) return kept;
      const { server, clientId: client_id, resource, scheme, refreshToken: refresh_token } = kept;
      if (refresh_token === undefined) return this.#end("The session is over, and its server gave no refresh token");
      const form = { grant_type: "refresh_token", refresh_token, client_id, resource };
      const answer = await postForm(server.tokenEndpoint, form, await this.#proving(kept)).catch(async (error) => {
        if (error instanceof Refused && error.code === "invalid_grant")
          return this.#end("The server ended the session");
        throw await forgetRefused(error, { ...kept, issuer: server.issuer }, this.#storage);
      });
      const next: Kept = { ...kept, ...tokensOf(answer, this.#clock(), [scheme], kept) };
      await writeItem(this.#storage, this.#name, next);
      return next;
    });
  }

  async #end(why: string): Promise<never> {
    await this.#forget();
    throw over(why);
  }

  async #checkOrigin(address: string): Promise<void> {
    const { origin } = new URL(address);
    if ((await this.#kept()).origins.includes(origin)) return;
    throw new ConfigurationError(
      `The session's token is not for ${origin}`,
      "Name the origins of your APIs in signIn, as origins.",
    );
  }

  /** RFC 6750 section 3.1. An API that wants nothing new is not helped by another sign-in: its answer stands. */
  #checkScopes(response: Response): void {
    if (response.status !== 403 || challenged(response, "error") !== "insufficient_scope") return;
    const wanted = challenged(response, "scope")?.split(" ") ?? [];
    const scopes = [...new Set([...this.scopes, ...wanted])];
    if (scopes.length === this.scopes.length) return;
    throw new InsufficientScope(scopes);
  }
}

/** The session of this browser, if somebody signed in and has not signed out. */
export async function restoreSession({
  issuer,
  clientId,
  resource,
  ...means
}: Owner & Means): Promise<Session | undefined> {
  const kept = await readItem<Kept>(means.storage ?? forOrigin(), nameOf({ issuer, clientId, resource }));
  const isOver = kept && kept.refreshToken === undefined && isDue(kept, (means.clock ?? Date.now)());
  return kept && !isOver ? new Session(kept, means) : undefined;
}

/** A session from the answer of the token endpoint. */
export async function startSession(
  pending: Pending,
  answer: Record<string, unknown>,
  claims: IdClaims | undefined,
  means: Means,
): Promise<Session> {
  const { server, clientId, redirectUri, resource, origins, scope, jkt, mustBind } = pending;
  // RFC 9449 section 5: a server may bind nothing all the same, and the client decides whether that will do.
  const schemes: Scheme[] = jkt === undefined ? ["Bearer"] : mustBind ? ["DPoP"] : ["DPoP", "Bearer"];
  const tokens = tokensOf(answer, (means.clock ?? Date.now)(), schemes, { scope });
  const kept: Kept = {
    server,
    clientId,
    resource,
    origins,
    claims,
    redirectUri,
    ...tokens,
    jkt: tokens.scheme === "DPoP" ? jkt : undefined,
  };
  const session = new Session(kept, means);
  const name = nameOf(session);
  // Not while a tab refreshes: what it gets would take this session's place.
  await alone(name, () => writeItem(means.storage ?? forOrigin(), name, kept));
  return session;
}

/** The name of what is kept of a session. */
export const nameOf = ({ issuer, clientId, resource = "" }: Owner) =>
  `claviger.session ${issuer} ${clientId} ${resource}`.trimEnd();

const isDue = ({ refreshAt }: Kept, now: number) => refreshAt !== undefined && now >= refreshAt;

/** RFC 6750 section 3.1. A challenge that scripts may not read (another origin's) is taken for one of the token. */
function isTokenRefused(response: Response): boolean {
  if (response.status !== 401) return false;
  return !response.headers.has("www-authenticate") || challenged(response, "error") === "invalid_token";
}

function ofAnother(): Refused {
  const message = "The provider tells of somebody else than who signed in";
  return new Refused({
    code: "invalid_token",
    status: 401,
    message,
    help: "Use nothing of it; sign the person in again.",
  });
}

function over(message: string): Refused {
  return new Refused({ code: "login_required", status: 401, message, help: "Send the person through signIn again." });
}
