// The Basic OP plan (oidcc-basic-certification-test-plan).
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { known, plan, seconds, unsigned } from "./support/plan.js";
import { errorOf, redirectUri } from "./support/relying-party.js";

/** RS256 is what a client gets that says nothing (OpenID Connect Dynamic Client Registration section 2). */
const configuration = { signing: { algorithm: "RS256", alternatives: ["EdDSA", "ES256"] } };

/** OpenID Connect Core section 5.4. */
const claimsOf = {
  profile: [
    "name family_name given_name middle_name nickname preferred_username profile picture website gender birthdate",
    "zoneinfo locale updated_at",
  ]
    .join(" ")
    .split(" "),
  email: ["email", "email_verified"],
  address: ["address"],
  phone: ["phone_number", "phone_number_verified"],
};

plan("Basic OP", configuration, (stage) => {
  /** Signs in twice at one browser, with these changes to the requests. */
  async function twice(first, second, between = 0) {
    const person = stage.person();
    const before = await stage.rp.signIn(person, first);
    await seconds(between);
    const again = typeof second === "function" ? second(before) : second;
    return [before, await stage.rp.signIn(person, again)];
  }

  function assertSameSignIn([before, after]) {
    assert.deepEqual(after.seen, [], "nobody was asked for anything");
    assert.deepEqual([after.claims.sub, after.claims.auth_time], [before.claims.sub, before.claims.auth_time]);
  }

  function assertNewSignIn([before, after]) {
    assert.equal(after.seen[0], "sign-in");
    assert.equal(after.claims.sub, before.claims.sub);
    assert.ok(after.claims.auth_time > before.claims.auth_time);
  }

  async function askUserinfo({ tokens }, { header = true, ...init } = {}) {
    const headers = header ? { authorization: `Bearer ${tokens.access_token}` } : {};
    const response = await fetch(stage.server.userinfo_endpoint, { ...init, headers });
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type"), /^application\/json\b/);
    return response.json();
  }

  /** Asserts that userinfo says these claims and no others, with the values that are known. */
  async function assertToldOf(scopes) {
    const signed = await stage.rp.signIn(stage.person(), { scope: ["openid", ...scopes].join(" ") });
    const { sub, preferred_username, ...told } = await stage.rp.userinfo(signed);
    const names = scopes.flatMap((scope) => claimsOf[scope]).filter((name) => name !== "preferred_username");
    assert.deepEqual(told, Object.fromEntries(names.map((name) => [name, known[name]])));
    assert.equal(preferred_username, scopes.includes("profile") ? "ada" : undefined);
    assert.equal(sub, signed.claims.sub);
    assert.ok(!("email" in signed.claims) && !("name" in signed.claims), "an ID token with an access token has none");
  }

  test("CB-001 oidcc-server", async () => {
    const signed = await stage.rp.signIn(stage.person());
    assert.equal(signed.seen[0], "sign-in");
    assert.equal(signed.tokens.scope, "openid");
    assert.deepEqual(await stage.rp.userinfo(signed), { sub: signed.claims.sub });
  });

  test("CB-002 oidcc-response-type-missing", async () => {
    assert.equal(await stage.rp.refused(stage.person(), { response_type: undefined }), "invalid_request");
  });

  test("CB-003 oidcc-idtoken-signature", async () => {
    const { tokens } = await stage.rp.signIn(stage.person());
    const { alg, kid } = decodeProtectedHeader(tokens.id_token);
    assert.equal(alg, "RS256");
    const { keys } = await (await fetch(stage.server.jwks_uri)).json();
    assert.equal(keys.filter((key) => key.kid === kid && key.kty === "RSA" && key.use === "sig").length, 1);
    await jwtVerify(tokens.id_token, createLocalJWKSet({ keys }), { issuer: stage.server.issuer });
  });

  test("CB-004 oidcc-idtoken-unsigned", async () => {
    assert.ok(!stage.server.id_token_signing_alg_values_supported.includes("none"));
    const refused = await stage.postRegistration({ id_token_signed_response_alg: "none" });
    assert.equal(await errorOf(refused), "invalid_client_metadata");
  });

  test("CB-005 oidcc-userinfo-get", async () => {
    const signed = await stage.rp.signIn(stage.person());
    assert.equal((await askUserinfo(signed)).sub, signed.claims.sub);
  });

  test("CB-006 oidcc-userinfo-post-header", async () => {
    const signed = await stage.rp.signIn(stage.person());
    assert.equal((await askUserinfo(signed, { method: "POST" })).sub, signed.claims.sub);
  });

  test("CB-007 oidcc-userinfo-post-body", async () => {
    const signed = await stage.rp.signIn(stage.person());
    const body = new URLSearchParams({ access_token: signed.tokens.access_token });
    assert.equal((await askUserinfo(signed, { header: false, method: "POST", body })).sub, signed.claims.sub);
  });

  test("CB-008 oidcc-ensure-request-without-nonce-succeeds-for-code-flow", async () => {
    const { claims } = await stage.rp.signIn(stage.person(), { nonce: undefined });
    assert.ok(!("nonce" in claims));
  });

  const scopes = { "CB-009": "profile", "CB-010": "email", "CB-011": "address", "CB-012": "phone" };
  for (const [id, scope] of Object.entries(scopes)) {
    test(`${id} oidcc-scope-${scope}`, () => assertToldOf([scope]));
  }

  test("CB-013 oidcc-scope-all", () => assertToldOf(["profile", "email", "address", "phone"]));

  test("CB-014 oidcc-alternate-happy-flow", async () => {
    const location = new URL(stage.server.authorization_endpoint);
    location.search = new URLSearchParams([...(await stage.rp.request({ scope: "email openid" }))].reverse());
    const { arrived } = await stage.person().visit(location);
    const signed = await stage.rp.redeem(arrived);
    assert.deepEqual(new Set(signed.tokens.scope.split(" ")), new Set(["openid", "email"]));
    assert.equal((await stage.rp.userinfo(signed)).email, known.email);
  });

  for (const [id, display] of Object.entries({ "CB-015": "page", "CB-016": "popup" })) {
    test(`${id} oidcc-display-${display}`, async () => {
      const { seen } = await stage.rp.signIn(stage.person(), { display });
      assert.equal(seen[0], "sign-in");
    });
  }

  test("CB-017 oidcc-prompt-login", async () => {
    assertNewSignIn(await twice({}, { prompt: "login" }, 1.1));
  });

  test("CB-018 oidcc-prompt-none-not-logged-in", async () => {
    assert.equal(await stage.rp.refused(stage.person(), { prompt: "none" }), "login_required");
  });

  test("CB-019 oidcc-prompt-none-logged-in", async () => {
    assertSameSignIn(await twice({}, { prompt: "none" }));
  });

  test("CB-020 oidcc-max-age-1", async () => {
    assertNewSignIn(await twice({}, { max_age: "1" }, 2.1));
  });

  test("CB-021 oidcc-max-age-10000", async () => {
    assertSameSignIn(await twice({ max_age: "15000" }, { max_age: "10000" }));
  });

  test("CB-022 oidcc-ensure-request-with-unknown-parameter-succeeds", async () => {
    await stage.rp.signIn(stage.person(), { extra: "foobar" });
  });

  test("CB-023 oidcc-id-token-hint", async () => {
    const hinted = ({ tokens }) => ({ prompt: "none", id_token_hint: tokens.id_token });
    assertSameSignIn(await twice({}, hinted));
  });

  test("CB-024 oidcc-login-hint", async () => {
    const { seen } = await stage.rp.send(stage.person(), { login_hint: "buffy@rp.example" });
    assert.match(seen[0].text, /name="login"[^>]*value="buffy@rp\.example"/);
    await stage.rp.signIn(stage.person(), { login_hint: "buffy@rp.example" });
  });

  test("CB-025 oidcc-ui-locales", async () => {
    await stage.rp.signIn(stage.person(), { ui_locales: "se" });
  });

  test("CB-026 oidcc-claims-locales", async () => {
    await stage.rp.signIn(stage.person(), { claims_locales: "se" });
  });

  test("CB-027 oidcc-ensure-request-with-acr-values-succeeds", async () => {
    await stage.rp.signIn(stage.person(), { acr_values: "1 2" });
  });

  /** Redeems a code again after so many seconds: it is refused, and what came of it is dead. */
  async function assertRedeemedOnce(wait) {
    const signed = await stage.rp.signIn(stage.person());
    await seconds(wait);
    assert.equal(await errorOf(await stage.rp.postCode(signed.answer)), "invalid_grant");
    const headers = { authorization: `Bearer ${signed.tokens.access_token}` };
    assert.equal((await fetch(stage.server.userinfo_endpoint, { headers })).status, 401);
  }

  test("CB-028 oidcc-codereuse", () => assertRedeemedOnce(0));

  test("CB-029 oidcc-codereuse-30seconds", () => assertRedeemedOnce(30));

  test("CB-030 oidcc-ensure-registered-redirect-uri", async () => {
    await stage.rp.stopped(stage.person(), { redirect_uri: `${redirectUri}/another` });
  });

  test("CB-031 oidcc-ensure-post-request-succeeds", async () => {
    const form = await stage.rp.request();
    const { arrived } = await stage.person().visit(stage.server.authorization_endpoint, { form });
    await stage.rp.redeem(arrived);
  });

  test("CB-032 oidcc-server-client-secret-post", async () => {
    const rp = await stage.register({ token_endpoint_auth_method: "client_secret_post" });
    const signed = await rp.signIn(stage.person());
    assert.equal((await rp.userinfo(signed)).sub, signed.claims.sub);
  });

  test("CB-033 oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", async () => {
    assert.equal(stage.server.request_uri_parameter_supported, false);
    const changes = { request_uri: "https://rp.example/request.jwt" };
    assert.equal(await stage.rp.refused(stage.person(), changes), "request_uri_not_supported");
  });

  test("CB-034 oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", async () => {
    assert.equal(stage.server.request_parameter_supported, false);
    const request = unsigned(Object.fromEntries(await stage.rp.request()));
    assert.equal(await stage.rp.refused(stage.person(), { request }), "request_not_supported");
  });

  test("CB-035 oidcc-claims-essential", async () => {
    const claims = JSON.stringify({ userinfo: { name: { essential: true } } });
    const signed = await stage.rp.signIn(stage.person(), { claims });
    assert.deepEqual(await stage.rp.userinfo(signed), { sub: signed.claims.sub, name: known.name });
    assert.ok(!("name" in signed.claims));
  });

  test("CB-036 oidcc-ensure-request-object-with-redirect-uri", async () => {
    const inside = { ...Object.fromEntries(await stage.rp.request()), redirect_uri: "https://evil.example/callback" };
    assert.equal(await stage.rp.refused(stage.person(), { request: unsigned(inside) }), "request_not_supported");
  });

  test("CB-037 oidcc-refresh-token", async () => {
    const offline = { scope: "openid offline_access", prompt: "consent" };
    const { seen, tokens, claims } = await stage.rp.signIn(stage.person(), offline);
    assert.deepEqual(seen, ["sign-in", "consent"]);
    await seconds(1);
    const refreshed = await stage.rp.refresh(tokens.refresh_token);
    const kept = ({ iss, sub, aud, azp, auth_time }) => ({ iss, sub, aud, azp, auth_time });
    assert.deepEqual(kept(refreshed.claims), kept(claims));
    assert.ok(refreshed.claims.iat > claims.iat && !("nonce" in refreshed.claims));
    const another = await stage.register();
    const theirs = await another.postRefreshToken(refreshed.tokens.refresh_token);
    assert.equal(await errorOf(theirs), "invalid_grant");
    await stage.rp.refresh(refreshed.tokens.refresh_token);
  });

  test("CB-038 oidcc-ensure-request-with-valid-pkce-succeeds", async () => {
    await stage.rp.signIn(stage.person());
    const { arrived } = await stage.rp.send(stage.person());
    stage.rp.checks.verifier = "another-verifier-which-is-not-what-was-challenged";
    assert.equal(await errorOf(await stage.rp.postCode(stage.rp.answered(arrived))), "invalid_grant");
  });
});
