// The guide's blocks, compiled and run as they stand.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import type { Claviger } from "claviger";

const guide = readFileSync(join(import.meta.dirname, "../../docs/guide.md"), "utf8");
const blocks = [...guide.matchAll(/```ts\n\/\/ (\S+)\.ts\n(.*?)```/gs)].map(([, name, code]) => ({
  name: name!,
  code: code!,
}));
const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

const metadata = "https://auth.example.com/.well-known/oauth-authorization-server";

interface Block {
  auth: Claviger;
  seed?: () => Promise<object>;
  things?: (request: Request) => Promise<Response>;
}

suite("the guide", () => {
  let folder: string;
  const load = (name: string): Promise<Block> => import(join(folder, `${name}.ts`));

  before(() => {
    process.env.CLAVIGER_SECRET = "8b1c05de7f3a49d2a6e04b7c91f85d30";
    // Inside the package, so that it can import the package by its name.
    folder = mkdtempSync(join(import.meta.dirname, "guide-"));
    const compilerOptions = { rootDir: "../../.." };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: "../tsconfig.json", compilerOptions, include: ["."], exclude: [] }),
    );
    for (const { name, code } of blocks)
      writeFileSync(join(folder, `${name}.ts`), code.replaceAll(/from "\.\/([\w-]+)\.js"/g, 'from "./$1.ts"'));
  });
  after(() => rmSync(folder, { recursive: true }));

  test("every block compiles", async () => {
    const compiled = await promisify(execFile)(process.execPath, [compiler, "-p", folder]).catch((error) => error);
    assert.deepEqual([compiled.stdout, compiled.stderr], ["", ""]);
  });

  for (const { name } of blocks.filter(({ name }) => name !== "common")) {
    test(`${name}: the engine takes its options, and serves`, async () => {
      const { auth, seed } = await load(name);
      await auth.ready();
      await seed?.();
      const response = await auth.fetch(new Request(metadata, { headers: { "x-real-ip": "203.0.113.9" } }));
      assert.equal(response.status, 200);
    });
  }

  test("the API tells a caller without a token where to get one", async () => {
    const { things } = await load("api");
    const response = await things!(new Request("https://api.example.com/things"));
    assert.equal(response.status, 401);
    assert.match(response.headers.get("www-authenticate") ?? "", /^Bearer .*resource_metadata=/);
  });
});
