// ID tokens as a client gets them: OI-017, and the modules of the Basic RP plan that are about the token itself.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { createPortableDpopKey, type ExpectedIdToken, verifyIdToken } from "claviger/browser";

const now = 1_790_000_000;
const key = await createPortableDpopKey({ algorithm: "EdDSA" });
const other = await createPortableDpopKey({ algorithm: "EdDSA" });
const { subtle } = globalThis.crypto;
const signing = await subtle.importKey("jwk", { ...key.privateJwk(), alg: "Ed25519" }, "Ed25519", false, ["sign"]);
const issuer = "https://auth.example.com";
const good = { iss: issuer, aud: "app", sub: "ada", iat: now, exp: now + 3600, auth_time: now - 60, nonce: "n" };

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

async function signed(claims: object, header: object = { alg: "EdDSA", typ: "JWT" }): Promise<string> {
  const message = `${part(header)}.${part(claims)}`;
  return `${message}.${Buffer.from(await subtle.sign("Ed25519", signing, Buffer.from(message))).toString("base64url")}`;
}

function verify(token: string, changes: Partial<ExpectedIdToken> = {}) {
  const expected = { jwks: { keys: [key.publicJwk] }, issuer, clientId: "app", nonce: "n", clock: () => now * 1000 };
  return verifyIdToken(token, { ...expected, ...changes });
}

/** Rejects, and says why where the engine's own check of JWTs does not. */
async function refused(token: string, help: RegExp = /./, changes: Partial<ExpectedIdToken> = {}) {
  await assert.rejects(verify(token, changes), (error: { code: string; help: string }) => {
    assert.equal(error.code, "invalid_token");
    assert.match(error.help, help);
    return true;
  });
}

test("CR-001 oidcc-client-test: a good ID token says who signed in", async () => {
  const { sub, auth_time } = await verify(await signed(good));
  assert.deepEqual([sub, auth_time], ["ada", now - 60]);
  assert.equal((await verify(await signed(good, { alg: "EdDSA" }))).sub, "ada", "typ is optional");
});

test("CR-002 oidcc-client-test-invalid-iss", async () => refused(await signed({ ...good, iss: `${issuer}/` })));

test("CR-003 oidcc-client-test-missing-sub", async () => {
  for (const sub of [undefined, "", 7, "a".repeat(256)]) await refused(await signed({ ...good, sub }));
});

test("CR-004 oidcc-client-test-invalid-aud", async () => {
  for (const aud of ["another", ["another"], [], undefined]) await refused(await signed({ ...good, aud }));
  await refused(await signed({ ...good, aud: ["app", "another"] }), /another client/);
  await refused(await signed({ ...good, azp: "another" }), /another client/);
  assert.equal((await verify(await signed({ ...good, aud: ["app", "another"], azp: "app" }))).azp, "app");
});

test("CR-005 oidcc-client-test-missing-iat", async () => refused(await signed({ ...good, iat: undefined })));

test("CR-006 oidcc-client-test-kid-absent-single-jwks", async () => {
  assert.equal((await verify(await signed(good))).sub, "ada");
});

test("CR-007 oidcc-client-test-kid-absent-multiple-jwks", async () => {
  assert.equal((await verify(await signed(good), { jwks: { keys: [other.publicJwk, key.publicJwk] } })).sub, "ada");
});

test("CR-009 oidcc-client-test-idtoken-sig-none", async () => {
  await refused(`${part({ alg: "none" })}.${part(good)}.`);
  await refused(`${part({ alg: "none" })}.${part(good)}.${(await signed(good)).split(".")[2]}`);
});

test("CR-010 oidcc-client-test-invalid-sig-rs256", async () => {
  await refused(await signed(good), /./, { jwks: { keys: [other.publicJwk] } });
  const [head, , signature] = (await signed(good)).split(".");
  await refused(`${head}.${part({ ...good, sub: "eve" })}.${signature}`);
});

test("CR-014 oidcc-client-test-nonce-invalid", async () => {
  for (const nonce of [undefined, "", "m", ["n"]]) await refused(await signed({ ...good, nonce }), /nonce/);
});

test("OI-017: what is over, not yet made, of another kind or of another sign-in is no ID token", async () => {
  await refused(await signed({ ...good, exp: now - 1 }));
  await refused(await signed({ ...good, iat: now + 90 }), /future/);
  for (const typ of ["at+jwt", "logout+jwt", "dpop+jwt"]) {
    await refused(await signed(good, { alg: "EdDSA", typ }), /another kind/);
  }
  await refused(await signed(good), /max_age/, { maxAge: 30 });
  await refused(await signed({ ...good, auth_time: undefined }), /max_age/, { maxAge: 30 });
  assert.equal((await verify(await signed(good), { maxAge: 60 })).sub, "ada");
});

test("OI-017: an access token that came with another ID token is told", async () => {
  const at_hash = createHash("sha512").update("cva_1").digest().subarray(0, 32).toString("base64url");
  const token = await signed({ ...good, at_hash });
  assert.equal((await verify(token, { accessToken: "cva_1" })).sub, "ada");
  await refused(token, /at_hash/, { accessToken: "cva_2" });
});
