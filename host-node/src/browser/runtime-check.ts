import { fromBase64Url } from "../bytes.js";
import { algorithms, type Check, checkOf } from "../signatures.js";
import type { Jwks } from "./glue.js";

/** What checks with a key of a set; `null` where the module does. */
const known = new WeakMap<Jwks, Map<number, Check | null>>();
const encoder = new TextEncoder();

/**
 * Whether the signature of a token is good, by the platform's own cryptography, which is several times faster than the module at ES256, ES384 and RS256.
 * `undefined`: the module checks it, as it does wherever there is no WebCrypto.
 */
export async function checkedByRuntime(set: Jwks, token: string): Promise<boolean | undefined> {
  const place = set.elsewhere(token);
  if (place === undefined) return undefined;
  const check = await checkAt(set, place);
  if (!check) return undefined;
  const end = token.lastIndexOf(".");
  return check(encoder.encode(token.slice(0, end)), fromBase64Url(token.slice(end + 1)));
}

async function checkAt(set: Jwks, place: number): Promise<Check | null> {
  const keys = known.get(set) ?? new Map<number, Check | null>();
  known.set(set, keys);
  const kept = keys.get(place);
  if (kept !== undefined) return kept;
  const check = await checkWith(set.jwk(place)).catch(() => null);
  keys.set(place, check);
  return check;
}

async function checkWith(jwk: string | undefined): Promise<Check | null> {
  const { alg = "", kty, crv, x, y, n, e } = JSON.parse(jwk ?? "{}");
  const parameters = algorithms[alg];
  // Deno's own is slower than the module.
  if (!parameters || !globalThis.crypto?.subtle || "Deno" in globalThis) return null;
  const bare = Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined));
  return checkOf(bare, parameters);
}
