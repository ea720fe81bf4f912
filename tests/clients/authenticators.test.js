// Authenticator apps: otplib, and pyotp in Python, with the keys that the engine makes.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Claviger } from "claviger";
import { memory } from "claviger/stores/memory";
import { generateSync } from "otplib";

const python = process.env.CLAVIGER_PYTHON ?? "python3";
const program = fileURLToPath(new URL("python/pyotp_codes.py", import.meta.url));

const apps = {
  otplib: ({ secret }, { algorithm, digits }, epoch) =>
    generateSync({ secret, epoch, digits, algorithm: algorithm.toLowerCase() }),
  pyotp: async ({ uri }, _, epoch) => (await promisify(execFile)(python, [program, uri, String(epoch)])).stdout.trim(),
};

for (const [name, codeOf] of Object.entries(apps)) {
  for (const algorithm of ["SHA1", "SHA256", "SHA512"]) {
    for (const digits of [6, 8]) {
      test(`${name} shows codes that are good, with ${algorithm} and ${digits} digits`, async () => {
        let now = 1_800_000_000;
        const auth = new Claviger({
          issuer: "https://auth.example.com",
          secret: "f1d3a09c5b7e42688cb0de9417a6e35b",
          store: memory(),
          clock: () => now * 1000,
        });
        const { id: subject } = await auth.accounts.create({ login: "ada@example.com" });
        const key = await auth.factors.beginTotp(subject, { algorithm, digits });
        const code = () => codeOf(key, { algorithm, digits }, now);
        assert.equal((await auth.factors.confirmTotp(subject, key.id, await code()))?.length, 10);
        now += 30;
        assert.equal((await auth.factors.verify(subject, await code())).kind, "totp");
      });
    }
  }
}
