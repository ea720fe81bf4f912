// The README's first lines, run as they stand.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
const snippets = [...readme.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1]!);

test("the first snippet is a whole server", async (context) => {
  // Inside the package, so that it can import the package by its name.
  const folder = mkdtempSync(join(import.meta.dirname, "readme-"));
  const before = process.cwd();
  context.after(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, "server.ts"), snippets[0]!);
  process.chdir(folder);
  process.env.CLAVIGER_SECRET = "8b1c05de7f3a49d2a6e04b7c91f85d30";
  const server = await import(join(folder, "server.ts"));
  const response = await server.default.fetch(new Request("https://auth.example.com/jwks"));
  assert.equal(response.status, 200);
  assert.equal((await response.json()).keys.length > 0, true);
});
