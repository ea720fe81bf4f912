// workerd.mjs <folder>: replays in workerd, the runtime of Cloudflare Workers.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { engine, print, recordings } from "./files.mjs";

const { Miniflare } = createRequire(new URL("../../packaging/package.json", import.meta.url))("miniflare");

const here = import.meta.dirname;
const script = (name) => ({
  type: "ESModule",
  path: join(here, name),
  contents: readFileSync(join(here, name), "utf8"),
});
const miniflare = new Miniflare({
  cf: false,
  host: "127.0.0.1",
  modulesRoot: here,
  modules: [
    script("worker.mjs"),
    script("replay.mjs"),
    { type: "CompiledWasm", path: join(here, "engine.wasm"), contents: readFileSync(engine) },
  ],
});
try {
  for (const body of recordings(process.argv[2])) {
    const response = await miniflare.dispatchFetch("http://localhost/", { method: "POST", body });
    if (!response.ok) throw new Error(await response.text());
    print("workerd", await response.json());
  }
} finally {
  await miniflare.dispose();
}
