import { toBase64Url } from "../bytes.js";
import type { KeyPair } from "./glue.js";
import { withModule } from "./module.js";

/** ES256 works in every runtime and at every server; EdDSA where both know Ed25519. */
export type DpopAlgorithm = "ES256" | "EdDSA";

/** The request that a proof is for. */
export interface ProofRequest {
  /** Default: `"GET"`. As it is sent: methods are case-sensitive. */
  method?: string;
  /** Its query and fragment do not go into the proof. */
  url: string | URL;
  /** The token that is presented with the proof, which is then bound to it (`ath`). */
  accessToken?: string | undefined;
  /** What the server said last in `DPoP-Nonce`. */
  nonce?: string | undefined;
  /** Milliseconds since 1970. Default: `Date.now`. */
  clock?: () => number;
}

/** A key that proves possession (RFC 9449). */
export interface DpopKey {
  readonly algorithm: DpopAlgorithm;
  readonly publicJwk: JsonWebKey;
  /** The SHA-256 thumbprint of the public key (RFC 7638): `dpop_jkt`, and the `cnf.jkt` of what is bound to it. */
  readonly thumbprint: string;
  /** A proof for one request, to be sent once, in the header `DPoP`. */
  proof(request: ProofRequest): Promise<string>;
}

/** A key whose private half the runtime keeps: a script can use it, but neither read it nor send it away. */
export interface StoredDpopKey extends DpopKey {
  /** May be stored in IndexedDB, and opened again with {@link openDpopKey}. */
  readonly keyPair: CryptoKeyPair;
}

/** A key that can be written down, for servers and edge functions that keep it themselves: seal it. */
export interface PortableDpopKey extends DpopKey {
  privateJwk(): JsonWebKey;
}

const webCrypto = {
  ES256: { key: { name: "ECDSA", namedCurve: "P-256" }, signing: { name: "ECDSA", hash: "SHA-256" } },
  EdDSA: { key: { name: "Ed25519" }, signing: { name: "Ed25519" } },
} as const;

/** Makes a key for a browser, a worker or a server: WebCrypto keeps its private half, and it is not extractable. */
export async function createDpopKey({ algorithm = "ES256" as DpopAlgorithm } = {}): Promise<StoredDpopKey> {
  const pair = await crypto.subtle.generateKey(webCrypto[algorithm].key, false, ["sign", "verify"]);
  return openDpopKey(pair as CryptoKeyPair);
}

/** Opens a key pair that {@link createDpopKey} made. */
export async function openDpopKey(keyPair: CryptoKeyPair): Promise<StoredDpopKey> {
  const { privateKey, publicKey } = keyPair;
  const algorithm = privateKey.algorithm.name === "ECDSA" ? "ES256" : "EdDSA";
  const exported = await crypto.subtle.exportKey("jwk", publicKey);
  const known = await publicHalf(exported);
  return {
    algorithm,
    keyPair,
    ...known,
    async proof(request) {
      const unsigned = await withModule((module) => module.unsignedProof(known.publicJwk, written(request)));
      const message = new TextEncoder().encode(unsigned);
      // WebCrypto's ECDSA signature is R and S, as JOSE wants it (RFC 7518 section 3.4).
      const signature = await crypto.subtle.sign(webCrypto[algorithm].signing, privateKey, message);
      return `${unsigned}.${toBase64Url(new Uint8Array(signature))}`;
    },
  };
}

/** Makes a key that can be written down. */
export async function createPortableDpopKey({ algorithm = "ES256" as DpopAlgorithm } = {}): Promise<PortableDpopKey> {
  return portable(await withModule((module) => module.KeyPair.generate(algorithm)));
}

/** Reads a private JWK of ES256 or EdDSA. */
export async function importDpopKey(privateJwk: JsonWebKey): Promise<PortableDpopKey> {
  return portable(await withModule((module) => module.KeyPair.read(privateJwk)));
}

async function portable(pair: KeyPair): Promise<PortableDpopKey> {
  const jwk = await withModule(() => pair.privateJwk());
  return {
    algorithm: jwk.alg as DpopAlgorithm,
    ...(await publicHalf(jwk)),
    privateJwk: () => pair.privateJwk(),
    proof: (request) => withModule(() => pair.proof(written(request))),
  };
}

/** The members that RFC 7638 counts, and no others: what the proof's header carries. */
async function publicHalf({ kty, crv, x, y }: JsonWebKey): Promise<{ publicJwk: JsonWebKey; thumbprint: string }> {
  const publicJwk = JSON.parse(JSON.stringify({ kty, crv, x, y })) as JsonWebKey;
  return { publicJwk, thumbprint: await withModule((module) => module.thumbprint(publicJwk)) };
}

function written({ method = "GET", url, accessToken, nonce, clock = Date.now }: ProofRequest): object {
  return { method, url: new URL(url, globalThis.location?.href).href, accessToken, nonce, now: clock() };
}
