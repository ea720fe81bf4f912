// Personal access tokens, by the typed room, the guard and the endpoints.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Claviger, type ClavigerEvent, type Options, type Refused } from "claviger";
import { memory } from "claviger/stores/memory";

const issuer = "https://auth.example.com";
const secret = "f1d3a09c5b7e42688cb0de9417a6e35b";

function scene(options: Partial<Options> = {}) {
  let now = Date.parse("2027-01-02T03:04:05Z");
  const auth = new Claviger({ issuer, secret, store: memory(), clock: () => now, pats: {}, ...options });
  return { auth, pass: (seconds: number) => (now += seconds * 1000), now: () => now };
}

const refusedAs = (code: string) => (error: Refused) => error.code === code;
const presenting = (token: string) =>
  new Request("https://api.example.com/", { headers: { authorization: `Bearer ${token}` } });

test("a token is issued, verified, changed, revoked, restored and deleted", async () => {
  const { auth, now } = scene();
  const told: ClavigerEvent[] = [];
  for (const name of ["pat.issued", "pat.updated", "pat.revoked", "pat.restored", "pat.deleted"] as const)
    auth.on(name, (event) => void told.push(event));
  const end = now() + 86_400_000;
  const { token, pat } = await auth.pats.issue({ owner: "ada", roles: ["b", "a"], expiresAt: end });
  assert.match(token, /^pat_[0-9A-Za-z]{21}\.[0-9A-Za-z]{49}$/);
  assert.deepEqual([pat.roles, pat.expiresAt, pat.lastUsedAt], [["a", "b"], end, null]);
  assert.deepEqual(await auth.pats.find(pat.id), pat);
  assert.equal((await auth.pats.verify(token)).valid, true);
  assert.deepEqual((await auth.pats.update(pat.id, { roles: { add: ["c"] } })).roles, ["a", "b", "c"]);
  assert.deepEqual((await auth.pats.update(pat.id, { roles: { remove: ["a", "b"] }, admin: true })).roles, ["c"]);
  assert.deepEqual((await auth.pats.update(pat.id, { roles: [], owner: "bob" })).roles, []);
  assert.equal((await auth.pats.revoke(pat.id)).expiresAt, end);
  const revoked = await auth.pats.verify(token);
  assert.deepEqual([revoked.valid, revoked.reason, revoked.pat?.owner], [false, "revoked", "bob"]);
  assert.equal((await auth.pats.restore(pat.id)).expiresAt, end);
  assert.equal((await auth.pats.update(pat.id, { expiresAt: null })).expiresAt, null);
  assert.deepEqual([await auth.pats.delete(pat.id), await auth.pats.delete(pat.id)], [true, false]);
  assert.equal((await auth.pats.verify(token)).reason, "not_found");
  await assert.rejects(auth.pats.restore(pat.id), refusedAs("not_found"));
  const names = ["issued", "updated", "updated", "updated", "revoked", "restored", "updated", "deleted"];
  assert.deepEqual(
    told.map((event) => event.name),
    names.map((name) => `pat.${name}`),
  );
});

test("tokens are registered, loaded by the hundred, and listed to the end", async () => {
  const { auth } = scene();
  const { token, id, hash } = await auth.pats.generate();
  await auth.pats.register({ id, hash, owner: "job" });
  await assert.rejects(auth.pats.register({ id, hash, owner: "job" }), refusedAs("already_exists"));
  assert.equal((await auth.pats.verify(token)).valid, true);
  const ids = [id];
  for (let n = 0; n < 119; n++) ids.push((await auth.pats.issue({ owner: "ada", roles: n % 2 ? ["odd"] : [] })).pat.id);
  const unknown = "x".repeat(21);
  const { found, notFound } = await auth.pats.load([...ids, unknown, unknown], { includeHash: true });
  assert.deepEqual([found.length, notFound], [120, [unknown]]);
  assert.ok(found.every((pat) => pat.hash?.startsWith("$sha256$")));
  const listed = [];
  for await (const pat of auth.pats.list({ limit: 7 })) listed.push(pat.id);
  assert.deepEqual(listed, [...ids].sort());
  const odd = [];
  for await (const pat of auth.pats.list({ hasRole: "odd", owner: "ada" })) odd.push(pat);
  assert.equal(odd.length, 59);
});

test("a guard takes a token, or its JWT, by its roles", async () => {
  const { auth, pass } = scene();
  const { token, pat } = await auth.pats.issue({ owner: "ada", roles: ["ops"] });
  const exchanged = await auth.fetch(
    new Request(`${issuer}/token`, { method: "POST", headers: { authorization: `Bearer ${token}` } }),
  );
  assert.equal(exchanged.headers.get("cache-control"), "no-store");
  const { access_token: jwt, token_type, expires_in } = await exchanged.json();
  assert.deepEqual([token_type, expires_in], ["Bearer", 300]);
  for (const presented of [token, jwt]) {
    const who = await auth.authenticate(presenting(presented), { roles: ["ops"] });
    assert.ok(who.kind === "pat");
    assert.deepEqual(who.pat, { id: pat.id, owner: "ada", admin: false, roles: ["ops"] });
    assert.deepEqual([who.subject, who.hasScope("read")], [null, false]);
    await assert.rejects(auth.authenticate(presenting(presented), { admin: true }), refusedAs("insufficient_scope"));
  }
  await auth.pats.revoke(pat.id);
  await assert.rejects(auth.authenticate(presenting(token)), refusedAs("invalid_token"));
  await assert.rejects(auth.authenticate(presenting(jwt), { revocation: "check" }), refusedAs("invalid_token"));
  assert.equal((await auth.authenticate(presenting(jwt))).kind, "pat");
  pass(300);
  await assert.rejects(auth.authenticate(presenting(jwt)), refusedAs("invalid_token"));
});

test("a token of another system is taken where that is said, and upgraded by its use", async () => {
  const { auth } = scene({ pats: { imported: true } });
  const id = "importedimportedimpor";
  const hash = "$scrypt$ln=14,r=8,p=1$BwcHBwcHBwcHBwcHBwcHBw$hF+m9frz8p4qE91aHBqKRigxmh70eTqk71mtmwuj6+I";
  await auth.pats.register({ id, hash, owner: "old" });
  const token = `pat_${id}.Afv7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=`;
  assert.equal((await auth.pats.verify(token.replace("Afv", "Bfv"))).reason, "invalid_secret");
  assert.equal((await auth.authenticate(presenting(token))).kind, "pat");
  const { found } = await auth.pats.load([id], { includeHash: true });
  assert.match(found[0]?.hash ?? "", /^\$sha256\$/);
  await assert.rejects(scene().auth.pats.register({ id, hash, owner: "old" }), refusedAs("invalid_argument"));
});
