// Builds dist/: the JavaScript and types by tsc, the engine beside them, and the engine once more as base64 text.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const wasm = `${root}wasm/engine.wasm`;

if (!existsSync(wasm)) {
  console.error("There is no wasm/engine.wasm: run `cargo xtask wasm` first.");
  process.exit(1);
}
rmSync(`${root}dist`, { recursive: true, force: true });
execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", root], { stdio: "inherit" });
copyFileSync(wasm, `${root}dist/engine.wasm`);
writeFileSync(`${root}dist/engine-inline.js`, `export default "${readFileSync(wasm).toString("base64")}";\n`);
