// oauth4webapi, which checks every response strictly, as a public and as a confidential client of both hosts.
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import * as oauth from "oauth4webapi";
import { names } from "./support/host.js";
import { Scene } from "./support/scene.js";

const api = "https://api.example.com/v1";
const insecure = { [oauth.allowInsecureRequests]: true };

for (const name of names) {
  suite(`oauth4webapi on ${name}`, () => {
    let scene;
    let server;
    let confidential;
    const publicClient = { client: { client_id: "demo" }, authentication: oauth.None() };

    before(async () => {
      scene = await Scene.open(name, { configuration: { resources: { [api]: { scopes: ["read"] } } } });
      server = await discover();
      const { id, secret } = await scene.createClient({ accessToken: "opaque" });
      confidential = { client: { client_id: id }, authentication: oauth.ClientSecretBasic(secret) };
    });
    after(() => scene?.close());

    async function discover() {
      const issuer = new URL(scene.host.issuer);
      const response = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
      return oauth.processDiscoveryResponse(issuer, response);
    }

    /** From the authorization request to the parameters that came back, checked for `state` and `iss`. */
    async function authorized({ client }, changes = {}) {
      const verifier = oauth.generateRandomCodeVerifier();
      const state = oauth.generateRandomState();
      const location = new URL(server.authorization_endpoint);
      location.search = new URLSearchParams({
        client_id: client.client_id,
        redirect_uri: scene.callback.uri,
        response_type: "code",
        scope: "read write",
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        ...changes,
      });
      const arrived = await scene.authorize(location);
      return { arrived, state, verifier, parameters: oauth.validateAuthResponse(server, client, arrived, state) };
    }

    async function redeem({ client, authentication }, { parameters, verifier }, redirectUri = scene.callback.uri) {
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        client,
        authentication,
        parameters,
        redirectUri,
        verifier,
        insecure,
      );
      return oauth.processAuthorizationCodeResponse(server, client, response);
    }

    async function refresh({ client, authentication }, token) {
      const response = await oauth.refreshTokenGrantRequest(server, client, authentication, token, insecure);
      return oauth.processRefreshTokenResponse(server, client, response);
    }

    async function act({ client, authentication }, parameters) {
      const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, insecure);
      return oauth.processClientCredentialsResponse(server, client, response);
    }

    async function introspect({ client, authentication }, token) {
      const response = await oauth.introspectionRequest(server, client, authentication, token, insecure);
      return oauth.processIntrospectionResponse(server, client, response);
    }

    async function revoke({ client, authentication }, token) {
      const response = await oauth.revocationRequest(server, client, authentication, token, insecure);
      return oauth.processRevocationResponse(response);
    }

    test("the metadata are what RFC 8414 asks for, and promise iss and S256", () => {
      assert.equal(server.issuer, scene.host.issuer);
      assert.equal(server.authorization_response_iss_parameter_supported, true);
      assert.deepEqual(server.code_challenge_methods_supported, ["S256"]);
    });

    test("a public client: code, JWT access token, verified as a resource server does, refresh, revoke", async () => {
      const tokens = await redeem(publicClient, await authorized(publicClient));
      assert.deepEqual([tokens.token_type, tokens.scope], ["bearer", "read write"]);
      const request = new Request("http://127.0.0.1/", { headers: { authorization: `Bearer ${tokens.access_token}` } });
      const claims = await oauth.validateJwtAccessToken(server, request, server.issuer, insecure);
      assert.deepEqual([claims.client_id, claims.scope], ["demo", "read write"]);
      const refreshed = await refresh(publicClient, tokens.refresh_token);
      assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
      await revoke(publicClient, refreshed.refresh_token);
      await assert.rejects(refresh(publicClient, refreshed.refresh_token), { error: "invalid_grant", status: 400 });
    });

    test("a confidential client: introspection before and after revocation", async () => {
      const tokens = await redeem(confidential, await authorized(confidential));
      const told = await introspect(confidential, tokens.access_token);
      assert.deepEqual([told.active, told.scope, told.iss], [true, "read write", server.issuer]);
      assert.equal((await introspect(confidential, tokens.refresh_token)).active, true);
      await revoke(confidential, tokens.refresh_token);
      assert.deepEqual(await introspect(confidential, tokens.access_token), { active: false });
      assert.deepEqual(await introspect(confidential, tokens.refresh_token), { active: false });
    });

    test("a client acts for itself with a JWT or an opaque token, until it revokes it", async () => {
      for (const accessToken of ["jwt", "opaque"]) {
        const { id, secret } = await scene.createClient({ accessToken, grantTypes: ["client_credentials"] });
        const service = { client: { client_id: id }, authentication: oauth.ClientSecretBasic(secret) };
        const tokens = await act(service, { scope: "read write" });
        assert.deepEqual([tokens.scope, tokens.refresh_token], ["read write", undefined]);
        const told = await introspect(service, tokens.access_token);
        assert.deepEqual([told.active, told.sub, told.client_id, told.aud], [true, id, id, server.issuer]);
        await revoke(service, tokens.access_token);
        assert.deepEqual(await introspect(service, tokens.access_token), { active: false });
        await assert.rejects(act(service, { scope: "read admin" }), { error: "invalid_scope", status: 400 });
        await assert.rejects(act(confidential, { scope: "read" }), { error: "unauthorized_client", status: 400 });
      }
    });

    test("a token for an API is verified there, and introspected by its server alone", async () => {
      const { id, secret } = await scene.createClient({ grantTypes: ["client_credentials"] });
      const service = { client: { client_id: id }, authentication: oauth.ClientSecretBasic(secret) };
      const { access_token, scope } = await act(service, { resource: api });
      assert.equal(scope, undefined);
      const narrowed = await act(service, { resource: api, scope: "read" });
      assert.equal(narrowed.scope, "read");
      await assert.rejects(act(service, { resource: api, scope: "write" }), { error: "invalid_scope" });
      await assert.rejects(act(service, { resource: "https://evil.example" }), { error: "invalid_target" });
      const request = new Request(api, { headers: { authorization: `Bearer ${access_token}` } });
      assert.equal((await oauth.validateJwtAccessToken(server, request, api, insecure)).client_id, id);
      const wrong = new Request(api, { headers: { authorization: `Bearer ${access_token}` } });
      await assert.rejects(oauth.validateJwtAccessToken(server, wrong, server.issuer, insecure));

      const own = await scene.createClient({ redirectUri: undefined, resources: [api] });
      const resourceServer = { client: { client_id: own.id }, authentication: oauth.ClientSecretBasic(own.secret) };
      assert.equal((await introspect(resourceServer, access_token)).aud, api);
      assert.deepEqual(await introspect(confidential, access_token), { active: false });
    });

    test("the metadata of a resource are what RFC 9728 asks for", async () => {
      const resource = new URL(server.issuer);
      const response = await oauth.resourceDiscoveryRequest(resource, insecure);
      const told = await oauth.processResourceDiscoveryResponse(resource, response);
      assert.deepEqual([told.authorization_servers, told.bearer_methods_supported], [[server.issuer], ["header"]]);
      assert.deepEqual(told.scopes_supported, ["read", "write"]);
    });

    test("a revoked access token is dead, and its refresh token lives", async () => {
      const tokens = await redeem(confidential, await authorized(confidential));
      await revoke(confidential, tokens.access_token);
      assert.deepEqual(await introspect(confidential, tokens.access_token), { active: false });
      assert.ok((await refresh(confidential, tokens.refresh_token)).access_token);
    });

    test("a narrower scope is given when it is asked for, and no other", async () => {
      const tokens = await redeem(publicClient, await authorized(publicClient, { scope: "read" }));
      assert.equal(tokens.scope, "read");
      const wider = { additionalParameters: { scope: "read write" }, ...insecure };
      const { client, authentication } = publicClient;
      const response = await oauth.refreshTokenGrantRequest(
        server,
        client,
        authentication,
        tokens.refresh_token,
        wider,
      );
      await assert.rejects(oauth.processRefreshTokenResponse(server, client, response), { error: "invalid_scope" });
    });

    test("a code that is used again is refused, and the tokens that it gave die", async () => {
      const granted = await authorized(confidential);
      const tokens = await redeem(confidential, granted);
      await assert.rejects(redeem(confidential, granted), { error: "invalid_grant", status: 400 });
      assert.deepEqual(await introspect(confidential, tokens.access_token), { active: false });
    });

    test("a wrong verifier is refused", async () => {
      const granted = { ...(await authorized(publicClient)), verifier: oauth.generateRandomCodeVerifier() };
      await assert.rejects(redeem(publicClient, granted), { error: "invalid_grant", status: 400 });
    });

    test("another redirect URI than the one of the request is refused", async () => {
      const other = `${scene.callback.uri}/other`;
      await assert.rejects(redeem(publicClient, await authorized(publicClient), other), { error: "invalid_grant" });
    });

    test("another client's code is refused", async () => {
      const granted = await authorized(publicClient);
      await assert.rejects(redeem(confidential, granted), { error: "invalid_grant", status: 400 });
    });

    test("a wrong secret is answered with 401 and a challenge", async () => {
      const { client } = confidential;
      const wrong = { client, authentication: oauth.ClientSecretBasic("not the secret") };
      await assert.rejects(refresh(wrong, "any"), (error) => {
        assert.ok(error instanceof oauth.WWWAuthenticateChallengeError);
        assert.equal(error.status, 401);
        assert.equal(error.cause[0].scheme, "basic");
        return true;
      });
    });

    test("an answer with another issuer, or none, is refused by the client (RFC 9207)", async () => {
      const { arrived, state } = await authorized(publicClient);
      for (const issuer of ["https://evil.example", null]) {
        const forged = new URL(arrived);
        if (issuer) forged.searchParams.set("iss", issuer);
        else forged.searchParams.delete("iss");
        assert.throws(() => oauth.validateAuthResponse(server, publicClient.client, forged, state), /iss/);
      }
    });
  });
}
