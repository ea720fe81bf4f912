// The Rust crate openidconnect, against both hosts.
import { after, before, suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { names } from "./support/host.js";
import { run } from "./support/program.js";
import { Scene } from "./support/scene.js";

/** What `rust` is built to: `cargo xtask test` does that and says where it is. */
const built = fileURLToPath(new URL("rust/target/debug/claviger-openidconnect", import.meta.url));
const program = process.env.CLAVIGER_OPENIDCONNECT ?? built;

for (const name of names) {
  suite(`openidconnect on ${name}`, () => {
    let scene;
    before(async () => {
      const configuration = { openid: {}, signing: { algorithm: "EdDSA", alternatives: ["RS256"] } };
      scene = await Scene.open(name, { configuration: { ...configuration, registration: { mode: "open" } } });
      await scene.host.tellOfPerson({ email: "ada@people.example", email_verified: true });
    });
    after(() => scene?.close());

    test("a person signs in: ID token, userinfo and refresh are as the crate wants them", async () => {
      const { id, secret } = await scene.createClient();
      const about = { issuer: scene.host.issuer, client: id, secret, redirectUri: scene.callback.uri };
      await run(scene, program, [JSON.stringify(about)]);
    });

    test("the same with ID tokens by RS256, for a client that registered itself", async () => {
      const metadata = { redirect_uris: [scene.callback.uri], id_token_signed_response_alg: "RS256" };
      const headers = { "content-type": "application/json" };
      const registered = await fetch(`${scene.host.issuer}/register`, {
        method: "POST",
        headers,
        body: JSON.stringify(metadata),
      });
      const { client_id: client, client_secret: secret } = await registered.json();
      const about = { issuer: scene.host.issuer, client, secret, redirectUri: scene.callback.uri };
      await run(scene, program, [JSON.stringify(about)]);
    });
  });
}
