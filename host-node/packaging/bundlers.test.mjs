// The packed tarball through every bundler: each output runs in Node and gives the same bytes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import nodeResolve from "@rollup/plugin-node-resolve";
import * as esbuild from "esbuild";
import { rollup } from "rollup";
import * as vite from "vite";
import webpack from "webpack";
import { bin, makeProject, run } from "./project.mjs";

let project;
let expected;
before(async () => {
  project = await makeProject();
  expected = await run(process.execPath, ["main.js"], { cwd: project.folder });
});
after(() => project.remove());

async function runs(output) {
  assert.equal(await run(process.execPath, [project.file(output)]), expected);
}

for (const platform of ["browser", "node", "neutral"]) {
  test(`esbuild for ${platform}`, async () => {
    const outfile = project.file(`esbuild-${platform}/main.mjs`);
    const { warnings } = await esbuild.build({
      entryPoints: [project.file("main.js")],
      outfile,
      bundle: true,
      minify: true,
      format: "esm",
      platform,
      logLevel: "silent",
    });
    assert.deepEqual(warnings, []);
    await runs(`esbuild-${platform}/main.mjs`);
  });
}

for (const browser of [false, true]) {
  test(`rollup ${browser ? "for browsers" : "as it comes"}`, async () => {
    const bundle = await rollup({ input: project.file("main.js"), plugins: [nodeResolve({ browser })] });
    const file = `rollup-${browser}/main.mjs`;
    await bundle.write({ file: project.file(file), format: "es", inlineDynamicImports: true });
    await bundle.close();
    await runs(file);
  });
}

for (const target of ["web", "node"]) {
  test(`webpack for ${target}`, async () => {
    const folder = `webpack-${target}`;
    const compiler = webpack({
      mode: "production",
      target,
      context: project.folder,
      entry: "./main.js",
      output: { path: project.file(folder), filename: "main.cjs" },
      performance: false,
    });
    const stats = await new Promise((resolve, reject) => {
      compiler.run((error, result) => (error ? reject(error) : resolve(result)));
    });
    assert.deepEqual(stats.toJson({ errors: true, warnings: true }).errors, []);
    assert.deepEqual(stats.toJson({ errors: true, warnings: true }).warnings, []);
    await runs(`${folder}/main.cjs`);
  });
}

for (const ssr of [false, true]) {
  test(`vite build${ssr ? " for servers" : ""}`, async () => {
    const folder = `vite-${ssr}`;
    await vite.build({
      root: project.folder,
      configFile: false,
      logLevel: "error",
      build: {
        ssr,
        outDir: folder,
        rolldownOptions: { input: project.file("main.js"), output: { entryFileNames: "main.mjs" } },
      },
      ssr: { noExternal: true },
    });
    await runs(`${folder}/main.mjs`);
  });
}

test("bun build", async () => {
  const outfile = project.file("bun/main.mjs");
  await run(bin("bun"), ["build", "main.js", "--outfile", outfile], { cwd: project.folder });
  await runs("bun/main.mjs");
});

test("a bundle without a use of the package holds no engine", async () => {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: 'import { List } from "claviger"; console.log(List)', resolveDir: project.folder },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  assert.ok(outputFiles[0].text.length < 20_000, `${outputFiles[0].text.length} characters`);
});
