// The packed tarball on every runtime: it imports, runs, and gives the same bytes everywhere.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { after, before, suite, test } from "node:test";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { bin, compiledModules, makeProject, node, onWorkerd, run } from "./project.mjs";

let project;
let expected;
before(async () => {
  project = await makeProject();
  expected = await run(process.execPath, ["main.js"], { cwd: project.folder });
});
after(() => project.remove());

test("the tarball holds the code, the types, the sources and the engine, and no tests", () => {
  const tops = new Set(project.files.map((file) => file.split("/")[0]));
  assert.deepEqual([...tops].sort(), ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "dist", "package.json", "src"]);
  assert.ok(project.files.includes("dist/engine.wasm"));
});

test("the program makes a client and answers with metadata, keys and a challenge", () => {
  const { client, secret, metadata, jwks, refused, signed } = JSON.parse(expected);
  assert.equal(signed.at(-1), true);
  assert.equal(client.name, "Example");
  assert.ok(secret.length >= 32);
  assert.equal(metadata[0], 200);
  assert.equal(JSON.parse(metadata.at(-1)).issuer, "https://auth.example.com");
  assert.equal(JSON.parse(jwks.at(-1)).keys.length > 0, true);
  assert.deepEqual(refused, [
    "unauthenticated",
    `Bearer resource_metadata="https://auth.example.com/.well-known/oauth-protected-resource"`,
  ]);
});

for (const version of [20, 22, 26]) {
  test(`Node ${version} by import`, async () => {
    assert.equal(await run(node(version), ["main.js"], { cwd: project.folder }), expected);
  });
}

for (const version of [20, 22, 24, 26]) {
  test(`Node ${version} by require`, async () => {
    const program = version === 24 ? process.execPath : node(version);
    assert.equal(await run(program, ["main.cjs"], { cwd: project.folder }), expected);
  });
}

test("slim takes bytes, a module, or a function that gives one", async () => {
  assert.equal(await run(process.execPath, ["slim.js"], { cwd: project.folder }), "ready");
});

test("Deno, without any permission", async () => {
  assert.equal(await run(bin("deno"), ["run", "--no-prompt", "main.js"], { cwd: project.folder }), expected);
});

test("Bun by import", async () => {
  assert.equal(await run(bin("bun"), ["main.js"], { cwd: project.folder }), expected);
});

test("Bun by require", async () => {
  assert.equal(await run(bin("bun"), ["main.cjs"], { cwd: project.folder }), expected);
});

test("workerd, with the engine as a compiled module and no code generation", async () => {
  await onWorkerd(project, { entry: "worker.js", folder: "workerd", wasm: "engine.wasm" }, async (miniflare) => {
    assert.equal(await (await miniflare.dispatchFetch("http://localhost/")).text(), expected);
  });
});

test("edge-light imports the engine with ?module", async () => {
  const outfile = project.file("edge/main.js");
  await build({
    entryPoints: [project.file("main.js")],
    outfile,
    bundle: true,
    format: "esm",
    conditions: ["edge-light"],
    plugins: [compiledModules],
  });
  assert.equal(await run(process.execPath, [outfile]), expected);
});

suite("Chromium", () => {
  let browser;
  let server;
  before(async () => {
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
    });
    server = await serve();
  });
  after(async () => {
    await browser.close();
    server.close();
  });

  test("without a bundler, under a content security policy with 'wasm-unsafe-eval'", async () => {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${server.address().port}/index.html`);
    const result = await page.waitForFunction(() => globalThis.result, undefined, { timeout: 30_000 });
    assert.equal(await result.jsonValue(), expected);
  });
});

const importMap = JSON.stringify({
  imports: {
    claviger: "/node_modules/claviger/dist/index.js",
    "claviger/stores/memory": "/node_modules/claviger/dist/stores/memory.js",
    "claviger/webcrypto": "/node_modules/claviger/dist/webcrypto.js",
  },
});

/** The project's files on a free port, as a static server gives them. */
function serve() {
  const types = { ".js": "text/javascript", ".html": "text/html", ".wasm": "application/wasm" };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    response.setHeader("content-type", types[extname(pathname)] ?? "text/plain");
    response.setHeader("content-security-policy", "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'");
    if (pathname === "/index.html") {
      const scripts = `<script type="importmap">${importMap}</script><script type="module" src="/page.js"></script>`;
      return response.end(`<!doctype html><title>claviger</title>${scripts}`);
    }
    const body = await readFile(project.file(`.${pathname}`)).catch(() => undefined);
    response.writeHead(body ? 200 : 404).end(body);
  });
  return new Promise((resolve) => server.listen(0, "localhost", () => resolve(server)));
}
