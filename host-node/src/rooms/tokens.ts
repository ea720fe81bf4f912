import type { Call } from "../commands.js";
import type { Guard } from "../guard.js";
import type { Introspection, Principal, TokenRequirement } from "../shapes.js";

/** Tokens by themselves; `auth.authenticate` takes them from a request. */
export class Tokens {
  readonly #call: Call;
  readonly #guard: Guard;

  constructor(call: Call, guard: Guard) {
    this.#call = call;
    this.#guard = guard;
  }

  /** Who presents this access token. Rejects with `Refused`: `invalid_token` or `insufficient_scope`. */
  verify(token: string, requirement: TokenRequirement = {}): Promise<Principal> {
    return this.#guard.verify(token, requirement);
  }

  /** RFC 7662: `active` is false for whatever is not a live token. */
  introspect(token: string): Promise<Introspection> {
    return this.#call("tokens.introspect", { token });
  }

  /** RFC 7009: an access token alone, a refresh token with its whole grant. Whether it was live. */
  async revoke(token: string): Promise<boolean> {
    return (await this.#call("tokens.revoke", { token })).revoked;
  }
}
