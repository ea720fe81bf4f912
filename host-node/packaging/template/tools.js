// What every runtime runs of claviger/browser: each tool once, checked by the others or by WebCrypto.
import { createDpopKey, createPkce, createPortableDpopKey, seal, unseal, verifyJwt } from "claviger/browser";

export async function tools() {
  const { verifier, challenge } = await createPkce();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const text = btoa(String.fromCharCode(...new Uint8Array(digest)));
  const sealing = { secret: "0d2f7c1e9b8a46535b7e1c0f9a8d6e42", purpose: "cart", expiresIn: "1h" };
  const sealed = await seal({ count: 2 }, sealing);
  const keys = [await createDpopKey(), await createPortableDpopKey({ algorithm: "EdDSA" })];
  return JSON.stringify({
    pkce: text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") === challenge,
    opened: await unseal(sealed, sealing),
    bent: await unseal(`${sealed}A`, sealing).catch((error) => error.code),
    proofs: await Promise.all(keys.map(proves)),
  });
}

/** A proof is a JWT; without iss and aud no policy takes it, but the reason tells that its signature is the key's. */
async function proves(key) {
  const proof = await key.proof({ url: "https://api.example.com/things?page=2" });
  const expected = { jwks: { keys: [key.publicJwk] }, issuer: "", audience: "", typ: "dpop+jwt", required: [] };
  return verifyJwt(proof, expected).catch((error) => error.help);
}
