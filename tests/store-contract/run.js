// Runs the suite in any JavaScript runtime: `node run.js sqlite`, `deno run -A run.js sqlite`, `bun run.js bun:sqlite`.
// The built package must be in host-node/dist.
import { memory } from "../../host-node/dist/stores/memory.js";
import { sqlite } from "../../host-node/dist/stores/sqlite.js";
import { cases } from "./suite.js";

const { mkdtempSync, rmSync } = await import("node:fs");
const { tmpdir } = await import("node:os");
const { join } = await import("node:path");

const folder = mkdtempSync(join(tmpdir(), "claviger-store-"));
const file = join(folder, "auth.db");

const stores = {
  memory: () => memory(),
  sqlite: () => sqlite(file),
  "better-sqlite3": async () => sqlite(new (await betterSqlite())(file)),
  "bun:sqlite": async () => sqlite(new (await import("bun:sqlite")).Database(file)),
};

async function betterSqlite() {
  const { createRequire } = await import("node:module");
  return createRequire(new URL("../../host-node/package.json", import.meta.url))("better-sqlite3");
}

const name = process.argv[2] ?? "memory";
if (!(name in stores)) throw new Error(`no store ${name}: choose one of ${Object.keys(stores).join(", ")}`);
const store = await stores[name]();
let failed = 0;
for (const { name: promise, run } of cases) {
  try {
    await run(store);
  } catch (error) {
    failed += 1;
    console.error(`${name}: ${promise}: ${error.message}`);
  }
}
store.close?.();
rmSync(folder, { recursive: true });
console.log(`${name}: ${cases.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
