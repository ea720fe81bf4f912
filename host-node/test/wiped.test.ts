// What passes through the engine's memory and must not stay there: passwords, in whatever form they came (PW-020).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { memory } from "claviger/stores/memory";

const canary = "canary-Zt7Rq-w9LmX2";
const wrong = "canary-Bv5Kd-h3Ny8Q";
const file = createRequire(import.meta.url).resolve("claviger/engine.wasm");

type BytesExport = (pointer: number, length: number) => [pointer: number, length: number];

/** An engine, driven by hand, whose memory can be looked at. */
class Bare {
  readonly #exports: Record<string, unknown> & { memory: WebAssembly.Memory };
  readonly #store = memory();
  #seed = 1;

  constructor(config: object) {
    const imports = { "./engine_bg.js": { __wbindgen_init_externref_table() {} } };
    const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), imports);
    this.#exports = instance.exports as never;
    (this.#exports.__wbindgen_start as () => void)();
    this.exchange("open", config);
  }

  exchange(name: string, argument: object): { flow: number; ask?: never; done?: { ok?: never; refused?: never } } {
    const malloc = this.#exports.__wbindgen_malloc as (length: number, align: number) => number;
    const free = this.#exports.__wbindgen_free as (pointer: number, length: number, align: number) => void;
    const bytes = new TextEncoder().encode(JSON.stringify(argument));
    const pointer = malloc(bytes.length, 1) >>> 0;
    new Uint8Array(this.#exports.memory.buffer, pointer, bytes.length).set(bytes);
    const [at, length] = (this.#exports[name] as BytesExport)(pointer, bytes.length);
    const text = new TextDecoder().decode(new Uint8Array(this.#exports.memory.buffer, at >>> 0, length >>> 0));
    free(at, length, 1);
    return JSON.parse(text);
  }

  /** The first step of a command. */
  begin(command: object) {
    const seed = Buffer.alloc(32, `seed ${this.#seed++}`).toString("base64url");
    return this.exchange("begin", { now: 1_790_000_000_000, seed, command });
  }

  /** Its end. */
  run(command: object): { ok?: never; refused?: never } {
    let step = this.begin(command);
    while (step.ask) step = this.exchange("resume", { flow: step.flow, answer: this.#answer(step.ask) });
    return step.done!;
  }

  #answer(ask: { load: { keys: string[] }; commit: never; derive: object }): object {
    if (ask.load) return { rows: this.#store.load(ask.load.keys) };
    if (ask.commit) return { commit: this.#store.commit(ask.commit) };
    return this.exchange("derive", ask.derive);
  }

  /** How often this stands anywhere in memory. */
  count(secret: string): number {
    const all = Buffer.from(this.#exports.memory.buffer);
    let count = 0;
    for (let at = all.indexOf(secret); at >= 0; at = all.indexOf(secret, at + 1)) count++;
    return count;
  }
}

const issuer = "https://auth.example.com";
const config = { issuer, secret: "0123456789abcdefghijklmnopqrstuv", password: { memory: 7168, passes: 1 } };

for (const [how, capabilities] of Object.entries({ inside: [], elsewhere: ["derive"] })) {
  test(`pw_020: no password stays in memory that is derived ${how}`, () => {
    const engine = new Bare({ ...config, capabilities });
    assert.ok(engine.run({ "accounts.create": { login: "ada", password: canary } }).ok);
    const escaped = JSON.parse(JSON.stringify(canary));
    assert.ok(engine.run({ "accounts.verifyPassword": { login: "ada", password: escaped } }).ok);
    assert.ok(engine.run({ "accounts.verifyPassword": { login: "ada", password: wrong } }).ok);
    assert.ok(engine.run({ "passwords.hash": { password: canary } }).ok);
    const headers = [["content-type", "application/x-www-form-urlencoded"]];
    const body = `interaction=x&login=ada&password=${canary}`;
    assert.ok(engine.run({ http: { method: "POST", url: `${issuer}/sign-in`, headers, body } }).ok);
    for (const secret of [canary, wrong]) {
      for (const form of [secret, Buffer.from(secret).toString("base64url")]) assert.equal(engine.count(form), 0, form);
    }
  });
}

test("a password is in memory while a flow has it, or nothing would be seen", () => {
  const engine = new Bare(config);
  const step = engine.begin({ "accounts.verifyPassword": { login: "ada", password: canary } });
  assert.ok(engine.count(canary) > 0);
  engine.exchange("cancel", { flow: step.flow });
  assert.equal(engine.count(canary), 0);
});
