import type { Call } from "../commands.js";
import type { InspectedHash } from "../shapes.js";

/** Hashes of passwords by themselves: nothing is stored, and nobody signs in. The algorithm of a hash is found out by its prefix. */
export class Passwords {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** What is to be stored for a password, as the option `password` says. */
  async hash(password: string): Promise<string> {
    return (await this.#call("passwords.hash", { password })).hash;
  }

  /**
   * Whether it is the hash of this password, and whether a new one would be better. Rejects with `invalid_argument` when it is no hash, or
   * would cost more than the engine spends.
   */
  verify(password: string, hash: string): Promise<{ valid: boolean; needsRehash: boolean }> {
    return this.#call("passwords.verify", { password, hash });
  }

  /** What it was made with. Rejects as `verify` does. */
  inspect(hash: string): Promise<InspectedHash> {
    return this.#call("passwords.inspect", { hash });
  }
}
