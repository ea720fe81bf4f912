// The application's own JWTs, as far as hosts see them.
import assert from "node:assert/strict";
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
  await assert.rejects(auth.jwts.verify(`${signed.token}A`, { audience: null }), refusal("malformed"));
  await auth.jwts.verify(signed.token, { audience: [api, "other"], maxAge: "1m", algorithms: ["EdDSA"] });
  clock.advance(900_000);
  await assert.rejects(auth.jwts.verify(signed.token, { audience: api }), refusal("expired"));
  await auth.keys.rotate("HS512");
  const symmetric = await auth.jwts.sign({}, { algorithm: "HS512", typ: "invitation+jwt", expiresIn: 60 });
  await auth.jwts.verify(symmetric.token, { typ: "invitation+jwt" });
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
