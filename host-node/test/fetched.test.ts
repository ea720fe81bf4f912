// The `fetch` ask of docs/contract.md section 4, against a real server.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Fetch } from "claviger";
import type { Answer, FetchAsk } from "../dist/contract.js";
import { capabilities, type Requester, server } from "../dist/serve.js";
import { memory } from "../dist/stores/memory.js";

const seen: { method: string; header: string | undefined; body: Buffer }[] = [];
const listener = createServer(async (request, response) => {
  const body = Buffer.concat(await Array.fromAsync(request));
  seen.push({ method: request.method!, header: request.headers["x-asked"] as string | undefined, body });
  if (request.url === "/moved") return response.writeHead(302, { location: "/" }).end();
  if (request.url === "/large") return response.end(Buffer.alloc(2000, "x"));
  if (request.url === "/endless") return endless(response);
  if (request.url === "/silent") return;
  response.writeHead(201, { "x-answered": "yes" }).end(Buffer.from([0, 127, 128, 255]));
});

/** Chunks without a declared length, for as long as somebody reads. */
function endless(response: { write(chunk: string): boolean; once(event: string, next: () => void): unknown }): void {
  response.write("x".repeat(500));
  const timer = setInterval(() => response.write("x".repeat(500)), 1);
  response.once("close", () => clearInterval(timer));
}

let address: string;
before(async () => {
  await new Promise<void>((ready) => listener.listen(0, "127.0.0.1", ready));
  address = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
});
after(() => {
  listener.closeAllConnections();
  listener.close();
});

const platform: Fetch = ({ url, publicOnly: _, ...init }) => fetch(url, init);

function ask(path: string, changes: Partial<FetchAsk> = {}, limits: Partial<FetchAsk["limits"]> = {}): FetchAsk {
  return {
    method: "GET",
    url: `${address}${path}`,
    headers: [],
    body: null,
    limits: { bytes: 1000, millis: 5000, redirects: 0, publicOnly: false, ...limits },
    ...changes,
  };
}

async function answer(ask: FetchAsk, service: Fetch = platform, deadline = 5000, requester?: Requester) {
  const serve = server({ store: memory(), fetch: service, deadline, onError: () => {} });
  return (await serve({ fetch: ask }, requester)) as { response: Extract<Answer, { response: object }>["response"] } & {
    failed: string;
  };
}

test("fetch is a capability of a host that has one", () => {
  assert.deepEqual(capabilities({ store: memory(), fetch: platform }), ["fetch"]);
});

test("method, headers and bytes go out, status, headers and bytes come back", async () => {
  const { response } = await answer(
    ask("/", { method: "PUT", headers: [["x-asked", "yes"]], body: "\u0000\u007f\u0080\u00ff" }),
  );
  assert.deepEqual(seen.at(-1), { method: "PUT", header: "yes", body: Buffer.from([0, 127, 128, 255]) });
  assert.equal(response.status, 201);
  assert.deepEqual(
    response.headers.find(([name]) => name === "x-answered"),
    ["x-answered", "yes"],
  );
  assert.equal(response.body, "\u0000\u007f\u0080\u00ff");
});

test("a redirect is an answer", async () => {
  const { response } = await answer(ask("/moved", {}, { redirects: 3 }));
  assert.equal(response.status, 302);
  assert.ok(response.headers.some(([name, value]) => name === "location" && value === "/"));
});

test("a host that follows a redirect nevertheless has failed", async () => {
  const { failed } = await answer(ask("/moved"), ({ url }) => fetch(url));
  assert.match(failed, /redirect/);
});

for (const [how, path] of [
  ["is declared", "/large"],
  ["turns out to be", "/endless"],
] as const) {
  test(`a response that ${how} over the limit has failed`, async () => {
    assert.match((await answer(ask(path))).failed, /over 1000 bytes/);
  });
}

test("a response of exactly the limit is whole", async () => {
  assert.equal((await answer(ask("/large", {}, { bytes: 2000 }))).response.body.length, 2000);
});

test("no answer within the limit of time has failed, though the host would wait longer", async () => {
  const begun = performance.now();
  assert.match((await answer(ask("/silent", {}, { millis: 60 }))).failed, /within 60 ms|aborted due to timeout/);
  assert.ok(performance.now() - begun < 4000);
});

test("the host's own deadline is kept, though the engine would wait longer", async () => {
  const hanging = () => new Promise<never>(() => {});
  assert.match((await answer(ask("/"), hanging, 60)).failed, /within 60 ms/);
});

test("the request ends when the requester goes away", async () => {
  const gone = new AbortController();
  let told: AbortSignal | undefined;
  const service: Fetch = ({ signal }) => {
    told = signal;
    setImmediate(() => gone.abort(new Error("closed")));
    return new Promise(() => {});
  };
  await assert.rejects(answer(ask("/"), service, 5000, gone), /went away/);
  assert.equal(told?.aborted, true);
});

test("the host learns that only public addresses may be reached", async () => {
  const asked: boolean[] = [];
  const service: Fetch = ({ publicOnly }) => {
    asked.push(publicOnly);
    return new Response("");
  };
  await answer(ask("/", {}, { publicOnly: true }), service);
  await answer(ask("/"), service);
  assert.deepEqual(asked, [true, false]);
});

test("a fetch of the platform handed over by mistake reaches nothing", async () => {
  const { failed } = await answer(ask("/"), fetch as unknown as Fetch);
  assert.match(failed, /URL/);
});
