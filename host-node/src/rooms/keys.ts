import type { Call } from "../commands.js";
import type { SigningAlgorithm, SigningKey } from "../shapes.js";

/** The keys that sign tokens. */
export class Keys {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** Those that the engine keeps; `signing.hostKeys` are yours to list and to replace. */
  async list(): Promise<SigningKey[]> {
    return (await this.#call("keys.list", {})).keys;
  }

  /** A `next` key: published, so that everyone has it before it signs. */
  generate(algorithm: SigningAlgorithm): Promise<SigningKey> {
    return this.#call("keys.generate", { algorithm });
  }

  /** `next` becomes active and active becomes retired; of the algorithm that signs when none is named. */
  async rotate(algorithm?: SigningAlgorithm): Promise<SigningKey[]> {
    return (await this.#call("keys.rotate", algorithm === undefined ? {} : { algorithm })).keys;
  }

  /** For a compromised key: from now on it verifies nothing; other processes hear of it within a minute. */
  async withdraw(kid: string): Promise<SigningKey[]> {
    return (await this.#call("keys.withdraw", { kid })).keys;
  }
}
