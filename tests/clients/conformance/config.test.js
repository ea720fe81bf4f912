// The Config OP plan (oidcc-config-certification-test-plan).
import assert from "node:assert/strict";
import { test } from "node:test";
import { plan } from "./support/plan.js";

const configuration = { signing: { algorithm: "RS256", alternatives: ["EdDSA", "ES256"] } };

plan("Config OP", configuration, (stage) => {
  test("CC-001 oidcc-discovery-endpoint-verification", async () => {
    const { issuer } = stage.server;
    const response = await fetch(`${issuer}/.well-known/openid-configuration`);
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type"), /^application\/json\b/);
    const told = await response.json();
    assert.equal(told.issuer, stage.host.issuer);
    const addresses = Object.entries(told).filter(([name]) => /_endpoint$|^jwks_uri$/.test(name));
    assert.ok(addresses.length >= 6);
    for (const [name, address] of addresses) assert.ok(address.startsWith(`${issuer}/`), `${name}: ${address}`);
    assert.deepEqual(told.response_types_supported, ["code"]);
    assert.ok(told.grant_types_supported.includes("authorization_code"));
    assert.deepEqual(told.subject_types_supported, ["public", "pairwise"]);
    assert.ok(told.id_token_signing_alg_values_supported.includes("RS256"));
    for (const scope of ["openid", "profile", "email", "address", "phone"]) {
      assert.ok(told.scopes_supported.includes(scope), scope);
    }
    for (const claim of ["sub", "name", "email", "address"]) assert.ok(told.claims_supported.includes(claim), claim);
    assert.equal(told.claims_parameter_supported, true);
    // Absent would mean that it is supported.
    assert.equal(told.request_uri_parameter_supported, false);
    assert.deepEqual(told.code_challenge_methods_supported, ["S256"]);
    await assertSound(await (await fetch(told.jwks_uri)).json());
  });

  /** Each key is for signatures, under an id of its own, and tells nothing that is private. */
  async function assertSound({ keys }) {
    assert.deepEqual(new Set(keys.map(({ kty }) => kty)), new Set(["RSA", "OKP", "EC"]));
    assert.equal(new Set(keys.map(({ kid }) => kid)).size, keys.length);
    for (const key of keys) {
      assert.equal(key.use, "sig");
      assert.ok(key.kid && key.alg && !("d" in key));
    }
  }
});
