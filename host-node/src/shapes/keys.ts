// Signing keys and the JWTs of an application.

import type { Lifetime } from "../options.js";

/** A signing key; only its public half is ever shown. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly state: "next" | "active" | "retired" | "withdrawn";
  readonly createdAt: number;
  /** A symmetric key has none. */
  readonly publicJwk?: JsonWebKey;
}

/** The public half of a key. */
export interface ExportedKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicJwk: JsonWebKey;
  /** SubjectPublicKeyInfo. */
  readonly publicPem: string;
}

/** A key that is kept nowhere. A symmetric one has its JWK alone. */
export interface KeyPair {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateJwk: JsonWebKey;
  /** PKCS #8. */
  readonly privatePem?: string;
  readonly publicJwk?: JsonWebKey;
  /** SubjectPublicKeyInfo. */
  readonly publicPem?: string;
}

/** RFC 7517 section 5. */
export interface JsonWebKeys {
  readonly keys: readonly JsonWebKey[];
}

/** RFC 7518 section 3.1, RFC 8037, RFC 9864. Those that begin with `HS` are for the application's own JWTs alone. */
export type SigningAlgorithm =
  | "EdDSA"
  | "ES256"
  | "ES384"
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "HS256"
  | "HS384"
  | "HS512"
  | (string & {});

/** How a JWT of the application's own is made. */
export interface NewJwt {
  /** At most `lifetimes.jwt`, and that when absent. */
  readonly expiresIn?: Lifetime;
  /** Whom it is for: this issuer when absent. */
  readonly audience?: string | readonly string[];
  /** What kind of token it is; `app+jwt` when absent, and never that of another kind, such as `at+jwt`. */
  readonly typ?: string;
  /** The key's; the usual one when absent. `auth.keys.rotate(algorithm)` makes the first key of another. */
  readonly algorithm?: SigningAlgorithm;
}

export interface SignedJwt {
  readonly token: string;
  readonly jti: string;
  readonly expiresAt: number;
}

/** What a JWT must be. What is absent is as `auth.jwts.sign` makes it; `null` is not looked at. */
export interface JwtPolicy {
  /** `iss`, byte for byte. */
  readonly issuer?: string | null;
  /** `aud` must have one of these, byte for byte. */
  readonly audience?: string | readonly string[] | null;
  readonly typ?: string | null;
  /** Each key is used with its own algorithm; of these alone, when they are given. HS256, HS384 and HS512 are to be named: others may have the secret. */
  readonly algorithms?: readonly SigningAlgorithm[];
  /** Claims that must be there; `exp` when absent. */
  readonly required?: readonly string[];
  /** How far clocks may be apart: at most ten minutes, not at all when absent. */
  readonly leeway?: Lifetime;
  /** How long ago it may have been made, by its `iat`. */
  readonly maxAge?: Lifetime;
  /** `check`: a token that was denied is refused, for a trip to the store; `expiry` (the default) takes it until it expires. */
  readonly revocation?: "expiry" | "check";
  /** Another issuer's keys, or their https address, which is fetched and kept as long as it says, from a minute to a day (needs `fetch`); say `issuer` with them. */
  readonly jwks?: { readonly keys: readonly object[] } | URL | string;
}

/** A JWT that is as its reader wants it. */
export interface VerifiedJwt<Claims extends object = Record<string, unknown>> {
  readonly claims: Claims;
  readonly header: { readonly alg: SigningAlgorithm; readonly kid?: string; readonly typ?: string };
}
