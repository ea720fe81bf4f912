// chromium.mjs <folder>: replays in a page of a headless Chromium.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { engine, print, recordings } from "./files.mjs";

const { chromium } = createRequire(new URL("../../packaging/package.json", import.meta.url))("playwright-core");

const texts = recordings(process.argv[2]);
const server = await serve({
  "/": ["text/html", "<!doctype html><title>Scenarios</title>"],
  "/replay.mjs": ["text/javascript", readFileSync(join(import.meta.dirname, "replay.mjs"))],
  "/engine.wasm": ["application/wasm", readFileSync(engine)],
  ...Object.fromEntries(texts.map((text, number) => [`/${number}.json`, ["application/json", text]])),
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
try {
  const page = await browser.newPage();
  await page.goto(`http://localhost:${server.address().port}/`);
  for (const number of texts.keys()) print("chromium", await page.evaluate(replayInPage, number));
} finally {
  await browser.close();
  server.close();
}

/** Runs in the page. */
async function replayInPage(number) {
  const { replay } = await import("/replay.mjs");
  globalThis.engine ??= await WebAssembly.compileStreaming(fetch("/engine.wasm"));
  return replay(globalThis.engine, await (await fetch(`/${number}.json`)).json());
}

/** These files on a free port. */
function serve(files) {
  const server = createServer((request, response) => {
    const [type, body] = files[request.url] ?? [];
    response.writeHead(body ? 200 : 404, { "content-type": type ?? "text/plain" }).end(body);
  });
  return new Promise((resolve) => server.listen(0, "localhost", () => resolve(server)));
}
