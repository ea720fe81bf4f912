// The README's snippets, as they stand, on the packed tarball: the server on Deno and Bun, the Worker on workerd.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { bin, makeProject, onWorkerd } from "./project.mjs";

const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
const secret = "8b1c05de7f3a49d2a6e04b7c91f85d30";

let project;
before(async () => {
  project = await makeProject();
});
after(() => project.remove());

/** The first code under a heading. */
function snippet(heading) {
  const section = readme.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  const code = /```ts\n(.*?)```/s.exec(section ?? "")?.[1];
  assert.ok(code, `the README has no code under "${heading}"`);
  return code;
}

/** The address that a server prints when it listens. */
async function address(server) {
  const said = [];
  const lines = [server.stdout, server.stderr].map((input) => createInterface({ input }));
  return new Promise((resolve, reject) => {
    for (const line of lines) {
      line.on("line", (text) => {
        said.push(text);
        const port = /https?:\/\/[^\s:]+:(\d+)/.exec(text)?.[1];
        if (port) resolve(`http://127.0.0.1:${port}`);
      });
    }
    server.once("exit", () => reject(new Error(`it ended: ${said.join("\n")}`)));
  });
}

const runtimes = {
  Deno: [
    "deno",
    ["serve", "--no-prompt", "--allow-env", "--allow-read", "--allow-write", "--host", "127.0.0.1", "--port", "0"],
  ],
  Bun: ["bun", []],
};
for (const [runtime, [program, flags]] of Object.entries(runtimes)) {
  test(`the ten lines are a server on ${runtime}`, { timeout: 60_000 }, async () => {
    writeFileSync(project.file("server.ts"), snippet("Ten lines on Node, Deno or Bun"));
    const env = { ...process.env, CLAVIGER_SECRET: secret, PORT: "0", NO_COLOR: "1" };
    const server = spawn(bin(program), [...flags, "server.ts"], { cwd: project.folder, env });
    try {
      await answers(await address(server));
    } finally {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill();
      await ended;
    }
  });
}

test("the Worker runs on workerd", async () => {
  writeFileSync(project.file("readme-worker.ts"), snippet("A Worker"));
  const store = 'import { memory } from "claviger/stores/memory"; export const store = (_env) => memory();';
  writeFileSync(project.file("store.js"), store);
  const bindings = { ISSUER: "https://auth.example.com", SECRET: secret };
  await onWorkerd(
    project,
    { entry: "readme-worker.ts", folder: "readme", wasm: "engine.wasm", bindings },
    async (miniflare) => {
      await answers(String(await miniflare.ready));
    },
  );
});

/** Metadata of the issuer that the snippet names, and keys. */
async function answers(server) {
  const metadata = await fetch(new URL("/.well-known/oauth-authorization-server", server));
  assert.equal((await metadata.json()).issuer, "https://auth.example.com");
  const jwks = await fetch(new URL("/jwks", server));
  assert.ok((await jwks.json()).keys.length > 0);
}
