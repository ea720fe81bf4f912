// A project as a user has it: the packed tarball, installed into a folder of its own.
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { Miniflare } from "miniflare";

const here = import.meta.dirname;
const root = join(here, "..");
const tools = join(here, "node_modules");

const execute = promisify(execFile);

/** Runs a program and gives what it printed, without the last line's end. Throws with everything it said when it fails. */
export async function run(program, parameters, options = {}) {
  // The test runner's own options are not for the programs.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { stdout } = await execute(program, parameters, { timeout: 120_000, maxBuffer: 1 << 26, env, ...options });
  return stdout.trimEnd();
}

/** A program of packaging/package.json. */
export const bin = (name) => join(tools, ".bin", name);

/** Node of an older or newer version than this one. */
export const node = (version) => join(tools, `node${version}`, "bin", "node");

/** Packs the package and installs the tarball beside the template's files. */
export async function makeProject() {
  const folder = mkdtempSync(join(tmpdir(), "claviger-packaging-"));
  const packed = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root });
  const [{ filename, files }] = Object.values(JSON.parse(packed));
  cpSync(join(here, "template"), folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", `./${filename}`], { cwd: folder });
  return {
    folder,
    files: files.map((file) => file.path),
    file: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** For esbuild: an import with `?module` gives a compiled module, as Vercel's edge runtime does. */
export const compiledModules = {
  name: "module",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.wasm\?module$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace("?module", "")),
      namespace: "module",
    }));
    onLoad({ filter: /.*/, namespace: "module" }, async ({ path }) => ({
      contents: `export default new WebAssembly.Module(Buffer.from("${(await readFile(path)).toString("base64")}", "base64"))`,
    }));
  },
};

/** Bundles a Worker of the project into a folder, as wrangler does, and gives it to `use` running on workerd. `wasm` is the module beside it. */
export async function onWorkerd(project, { entry, folder, wasm, bindings = {} }, use) {
  await build({
    entryPoints: [project.file(entry)],
    outfile: project.file(`${folder}/worker.js`),
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    assetNames: "[name]",
  });
  const miniflare = new Miniflare({
    cf: false,
    modulesRoot: project.file(folder),
    modules: [
      { type: "ESModule", path: project.file(`${folder}/worker.js`) },
      { type: "CompiledWasm", path: project.file(`${folder}/${wasm}`) },
    ],
    bindings,
  });
  try {
    await use(miniflare);
  } finally {
    await miniflare.dispose();
  }
}
