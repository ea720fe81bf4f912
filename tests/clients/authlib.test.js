// Authlib, in Python, against both hosts.
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { names } from "./support/host.js";
import { run } from "./support/program.js";
import { Scene } from "./support/scene.js";

/** A Python that has what `python/requirements.txt` names: `cargo xtask test` makes it. */
const python = process.env.CLAVIGER_PYTHON ?? "python3";
const programs = fileURLToPath(new URL("python", import.meta.url));
const quietly = { AUTHLIB_INSECURE_TRANSPORT: "1", PYTHONDONTWRITEBYTECODE: "1" };

for (const name of names) {
  suite(`authlib on ${name}`, () => {
    let scene;
    before(async () => {
      scene = await Scene.open(name, { configuration: { openid: {} } });
    });
    after(() => scene?.close());

    function program(name, ...words) {
      return run(scene, python, [join(programs, name), ...words], quietly);
    }

    /** One of the checks of OAuth. */
    async function check(what) {
      const { id, secret } = await scene.createClient({ grantTypes: ["client_credentials"], accessToken: "opaque" });
      const { issuer } = scene.host;
      const about = { issuer, publicClient: "demo", redirectUri: scene.callback.uri, service: id, secret };
      await program("authlib_client.py", what, JSON.stringify(about));
    }

    test("a public client: code with PKCE, a JWT verified by the published keys, refresh, revocation", () =>
      check("public_client"));

    test("a client acts for itself, introspects, revokes, and is told what is wrong", () => check("service"));

    test("a relying party checks an ID token and asks for userinfo", async () => {
      await scene.host.tellOfPerson({ email: "ada@people.example", email_verified: true });
      const { id, secret } = await scene.createClient();
      const about = { issuer: scene.host.issuer, client: id, secret, redirectUri: scene.callback.uri };
      await program("authlib_openid.py", JSON.stringify(about));
    });
  });
}
