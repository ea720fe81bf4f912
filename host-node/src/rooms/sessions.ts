import type { Call } from "../commands.js";
import { List } from "../list.js";
import type { Grant, Paging, Session } from "../shapes.js";

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
