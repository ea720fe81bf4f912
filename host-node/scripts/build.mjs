// Builds dist/: the JavaScript and types by tsc, the two wasm modules beside them and once more as base64 text, and the program of
// the threads as a `data:` address. Files that are found by their place beside others do not survive most bundlers; text does.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const wasm = { engine: `${root}wasm/engine.wasm`, browser: `${root}wasm/browser_bg.wasm` };
const dist = `${root}dist`;
// Built aside and then put in place, so that a program that uses dist meanwhile never sees half of it.
const fresh = `${root}dist.${process.pid}`;

for (const file of Object.values(wasm).filter((file) => !existsSync(file))) {
  console.error(`There is no ${file}: run \`cargo xtask wasm\` first.`);
  process.exit(1);
}

/** A module as it is and, for most runtimes and bundlers, as text. */
function place(module, file, inline) {
  copyFileSync(module, `${fresh}/${file}`);
  writeFileSync(`${fresh}/${inline}`, `export default "${readFileSync(module).toString("base64")}";\n`);
}

try {
  const tsc = `${root}node_modules/typescript/bin/tsc`;
  execFileSync(process.execPath, [tsc, "-p", root, "--outDir", fresh], { stdio: "inherit" });
  place(wasm.engine, "engine.wasm", "engine-inline.js");
  place(wasm.browser, "browser/browser.wasm", "browser/module-inline.js");
  copyFileSync(`${root}wasm/browser.js`, `${fresh}/browser/glue.js`);
  copyFileSync(`${root}src/browser/glue.d.ts`, `${fresh}/browser/glue.d.ts`);
  const program = readFileSync(`${fresh}/derive-worker.js`, "utf8").replace(/^\/\/.*$/gm, "");
  const address = `data:text/javascript,${encodeURIComponent(program)}`;
  writeFileSync(`${fresh}/derive-worker-inline.js`, `export default ${JSON.stringify(address)};\n`);
  for (const end of ["js", "js.map", "d.ts", "d.ts.map"]) rmSync(`${fresh}/derive-worker.${end}`);
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
} catch (error) {
  rmSync(fresh, { recursive: true, force: true });
  // The compiler has said what is wrong.
  process.exitCode = error.status ?? 1;
  if (error.status === undefined) console.error(error);
}
