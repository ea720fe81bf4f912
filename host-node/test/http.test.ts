// Requests and responses across the engine's boundary.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBase64, fromBase64Url, fromByteString, toBase64Url, toByteString } from "../dist/bytes.js";
import { remoteAddress, toHttpCall, toResponse } from "../dist/http.js";

const url = "https://auth.example.com/token?a=%C3%A9";

function post(body: BodyInit, headers: Record<string, string> = {}): Request {
  return new Request(url, { method: "POST", body, headers, duplex: "half" } as RequestInit);
}

/** A body that counts how much of it was read, and is never at its end. */
function endless() {
  const seen = { bytes: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      seen.bytes += 1000;
      controller.enqueue(new Uint8Array(1000));
    },
    cancel() {
      seen.cancelled = true;
    },
  });
  return { stream, seen };
}

test("a request becomes method, URL, headers and a byte string", async () => {
  const body = new Uint8Array([0x61, 0x00, 0x80, 0x9f, 0xff]);
  const call = await toHttpCall(post(body, { "X-Name": "caf\u00e9", "content-type": "a/b" }), 100, "203.0.113.9");
  assert.deepEqual(call, {
    method: "POST",
    url,
    headers: [
      ["content-type", "a/b"],
      ["x-name", "caf\u00e9"],
    ],
    body: "a\u0000\u0080\u009f\u00ff",
    remote: "203.0.113.9",
  });
});

test("a request without a body has none", async () => {
  const call = await toHttpCall(new Request(url), 100, null);
  assert.notEqual(call, "too large");
  assert.equal((call as { body: unknown }).body, null);
});

test("a body of exactly the limit is read, one byte more is too large", async () => {
  const call = await toHttpCall(post("x".repeat(100)), 100, null);
  assert.equal((call as { body: string }).body.length, 100);
  assert.equal(await toHttpCall(post("x".repeat(101)), 100, null), "too large");
});

test("a body over the limit is not read to its end", async () => {
  const { stream, seen } = endless();
  assert.equal(await toHttpCall(post(stream), 5000, null), "too large");
  assert.ok(seen.bytes <= 8000, `${seen.bytes} bytes were read`);
  assert.equal(seen.cancelled, true);
});

test("a body that declares too much is not read at all", async () => {
  const { stream, seen } = endless();
  assert.equal(await toHttpCall(post(stream, { "content-length": "5001" }), 5000, null), "too large");
  assert.ok(seen.bytes <= 1000, `${seen.bytes} bytes were read`);
  assert.equal(seen.cancelled, true);
});

test("an answer becomes a response, with every cookie of its own", async () => {
  const response = toResponse({
    status: 200,
    headers: [
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2, c"],
      ["content-type", "text/html; charset=utf-8"],
    ],
    body: "<p>é",
  });
  assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2, c"]);
  assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(await response.text(), "<p>é");
});

test("a 304 and a 204 have no body", () => {
  for (const status of [204, 304]) assert.equal(toResponse({ status, headers: [], body: "" }).body, null);
});

test("the peer's address is what Deno, Bun or claviger/node say, and unknown otherwise", () => {
  const request = new Request(url);
  const bun = { requestIP: (seen: Request) => (seen === request ? { address: "::1" } : null) };
  assert.equal(remoteAddress(request, { remoteAddr: { hostname: "203.0.113.9" } }), "203.0.113.9");
  assert.equal(remoteAddress(request, bun), "::1");
  for (const info of [undefined, null, 7, "x", {}, { remoteAddr: undefined }, { DB: {} }]) {
    assert.equal(remoteAddress(request, info), null);
  }
});

test("byte strings and base64 give every byte back, with and without the runtime's own base64", () => {
  const bytes = Uint8Array.from({ length: 20_000 }, (_, index) => (index * 7) % 256);
  const check = () => {
    assert.deepEqual(fromByteString(toByteString(bytes)), bytes);
    for (const length of [0, 1, 2, 3, 32, 20_000]) {
      const part = bytes.subarray(0, length);
      const text = Buffer.from(part).toString("base64url");
      assert.equal(toBase64Url(part), text);
      assert.deepEqual(fromBase64Url(text), new Uint8Array(part));
      assert.deepEqual(fromBase64(Buffer.from(part).toString("base64")), new Uint8Array(part));
    }
  };
  check();
  const methods: [object, string, unknown][] = [
    [
      Uint8Array,
      "fromBase64",
      (text: string, options?: { alphabet: "base64url" }) =>
        new Uint8Array(Buffer.from(text, options?.alphabet ?? "base64")),
    ],
    [
      Uint8Array.prototype,
      "toBase64",
      function (this: Uint8Array) {
        return Buffer.from(this).toString("base64url");
      },
    ],
  ];
  const before = methods.map(([owner, name]) => Object.getOwnPropertyDescriptor(owner, name));
  try {
    for (const [owner, name, value] of methods) {
      Object.defineProperty(owner, name, { value: before.every(Boolean) ? undefined : value, configurable: true });
    }
    check();
  } finally {
    methods.forEach(([owner, name], index) => {
      Reflect.deleteProperty(owner, name);
      if (before[index]) Object.defineProperty(owner, name, before[index]);
    });
  }
});
