import { fromBase64Url } from "../bytes.js";
import type { Jwks } from "./glue.js";

/** What WebCrypto wants to know of an algorithm (RFC 7518 section 3.1), to import and to use a key. */
const algorithms: Readonly<Record<string, { name: string; namedCurve?: string; hash: string }>> = {
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  ES384: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
};

/** A key of a set as WebCrypto has it; `null` where it will not have it. */
type Known = { readonly key: CryptoKey; readonly parameters: (typeof algorithms)[string] } | null;

const known = new WeakMap<Jwks, Map<number, Known>>();
const encoder = new TextEncoder();

/**
 * Whether the signature of a token is good, by the platform's own cryptography, which is several times faster than the module at ES256, ES384 and RS256.
 * `undefined`: the module checks it, as it does wherever there is no WebCrypto.
 */
export async function checkedByRuntime(set: Jwks, token: string): Promise<boolean | undefined> {
  const place = set.elsewhere(token);
  if (place === undefined) return undefined;
  const found = await keyAt(set, place);
  if (!found) return undefined;
  const end = token.lastIndexOf(".");
  const signature = fromBase64Url(token.slice(end + 1));
  return crypto.subtle.verify(found.parameters, found.key, signature, encoder.encode(token.slice(0, end)));
}

async function keyAt(set: Jwks, place: number): Promise<Known> {
  const keys = known.get(set) ?? new Map<number, Known>();
  known.set(set, keys);
  const kept = keys.get(place);
  if (kept !== undefined) return kept;
  const read = await imported(set.jwk(place)).catch(() => null);
  keys.set(place, read);
  return read;
}

async function imported(jwk: string | undefined): Promise<Known> {
  const { alg = "", kty, crv, x, y, n, e } = JSON.parse(jwk ?? "{}");
  const parameters = algorithms[alg];
  // Deno's own is slower than the module.
  if (!parameters || !globalThis.crypto?.subtle || "Deno" in globalThis) return null;
  const bare = Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined));
  return { key: await crypto.subtle.importKey("jwk", bare, parameters, false, ["verify"]), parameters };
}
