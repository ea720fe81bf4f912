// What every runtime runs of claviger/browser: each tool once, checked by the others or by WebCrypto; and a session at a server whose
// answers are written down here.
import {
  createDpopKey,
  createPkce,
  createPortableDpopKey,
  openSession,
  seal,
  signIn,
  unseal,
  verifyJwt,
} from "claviger/browser";

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
    session: await boundSession(),
  });
}

/** A proof is a JWT; without iss and aud no policy takes it, but the reason tells that its signature is the key's. */
async function proves(key) {
  const proof = await key.proof({ url: "https://api.example.com/things?page=2" });
  const expected = { jwks: { keys: [key.publicJwk] }, issuer: "", audience: "", typ: "dpop+jwt", required: [] };
  return verifyJwt(proof, expected).catch((error) => error.help);
}

const issuer = "https://auth.example.com";
const resource = "https://api.example.com/things";

const answers = {
  [`${issuer}/.well-known/oauth-authorization-server`]: () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    code_challenge_methods_supported: ["S256"],
    dpop_signing_alg_values_supported: ["ES256"],
  }),
  [`${issuer}/token`]: () => ({ access_token: "a1", token_type: "DPoP" }),
  [resource]: ({ headers }) => ({ sent: headers.get("authorization"), proven: headers.has("dpop") }),
};

/** What the API is sent by a session that is bound to a key. */
async function boundSession() {
  const platforms = globalThis.fetch;
  globalThis.fetch = async (request) => Response.json(answers[request.url](request));
  try {
    const client = { issuer, clientId: "app", redirectUri: "https://app.example.com/callback", resource };
    let asked;
    await signIn({ ...client, navigate: (address) => (asked = new URL(address)) });
    const url = `${client.redirectUri}?code=c&state=${asked.searchParams.get("state")}`;
    const session = await openSession({ ...client, url });
    return await (await session.fetch(resource)).json();
  } finally {
    globalThis.fetch = platforms;
  }
}
