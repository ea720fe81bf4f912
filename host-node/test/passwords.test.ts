// Hashes by themselves and those of accounts; what is computed inside the engine when nothing else derives.
import assert from "node:assert/strict";
import { pbkdf2Sync, scryptSync } from "node:crypto";
import { test } from "node:test";
import { Fault } from "claviger";
import { testing } from "claviger/testing";

const password = "correct horse battery";

test("a hash is made, checked and looked at", async () => {
  const { auth } = testing();
  const hash = await auth.passwords.hash(password);
  assert.match(hash, /^\$argon2id\$v=19\$m=7168,t=1,p=1\$/);
  assert.deepEqual(await auth.passwords.verify(password, hash), { valid: true, needsRehash: false });
  assert.deepEqual(await auth.passwords.verify("a wrong horse", hash), { valid: false, needsRehash: false });
  assert.deepEqual(await auth.passwords.inspect(hash), {
    algorithm: "argon2id",
    parameters: { memory: 7168, passes: 1, lanes: 1, length: 32 },
    pepper: null,
    needsRehash: false,
  });
  await assert.rejects(auth.passwords.inspect("plain text"), { code: "invalid_argument" });
});

test("each algorithm makes the hashes that it is configured to, and reads those of node:crypto", async () => {
  const salt = Buffer.from("somesaltsomesalt");
  const b64 = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");
  const scrypt = scryptSync(password, salt, 32, { N: 1 << 14, r: 8, p: 1 });
  const pbkdf2 = pbkdf2Sync(password, salt, 100_000, 32, "sha256");
  const configured = [
    [{ algorithm: "bcrypt", cost: 10 }, "$2b$10$"],
    [{ algorithm: "scrypt", ln: 14 }, "$scrypt$ln=14,r=8,p=1$", `$scrypt$ln=14,r=8,p=1$${b64(salt)}$${b64(scrypt)}`],
    [
      { algorithm: "pbkdf2-sha256", iterations: 100_000 },
      "$pbkdf2-sha256$i=100000$",
      `$pbkdf2-sha256$i=100000$${b64(salt)}$${b64(pbkdf2)}`,
    ],
  ] as const;
  for (const [options, prefix, theirs] of configured) {
    const { auth } = testing({ password: options });
    const hash = await auth.passwords.hash(password);
    assert.ok(hash.startsWith(prefix), hash);
    for (const one of theirs ? [hash, theirs] : [hash]) {
      assert.deepEqual(await auth.passwords.verify(password, one), { valid: true, needsRehash: false }, one);
    }
  }
});

test("an account comes with its hash; its password is checked, changed and set", async () => {
  const { auth } = testing();
  const passwordHash = await testing({ password: { algorithm: "bcrypt", cost: 10 } }).auth.passwords.hash(password);
  const { id } = await auth.accounts.create({ login: "ada", passwordHash });
  assert.equal(await auth.accounts.verifyPassword({ login: "ada", password }), true);
  assert.equal(await auth.accounts.verifyPassword({ id, password: "a wrong horse" }), false);
  const another = "quite another horse";
  await assert.rejects(auth.accounts.changePassword(id, { current: another, new: another }), {
    code: "wrong_credentials",
  });
  await auth.accounts.changePassword(id, { current: password, new: another, endSessions: false });
  assert.equal(await auth.accounts.verifyPassword({ id, password: another, remote: "203.0.113.9" }), true);
  await auth.accounts.setPassword(id, { passwordHash }, { endSessions: false });
  assert.equal(await auth.accounts.verifyPassword({ id, password }), true);
});

test("a password that is set signs its person out everywhere", async () => {
  const { auth, signedInAs } = testing();
  await signedInAs("ada", new Request("https://auth.example.com/"));
  const account = await auth.accounts.find({ login: "ada" });
  assert.equal((await Array.fromAsync(auth.sessions.list(account!.id))).length, 1);
  await auth.accounts.setPassword(account!.id, password);
  assert.equal((await Array.fromAsync(auth.sessions.list(account!.id))).length, 0);
});

test("a made-up bomb is refused by its parameters", async () => {
  const { auth } = testing();
  const rest = "$c29tZXNhbHRzb21lc2FsdA$A9CMYpdlNbnPW7O8ckk3RY6xYef42vnotdD2gFDW50E";
  for (const costs of [
    "$argon2id$v=19$m=4294967295,t=3,p=4",
    "$scrypt$ln=63,r=1073741824,p=1",
    "$pbkdf2-sha256$i=4294967295",
  ]) {
    await assert.rejects(auth.passwords.verify(password, costs + rest), { code: "invalid_argument" });
  }
});

test("pw_019: a hundred derivations of 64 MiB at once fit into one instance, one after the other", async () => {
  const faults: unknown[] = [];
  const onFault = (fault: unknown) => void faults.push(fault);
  const { auth } = testing({ password: { memory: 65_536, passes: 1, lanes: 1 }, onFault });
  const hashes = await Promise.all(Array.from({ length: 100 }, () => auth.passwords.hash(password)));
  assert.equal(new Set(hashes).size, 100);
  assert.deepEqual(faults, []);
});

test("who derives elsewhere and is busy is told of as 503 with Retry-After, and in a page to a person", async () => {
  const derive = () => {
    throw new Fault({ code: "busy", status: 503, message: "Too many derivations wait", help: "" });
  };
  const { auth } = testing({ derive, onFault: () => {} });
  await assert.rejects(auth.passwords.hash(password), (error) => {
    assert.ok(error instanceof Fault);
    assert.deepEqual([error.code, error.status, error.toResponse().headers.get("retry-after")], ["busy", 503, "1"]);
    return true;
  });
});
