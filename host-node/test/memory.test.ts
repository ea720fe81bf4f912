// The engine's memory never shrinks, so that it must not grow with the requests that it has answered.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly __wbindgen_malloc: (length: number, align: number) => number;
  readonly __wbindgen_free: (pointer: number, length: number, align: number) => void;
  readonly __wbindgen_start: () => void;
  readonly [verb: string]: unknown;
}

const module = new WebAssembly.Module(readFileSync(fileURLToPath(import.meta.resolve("claviger/engine.wasm"))));

/** One instance, by docs/contract.md section 1 alone. */
function instance() {
  const glue = { "./engine_bg.js": { __wbindgen_init_externref_table() {} } };
  const engine = new WebAssembly.Instance(module, glue).exports as unknown as Exports;
  engine.__wbindgen_start();
  const call = (verb: string, input: object) => {
    const bytes = Buffer.from(JSON.stringify(input));
    const argument = engine.__wbindgen_malloc(bytes.length, 1) >>> 0;
    new Uint8Array(engine.memory.buffer, argument, bytes.length).set(bytes);
    const exported = engine[verb] as (pointer: number, length: number) => [number, number];
    const [pointer, length] = exported(argument, bytes.length);
    const output = Buffer.from(new Uint8Array(engine.memory.buffer, pointer >>> 0, length)).toString();
    engine.__wbindgen_free(pointer, length, 1);
    return JSON.parse(output);
  };
  return { call, pages: () => engine.memory.buffer.byteLength / 65_536 };
}

const issuer = "https://auth.example.com";
const form = ["content-type", "application/x-www-form-urlencoded"];

const request = (count: number) =>
  [
    { method: "GET", url: `${issuer}/nothing/${count}`, headers: [] },
    {
      method: "POST",
      url: `${issuer}/token`,
      headers: [form],
      body: `grant_type=refresh_token&client_id=a${count}&refresh_token=b`,
    },
    { method: "GET", url: `${issuer}/authorize?client_id=${count}`, headers: [["cookie", "a=b"]] },
    { method: "GET", url: `${issuer}/sign-in?interaction=cvi_${count}`, headers: [] },
  ][count % 4];

test("HW-005 requests that are answered, refused or given up leave no memory behind", () => {
  const { call, pages } = instance();
  call("open", { issuer, secret: randomBytes(32).toString("base64url") });
  const some = (from: number, to: number) => {
    for (let count = from; count < to; count++) {
      const seed = randomBytes(32).toString("base64url");
      const { flow, ask } = call("begin", { now: 1_790_000_000_000 + count, seed, command: { http: request(count) } });
      if (flow === undefined) continue;
      if (count % 8 < 4) call("cancel", { flow });
      else call("resume", { flow, answer: { rows: ask.load.keys.map(() => null) } });
    }
  };
  some(0, 10_000);
  const before = pages();
  some(10_000, 110_000);
  assert.equal(pages(), before);
});
