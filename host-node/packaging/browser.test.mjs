// claviger/browser of the packed tarball on every runtime and through every bundler. A page of Chromium has it in tests/clients.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import nodeResolve from "@rollup/plugin-node-resolve";
import { build } from "esbuild";
import { rollup } from "rollup";
import * as vite from "vite";
import webpack from "webpack";
import { bin, compiledModules, makeProject, node, onWorkerd, run } from "./project.mjs";

const otherIssuer = "Another issuer made it: its iss is not the expected one.";
const expected = JSON.stringify({
  pkce: true,
  opened: { count: 2 },
  bent: "invalid_seal",
  proofs: [otherIssuer, otherIssuer],
  session: { sent: "DPoP a1", proven: true },
});

let project;
before(async () => {
  project = await makeProject();
});
after(() => project.remove());

const runtimes = [
  ["Node 20", node(20), []],
  ["Node 22", node(22), []],
  ["Node 24", process.execPath, []],
  ["Node 26", node(26), []],
  ["Deno, without any permission", bin("deno"), ["run", "--no-prompt"]],
  ["Bun", bin("bun"), []],
];
for (const [runtime, program, flags] of runtimes) {
  test(`claviger/browser on ${runtime}`, async () => {
    assert.equal(await run(program, [...flags, "tools-main.js"], { cwd: project.folder }), expected);
  });
}

test("claviger/browser/slim says what it lacks, and takes browser.wasm", async () => {
  assert.equal(await run(process.execPath, ["tools-slim.js"], { cwd: project.folder }), "configuration 43");
});

test("claviger/browser on workerd, compiled ahead of time", async () => {
  await onWorkerd(
    project,
    { entry: "tools-worker.js", folder: "tools-workerd", wasm: "browser.wasm" },
    async (miniflare) => {
      assert.equal(await (await miniflare.dispatchFetch("http://localhost/")).text(), expected);
    },
  );
});

/** Each writes tools-main.js as one program, to the file that it is given or to the one that it gives. */
const bundlers = {
  "esbuild for browsers": async (outfile) => {
    await build({ ...bundled(outfile), platform: "browser" });
  },
  "esbuild for edge-light": async (outfile) => {
    await build({ ...bundled(outfile), conditions: ["edge-light"], plugins: [compiledModules] });
  },
  rollup: async (file) => {
    const bundle = await rollup({ input: project.file("tools-main.js"), plugins: [nodeResolve({ browser: true })] });
    await bundle.write({ file, format: "esm" });
  },
  webpack: async (outfile) => {
    const output = { path: join(outfile, ".."), filename: "main.cjs" };
    const entry = "./tools-main.js";
    const compiler = webpack({ mode: "production", target: "web", context: project.folder, entry, output });
    const stats = await new Promise((resolve, reject) => {
      compiler.run((error, result) => (error ? reject(error) : resolve(result)));
    });
    assert.deepEqual(stats.toJson({ errors: true }).errors, []);
    return join(outfile, "../main.cjs");
  },
  vite: async (outfile) => {
    const input = project.file("tools-main.js");
    const rolldownOptions = { input, output: { entryFileNames: "main.mjs" } };
    const outDir = join(outfile, "..");
    await vite.build({
      root: project.folder,
      configFile: false,
      logLevel: "error",
      build: { outDir, rolldownOptions },
    });
  },
  bun: async (outfile) => {
    await run(bin("bun"), ["build", "tools-main.js", "--outfile", outfile], { cwd: project.folder });
  },
};

const bundled = (outfile) => ({
  entryPoints: [project.file("tools-main.js")],
  outfile,
  bundle: true,
  minify: true,
  format: "esm",
  logLevel: "silent",
});

for (const [name, bundle] of Object.entries(bundlers)) {
  test(`claviger/browser through ${name}`, async () => {
    const outfile = project.file(`tools-${name.replaceAll(" ", "-")}/main.mjs`);
    const program = (await bundle(outfile)) ?? outfile;
    assert.equal(await run(process.execPath, [program]), expected);
  });
}
