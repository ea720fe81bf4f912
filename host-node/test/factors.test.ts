// Authenticator apps and recovery codes, by the typed room.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { Claviger, type ClavigerEvent, type Options, type Refused } from "claviger";
import { memory } from "claviger/stores/memory";

const issuer = "https://auth.example.com";
const secret = "f1d3a09c5b7e42688cb0de9417a6e35b";
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** What an authenticator app shows (RFC 6238, SHA-1, six digits). */
function code(base32: string, now: number): string {
  const bits = [...base32].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)));
  const hash = createHmac("sha1", key).update(counter).digest();
  const number = hash.readUInt32BE(hash[19]! & 15) & 0x7fff_ffff;
  return String(number % 1_000_000).padStart(6, "0");
}

function scene(options: Partial<Options> = {}) {
  let now = Date.parse("2027-01-02T03:04:05Z");
  const auth = new Claviger({ issuer, secret, store: memory(), clock: () => now, ...options });
  return { auth, pass: (seconds: number) => (now += seconds * 1000), now: () => now };
}

const refusedAs = (code: string) => (error: Refused) => error.code === code;

test("an authenticator is begun, confirmed, used and removed", async () => {
  const { auth, pass, now } = scene();
  const told: ClavigerEvent[] = [];
  for (const name of ["factor.added", "factor.used", "factor.refused", "factor.removed"] as const)
    auth.on(name, (event) => void told.push(event));
  const { id: subject } = await auth.accounts.create({ login: "ada" });
  const begun = await auth.factors.beginTotp(subject, { name: "Telephone" });
  assert.match(begun.uri, /^otpauth:\/\/totp\/auth.example.com:ada\?secret=[A-Z2-7]{32}&/);
  assert.deepEqual((await auth.factors.list(subject)).kinds, []);
  await assert.rejects(auth.factors.confirmTotp(subject, begun.id, "000000"), refusedAs("wrong_code"));
  const codes = await auth.factors.confirmTotp(subject, begun.id, code(begun.secret, now()));
  assert.equal(codes?.length, 10);
  const { kinds, authenticators, recoveryCodesLeft } = await auth.factors.list(subject);
  assert.deepEqual([kinds, authenticators[0]?.name, recoveryCodesLeft], [["totp", "recovery_code"], "Telephone", 10]);
  pass(30);
  const shown = code(begun.secret, now());
  assert.equal((await auth.factors.verify(subject, shown, { remote: "203.0.113.9" })).kind, "totp");
  await assert.rejects(auth.factors.verify(subject, shown), refusedAs("wrong_code"));
  assert.deepEqual(await auth.factors.verify(subject, codes![0]!), { kind: "recovery_code", recoveryCodesLeft: 9 });
  const renewed = await auth.factors.regenerateRecoveryCodes(subject);
  assert.equal(new Set([...codes!, ...renewed]).size, 20);
  assert.equal(await auth.factors.remove(subject, begun.id), true);
  assert.equal(await auth.factors.remove(subject, begun.id), false);
  const names = ["factor.added", "factor.used", "factor.refused", "factor.used", "factor.removed"];
  assert.deepEqual(
    told.map((event) => event.name),
    names,
  );
});

test("users of the application's own have them by their id alone", async () => {
  const found = { id: "user:7", name: "Grace Hopper" };
  const subject = { signIn: () => null, status: (id: string) => (id === found.id ? found : null) };
  const { auth, now } = scene({ subject });
  const begun = await auth.factors.beginTotp("user:7", { digits: 8, algorithm: "SHA256" });
  assert.match(begun.uri, /:Grace%20Hopper\?.*&algorithm=SHA256&digits=8&/);
  await assert.rejects(auth.factors.beginTotp("user:8"), refusedAs("not_found"));
  const usual = await auth.factors.beginTotp("user:7");
  assert.equal((await auth.factors.confirmTotp("user:7", usual.id, code(usual.secret, now())))?.length, 10);
});

test("wrong codes are counted, and then none is looked at", async () => {
  const { auth, pass, now } = scene({ signIn: { attempts: { account: 3 } } });
  const { id: subject } = await auth.accounts.create({ login: "ada" });
  const begun = await auth.factors.beginTotp(subject);
  await auth.factors.confirmTotp(subject, begun.id, code(begun.secret, now()));
  for (let attempt = 0; attempt < 3; attempt++)
    await assert.rejects(auth.factors.verify(subject, "wrong"), refusedAs("wrong_code"));
  pass(30);
  const right = () => auth.factors.verify(subject, code(begun.secret, now()));
  await assert.rejects(right(), refusedAs("too_many_requests"));
  pass(15 * 60);
  assert.equal((await right()).kind, "totp");
});
