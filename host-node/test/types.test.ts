import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

test("scopes that an application named are the only ones that compile", async () => {
  const project = join(import.meta.dirname, "types");
  const compiled = await promisify(execFile)(process.execPath, [compiler, "-p", project]).catch((error) => error);
  assert.deepEqual([compiled.stdout, compiled.stderr], ["", ""]);
});
