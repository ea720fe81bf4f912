import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createPkce, provide } from "claviger/browser/slim";

const early = await createPkce().catch((error) => error.code);
provide(readFileSync(createRequire(import.meta.url).resolve("claviger/browser.wasm")));
console.log(early, (await createPkce()).challenge.length);
