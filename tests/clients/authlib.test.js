// Authlib, in Python, against both hosts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { names } from "./support/host.js";
import { Scene } from "./support/scene.js";

/** A Python that has what `python/requirements.txt` names: `cargo xtask test` makes it. */
const python = process.env.CLAVIGER_PYTHON ?? "python3";
const program = fileURLToPath(new URL("python/authlib_client.py", import.meta.url));

for (const name of names) {
  suite(`authlib on ${name}`, () => {
    let scene;
    before(async () => {
      scene = await Scene.open(name);
    });
    after(() => scene?.close());

    /** Runs one of the program's checks; a person goes through the pages at each address that it prints. */
    async function check(what) {
      const { id, secret } = await scene.createClient({ grantTypes: ["client_credentials"], accessToken: "opaque" });
      const { issuer } = scene.host;
      const about = { issuer, publicClient: "demo", redirectUri: scene.callback.uri, service: id, secret };
      const env = { ...process.env, AUTHLIB_INSECURE_TRANSPORT: "1", PYTHONDONTWRITEBYTECODE: "1" };
      const child = spawn(python, [program, what, JSON.stringify(about)], { env });
      const errors = child.stderr.setEncoding("utf8").toArray();
      const ended = once(child, "close");
      for await (const address of createInterface(child.stdout)) {
        child.stdin.write(`${await scene.authorize(address)}\n`);
      }
      const [code] = await ended;
      assert.equal(code, 0, (await errors).join(""));
    }

    test("a public client: code with PKCE, a JWT verified by the published keys, refresh, revocation", () =>
      check("public_client"));

    test("a client acts for itself, introspects, revokes, and is told what is wrong", () => check("service"));
  });
}
