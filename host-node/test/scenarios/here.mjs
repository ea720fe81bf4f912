// here.mjs <host> <folder>: replays on the runtime that runs this very file: Node, Deno or Bun.
import { readFileSync } from "node:fs";
import process from "node:process";
import { engine, print, recordings } from "./files.mjs";
import { replay } from "./replay.mjs";

const [host, folder] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(engine));
for (const text of recordings(folder)) print(host, await replay(module, JSON.parse(text)));
