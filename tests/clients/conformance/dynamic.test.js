// The Dynamic OP plan (oidcc-dynamic-certification-test-plan), but for what needs addresses of the client's: outside.test.js.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";
import { plan, seconds, unsigned } from "./support/plan.js";
import { errorOf, home, redirectUri } from "./support/relying-party.js";

const configuration = { signing: { algorithm: "EdDSA", alternatives: ["RS256", "ES256"] } };

plan("Dynamic OP", configuration, (stage) => {
  function keys() {
    return createRemoteJWKSet(new URL(stage.server.jwks_uri));
  }

  /** Asserts that a registration is refused with one of these codes (RFC 7591 section 3.2.2). */
  async function assertUnregistered(metadata, ...codes) {
    const response = await stage.postRegistration(metadata);
    assert.match(response.headers.get("content-type"), /^application\/json\b/);
    const code = await errorOf(response);
    assert.ok(codes.includes(code), code);
  }

  test("CD-001 oidcc-idtoken-rs256", async () => {
    const rp = await stage.register({ id_token_signed_response_alg: "RS256" });
    const { tokens } = await rp.signIn(stage.person());
    assert.equal(decodeProtectedHeader(tokens.id_token).alg, "RS256");
    await jwtVerify(tokens.id_token, keys(), { algorithms: ["RS256"], audience: rp.client.client_id });
  });

  test("CD-002 oidcc-idtoken-unsigned", async () => {
    assert.ok(!stage.server.id_token_signing_alg_values_supported.includes("none"));
    await assertUnregistered({ id_token_signed_response_alg: "none" }, "invalid_client_metadata");
  });

  test("CD-003 oidcc-userinfo-rs256", async () => {
    assert.ok(stage.server.userinfo_signing_alg_values_supported.includes("RS256"));
    const rp = await stage.register({ userinfo_signed_response_alg: "RS256" });
    const { tokens, claims } = await rp.signIn(stage.person(), { scope: "openid email" });
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    const response = await fetch(stage.server.userinfo_endpoint, { headers });
    assert.equal(response.headers.get("content-type"), "application/jwt");
    const expected = { algorithms: ["RS256"], issuer: stage.server.issuer, audience: rp.client.client_id };
    const { payload } = await jwtVerify(await response.text(), keys(), expected);
    assert.equal(payload.sub, claims.sub);
    assert.equal(payload.email, "ada@people.example");
    assert.ok(!("nonce" in payload));
  });

  test("CD-004 oidcc-ensure-redirect-uri-in-authorization-request", async () => {
    const several = await stage.register({ redirect_uris: [redirectUri, `${redirectUri}/another`] });
    await several.stopped(stage.person(), { redirect_uri: undefined });
    await stage.rp.stopped(stage.person(), { redirect_uri: undefined });
  });

  test("CD-005 oidcc-redirect-uri-query-OK", async () => {
    const rp = await stage.register({ redirect_uris: [`${redirectUri}?foo=bar`] });
    const { arrived } = await rp.send(stage.person());
    assert.equal(arrived.searchParams.get("foo"), "bar");
    await rp.redeem(arrived);
  });

  test("CD-006 oidcc-redirect-uri-query-mismatch", async () => {
    const rp = await stage.register({ redirect_uris: [`${redirectUri}?foo=bar`] });
    await rp.stopped(stage.person(), { redirect_uri: `${redirectUri}?bar=foo` });
  });

  test("CD-007 oidcc-redirect-uri-query-added", async () => {
    await stage.rp.stopped(stage.person(), { redirect_uri: `${redirectUri}?foo=bar` });
  });

  test("CD-008 oidcc-redirect-uri-regfrag", async () => {
    await assertUnregistered({ redirect_uris: [`${redirectUri}#foobar`] }, "invalid_redirect_uri");
  });

  test("CD-009 oidcc-discovery-endpoint-verification", async () => {
    assert.equal(stage.server.registration_endpoint, `${stage.server.issuer}/register`);
    assert.deepEqual(stage.server.response_types_supported, ["code"]);
    assert.ok(!stage.server.grant_types_supported.includes("implicit"));
    for (const response_type of ["id_token", "id_token token", "code id_token"]) {
      assert.equal(await stage.rp.refused(stage.person(), { response_type }), "unsupported_response_type");
      await assertUnregistered({ response_types: [response_type] }, "invalid_client_metadata");
    }
  });

  test("CD-010 oidcc-server", async () => {
    const signed = await stage.rp.signIn(stage.person());
    // What a client that names none expects (OpenID Connect Dynamic Client Registration section 2).
    assert.equal(decodeProtectedHeader(signed.tokens.id_token).alg, "RS256");
    assert.deepEqual(await stage.rp.userinfo(signed), { sub: signed.claims.sub });
  });

  /** The page that asks a person for consent to a client of its own. */
  async function consentTo(metadata) {
    const rp = await stage.register(metadata);
    const { seen } = await rp.send(stage.person());
    assert.deepEqual(
      seen.map(({ name }) => name),
      ["sign-in", "consent"],
    );
    return seen[1].text;
  }

  test("CD-011 oidcc-registration-logo-uri", async () => {
    const page = await consentTo({ client_name: "With a logo", logo_uri: `${home}/logo.png` });
    assert.match(page, /With a logo/);
    assert.doesNotMatch(page, /<img|logo\.png/, "nothing of a stranger's is loaded into this page");
  });

  for (const [id, name] of Object.entries({ "CD-012": "policy", "CD-013": "tos" })) {
    test(`${id} oidcc-registration-${name}-uri`, async () => {
      const page = await consentTo({ [`${name}_uri`]: `${home}/${name}` });
      assert.match(page, new RegExp(`<a href="${home}/${name}"`));
    });
  }

  test("CD-016 oidcc-registration-sector-bad", async () => {
    // Nothing that both hosts may reach answers there.
    const pairwise = { subject_type: "pairwise", sector_identifier_uri: "https://127.0.0.1:9/redirect_uris.json" };
    await assertUnregistered(pairwise, "invalid_client_metadata");
  });

  test("CD-017 oidcc-server-rotate-keys", async () => {
    const before = await stage.rp.signIn(stage.person());
    const published = async () => (await (await fetch(stage.server.jwks_uri)).json()).keys.map(({ kid }) => kid);
    const old = await published();
    await stage.host.run("keys", "rotate", "--algorithm", "RS256");
    const rotated = await published();
    assert.ok(rotated.some((kid) => !old.includes(kid)));
    for (const kid of old) assert.ok(rotated.includes(kid));
    await jwtVerify(before.tokens.id_token, keys(), { issuer: stage.server.issuer });
    const after = await stage.rp.signIn(stage.person());
    const [earlier, later] = [before, after].map(({ tokens }) => decodeProtectedHeader(tokens.id_token).kid);
    assert.notEqual(later, earlier);
    assert.ok(old.includes(later), "it was published before it signed");
  });

  /** Asserts that a request object by reference is refused, as the server's metadata say. */
  async function assertNoRequestUri() {
    assert.equal(stage.server.request_uri_parameter_supported, false);
    const changes = { request_uri: `${home}/request.jwt` };
    assert.equal(await stage.rp.refused(stage.person(), changes), "request_uri_not_supported");
  }

  test("CD-019 oidcc-request-uri-unsigned", assertNoRequestUri);

  test("CD-020 oidcc-request-uri-signed-rs256", assertNoRequestUri);

  test("CD-021 oidcc-ensure-request-object-with-redirect-uri", async () => {
    const inside = { ...Object.fromEntries(await stage.rp.request()), redirect_uri: "https://evil.example/callback" };
    assert.equal(await stage.rp.refused(stage.person(), { request: unsigned(inside) }), "request_not_supported");
  });

  test("CD-022 oidcc-refresh-token", async () => {
    const [one, other] = [await stage.register(), await stage.register()];
    const { tokens, claims } = await one.signIn(stage.person(), { scope: "openid offline_access", prompt: "consent" });
    await seconds(1);
    const refreshed = await one.refresh(tokens.refresh_token);
    assert.deepEqual([refreshed.claims.sub, refreshed.claims.auth_time], [claims.sub, claims.auth_time]);
    assert.ok(refreshed.claims.iat > claims.iat);
    const theirs = await other.postRefreshToken(refreshed.tokens.refresh_token);
    assert.equal(await errorOf(theirs), "invalid_grant");
    await one.refresh(refreshed.tokens.refresh_token);
  });

  test("CD-023 oidcc-ensure-client-assertion-with-iss-aud-succeeds", async () => {
    const pair = await oauth.generateKeyPair("RS256", { extractable: true });
    const { kty, n, e } = await crypto.subtle.exportKey("jwk", pair.publicKey);
    const jwks = { keys: [{ kty, n, e, kid: "one", use: "sig", alg: "RS256" }] };
    const key = { key: pair.privateKey, kid: "one" };
    const rp = await stage.register({ token_endpoint_auth_method: "private_key_jwt", jwks }, key);
    await rp.signIn(stage.person());
  });
});
