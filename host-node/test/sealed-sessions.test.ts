// Seals of iron-session, and sessions in sealed cookies as hono-oauth-sessions keeps them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createSealedSessions, Refused } from "claviger";
import { testing } from "claviger/testing";

const password = "a password of at least 32 characters, for tests";
const did = "did:plc:abc123";

function scene(options: Partial<Parameters<typeof createSealedSessions>[1]> = {}) {
  const { auth, clock } = testing();
  const sessions = createSealedSessions(auth.seals, { password, clock: clock.now, ...options });
  const later = (seconds: number) => clock.advance(seconds * 1000);
  return { auth, sessions, later };
}

const asked = (cookie: string) => new Request("https://app.example.com/", { headers: { cookie } });
const cookieOf = ([header]: [string, string][]) => header?.[1].split(";")[0] ?? "";

test("H14 what iron-session sealed is unsealed", async () => {
  const url = new URL("../../core/tests/vectors/iron-session.json", import.meta.url);
  const vectors = JSON.parse(readFileSync(url, "utf8"));
  const { auth, clock } = testing();
  assert.equal(clock.now(), vectors.now);
  for (const { name, seal, passwords, data } of vectors.seals) {
    assert.deepEqual(await auth.seals.unseal(seal, { password: passwords }), data, name);
  }
});

test("H14 a seal gives what was sealed, and nothing with another password or after its time", async () => {
  const { auth, later } = scene();
  const data = { did, ü: [1, null, "\u{1f510}"] };
  const seal = await auth.seals.seal(data, { password, ttl: 3600 });
  assert.match(seal, /^Fe26\.2\*1\*[0-9a-f]{64}\*[\w-]{22}\*[\w-]+\*\d{13}\*[0-9a-f]{64}\*[\w-]{43}~2$/);
  assert.deepEqual(await auth.seals.unseal(seal, { password }), data);
  assert.deepEqual(await auth.seals.unseal(seal, { password: `${password}, another` }), {});
  assert.deepEqual(await auth.seals.unseal(seal, { password: { 2: password } }), {});
  later(3660);
  assert.deepEqual(await auth.seals.unseal(seal, { password }), {});
  await assert.rejects(auth.seals.unseal("Fe26.1*1*a*b*c**d*e", { password }), Refused);
  await assert.rejects(auth.seals.seal(data, { password: "short" }), { code: "invalid_argument" });
});

test("H7 H13 a session slides with use, and its cookie ends a minute before its seal", async () => {
  const { sessions, later } = scene();
  const begun = await sessions.begin(did, { handle: "ada.example" });
  assert.match(begun[0]?.[1] ?? "", /^sid=Fe26.*; Max-Age=604740; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  assert.deepEqual(await sessions.validate(asked(`a=b; ${cookieOf(begun)}`)), {
    valid: true,
    did,
    handle: "ada.example",
    headers: [],
  });
  later(3600);
  const { headers } = await sessions.validate(asked(cookieOf(begun)));
  later(604_000);
  assert.equal((await sessions.validate(asked(cookieOf(headers)))).valid, true);
  assert.deepEqual(await sessions.validate(asked(cookieOf(begun))), {
    valid: false,
    headers: [sessions.clearCookie()],
  });
});

test("H10 H11 signing out takes the cookie away", () => {
  const { sessions } = scene();
  assert.deepEqual(sessions.clearCookie(), ["set-cookie", "sid=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"]);
});

test("H7 who is no longer known is signed out", async () => {
  const known = new Set([did]);
  const { sessions } = scene({ exists: (asked) => known.has(asked) });
  const cookie = cookieOf(await sessions.begin(did));
  assert.equal((await sessions.validate(asked(cookie))).valid, true);
  known.clear();
  assert.deepEqual(await sessions.validate(asked(cookie)), { valid: false, headers: [sessions.clearCookie()] });
});

test("SE-014 a cookie that is there twice, bent or foreign is no session", async () => {
  const { auth, sessions } = scene();
  const cookie = cookieOf(await sessions.begin(did));
  const other = await auth.seals.seal({ user: 7 }, { password });
  for (const bad of [`${cookie}; sid=x`, `${cookie}x`, `sid=${other}`, "sid=%", "sid=%zz", "sid=", "sid=Fe26.2"]) {
    assert.equal((await sessions.validate(asked(bad))).valid, false, bad);
  }
  assert.deepEqual(await sessions.validate(new Request("https://app.example.com/")), { valid: false, headers: [] });
});

test("H8 H9 a mobile application shows its seal, and gets a fresh one", async () => {
  const { sessions, later } = scene();
  const seal = await sessions.sealForMobile(did);
  assert.deepEqual(await sessions.validateMobile(`Bearer ${seal}`), { valid: true, did });
  later(13 * 86_400);
  const fresh = await sessions.refreshMobile(`bearer ${seal}`);
  assert.equal(fresh.did, did);
  later(2 * 86_400);
  assert.deepEqual(await sessions.validateMobile(`Bearer ${fresh.sid}`), { valid: true, did });
  for (const bad of [`Bearer ${seal}`, `Basic ${seal}`, seal, "Bearer", "", null, undefined, "Bearer a b"]) {
    await assert.rejects(sessions.validateMobile(bad), { code: "invalid_token", status: 401 }, String(bad));
  }
});

test("H1 H12 a short password or a bad name is refused at once", () => {
  const { auth } = testing();
  for (const options of [
    { password: "short" },
    { password: {} },
    { password, cookieName: "a b" },
    { password, ttl: 60 },
  ]) {
    assert.throws(() => createSealedSessions(auth.seals, options), { code: "configuration" });
  }
});
