// Signatures checked by the platform's own cryptography, with a key that is read once.

/** What WebCrypto wants to know of an algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1), to import and to use a key. */
export interface Parameters {
  name: string;
  hash?: string;
  namedCurve?: string;
}

/** Whether a signature of a message is good. */
export type Check = (
  message: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
) => boolean | Promise<boolean>;

export const algorithms: Readonly<Record<string, Parameters>> = {
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  ES384: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  EdDSA: { name: "Ed25519" },
};

/** Rejects a key that the platform will not have. */
export async function checkOf(jwk: JsonWebKey, parameters: Parameters): Promise<Check> {
  const own = nodeCrypto();
  if (own) return checkOfNode(own, jwk, parameters);
  const key = await crypto.subtle.importKey("jwk", jwk, parameters, false, ["verify"]);
  return (message, signature) => crypto.subtle.verify(parameters, key, signature, message);
}

/** Node's own takes half of the time of its WebCrypto, which asks another thread for each signature. */
function checkOfNode({ createPublicKey, verify }: NodeCrypto, jwk: JsonWebKey, { hash }: Parameters): Check {
  const key = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
  const digest = hash?.replace("-", "").toLowerCase() ?? null;
  return (message, signature) => verify(digest, message, key, signature);
}

/** As much of `node:crypto` as is used, which stands in no import since this runs in browsers too. */
interface NodeCrypto {
  createPublicKey(jwk: { key: JsonWebKey; format: "jwk" }): object;
  verify(digest: string | null, message: Uint8Array, key: object, signature: Uint8Array): boolean;
}

/** In Node alone: others that have the module have it for compatibility. */
function nodeCrypto(): NodeCrypto | undefined {
  const { navigator, process } = globalThis as unknown as {
    navigator?: { userAgent?: string };
    process?: { getBuiltinModule?(name: string): NodeCrypto };
  };
  return navigator?.userAgent?.startsWith("Node.js/") ? process?.getBuiltinModule?.("node:crypto") : undefined;
}
