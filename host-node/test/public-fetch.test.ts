// `publicFetch` of `claviger/node`, against a server of this machine that answers as app.example.com; the tests' rules call
// 127.0.0.1 public.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Fetch } from "claviger";
import { publicFetch } from "claviger/node";
import { isPublicAddress } from "../dist/public-address.js";
import { fetchUnder, type Rules } from "../dist/public-fetch.js";
import { server } from "../dist/serve.js";
import { memory } from "../dist/stores/memory.js";

const vector = (name: string) => readFileSync(new URL(`../../tests/vectors/${name}`, import.meta.url), "utf8");

const answers: Record<string, (response: ServerResponse, request: IncomingMessage) => unknown> = {
  "/": (response, request) => response.end(JSON.stringify(request.headers)),
  "/moved": (response) => response.writeHead(302, { location: "http://10.0.0.1/" }).end(),
  "/none": (response) => response.writeHead(204).end(),
  "/long": (response) => response.end("x".repeat(10_000_000)),
  "/bomb": (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("x".repeat(10_000_000))),
  "/drip": (response) => {
    const timer = setInterval(() => response.write("x"), 20);
    response.once("close", () => clearInterval(timer));
  },
};

let requests = 0;
const listener = createServer(
  { key: vector("tls/server.key.pem"), cert: vector("tls/server.pem") },
  (request, response) => {
    requests += 1;
    answers[request.url!.split("?")[0]!]!(response, request);
  },
);

let port: number;
before(async () => {
  await new Promise<void>((ready) => listener.listen(0, "127.0.0.1", ready));
  port = (listener.address() as AddressInfo).port;
});
after(() => {
  listener.closeAllConnections();
  listener.close();
});

const ca = vector("tls/authority.pem");

/** Leads every name to these addresses, and to others the second time it is asked. */
function leadingTo(...first: string[]): { fetch: Fetch; asked: string[] } {
  const asked: string[] = [];
  const rules: Rules = {
    resolve: async (name) => {
      asked.push(name);
      return asked.length === 1 ? first : ["127.0.0.2"];
    },
    isPublic: (address) => address === "127.0.0.1" || isPublicAddress(address),
    ca,
  };
  return { fetch: fetchUnder(rules), asked };
}

/** The answer to the engine's ask, as it would make it. */
async function ask(fetch: Fetch, url: string, limits: { bytes?: number; millis?: number } = {}) {
  const serve = server({ store: memory(), fetch, deadline: 5000, onError: () => {} });
  const asked = { bytes: 5120, millis: 5000, redirects: 0, publicOnly: true, ...limits };
  return (await serve({ fetch: { method: "GET", url, headers: [["accept", "x/y"]], body: null, limits: asked } })) as {
    response?: { status: number; headers: [string, string][]; body: string };
    failed?: string;
  };
}

const at = (path: string, host = "app.example.com") => `https://${host}:${port}${path}`;

test("DC-027: every address of the list is judged as it says", () => {
  const list = JSON.parse(vector("addresses.json")) as { public: string[]; other: string[] };
  assert.ok(list.public.length > 20 && list.other.length > 40);
  for (const address of list.public) assert.equal(isPublicAddress(address), true, address);
  for (const address of list.other) assert.equal(isPublicAddress(address), false, address);
  const notOne = [
    "",
    "localhost",
    "1.1.1",
    "1.1.1.1.1",
    "01.1.1.1",
    "256.1.1.1",
    "0x7f.1",
    "2606:4700::1%eth0",
    "2606::4700::1",
  ];
  for (const text of [...notOne, "2606:4700:1", "2606:1:2:3:4:5:6:7:8", ":", ":::", "12345::", "g::"]) {
    assert.equal(isPublicAddress(text), false, text);
  }
});

test("DC-029: the connection goes to the address that was looked at, and says whom it means", async () => {
  const { fetch, asked } = leadingTo("127.0.0.1");
  const { response } = await ask(fetch, at("/?x=1"));
  assert.equal(response?.status, 200);
  const headers = JSON.parse(response.body) as Record<string, string>;
  assert.equal(headers.host, `app.example.com:${port}`);
  assert.equal(headers.accept, "x/y");
  assert.equal(headers["accept-encoding"], "identity");
  assert.deepEqual(asked, ["app.example.com"]);
});

test("DC-027: a name with any address that is not public is not fetched", async () => {
  const before = requests;
  for (const addresses of [
    ["127.0.0.2"],
    ["10.0.0.1"],
    ["127.0.0.1", "192.168.0.1"],
    ["::1", "127.0.0.1"],
    ["::ffff:10.0.0.1"],
  ]) {
    const { failed } = await ask(leadingTo(...addresses).fetch, at("/"));
    assert.match(failed!, /not of the public internet/, addresses.join());
  }
  for (const literal of ["10.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "[fd00::1]"]) {
    assert.match((await ask(leadingTo().fetch, at("/", literal))).failed!, /not of the public internet/, literal);
  }
  assert.match((await ask(leadingTo().fetch, at("/"))).failed!, /no address/);
  assert.equal(requests, before);
});

test("DC-027: the system's own resolver is held to the same", async () => {
  const before = requests;
  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    assert.match((await ask(publicFetch(), at("/", host))).failed!, /not of the public internet/);
  }
  assert.equal(requests, before);
});

test("a server that is somebody else is told nothing", async () => {
  const before = requests;
  assert.match(
    (await ask(leadingTo("127.0.0.1").fetch, at("/", "other.example.com"))).failed!,
    /altnames|certificate/i,
  );
  const strict = fetchUnder({ resolve: async () => ["127.0.0.1"], isPublic: () => true });
  assert.match((await ask(strict, at("/"))).failed!, /certificate|issuer/i);
  assert.equal(requests, before);
});

test("the next address is tried when nobody listens at the first", async () => {
  const { response } = await ask(leadingTo("127.0.0.1", "127.0.0.1").fetch, at("/none"));
  assert.equal(response?.status, 204);
  const open = fetchUnder({ resolve: async () => ["127.0.0.9", "127.0.0.1"], isPublic: () => true, ca });
  assert.equal((await ask(open, at("/"))).response?.status, 200);
});

test("DC-028: a redirect is an answer, and not followed", async () => {
  const before = requests;
  const { response } = await ask(leadingTo("127.0.0.1").fetch, at("/moved"));
  assert.equal(response?.status, 302);
  assert.equal(requests, before + 1);
});

test("DC-030: a long, a compressed and a dripping answer are refused in time", async () => {
  const { fetch } = { fetch: (): Fetch => leadingTo("127.0.0.1").fetch };
  assert.match((await ask(fetch(), at("/long"))).failed!, /over 5120 bytes/);
  assert.match((await ask(fetch(), at("/bomb"))).failed!, /compressed/);
  const begun = performance.now();
  assert.match((await ask(fetch(), at("/drip"), { millis: 300 })).failed!, /within 300 ms|abort/i);
  assert.ok(performance.now() - begun < 3000);
});
