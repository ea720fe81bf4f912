// What is newer than OAuth 2.0, with oauth4webapi and openid-client on both hosts: PAR (RFC 9126), DPoP with nonces (RFC 9449),
// devices (RFC 8628), registration (RFC 7591) and private_key_jwt (RFC 7523).
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { allow, signIn } from "./support/browser.js";
import { names } from "./support/host.js";
import { Scene } from "./support/scene.js";

const insecure = { [oauth.allowInsecureRequests]: true };
const deviceCode = "urn:ietf:params:oauth:grant-type:device_code";
const grantTypes = ["authorization_code", "refresh_token", "client_credentials", deviceCode];
const configuration = { dpop: { requireNonce: true }, registration: { mode: "open", grantTypes } };

for (const name of names) {
  suite(`what is newer on ${name}`, () => {
    let scene;
    let server;
    let confidential;
    let configured;

    before(async () => {
      scene = await Scene.open(name, { configuration });
      const issuer = new URL(scene.host.issuer);
      const response = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
      server = await oauth.processDiscoveryResponse(issuer, response);
      const { id, secret } = await scene.createClient({ grantTypes });
      confidential = { client: { client_id: id }, authentication: oauth.ClientSecretBasic(secret) };
      const options = { algorithm: "oauth2", execute: [openid.allowInsecureRequests] };
      configured = await openid.discovery(issuer, id, undefined, openid.ClientSecretBasic(secret), options);
    });
    after(() => scene?.close());

    /** Sends what a nonce of the server may be missing from, and once more with it (RFC 9449 section 8). */
    async function withNonce(send) {
      try {
        return await send();
      } catch (error) {
        assert.ok(oauth.isDPoPNonceError(error), error);
        return send();
      }
    }

    test("oauth4webapi pushes a request, binds its tokens to a key, and refreshes them with it alone", async () => {
      const { client, authentication } = confidential;
      const key = await oauth.generateKeyPair("ES256");
      const DPoP = oauth.DPoP(client, key);
      const options = { DPoP, ...insecure };
      const verifier = oauth.generateRandomCodeVerifier();
      const state = oauth.generateRandomState();
      const parameters = {
        redirect_uri: scene.callback.uri,
        response_type: "code",
        scope: "read",
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      };
      const pushed = await withNonce(async () => {
        const response = await oauth.pushedAuthorizationRequest(server, client, authentication, parameters, options);
        return oauth.processPushedAuthorizationResponse(server, client, response);
      });
      const location = new URL(server.authorization_endpoint);
      location.search = new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri });
      const arrived = oauth.validateAuthResponse(server, client, await scene.authorize(location), state);
      const redeem = (chosen) => async () => {
        const at = scene.callback.uri;
        const response = await oauth.authorizationCodeGrantRequest(
          server,
          client,
          authentication,
          arrived,
          at,
          verifier,
          chosen,
        );
        return oauth.processAuthorizationCodeResponse(server, client, response);
      };
      await assert.rejects(redeem(insecure)(), "the code is bound to the key of the pushed request");
      const tokens = await withNonce(redeem(options));
      assert.equal(tokens.token_type, "dpop");
      const introspected = await oauth.introspectionRequest(
        server,
        client,
        authentication,
        tokens.access_token,
        insecure,
      );
      const told = await oauth.processIntrospectionResponse(server, client, introspected);
      assert.deepEqual([told.token_type, told.cnf.jkt], ["DPoP", await DPoP.calculateThumbprint()]);
      const rotated = await withNonce(async () => {
        const response = await oauth.refreshTokenGrantRequest(
          server,
          client,
          authentication,
          tokens.refresh_token,
          options,
        );
        return oauth.processRefreshTokenResponse(server, client, response);
      });
      assert.equal(rotated.token_type, "dpop");
    });

    test("openid-client pushes a request and binds its tokens to a key", async () => {
      const DPoP = openid.getDPoPHandle(configured, await openid.randomDPoPKeyPair("ES256"));
      const verifier = openid.randomPKCECodeVerifier();
      const checks = { pkceCodeVerifier: verifier, expectedState: openid.randomState() };
      const parameters = {
        redirect_uri: scene.callback.uri,
        scope: "read",
        state: checks.expectedState,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      };
      const location = await openid.buildAuthorizationUrlWithPAR(configured, parameters, { DPoP });
      assert.deepEqual([...location.searchParams.keys()].sort(), ["client_id", "request_uri"]);
      const arrived = await scene.authorize(location);
      const tokens = await openid.authorizationCodeGrant(configured, arrived, checks, undefined, { DPoP });
      assert.equal(tokens.token_type, "dpop");
      const rotated = await openid.refreshTokenGrant(configured, tokens.refresh_token, undefined, { DPoP });
      assert.notEqual(rotated.refresh_token, tokens.refresh_token);
    });

    /** A person enters a device's code by its complete address, signs in, and allows it. */
    async function enter({ verification_uri_complete, user_code }) {
      const context = await scene.browser.newContext();
      try {
        const page = await context.newPage();
        await page.goto(verification_uri_complete);
        await page.getByRole("button", { name: /continue/i }).click();
        await signIn(page, scene.host.person);
        await page.getByText(user_code).waitFor();
        await allow(page);
        await page.waitForLoadState();
      } finally {
        await context.close();
      }
    }

    test("openid-client gets tokens for a device, once a person entered its code", async () => {
      const device = await openid.initiateDeviceAuthorization(configured, { scope: "read" });
      const polled = openid.pollDeviceAuthorizationGrant(configured, device);
      await enter(device);
      const tokens = await polled;
      assert.deepEqual([tokens.scope, tokens.token_type], ["read", "bearer"]);
      assert.ok(tokens.refresh_token);
    });

    test("oauth4webapi is told to wait for a person, and a code works once", async () => {
      const { client, authentication } = confidential;
      const asked = await oauth.deviceAuthorizationRequest(server, client, authentication, { scope: "read" }, insecure);
      const device = await oauth.processDeviceAuthorizationResponse(server, client, asked);
      const poll = async () => {
        const response = await oauth.deviceCodeGrantRequest(
          server,
          client,
          authentication,
          device.device_code,
          insecure,
        );
        return oauth.processDeviceCodeResponse(server, client, response);
      };
      await assert.rejects(poll(), { error: "authorization_pending", status: 400 });
      await enter(device);
      await new Promise((resolve) => setTimeout(resolve, (device.interval ?? 5) * 1000));
      assert.equal((await poll()).scope, "read");
      await assert.rejects(poll(), (error) => error.error === "invalid_grant" || error.error === "slow_down");
    });

    test("oauth4webapi registers a client, which proves itself by a key", async () => {
      const key = await oauth.generateKeyPair("ES256", { extractable: true });
      const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", key.publicKey);
      const metadata = {
        client_name: "Registered by itself",
        grant_types: ["client_credentials"],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: "private_key_jwt",
        jwks: { keys: [{ kty, crv, x, y, kid: "one", alg: "ES256", use: "sig" }] },
        scope: "read",
      };
      const response = await oauth.dynamicClientRegistrationRequest(server, metadata, insecure);
      const client = await oauth.processDynamicClientRegistrationResponse(response);
      assert.equal(client.token_endpoint_auth_method, "private_key_jwt");
      // The issuer is what the assertion is for.
      const authentication = oauth.PrivateKeyJwt({ key: key.privateKey, kid: "one" });
      const asked = await oauth.clientCredentialsGrantRequest(
        server,
        client,
        authentication,
        { scope: "read" },
        insecure,
      );
      assert.equal((await oauth.processClientCredentialsResponse(server, client, asked)).scope, "read");
      const other = await oauth.generateKeyPair("ES256");
      const forged = oauth.PrivateKeyJwt({ key: other.privateKey, kid: "one" });
      const refused = await oauth.clientCredentialsGrantRequest(server, client, forged, { scope: "read" }, insecure);
      await assert.rejects(oauth.processClientCredentialsResponse(server, client, refused), { status: 401 });
    });

    test("openid-client registers a client that people sign in with", async () => {
      // The library sends its secret in the body, and the method of RFC 7591 section 2 without a word is the header.
      const metadata = {
        client_name: "Registered by itself",
        redirect_uris: [scene.callback.uri],
        token_endpoint_auth_method: "client_secret_post",
      };
      const options = { algorithm: "oauth2", execute: [openid.allowInsecureRequests] };
      const registered = await openid.dynamicClientRegistration(new URL(server.issuer), metadata, undefined, options);
      const verifier = openid.randomPKCECodeVerifier();
      const checks = { pkceCodeVerifier: verifier, expectedState: openid.randomState() };
      const location = openid.buildAuthorizationUrl(registered, {
        redirect_uri: scene.callback.uri,
        scope: "read",
        state: checks.expectedState,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
      const tokens = await openid.authorizationCodeGrant(registered, await scene.authorize(location), checks);
      assert.equal(tokens.scope, "read");
    });
  });
}
