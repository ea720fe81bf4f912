// Tokens that were verified lately are not verified again, and never live longer for it (JW-055).
import assert from "node:assert/strict";
import nodeCrypto from "node:crypto";
import { mock, test } from "node:test";
import { createJwtVerifier, verifyJwt } from "claviger/browser";
import { testing } from "claviger/testing";
import { endOf, VerifiedTokens } from "../src/verified-tokens.ts";

test("JW-055 a token is found by all of its text, until its end, for a minute at most", () => {
  const known = new VerifiedTokens<string>(2);
  known.keep("a.b.c", "one", 1000, 500_000);
  assert.equal(known.find("a.b.c", 1000), "one");
  for (const other of ["a.b.d", "a.b.c ", "a.b.", ""]) assert.equal(known.find(other, 1000), undefined);
  assert.equal(known.find("a.b.c", 60_999), "one");
  assert.equal(known.find("a.b.c", 61_000), undefined);
  assert.equal(known.find("a.b.c", 999), undefined, "a clock that goes backwards finds nothing");
  known.keep("short", "two", 1000, 1500);
  assert.equal(known.find("short", 1499), "two");
  assert.equal(known.find("short", 1500), undefined);
  known.keep("over", "none", 1000, 1000);
  assert.equal(known.find("over", 1000), undefined);
  known.keep("third", "three", 1000, 500_000);
  assert.equal(known.find("a.b.c", 1000), undefined, "the oldest gives way");
  assert.equal(known.find("short", 1000), "two");
  known.keep("x".repeat(4097), "long", 1000, 500_000);
  assert.equal(known.find("x".repeat(4097), 1000), undefined);
  known.forget();
  assert.equal(known.find("third", 1000), undefined);
});

test("JW-055 what ends a token first is its end", () => {
  assert.equal(endOf({ exp: 100 }, 0, undefined), 100_000);
  assert.equal(endOf({ exp: 100 }, 5, undefined), 105_000);
  assert.equal(endOf({ exp: 100, iat: 10 }, 5, 60), 75_000);
  assert.equal(endOf({ iat: 10 }, 0, undefined), Number.POSITIVE_INFINITY);
});

test("JW-055 a verifier of the server asks the engine once, and again when it must", async () => {
  const { auth, clock } = testing({ lifetimes: { jwt: "1h" } });
  const verify = auth.jwts.verifier<{ sub: string }>({ leeway: "1s" });
  const { token } = await auth.jwts.sign({ sub: "ada" }, { expiresIn: 90 });
  const first = await verify(token);
  assert.equal(await verify(token), first, "the same object: it was not verified again");
  assert.ok(Object.isFrozen(first.claims) && first.claims.sub === "ada");
  clock.advance(60_000);
  const second = await verify(token);
  assert.notEqual(second, first);
  clock.advance(30_999);
  assert.equal(await verify(token), second);
  clock.advance(1);
  await assert.rejects(verify(token), { reason: "expired" });
  const next = await auth.jwts.sign({ sub: "ada" });
  const { header } = await verify(next.token);
  await auth.keys.withdraw(header.kid ?? "");
  await assert.rejects(verify(next.token), { reason: "signature" });
});

test("JW-055 a verifier that looks for denials keeps nothing, and one of another policy knows nothing", async () => {
  const { auth } = testing({});
  const looks = auth.jwts.verifier({ revocation: "check" });
  const { token } = await auth.jwts.sign({ sub: "ada" });
  await looks(token);
  await auth.jwts.deny(token);
  await assert.rejects(looks(token), { reason: "denied" });
  const policy = { audience: ["https://other.example.com"] };
  await auth.jwts.verifier()(token);
  await assert.rejects(auth.jwts.verifier(policy)(token), { reason: "audience" });
});

test("JW-055 createJwtVerifier keeps what verifyJwt found, with the policy of its making", async () => {
  const { auth, clock } = testing({});
  const { token } = await auth.jwts.sign({ sub: "ada" });
  const { iss } = (await auth.jwts.verify<{ iss: string }>(token)).claims;
  const expected = { jwks: await auth.keys.jwks(), issuer: iss, audience: [iss], typ: "app+jwt", clock: clock.now };
  const verify = createJwtVerifier(expected);
  const first = await verify(token);
  assert.equal(await verify(token), first);
  expected.audience.push("other");
  clock.advance(60_000);
  const second = await verify(token);
  assert.notEqual(second, first);
  assert.deepEqual(second, first);
  clock.advance(840_000);
  await assert.rejects(verify(token), { code: "invalid_token", reason: "expired" });
  await assert.rejects(createJwtVerifier({ ...expected, audience: "nobody" })(token), { reason: "audience" });
});

test("verifyJwt leaves signatures of ES256, ES384 and RS256 to the runtime, and all else to the module", async () => {
  const { auth, clock } = testing({});
  // Node's own, and its WebCrypto where it is older than `navigator`.
  const verifiers = [mock.method(nodeCrypto, "verify"), mock.method(crypto.subtle, "verify")];
  const count = () => verifiers.reduce((sum, { mock }) => sum + mock.callCount(), 0);
  try {
    for (const [algorithm, times] of [
      ["EdDSA", 0],
      ["ES256", 1],
      ["ES384", 1],
      ["RS256", 1],
      ["PS256", 0],
    ] as const) {
      await auth.keys.rotate(algorithm);
      const { token } = await auth.jwts.sign({ sub: "ada" }, { algorithm });
      const issuer = "https://auth.example.com";
      const expected = { jwks: await auth.keys.jwks(), issuer, audience: issuer, typ: "app+jwt", clock: clock.now };
      const before = count();
      assert.equal((await verifyJwt(token, expected)).sub, "ada");
      assert.equal(count() - before, times, algorithm);
      const bent = token.slice(0, -4) + (token.endsWith("AAAA") ? "BBBB" : "AAAA");
      await assert.rejects(verifyJwt(bent, expected), { code: "invalid_token", reason: "signature" });
      await assert.rejects(verifyJwt(token, { ...expected, typ: "other+jwt" }), { reason: "type" });
      await assert.rejects(verifyJwt(token, { ...expected, algorithms: ["RS512"] }), { reason: "signature" });
    }
  } finally {
    for (const { mock } of verifiers) mock.restore();
  }
});
