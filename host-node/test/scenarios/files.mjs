// The engine and the recordings, as files.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The engine that the npm package ships. */
export const engine = fileURLToPath(new URL("../../wasm/engine.wasm", import.meta.url));

/** The texts of all recordings in a folder. */
export function recordings(folder) {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return files.sort().map((file) => readFileSync(`${folder}/${file}`, "utf8"));
}

/** One line for each scenario, as `cargo xtask scenarios` reads it. */
export function print(host, result) {
  console.log(JSON.stringify({ host, ...result }));
}
