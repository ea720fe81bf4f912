import type { Call } from "../commands.js";
import { List } from "../list.js";
import type { Grant, Paging, Resumed, Session, SessionTokens, SessionTokensOf } from "../shapes.js";
import { Session as OpenSession } from "./session.js";

/** The browsers in which people are signed in. */
export class Sessions {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** One person's. */
  list(subject: string, paging: Paging = {}): List<Session> {
    return new List((page) => this.#call("sessions.list", { subject, ...page }), paging);
  }

  /** Ends it, and with it what sign-ins without `offline_access` gave in it. Whether it was live. */
  async revoke(subject: string, id: string): Promise<boolean> {
    return (await this.#call("sessions.revoke", { subject, id })).revoked;
  }

  /** Signs a person out everywhere. How many sessions there were. */
  async revokeAll(subject: string): Promise<number> {
    return (await this.#call("sessions.revokeAll", { subject })).revoked;
  }

  /** Signs a person out everywhere but in the session with the id `keep`. How many sessions ended. */
  async revokeOthers(subject: string, keep: string): Promise<number> {
    return (await this.#call("sessions.revokeOthers", { subject, keep })).revoked;
  }

  /**
   * The session of a request with your application's own values: of a person, or of a visitor, whose values go along when they sign in.
   * Set what `save()` gives on the response.
   *
   * ```ts
   * const session = await auth.sessions.open(request);
   * session.push("basket", book);
   * const response = new Response("added", { headers: await session.save() });
   * ```
   */
  async open(request: Request | { cookie: string | null }): Promise<OpenSession> {
    return new OpenSession(this.#call, await this.#call("sessions.open", { cookie: cookieOf(request) }));
  }

  /**
   * Who is signed in; a remembered browser (`signIn.rememberFor`) that has no session gets one. Its `methods` say `remember`: nothing was proved
   * since `authTime`. Set `headers` on the response. The built-in pages do it by themselves.
   */
  async resume(request: Request | { cookie: string | null; userAgent?: string; remote?: string }): Promise<Resumed> {
    const userAgent = request instanceof Request ? request.headers.get("user-agent") : request.userAgent;
    const remote = request instanceof Request ? undefined : request.remote;
    const seen = { ...(userAgent && { userAgent }), ...(remote && { remote }) };
    return this.#call("sessions.resume", { cookie: cookieOf(request), ...seen });
  }

  /**
   * Tokens for an application without cookies: of a session that is there, or of one that begins because you say who signed in, and how.
   * `auth.authenticate` takes the access token, a JWT, as long as its session lives: one load.
   */
  issueTokens(of: SessionTokensOf): Promise<SessionTokens> {
    return this.#call("sessions.issueTokens", of);
  }

  /** The next tokens. A refresh token is good once; one that comes again later ends the session. */
  refreshTokens(refreshToken: string): Promise<SessionTokens> {
    return this.#call("sessions.refreshTokens", { refreshToken });
  }
}

/** What people allowed clients to do. */
export class Grants {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** One person's. */
  list(subject: string, paging: Paging = {}): List<Grant> {
    return new List((page) => this.#call("grants.list", { subject, ...page }), paging);
  }

  /** Ends its refresh tokens and opaque access tokens at once, and forgets the consent. Whether it was live. */
  async revoke(subject: string, id: string): Promise<boolean> {
    return (await this.#call("grants.revoke", { subject, id })).revoked;
  }

  /** Keeps any JSON of at most 4 kB with a grant, in place of what was there. */
  update(subject: string, id: string, { context }: { context?: unknown }): Promise<Grant> {
    return this.#call("grants.update", { subject, id, context });
  }

  /** Takes back all that a person allowed, or all that they allowed one client. How many grants were live. */
  async revokeAll(subject: string, options: { clientId?: string } = {}): Promise<number> {
    return (await this.#call("grants.revokeAll", { subject, ...options })).revoked;
  }
}

export function cookieOf(request: Request | { cookie: string | null }): string {
  return (request instanceof Request ? request.headers.get("cookie") : request.cookie) ?? "";
}

/** The cookie in which a browser may keep an access token of a session; `null` takes it away. */
export function tokenCookie(accessToken: string | null, options: { name?: string; maxAge?: number } = {}): string {
  const { name = "authToken", maxAge = 900 } = options;
  const age = accessToken === null ? 0 : maxAge;
  return `${name}=${accessToken ?? ""}; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=${age}`;
}
