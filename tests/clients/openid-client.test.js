// openid-client, as applications use it, on both hosts.
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as client from "openid-client";
import { allow, signIn } from "./support/browser.js";
import { names } from "./support/host.js";
import { Scene } from "./support/scene.js";

for (const name of names) {
  suite(`openid-client on ${name}`, () => {
    let scene;
    let configuration;

    before(async () => {
      scene = await Scene.open(name);
      configuration = await discovered("demo", client.None());
    });
    after(() => scene?.close());

    function discovered(id, authentication) {
      const options = { algorithm: "oauth2", execute: [client.allowInsecureRequests] };
      return client.discovery(new URL(scene.host.issuer), id, undefined, authentication, options);
    }

    async function request(changes = {}) {
      const verifier = client.randomPKCECodeVerifier();
      const checks = { pkceCodeVerifier: verifier, expectedState: client.randomState() };
      const location = client.buildAuthorizationUrl(configuration, {
        redirect_uri: scene.callback.uri,
        scope: "read write",
        state: checks.expectedState,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        ...changes,
      });
      return { location, checks };
    }

    async function tokens() {
      const { location, checks } = await request();
      return client.authorizationCodeGrant(configuration, await scene.authorize(location), checks);
    }

    test("sign-in, tokens, and an access token that jose verifies with the published keys", async () => {
      const { access_token } = await tokens();
      const keys = createRemoteJWKSet(new URL(configuration.serverMetadata().jwks_uri));
      const checks = { issuer: scene.host.issuer, audience: scene.host.issuer, typ: "at+jwt", algorithms: ["EdDSA"] };
      const { payload } = await jwtVerify(access_token, keys, checks);
      assert.equal(payload.client_id, "demo");
    });

    test("two tabs that refresh the same token get the same successor, and it works", async () => {
      const { refresh_token } = await tokens();
      const both = [refresh_token, refresh_token].map((token) => client.refreshTokenGrant(configuration, token));
      const [one, other] = await Promise.all(both);
      assert.equal(one.refresh_token, other.refresh_token);
      assert.ok((await client.refreshTokenGrant(configuration, one.refresh_token)).access_token);
    });

    test("revoking a refresh token ends it", async () => {
      const { refresh_token } = await tokens();
      await client.tokenRevocation(configuration, refresh_token);
      await assert.rejects(client.refreshTokenGrant(configuration, refresh_token), { error: "invalid_grant" });
    });

    test("a client acts for itself, introspects and revokes", async () => {
      const { id, secret } = await scene.createClient({ grantTypes: ["client_credentials"], accessToken: "opaque" });
      const service = await discovered(id, client.ClientSecretBasic(secret));
      const { access_token, scope } = await client.clientCredentialsGrant(service, { scope: "read" });
      assert.equal(scope, "read");
      const told = await client.tokenIntrospection(service, access_token);
      assert.deepEqual([told.active, told.sub, told.scope], [true, id, "read"]);
      await client.tokenRevocation(service, access_token);
      assert.deepEqual(await client.tokenIntrospection(service, access_token), { active: false });
      await assert.rejects(client.clientCredentialsGrant(service, { scope: "admin" }), { error: "invalid_scope" });
    });

    test("a secret is taken in the way that the client was registered with", async () => {
      const { id, secret } = await scene.createClient();
      const asking = client.tokenIntrospection(await discovered(id, client.ClientSecretBasic(secret)), "nonsense");
      assert.deepEqual(await asking, { active: false });
    });

    test("a secret that is sent in another way is refused", async () => {
      const { id, secret } = await scene.createClient();
      const asking = client.tokenIntrospection(await discovered(id, client.ClientSecretPost(secret)), "nonsense");
      await assert.rejects(asking, { error: "invalid_client", status: 401 });
    });

    test("a person who denies is sent back with access_denied, state and iss", async () => {
      const { location, checks } = await request();
      const context = await scene.browser.newContext();
      const page = await context.newPage();
      await page.goto(location.href);
      await signIn(page, scene.host.person);
      await page.getByRole("button", { name: "Deny" }).click();
      await page.waitForURL(`${scene.callback.uri}?**`);
      await context.close();
      const { searchParams } = scene.callback.arrived;
      assert.equal(searchParams.get("iss"), scene.host.issuer);
      await assert.rejects(client.authorizationCodeGrant(configuration, scene.callback.arrived, checks), {
        error: "access_denied",
      });
    });

    test("a person who unticks a scope gives the rest alone", async () => {
      const { location, checks } = await request();
      const context = await scene.browser.newContext();
      const page = await context.newPage();
      await page.goto(location.href);
      await signIn(page, scene.host.person);
      await page.getByLabel("Change your things").uncheck();
      await allow(page);
      await page.waitForURL(`${scene.callback.uri}?**`);
      await context.close();
      const granted = await client.authorizationCodeGrant(configuration, scene.callback.arrived, checks);
      assert.equal(granted.scope, "read");
    });

    test("a person who is signed in is not asked for the password again, but for consent", async () => {
      const context = await scene.browser.newContext();
      const page = await context.newPage();
      await page.goto((await request()).location.href);
      await signIn(page, scene.host.person);
      await allow(page);
      await page.waitForURL(`${scene.callback.uri}?**`);
      const { location, checks } = await request();
      await page.goto(location.href);
      await allow(page);
      await page.waitForURL(`${scene.callback.uri}?**state=${checks.expectedState}**`);
      assert.ok((await client.authorizationCodeGrant(configuration, scene.callback.arrived, checks)).access_token);
      await context.close();
    });

    test("an unregistered redirect URI gets an error page, and nobody is sent there", async () => {
      const { location } = await request({ redirect_uri: "https://evil.example/callback" });
      const response = await fetch(location, { redirect: "manual" });
      assert.equal(response.status, 400);
      assert.equal(response.headers.get("location"), null);
      assert.match(await response.text(), /Error code/);
    });

    test("a request without PKCE is refused", async () => {
      const { location, checks } = await request();
      location.searchParams.delete("code_challenge");
      location.searchParams.delete("code_challenge_method");
      const response = await fetch(location, { redirect: "manual" });
      const back = new URL(response.headers.get("location"));
      assert.equal(back.origin, scene.callback.origin);
      await assert.rejects(client.authorizationCodeGrant(configuration, back, checks), { error: "invalid_request" });
    });
  });
}
