// Builds dist/: the JavaScript and types by tsc, the engine beside them, the engine once more as base64 text, and the program of
// the threads as a `data:` address. Files that are found by their place beside others do not survive most bundlers; text does.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const wasm = `${root}wasm/engine.wasm`;
const dist = `${root}dist`;
// Built aside and then put in place, so that a program that uses dist meanwhile never sees half of it.
const fresh = `${root}dist.${process.pid}`;

if (!existsSync(wasm)) {
  console.error("There is no wasm/engine.wasm: run `cargo xtask wasm` first.");
  process.exit(1);
}
try {
  const tsc = `${root}node_modules/typescript/bin/tsc`;
  execFileSync(process.execPath, [tsc, "-p", root, "--outDir", fresh], { stdio: "inherit" });
  copyFileSync(wasm, `${fresh}/engine.wasm`);
  writeFileSync(`${fresh}/engine-inline.js`, `export default "${readFileSync(wasm).toString("base64")}";\n`);
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
