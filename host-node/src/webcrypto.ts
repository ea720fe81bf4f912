// Signatures by WebCrypto, which every runtime has: Node signs on threads of its own, off the event loop, and keys may be unextractable.
// A key in a KMS or an HSM needs a `sign` of your own instead.
import { toBase64Url } from "./bytes.js";
import type { Sign, Verify } from "./options.js";
import { algorithms, type Check, checkOf, type Parameters } from "./signatures.js";

/** A private key of your own; `kid` is its thumbprint (RFC 7638) by default. */
export type OwnKey =
  | (JsonWebKey & { kid?: string })
  | { readonly kid?: string; readonly privateKey: CryptoKey; readonly publicKey: CryptoKey };

/** What `new Claviger` needs to know of keys of your own. */
export interface SigningKeys {
  /** For `signing.hostKeys`: the first signs, all are published. */
  readonly hostKeys: { kid: string; algorithm: string; publicJwk: JsonWebKey }[];
  readonly sign: Sign;
}

/**
 * Lets tokens be signed with keys of your own: ES256, ES384, RS256 or EdDSA. The private keys never enter the engine.
 *
 * ```ts
 * const { hostKeys, sign } = await signingKeys(privateJwk);
 * const auth = new Claviger({ issuer, secret, store, signing: { hostKeys }, sign });
 * ```
 *
 * Takes private JWKs, and pairs of WebCrypto keys whose public one is extractable. In Node, Deno and Bun a PEM file becomes a JWK
 * by `createPrivateKey(pem).export({ format: "jwk" })` of `node:crypto`. Throws a `TypeError` for a key of another kind.
 */
export async function signingKeys(...keys: readonly OwnKey[]): Promise<SigningKeys> {
  const read = await Promise.all(keys.map(readKey));
  const byKid = new Map(read.map((key) => [key.kid, key]));
  const sign: Sign = async ({ kid, message }) => {
    const key = byKid.get(kid);
    if (!key) throw new Error(`There is no signing key with the kid ${kid}`);
    return new Uint8Array(await crypto.subtle.sign(key.parameters, key.privateKey, message));
  };
  return { hostKeys: read.map(({ kid, algorithm, publicJwk }) => ({ kid, algorithm, publicJwk })), sign };
}

/**
 * Checks ES256, ES384 and RS256 signatures by the platform, in place of the engine: many times faster on Node, slower on Deno.
 *
 * ```ts
 * const auth = new Claviger({ issuer, secret, store, verify });
 * ```
 */
export const verify: Verify = async ({ publicJwk, algorithm, message, signature }) => {
  const check = await checkWith(publicJwk, algorithm);
  return check(message, signature);
};

function parametersOf(algorithm: string): Parameters {
  const parameters = Object.hasOwn(algorithms, algorithm) ? algorithms[algorithm] : undefined;
  if (!parameters) throw new TypeError(`The algorithm ${algorithm} is none of ${Object.keys(algorithms).join(", ")}`);
  return parameters;
}

interface ReadKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly publicJwk: JsonWebKey;
  readonly privateKey: CryptoKey;
  readonly parameters: Parameters;
}

async function readKey(key: OwnKey): Promise<ReadKey> {
  const pair = "privateKey" in key ? key : undefined;
  const members = requiredMembers(pair ? await crypto.subtle.exportKey("jwk", pair.publicKey) : (key as JsonWebKey));
  const algorithm = algorithmOf(members);
  const parameters = parametersOf(algorithm);
  const privateKey =
    pair?.privateKey ?? (await crypto.subtle.importKey("jwk", key as JsonWebKey, parameters, false, ["sign"]));
  const { name, hash } = privateKey.algorithm as { name: string; hash?: { name: string } };
  if (name !== parameters.name || (algorithm === "RS256" && hash?.name !== parameters.hash)) {
    throw new TypeError(`The key is for ${name} with ${hash?.name}, not for ${algorithm}`);
  }
  const kid = key.kid ?? (await thumbprint(members));
  return {
    kid,
    algorithm,
    publicJwk: { ...members, alg: algorithm, use: "sig", kid } as JsonWebKey,
    privateKey,
    parameters,
  };
}

/** The members that make the key, in the order of their names (RFC 7638 section 3.2, RFC 8037 section 2). */
function requiredMembers({ kty, crv, e, n, x, y }: JsonWebKey): JsonWebKey {
  if (kty === "EC" && crv && x && y) return { crv, kty, x, y };
  if (kty === "OKP" && crv && x) return { crv, kty, x };
  if (kty === "RSA" && e && n) return { e, kty, n };
  throw new TypeError("The key is no JWK of the type EC, OKP or RSA");
}

function algorithmOf({ kty, crv }: JsonWebKey): string {
  if (kty === "RSA") return "RS256";
  if (crv === "P-256") return "ES256";
  if (crv === "P-384") return "ES384";
  if (crv === "Ed25519") return "EdDSA";
  throw new TypeError(`Keys on the curve ${crv} cannot sign tokens; use P-256, P-384, Ed25519 or RSA`);
}

async function thumbprint(members: JsonWebKey): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(members));
  return toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", text)));
}

/** Keys by what makes them, since reading one takes as long as a verification; the oldest goes first. */
const known = new Map<string, Promise<Check>>();
const mostKnown = 256;

/** A key is for one algorithm (RFC 8725 section 3.1): not every platform minds a curve that is another algorithm's. */
function checkWith(jwk: JsonWebKey, algorithm: string): Promise<Check> {
  const parameters = parametersOf(algorithm);
  const members = requiredMembers(jwk);
  if (algorithmOf(members) !== algorithm) throw new TypeError(`The key is not for ${algorithm}`);
  const name = `${algorithm} ${JSON.stringify(members)}`;
  const kept = known.get(name);
  if (kept) return kept;
  const check = checkOf(members, parameters);
  known.set(name, check);
  check.catch(() => known.delete(name));
  const [oldest] = known.keys();
  if (known.size > mostKnown && oldest !== undefined) known.delete(oldest);
  return check;
}
