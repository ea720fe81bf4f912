// What every runtime runs: the same configuration, time, chance and calls must give the same bytes everywhere.
import { Claviger, Refused } from "claviger";
import { memory } from "claviger/stores/memory";
import { signingKeys, verify } from "claviger/webcrypto";
import { privateJwk } from "./key.js";

export async function program() {
  const clock = () => 1_790_000_000_000;
  let count = 0;
  const auth = new Claviger({
    issuer: "https://auth.example.com",
    secret: "0d2f7c1e9b8a46535b7e1c0f9a8d6e42",
    store: memory({ clock }),
    scopes: { read: "See your things" },
    clock,
    random: (length) => new Uint8Array(length).fill(200).fill(++count, 0, 1),
  });
  const { client, secret } = await auth.clients.create({
    name: "Example",
    redirectUris: ["https://app.example.com/callback"],
  });
  const get = async (path) => {
    const response = await auth.fetch(new Request(`https://auth.example.com${path}`));
    return [response.status, ...response.headers, await response.text()];
  };
  const refused = await auth.authenticate(new Request("https://api.example.com")).catch((error) => error);
  if (!(refused instanceof Refused)) throw new Error(`not refused: ${refused}`);
  return JSON.stringify({
    signed: await signed(),
    client,
    secret,
    metadata: await get("/.well-known/oauth-authorization-server"),
    jwks: await get("/jwks"),
    refused: [refused.code, refused.toResponse().headers.get("www-authenticate")],
  });
}

/** A signature by a key of the host, which has one value alone (RSASSA-PKCS1-v1_5), and whether it verifies. */
async function signed() {
  const { hostKeys, sign } = await signingKeys(privateJwk);
  const [{ kid, algorithm, publicJwk }] = hostKeys;
  const message = new TextEncoder().encode("one message");
  const signature = await sign({ kid, algorithm, message });
  const verified = await verify({ publicJwk, algorithm, message, signature });
  return [kid, [...signature].map((byte) => byte.toString(16).padStart(2, "0")).join(""), verified];
}
