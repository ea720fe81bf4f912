import type { Call } from "../commands.js";
import type { ExportedKey, JsonWebKeys, KeyPair, SigningAlgorithm, SigningKey } from "../shapes.js";

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

  /**
   * Brings a key along: a PEM of PKCS #8, or a private JWK; an RSA key is for RS256 when neither says otherwise. It waits for its turn, or
   * signs from now on (`activate`). What it signed before verifies from now on.
   */
  import(
    key: string | JsonWebKey,
    options: { algorithm?: SigningAlgorithm; activate?: boolean } = {},
  ): Promise<SigningKey> {
    return this.#call("keys.import", { ...(typeof key === "string" ? { pem: key } : { jwk: key }), ...options });
  }

  /** The public half of a key, as a JWK and as a PEM (SubjectPublicKeyInfo). */
  export(kid: string): Promise<ExportedKey> {
    return this.#call("keys.export", { kid });
  }

  /** The JWK Set that `/jwks` publishes. */
  jwks(): Promise<JsonWebKeys> {
    return this.#call("keys.jwks", {});
  }

  /** A key for elsewhere, kept nowhere: the private half is shown this once. */
  pair(algorithm: SigningAlgorithm): Promise<KeyPair> {
    return this.#call("keys.pair", { algorithm });
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
