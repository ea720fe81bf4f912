// One SQLite file through restarts, on the same host and on the other one.
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as client from "openid-client";
import { names } from "./support/host.js";
import { Scene } from "./support/scene.js";

/** The issuer must be the same after a restart, so the port is not a free one. */
const ports = { node: 24431, native: 24432 };

for (const name of names) {
  suite(`grants that began on ${name}`, () => {
    let scene;
    let configuration;

    before(async () => {
      scene = await Scene.open(name, { port: ports[name] });
      const { id, secret } = await scene.createClient();
      const options = { algorithm: "oauth2", execute: [client.allowInsecureRequests] };
      const authentication = client.ClientSecretBasic(secret);
      configuration = await client.discovery(new URL(scene.host.issuer), id, undefined, authentication, options);
    });
    after(() => scene?.close());

    async function tokens() {
      const pkceCodeVerifier = client.randomPKCECodeVerifier();
      const location = client.buildAuthorizationUrl(configuration, {
        redirect_uri: scene.callback.uri,
        scope: "read",
        code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: "S256",
      });
      return client.authorizationCodeGrant(configuration, await scene.authorize(location), { pkceCodeVerifier });
    }

    async function isActive(token) {
      return (await client.tokenIntrospection(configuration, token)).active;
    }

    for (const next of [name, ...names.filter((other) => other !== name)]) {
      test(`go on with ${next}: tokens, keys, refresh and revocation`, async () => {
        const [kept, revoked] = [await tokens(), await tokens()];
        await client.tokenRevocation(configuration, revoked.refresh_token);
        await scene.host.continueWith(next);
        assert.equal(await isActive(kept.access_token), true);
        assert.equal(await isActive(revoked.access_token), false);
        const keys = createRemoteJWKSet(new URL(configuration.serverMetadata().jwks_uri));
        await jwtVerify(kept.access_token, keys, { issuer: scene.host.issuer, audience: scene.host.issuer });
        const refreshed = await client.refreshTokenGrant(configuration, kept.refresh_token);
        assert.equal(await isActive(refreshed.access_token), true);
        const again = client.refreshTokenGrant(configuration, revoked.refresh_token);
        await assert.rejects(again, { error: "invalid_grant" });
      });
    }
  });
}
