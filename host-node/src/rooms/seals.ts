import type { Call } from "../commands.js";
import type { Lifetime } from "../options.js";

/** One password, or several by whole numbers: the one with the highest seals, all open. Each has 32 characters or more. */
export type SealPasswords = string | Readonly<Record<number, string>>;

/** Seals of iron-session 8 (`Fe26.2*...~2`), byte for byte, for applications that keep cookies of it. */
export class Seals {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** Seals any JSON; for 14 days when `ttl` is absent, without an end when it is 0. */
  async seal(data: unknown, options: { password: SealPasswords; ttl?: Lifetime }): Promise<string> {
    const { password, ...rest } = options;
    return (await this.#call("seals.seal", { data, passwords: named(password), ...rest })).seal;
  }

  /**
   * What was sealed; `{}` when the seal is over, was changed, or has another password. Rejects with `Refused` when it is no such seal at
   * all. What comes out is what somebody with the password sealed: check its shape.
   */
  async unseal(seal: string, options: { password: SealPasswords }): Promise<unknown> {
    return (await this.#call("seals.unseal", { seal, passwords: named(options.password) })).data;
  }
}

function named(password: SealPasswords): Record<string, string> {
  return typeof password === "string" ? { "1": password } : { ...password };
}
