import { fetchJwks, isStale, type JsonWebKeySet, remembered } from "./jwks.js";
import { withModule } from "./module.js";
import { checkedByRuntime } from "./runtime-check.js";

export type { JsonWebKeySet } from "./jwks.js";

/** What a token must be. */
export interface Expected {
  /** The issuer's keys: a JWK Set, or the address of one (`jwks_uri`), which is fetched and kept as long as it says: from a minute to a day, and usually ten minutes. */
  jwks: JsonWebKeySet | URL | string;
  /** `iss`, byte for byte. */
  issuer: string;
  /** `aud` must have one of these, byte for byte: your API's identifier, or for an ID token your client id. */
  audience: string | readonly string[];
  /** What kind of token: `"at+jwt"` for access tokens (RFC 9068). Without it any kind is accepted. */
  typ?: string;
  /** Claims that must be there. Default: `exp`. */
  required?: readonly string[];
  /** Default: each key is used with its own algorithm, which is EdDSA, ES256, ES384, RS256 to RS512, or PS256 to PS512. */
  algorithms?: readonly ("EdDSA" | "ES256" | "ES384" | "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512")[];
  /** How many seconds the clocks may be apart. Default: 0. */
  leeway?: number;
  /** How many seconds ago it may have been made, by its `iat`. Default: any. */
  maxAge?: number;
  /** Milliseconds since 1970. Default: `Date.now`. */
  clock?: () => number;
}

/** The claims of a verified token (RFC 7519 section 4.1). */
export interface Claims {
  readonly iss: string;
  readonly aud: string | readonly string[];
  readonly sub?: string;
  readonly exp?: number;
  readonly nbf?: number;
  readonly iat?: number;
  readonly jti?: string;
  readonly [claim: string]: unknown;
}

/**
 * Verifies a signed JWT (RFC 7519, RFC 8725) and gives its claims.
 *
 * Rejects with `invalid_token`. The message is the same whatever is wrong, since whoever sent the token may see it; `help` says
 * what it was, for your log.
 */
export async function verifyJwt<T extends object = Claims>(token: string, expected: Expected): Promise<T> {
  const {
    jwks,
    issuer,
    audience,
    typ,
    required = ["exp"],
    algorithms,
    leeway = 0,
    maxAge,
    clock = Date.now,
  } = expected;
  const set = await keysFor(token, jwks, clock());
  const policy = { issuer, audience: [audience].flat(), typ, required, algorithms, leeway, maxAge, now: clock() };
  const good = await checkedByRuntime(set, token);
  return withModule(
    () => (good === undefined ? set.verify(token, policy) : set.verifyElsewhere(token, good, policy)) as T,
  );
}

/** What may be a signed JWT in its compact form (RFC 7515 section 3.1); the module reads it strictly. */
const compact = /^[\w-]+\.[\w-]*\.[\w-]+$/;
const noKeys: JsonWebKeySet = { keys: [] };

/** The key set; fetched again, though seldom, when it has no key for the token: the issuer may have rotated. Nothing is fetched for what is no token. */
async function keysFor(token: string, jwks: JsonWebKeySet | URL | string, now: number) {
  if (typeof jwks === "object" && !(jwks instanceof URL)) return withModule(() => remembered(jwks));
  if (!compact.test(token)) return withModule(() => remembered(noKeys));
  const address = String(jwks);
  const set = await fetchJwks(address, now);
  const another = await withModule(() => !set.suit(token) && isStale(address, now));
  return another ? fetchJwks(address, now, { anew: true }) : set;
}
