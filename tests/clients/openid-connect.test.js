// openid-client as a relying party, on both hosts: ID tokens checked to the last claim and by their signature, and userinfo.
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import * as client from "openid-client";
import { signIn } from "./support/browser.js";
import { names } from "./support/host.js";
import { Scene } from "./support/scene.js";

const told = { email: "ada@people.example", email_verified: true, given_name: "Ada" };

for (const name of names) {
  suite(`openid-client as a relying party on ${name}`, () => {
    let scene;
    let registered;

    before(async () => {
      const configuration = { openid: {}, signing: { alternatives: ["RS256", "ES256"] } };
      scene = await Scene.open(name, { configuration: { ...configuration, registration: { mode: "open" } } });
      await scene.host.tellOfPerson(told);
      const { id, secret } = await scene.createClient();
      registered = await client.discovery(...at(id), client.ClientSecretBasic(secret), options);
    });
    after(() => scene?.close());

    const options = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };
    const at = (id) => [new URL(scene.host.issuer), id, undefined];

    async function request(configuration, changes = {}) {
      const verifier = client.randomPKCECodeVerifier();
      const checks = {
        pkceCodeVerifier: verifier,
        expectedState: client.randomState(),
        expectedNonce: client.randomNonce(),
        idTokenExpected: true,
      };
      const location = client.buildAuthorizationUrl(configuration, {
        redirect_uri: scene.callback.uri,
        scope: "openid profile email",
        state: checks.expectedState,
        nonce: checks.expectedNonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        ...changes,
      });
      return { location, checks };
    }

    async function tokens(configuration, changes, further) {
      const { location, checks } = await request(configuration, changes);
      const arrived = await scene.authorize(location);
      return client.authorizationCodeGrant(configuration, arrived, { ...checks, ...further });
    }

    /** A client that registers itself, with these metadata beside those that it needs. */
    function register(further) {
      const metadata = {
        client_name: "Registered by itself",
        redirect_uris: [scene.callback.uri],
        token_endpoint_auth_method: "client_secret_post",
        ...further,
      };
      return client.dynamicClientRegistration(new URL(scene.host.issuer), metadata, undefined, options);
    }

    test("a person signs in: nonce, max_age and signature are right, and userinfo is about the same person", async () => {
      const signed = await tokens(registered, { max_age: "300" }, { maxAge: 300 });
      const { sub, aud, amr } = signed.claims();
      assert.deepEqual([aud, amr], [registered.clientMetadata().client_id, ["pwd"]]);
      const person = await client.fetchUserInfo(registered, signed.access_token, sub);
      const { email, email_verified, given_name, name: whole, preferred_username } = person;
      assert.deepEqual({ email, email_verified, given_name }, told);
      assert.deepEqual([whole, preferred_username], ["Ada Lovelace", "ada"]);
    });

    test("another nonce than the one that was sent is found out", async () => {
      const { location, checks } = await request(registered);
      const arrived = await scene.authorize(location);
      const redeemed = client.authorizationCodeGrant(registered, arrived, { ...checks, expectedNonce: "another" });
      await assert.rejects(redeemed, { code: "OAUTH_JWT_CLAIM_COMPARISON_FAILED" });
    });

    test("a refreshed sign-in tells of the same person and the same moment", async () => {
      const signed = await tokens(registered);
      const refreshed = await client.refreshTokenGrant(registered, signed.refresh_token);
      const kept = ({ iss, sub, aud, auth_time }) => ({ iss, sub, aud, auth_time });
      assert.deepEqual(kept(refreshed.claims()), kept(signed.claims()));
    });

    test("max_age=0 asks for the password in a browser that is signed in, and says when that was", async () => {
      await scene.browse(async (page) => {
        const first = await request(registered);
        await page.goto(first.location.href);
        await scene.signIn(page, scene.callback.uri);
        const again = await request(registered, { max_age: "0" });
        await page.goto(again.location.href);
        await signIn(page, scene.host.person);
        await page.waitForURL(`**state=${again.checks.expectedState}**`);
        const checks = { ...again.checks, maxAge: 5 };
        await client.authorizationCodeGrant(registered, scene.callback.arrived, checks);
      });
    });

    test("an application signs its person out: the browser comes back, and signs in anew", async () => {
      const own = await register({ post_logout_redirect_uris: [scene.callback.uri] });
      await scene.browse(async (page) => {
        const { location, checks } = await request(own);
        await page.goto(location.href);
        await scene.signIn(page, scene.callback.uri);
        const { id_token } = await client.authorizationCodeGrant(own, scene.callback.arrived, checks);
        const leaving = { id_token_hint: id_token, post_logout_redirect_uri: scene.callback.uri, state: "gone" };
        await page.goto(client.buildEndSessionUrl(own, leaving).href);
        assert.equal(page.url(), `${scene.callback.uri}?state=gone`);
        await page.goto((await request(own)).location.href);
        await page.getByLabel("Password").waitFor();
      });
    });

    for (const algorithm of ["RS256", "ES256", "EdDSA"]) {
      test(`a client that registered itself for ${algorithm} gets ID tokens and userinfo signed so`, async () => {
        const algorithms = { id_token_signed_response_alg: algorithm, userinfo_signed_response_alg: algorithm };
        const own = await register(algorithms);
        const signed = await tokens(own);
        const header = JSON.parse(Buffer.from(signed.id_token.split(".")[0], "base64url").toString());
        assert.equal(header.alg, algorithm);
        const person = await client.fetchUserInfo(own, signed.access_token, signed.claims().sub);
        assert.equal(person.email, told.email);
      });
    }
  });
}
