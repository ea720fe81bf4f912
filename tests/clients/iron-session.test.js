// iron-session itself: what it seals opens here, and what is sealed here opens there.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createSealedSessions } from "claviger";
import { testing } from "claviger/testing";
import { getIronSession, sealData, unsealData } from "iron-session";

const first = "the first password of all, 32 characters or more";
const second = "the second password of all, which seals from now on";
const data = {
  did: "did:plc:abc123",
  createdAt: 1,
  lastAccessed: 2,
  ü: [1, 2.5, null, true, "\u{1f510}"],
  nested: { a: "" },
};

/** With the clock that iron-session has. */
function scene() {
  const { auth, clock } = testing();
  clock.advance(Date.now() - clock.now());
  return { auth, sessions: createSealedSessions(auth.seals, { password: first }) };
}

suite("iron-session", () => {
  test("H14 opens what is sealed here", async () => {
    const { auth } = scene();
    for (const ttl of [undefined, 0, 3600]) {
      const seal = await auth.seals.seal(data, { password: first, ...(ttl !== undefined && { ttl }) });
      assert.deepEqual(await unsealData(seal, { password: first }), data);
      assert.deepEqual(await unsealData(seal, { password: second }), {});
    }
    const rotated = await auth.seals.seal(data, { password: { 1: first, 2: second } });
    assert.deepEqual(await unsealData(rotated, { password: { 1: first, 2: second } }), data);
    assert.deepEqual(await unsealData(rotated, { password: first }), {});
  });

  test("H14 seals what opens here", async () => {
    const { auth } = scene();
    for (const size of [0, 1, 15, 16, 17, 4000]) {
      const sized = { ...data, text: "x".repeat(size) };
      const seal = await sealData(sized, { password: { 1: first, 2: second }, ttl: 60 });
      assert.deepEqual(await auth.seals.unseal(seal, { password: { 2: second } }), sized);
      assert.deepEqual(await auth.seals.unseal(seal, { password: first }), {});
    }
  });

  test("H7 H13 a cookie of iron-session is a session here, and one of here is one there", async () => {
    const { sessions } = scene();
    const response = new Response();
    const options = { password: first, cookieName: "sid", ttl: 604_800 };
    const theirs = await getIronSession(new Request("https://app.example.com/"), response, options);
    Object.assign(theirs, { did: data.did, createdAt: Date.now(), lastAccessed: Date.now() });
    await theirs.save();
    const cookie = response.headers.get("set-cookie").split(";")[0];
    const found = await sessions.validate(new Request("https://app.example.com/", { headers: { cookie } }));
    assert.deepEqual([found.valid, found.did], [true, data.did]);

    const [[, set]] = await sessions.begin("did:plc:other");
    const request = new Request("https://app.example.com/", { headers: { cookie: set.split(";")[0] } });
    const ours = await getIronSession(request, new Response(), options);
    assert.equal(ours.did, "did:plc:other");
  });
});
