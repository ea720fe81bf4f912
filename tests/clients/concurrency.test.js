// Many redemptions of one code at once, over real connections.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import * as oauth from "oauth4webapi";
import { names } from "./support/host.js";
import { Scene } from "./support/scene.js";

const count = 64;

for (const name of names) {
  suite(`${count} redemptions of one code at once on ${name}`, () => {
    for (const store of ["memory", "sqlite:claviger-demo.db"]) {
      test(`az_042 ${store.split(":")[0]}: one success, and invalid_grant for every other`, async () => {
        const scene = await Scene.open(name, { store });
        try {
          const form = await codeOf(scene);
          const answers = await Promise.all(Array.from({ length: count }, () => redeem(scene, form)));
          assert.equal(answers.filter(({ status }) => status === 200).length, 1);
          const refused = answers.filter(({ status }) => status !== 200);
          for (const { status, body } of refused) assert.deepEqual([status, body.error], [400, "invalid_grant"]);
          // RFC 9700 section 2.1.1: a code that is used twice takes with it what it gave.
          const { refresh_token } = answers.find(({ status }) => status === 200).body;
          const after = await post(scene, { grant_type: "refresh_token", client_id: "demo", refresh_token });
          assert.deepEqual([after.status, after.body.error], [400, "invalid_grant"]);
        } finally {
          await scene.close();
        }
      });
    }
  });
}

async function codeOf(scene) {
  const code_verifier = oauth.generateRandomCodeVerifier();
  const location = new URL("/authorize", scene.host.issuer);
  location.search = new URLSearchParams({
    client_id: "demo",
    redirect_uri: scene.callback.uri,
    response_type: "code",
    scope: "read",
    code_challenge: await oauth.calculatePKCECodeChallenge(code_verifier),
    code_challenge_method: "S256",
  });
  const code = (await scene.authorize(location)).searchParams.get("code");
  return { code, code_verifier, redirect_uri: scene.callback.uri };
}

function redeem(scene, form) {
  return post(scene, { grant_type: "authorization_code", client_id: "demo", ...form });
}

/** Each on a connection of its own. */
async function post(scene, form) {
  const response = await fetch(new URL("/token", scene.host.issuer), {
    method: "POST",
    body: new URLSearchParams(form),
    headers: { connection: "close" },
  });
  return { status: response.status, body: await response.json() };
}
