// Installs the runtimes and bundlers of packaging/ by lockfile, unless those very ones are there.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../packaging", import.meta.url));
const lock = readFileSync(`${folder}/package-lock.json`, "utf8");
const installed = `${folder}/node_modules/.claviger-lock`;

if (!existsSync(installed) || readFileSync(installed, "utf8") !== lock) {
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  // Standard output is left to the tests.
  execFileSync("npm", ["ci", ...quiet], { cwd: folder, stdio: ["ignore", 2, 2] });
  writeFileSync(installed, lock);
}
