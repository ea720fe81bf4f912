import type { Call } from "../commands.js";
import { List } from "../list.js";
import type { Lifetime } from "../options.js";
import type { IssuedRegistrationToken, Paging, RegistrationToken } from "../shapes.js";

/** Initial access tokens (RFC 7591 section 1.2): what lets clients register themselves where `registration.mode` is `token`. */
export class RegistrationTokens {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** The token is shown this once. It registers one client within a day, unless you say otherwise. */
  issue(options: { uses?: number; expiresIn?: Lifetime } = {}): Promise<IssuedRegistrationToken> {
    return this.#call("registrationTokens.issue", options);
  }

  list(paging: Paging = {}): List<RegistrationToken> {
    return new List((page) => this.#call("registrationTokens.list", page), paging);
  }

  /** Whether it was good for anything until now. What was registered with it stays. */
  async revoke(id: string): Promise<boolean> {
    return (await this.#call("registrationTokens.revoke", { id })).revoked;
  }
}
