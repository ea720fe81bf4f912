import { withModule } from "./module.js";

/** Proof Key for Code Exchange (RFC 7636). */
export interface Pkce {
  /** For the token request, as `code_verifier`; a secret until then. */
  readonly verifier: string;
  /** For the authorization request, as `code_challenge`. */
  readonly challenge: string;
  /** For the authorization request, as `code_challenge_method`. */
  readonly method: "S256";
}

/** Makes a verifier of 32 random bytes, and its challenge. */
export async function createPkce(): Promise<Pkce> {
  const [verifier, challenge] = await withModule((module) => module.createPkce());
  return { verifier, challenge, method: "S256" };
}
