// The store contract suite on the SQLite of each runtime.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { bin, node, run } from "./project.mjs";

const suite = join(import.meta.dirname, "../../tests/store-contract/run.js");
const deno = ["run", "--allow-all", "--no-prompt"];

const runs = [
  ["Bun", bin("bun"), [], ["memory", "sqlite", "bun:sqlite"]],
  ["Deno", bin("deno"), deno, ["memory", "sqlite", "better-sqlite3"]],
  ["Node 20", node(20), [], ["memory"]],
  ["Node 22", node(22), [], ["memory", "sqlite", "better-sqlite3"]],
  ["Node 26", node(26), [], ["sqlite", "better-sqlite3"]],
];
for (const [runtime, program, flags, stores] of runs) {
  for (const store of stores) {
    test(`${runtime} keeps the store contract with ${store}`, async () => {
      assert.match(await run(program, [...flags, suite, store]), /: [1-9]\d* passed, 0 failed$/);
    });
  }
}

test("Node 20, which has no SQLite, is told to hand one in", async () => {
  await assert.rejects(run(node(20), [suite, "sqlite"]), /This runtime has no SQLite of its own/);
});
