// Derivation on worker threads, from the packed tarball: on every runtime that has them, and from every bundler for one.
import assert from "node:assert/strict";
import { builtinModules } from "node:module";
import { after, before, test } from "node:test";
import nodeResolve from "@rollup/plugin-node-resolve";
import * as esbuild from "esbuild";
import { rollup } from "rollup";
import * as vite from "vite";
import webpack from "webpack";
import { bin, makeProject, node, run } from "./project.mjs";

/** The argon2 reference's own test: argon2 "password" with salt "somesalt", -id -t 2 -k 65536 -p 1 -l 32. */
const expected = "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7";

let project;
before(async () => {
  project = await makeProject();
});
after(() => project.remove());

const runtimes = {
  "Node 20": () => [node(20), []],
  "Node 22": () => [node(22), []],
  "Node 24": () => [process.execPath, []],
  "Node 26": () => [node(26), []],
  "Deno, without any permission": () => [bin("deno"), ["run", "--no-prompt"]],
  Bun: () => [bin("bun"), []],
};
for (const [runtime, of] of Object.entries(runtimes)) {
  test(`threads on ${runtime}`, async () => {
    const [program, flags] = of();
    assert.equal(await run(program, [...flags, "threads.js"], { cwd: project.folder }), expected);
  });
}

const bundlers = {
  async esbuild(entry, outfile) {
    await esbuild.build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      minify: true,
      keepNames: true,
      format: "esm",
      platform: "node",
    });
  },
  async rollup(entry, outfile) {
    const bundle = await rollup({ input: entry, plugins: [nodeResolve()], external: [/^node:/, ...builtinModules] });
    await bundle.write({ file: outfile, format: "es", inlineDynamicImports: true });
    await bundle.close();
  },
  async webpack(entry, outfile) {
    const compiler = webpack({
      mode: "production",
      target: "node",
      entry,
      output: { path: `${outfile}.d`, filename: "main.cjs" },
    });
    const stats = await new Promise((resolve, reject) => {
      compiler.run((error, result) => (error ? reject(error) : resolve(result)));
    });
    assert.deepEqual(stats.toJson({ errors: true }).errors, []);
    return `${outfile}.d/main.cjs`;
  },
  async vite(entry, outfile) {
    await vite.build({
      root: project.folder,
      configFile: false,
      logLevel: "error",
      build: {
        ssr: true,
        outDir: `${outfile}.d`,
        rolldownOptions: { input: entry, output: { entryFileNames: "main.mjs" } },
      },
      ssr: { noExternal: true },
    });
    return `${outfile}.d/main.mjs`;
  },
  async bun(entry, outfile) {
    await run(bin("bun"), ["build", entry, "--target", "node", "--outfile", outfile], { cwd: project.folder });
  },
};
for (const [name, bundle] of Object.entries(bundlers)) {
  test(`threads from a bundle by ${name}`, async () => {
    const outfile = project.file(`${name}.mjs`);
    const written = (await bundle(project.file("threads.js"), outfile)) ?? outfile;
    assert.equal(await run(process.execPath, [written]), expected);
  });
}
