// Installs the runtimes and bundlers of packaging/, in the versions of its lockfile, unless they are there.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../packaging", import.meta.url));

if (!existsSync(`${folder}/node_modules`)) {
  // Not `npm ci`: it refuses a lockfile that has no entry for another platform's optional package.
  const quiet = ["--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  // Standard output is left to the tests.
  execFileSync("npm", ["install", ...quiet], { cwd: folder, stdio: ["ignore", 2, 2] });
}
