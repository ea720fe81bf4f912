// The application's own JWTs, as far as hosts see them.
import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { test } from "node:test";
import { Refused } from "claviger";
import { testing } from "claviger/testing";

const api = "https://api.example.com";

function refusal(why: string) {
  return (error: unknown) => {
    assert.ok(error instanceof Refused);
    assert.deepEqual([error.code, error.status, error.reason], ["invalid_token", 401, why]);
    assert.ok(!error.message.includes(why));
    return true;
  };
}

test("A9 A10 A13 an application signs and verifies its own tokens", async () => {
  const { auth, clock } = testing({ lifetimes: { jwt: "7d" } });
  const signed = await auth.jwts.sign({ sub: "ada", role: "admin" }, { expiresIn: "15m", audience: api });
  const { claims, header } = await auth.jwts.verify<{ sub: string; jti: string }>(signed.token, { audience: api });
  assert.deepEqual([claims.sub, claims.jti, header.typ], ["ada", signed.jti, "app+jwt"]);
  await assert.rejects(auth.jwts.verify(signed.token), refusal("audience"));
  await assert.rejects(auth.jwts.verify(signed.token, { audience: api, typ: "other+jwt" }), refusal("type"));
  await assert.rejects(auth.jwts.verify(`${signed.token}=`, { audience: null }), refusal("malformed"));
  await auth.jwts.verify(signed.token, { audience: [api, "other"], maxAge: "1m", algorithms: ["EdDSA"] });
  clock.advance(900_000);
  await assert.rejects(auth.jwts.verify(signed.token, { audience: api }), refusal("expired"));
  await auth.keys.rotate("HS512");
  const symmetric = await auth.jwts.sign({}, { algorithm: "HS512", typ: "invitation+jwt", expiresIn: 60 });
  await assert.rejects(auth.jwts.verify(symmetric.token, { typ: "invitation+jwt" }), refusal("signature"));
  await auth.jwts.verify(symmetric.token, { typ: "invitation+jwt", algorithms: ["HS512"] });
  await assert.rejects(auth.jwts.sign({}, { typ: "at+jwt" }), /typ/);
});

test("A11 a token that was taken back is refused by whoever looks", async () => {
  const { auth } = testing({});
  const denied: string[] = [];
  auth.on("jwt.denied", ({ jti }) => denied.push(jti));
  const { token, jti, expiresAt } = await auth.jwts.sign({ sub: "ada" });
  assert.equal(await auth.jwts.deny(token), true);
  assert.deepEqual(denied, [jti]);
  await assert.rejects(auth.jwts.verify(token, { revocation: "check" }), refusal("denied"));
  await auth.jwts.verify(token);
  assert.equal(await auth.jwts.isDenied(jti), true);
  assert.equal(await auth.jwts.allow(jti), true);
  await auth.jwts.verify(token, { revocation: "check" });
  assert.equal(await auth.jwts.deny({ jti, expiresAt }), true);
});

test("A12 a session's tokens carry claims of the application's own, and may stay the same", async () => {
  const { auth } = testing({ sessions: { rotateTokens: false } });
  const { id: subject } = await auth.accounts.create({ login: "ada" });
  const tokens = await auth.sessions.issueTokens({ subject, methods: ["pwd"], claims: { tenant: "acme" } });
  const { claims } = await auth.jwts.verify<{ tenant: string }>(tokens.accessToken, { typ: "session+jwt" });
  assert.equal(claims.tenant, "acme");
  const next = await auth.sessions.refreshTokens(tokens.refreshToken);
  assert.equal(next.refreshToken, tokens.refreshToken);
});

test("W2 P24 keys go from here to node:crypto and back", async () => {
  const { auth } = testing({});
  const hashOf = (algorithm: string) => (algorithm === "EdDSA" ? null : algorithm === "ES384" ? "sha384" : "sha256");
  for (const algorithm of ["EdDSA", "ES256", "ES384", "RS256"]) {
    const pair = await auth.keys.pair(algorithm);
    const [own, other] = [createPrivateKey(pair.privatePem ?? ""), createPublicKey(pair.publicPem ?? "")];
    const hash = hashOf(algorithm);
    assert.ok(verify(hash, Buffer.from("m"), other, sign(hash, Buffer.from("m"), own)));
    assert.equal((await auth.keys.import(pair.privatePem ?? "")).kid, pair.kid);
    assert.equal((await auth.keys.export(pair.kid)).publicPem, pair.publicPem);
  }
  for (const made of [
    generateKeyPairSync("ed25519"),
    generateKeyPairSync("ec", { namedCurve: "P-256" }),
    generateKeyPairSync("ec", { namedCurve: "P-384" }),
    generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ]) {
    const pem = made.privateKey.export({ type: "pkcs8", format: "pem" }) as string;
    const key = await auth.keys.import(pem, { activate: true });
    const { token } = await auth.jwts.sign({ sub: "ada" }, { algorithm: key.algorithm });
    const [head, body, signature] = token.split(".");
    const hash = hashOf(key.algorithm);
    const publicKey = { key: made.publicKey, dsaEncoding: "ieee-p1363" } as const;
    assert.ok(verify(hash, Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature ?? "", "base64url")));
    assert.equal((await auth.keys.export(key.kid)).publicPem, made.publicKey.export({ type: "spki", format: "pem" }));
  }
  const { keys } = await auth.keys.jwks();
  assert.ok(keys.length > 3 && keys.every((key) => key.d === undefined));
});
