// The modules in which the server goes to addresses of the client: of the Dynamic OP plan, and of the Back-Channel Logout OP plan
// (oidcc-backchannel-rp-initiated-logout-certification-test-plan).
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";
import { Outside } from "./support/outside.js";
import { errorOf, home, redirectUri } from "./support/relying-party.js";

suite("addresses of the client on node", () => {
  const stage = new Outside();
  before(() => stage.open());
  after(() => stage.close());

  const sector = `${home}/redirect_uris.json`;

  /** A new key, published at an address in the place of what was there. */
  async function publishKey(address) {
    const pair = await oauth.generateKeyPair("RS256", { extractable: true });
    const { kty, n, e } = await crypto.subtle.exportKey("jwk", pair.publicKey);
    const kid = crypto.randomUUID();
    stage.published[address] = { keys: [{ kty, n, e, kid, use: "sig", alg: "RS256" }] };
    return { key: pair.privateKey, kid };
  }

  /** A client that authenticates with the key that it publishes there. */
  async function registerByKey(jwks_uri) {
    return stage.register({ token_endpoint_auth_method: "private_key_jwt", jwks_uri }, await publishKey(jwks_uri));
  }

  test("CD-014 oidcc-registration-jwks-uri", async () => {
    const rp = await registerByKey(`${home}/jwks.json`);
    const signed = await rp.signIn(stage.person());
    assert.equal((await rp.userinfo(signed)).sub, signed.claims.sub);
  });

  test("CD-015 oidcc-registration-sector-uri", async () => {
    stage.published[sector] = [redirectUri, "https://another.example/callback"];
    const metadata = { subject_type: "pairwise", sector_identifier_uri: sector };
    const one = await stage.register(metadata);
    const other = await stage.register({ ...metadata, redirect_uris: ["https://another.example/callback"] });
    const open = await stage.register();
    const subs = [];
    for (const rp of [one, other, open]) subs.push((await rp.signIn(stage.person())).claims.sub);
    assert.equal(subs[0], subs[1], "one sector knows a person by one name");
    assert.notEqual(subs[0], subs[2]);
  });

  test("CD-016 oidcc-registration-sector-bad", async () => {
    stage.published[sector] = [`${redirectUri}/another`];
    const refused = await stage.postRegistration({ subject_type: "pairwise", sector_identifier_uri: sector });
    assert.equal(await errorOf(refused), "invalid_client_metadata");
  });

  test("CD-018 oidcc-refresh-token-rp-key-rotation", async () => {
    const jwksUri = `${home}/rotated.json`;
    const rp = await registerByKey(jwksUri);
    const { tokens, claims } = await rp.signIn(stage.person(), { scope: "openid offline_access" });
    const old = rp.key;
    rp.key = await publishKey(jwksUri);
    // An address that answered is left alone for some seconds.
    stage.ahead += 11_000;
    const refreshed = await rp.refresh(tokens.refresh_token);
    assert.equal(refreshed.claims.sub, claims.sub);
    rp.key = old;
    assert.equal(await errorOf(await rp.postRefreshToken(refreshed.tokens.refresh_token), 401), "invalid_client");
  });

  test("CK-002 oidcc-backchannel-rp-initiated-logout", async () => {
    const [goodbye, told] = [`${home}/goodbye`, `${home}/backchannel`];
    const metadata = { post_logout_redirect_uris: [goodbye], backchannel_logout_uri: told };
    const rp = await stage.register({ ...metadata, backchannel_logout_session_required: true });
    const person = stage.person();
    const { tokens, claims } = await rp.signIn(person);
    const location = new URL(stage.server.end_session_endpoint);
    const parameters = { id_token_hint: tokens.id_token, post_logout_redirect_uri: goodbye, state: "a-state" };
    location.search = new URLSearchParams(parameters);
    const { arrived } = await person.visit(location);
    assert.equal(String(arrived), `${goodbye}?state=a-state`);

    const posted = await stage.received(told);
    assert.deepEqual([...posted.keys()], ["logout_token"]);
    const keys = createRemoteJWKSet(new URL(stage.server.jwks_uri));
    const expected = { issuer: stage.server.issuer, audience: rp.client.client_id, typ: "logout+jwt" };
    const { payload } = await jwtVerify(posted.get("logout_token"), keys, expected);
    assert.deepEqual(payload.events, { "http://schemas.openid.net/event/backchannel-logout": {} });
    assert.deepEqual([payload.sub, payload.sid], [claims.sub, claims.sid]);
    assert.ok(payload.sid && payload.jti && payload.iat && payload.exp && !("nonce" in payload));
    assert.equal(await rp.refused(person, { prompt: "none" }), "login_required");
  });
});
