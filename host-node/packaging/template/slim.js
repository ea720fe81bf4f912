import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Claviger } from "claviger/slim";
import { memory } from "claviger/stores/memory";

const bytes = readFileSync(createRequire(import.meta.url).resolve("claviger/engine.wasm"));
for (const engine of [bytes, new WebAssembly.Module(bytes), async () => WebAssembly.compile(bytes)]) {
  const auth = new Claviger({
    issuer: "https://auth.example.com",
    secret: "0d2f7c1e9b8a46535b7e1c0f9a8d6e42",
    store: memory(),
    engine,
  });
  await auth.ready();
}
console.log("ready");
