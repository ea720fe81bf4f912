// Hashes of passwords, exchanged both ways with the libraries that others keep them with.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { pbkdf2Sync, randomBytes, scryptSync } from "node:crypto";
import { join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import argon2 from "argon2";
import bcrypt from "bcrypt";
import bcryptjs from "bcryptjs";
import { testing } from "claviger/testing";

/** A Python that has what `python/requirements.txt` names: `cargo xtask test` makes it. */
const python = process.env.CLAVIGER_PYTHON ?? "python3";
const program = join(fileURLToPath(new URL("python", import.meta.url)), "hashes.py");

/** Each as its own keyboard types it; Unicode in the form that everything is hashed in. */
const passwords = ["correct horse battery", "p\u00e4ssw\u00f6rd \u{1f40e} \u6f22\u5b57", "x".repeat(72)];

/** Engines that make each kind of hash, as cheap as the bounds allow. */
const engines = {
  argon2id: testing({ password: { memory: 7168, passes: 2, lanes: 2 } }).auth,
  bcrypt: testing({ password: { algorithm: "bcrypt", cost: 10 } }).auth,
  scrypt: testing({ password: { algorithm: "scrypt", ln: 14, p: 2 } }).auth,
  pbkdf2: testing({ password: { algorithm: "pbkdf2-sha256", iterations: 100_000 } }).auth,
};

const b64 = (bytes) => bytes.toString("base64").replaceAll("=", "");

/** Theirs is right with us, ours with them, and neither with another password. */
async function exchange(engine, theirs, verify) {
  for (const password of passwords) {
    const hash = await theirs(password);
    assert.equal((await engine.passwords.verify(password, hash)).valid, true, hash);
    assert.equal((await engine.passwords.verify(`${password.slice(1)}y`, hash)).valid, false, hash);
    const ours = await engine.passwords.hash(password);
    assert.equal(await verify(password, ours), true, ours);
    assert.equal(await verify(`${password.slice(1)}y`, ours), false, ours);
  }
}

suite("hashes of libraries for Node", () => {
  for (const [name, type] of Object.entries({
    argon2i: argon2.argon2i,
    argon2d: argon2.argon2d,
    argon2id: argon2.argon2id,
  })) {
    test(`argon2, ${name}`, () =>
      exchange(
        engines.argon2id,
        (password) => argon2.hash(password, { type, memoryCost: type === argon2.argon2id ? 65_536 : 8192 }),
        (password, hash) => argon2.verify(hash, password),
      ));
  }

  for (const [name, library] of Object.entries({ bcrypt, bcryptjs })) {
    test(name, () =>
      exchange(
        engines.bcrypt,
        (password) => library.hash(password, 8),
        (password, hash) => library.compare(password, hash),
      ),
    );
  }

  test("node:crypto, scrypt in both of its forms", async () => {
    const derive = (password, salt, n, r, p, length) =>
      scryptSync(password, salt, length, { N: n, r, p, maxmem: 1 << 28 });
    const phc = (password) => {
      const salt = randomBytes(16);
      return `$scrypt$ln=13,r=8,p=1$${b64(salt)}$${b64(derive(password, salt, 1 << 13, 8, 1, 32))}`;
    };
    const seeds = (password) => {
      const salt = randomBytes(16);
      const hash = derive(password, salt, 16_384, 8, 1, 64);
      return `scrypt$16384$8$1$${salt.toString("base64url")}$${hash.toString("base64url")}`;
    };
    const verify = (password, hash) => {
      const [, ln, r, p, salt, key] = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(hash);
      const bytes = Buffer.from(salt, "base64");
      return b64(derive(password, bytes, 1 << Number(ln), Number(r), Number(p), 32)) === key;
    };
    await exchange(engines.scrypt, phc, verify);
    await exchange(engines.scrypt, seeds, verify);
  });

  test("node:crypto, pbkdf2", () =>
    exchange(
      engines.pbkdf2,
      (password) => {
        const salt = randomBytes(16);
        return `$pbkdf2-sha512$i=2000$${b64(salt)}$${b64(pbkdf2Sync(password, salt, 2000, 64, "sha512"))}`;
      },
      (password, hash) => {
        const [, iterations, salt, key] = /^\$pbkdf2-sha256\$i=(\d+)\$([^$]+)\$([^$]+)$/.exec(hash);
        return b64(pbkdf2Sync(password, Buffer.from(salt, "base64"), Number(iterations), 32, "sha256")) === key;
      },
    ));
});

suite("hashes of libraries for Python", () => {
  for (const [library, engine] of [
    ["argon2-cffi", engines.argon2id],
    ["bcrypt", engines.bcrypt],
    ["passlib-scrypt", engines.scrypt],
    ["passlib-pbkdf2-sha256", engines.pbkdf2],
    ["passlib-pbkdf2-sha512", undefined],
  ]) {
    test(library, async () => {
      for (const password of passwords) {
        const ours = engine ? passlib(library, await engine.passwords.hash(password)) : null;
        const { stdout } = await promisify(execFile)(python, [program, library, JSON.stringify({ password, ours })]);
        const { hash, valid, otherwise } = JSON.parse(stdout);
        assert.deepEqual(
          { valid, otherwise },
          ours ? { valid: true, otherwise: false } : { valid: null, otherwise: null },
        );
        assert.equal((await engines.argon2id.passwords.verify(password, hash)).valid, true, hash);
        assert.equal((await engines.argon2id.passwords.verify(`${password.slice(1)}y`, hash)).valid, false, hash);
      }
    });
  }
});

/** passlib knows PBKDF2 in its own form alone. */
function passlib(library, hash) {
  if (!library.startsWith("passlib-pbkdf2")) return hash;
  const [, iterations, salt, key] = /^\$pbkdf2-sha256\$i=(\d+)\$([^$]+)\$([^$]+)$/.exec(hash);
  const ab64 = (text) => text.replaceAll("+", ".");
  return `$pbkdf2-sha256$${iterations}$${ab64(salt)}$${ab64(key)}`;
}

test("people come with their hashes and sign in, and their hashes are made anew", async () => {
  const { auth } = testing();
  const [password] = passwords;
  const hashes = [await argon2.hash(password, { memoryCost: 1024 }), await bcrypt.hash(password, 8)];
  for (const [number, passwordHash] of hashes.entries()) {
    const login = `person${number}`;
    await auth.accounts.create({ login, passwordHash });
    const rehashed = [];
    const stop = auth.on("account.password_rehashed", (event) => rehashed.push(event.subject));
    assert.equal(await auth.accounts.verifyPassword({ login, password }), true);
    assert.equal(await auth.accounts.verifyPassword({ login, password }), true);
    stop();
    assert.equal(rehashed.length, 1);
  }
});
