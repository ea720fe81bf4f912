// claviger/node between node:http and a handler of requests.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { type Handler, toNodeHandler } from "claviger/node";
import { testing } from "claviger/testing";

type Answer = Handler["answer"];

/** Sends `lines` as they are, and gives all that comes back. */
async function exchange(answer: Answer, lines: string[], body = ""): Promise<string> {
  const server = createServer(toNodeHandler({ answer }));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  let text = "";
  for await (const chunk of socket) text += chunk;
  server.close();
  return text;
}

const ok = (body: string, headers: [string, string][] = []) => ({ status: 200, headers, body });

const echo: Answer = async ({ body, ...incoming }) => {
  return ok(JSON.stringify({ ...incoming, body: (await body?.(100)) ?? "" }));
};

const bodyOf = (response: string) => JSON.parse(response.slice(response.indexOf("\r\n\r\n") + 4));
const close = "Connection: close";

test("a request arrives with method, address, headers, body and the peer", async () => {
  const lines = ["POST /token?x=1 HTTP/1.1", "Host: auth.example.com", "X-A: 1", "X-A: 2", "Content-Length: 5", close];
  const seen = bodyOf(await exchange(echo, lines, "a=b&c"));
  assert.equal(seen.method, "POST");
  assert.equal(seen.url, "http://localhost/token?x=1");
  assert.equal(seen.body, "a=b&c");
  assert.equal(seen.peer, "127.0.0.1");
  assert.deepEqual(
    seen.headers.filter(([name]: [string]) => name === "x-a"),
    [
      ["x-a", "1"],
      ["x-a", "2"],
    ],
  );
});

test("a target that begins with two slashes stays a path", async () => {
  const seen = bodyOf(await exchange(echo, ["GET //evil.example/token HTTP/1.1", "Host: auth.example.com", close]));
  assert.equal(seen.url, "http://localhost//evil.example/token");
});

test("the host decides nothing, and a path is what was sent", async () => {
  const { auth } = testing();
  const status = async (target: string, host: string) => {
    const response = await exchange(auth.answer.bind(auth), [`GET ${target} HTTP/1.1`, `Host: ${host}`, close]);
    return Number(response.slice(9, 12));
  };
  const metadata = "/.well-known/oauth-authorization-server";
  for (const host of ["auth.example.com", "x#", "x?", "a b", ""]) assert.equal(await status(metadata, host), 200, host);
  assert.equal(await status("/nothing", `x${metadata}?`), 404);
  for (const target of [`/x/..${metadata}`, `/%2e%2e${metadata}`, `/x\\..${metadata}`, `//x${metadata}`, "*"]) {
    assert.equal(await status(target, "auth.example.com"), 404, target);
  }
});

test("every cookie is sent in a header of its own", async () => {
  const cookies: Answer = async () =>
    ok("\u00e9", [
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["x-b", "3"],
    ]);
  const response = await exchange(cookies, ["GET / HTTP/1.1", "Host: a", close]);
  assert.match(response, /^HTTP\/1\.1 200 OK\r\n/);
  assert.deepEqual(response.match(/^set-cookie: .*$/gim), ["set-cookie: a=1", "set-cookie: b=2"]);
  assert.match(response, /x-b: 3/);
  assert.match(response, /content-length: 2/);
});

test("a handler that rejects gives 500 and says nothing of why", async (context) => {
  const { mock } = context.mock.method(console, "error", () => {});
  const failing: Answer = async () => {
    throw new Error("secret reason");
  };
  const response = await exchange(failing, ["GET / HTTP/1.1", "Host: a", close]);
  assert.match(response, /^HTTP\/1\.1 500 /);
  assert.doesNotMatch(response, /secret/);
  assert.deepEqual(bodyOf(response), { error: "server_error", error_description: "The server failed" });
  assert.equal(mock.callCount(), 1);
});

test("a wrong configuration gives 500 in JSON, as its error does", async (context) => {
  context.mock.method(console, "error", () => {});
  const { auth } = testing({ secret: "short" });
  const response = await exchange(auth.answer.bind(auth), ["GET /jwks HTTP/1.1", "Host: a", close]);
  assert.match(response, /^HTTP\/1\.1 500 /);
  assert.match(response, /content-type: application\/json/);
  assert.equal(bodyOf(response).error, "server_error");
});

test("the signal is aborted when the peer goes away", async () => {
  const started = Promise.withResolvers<AbortSignal>();
  const aborted = Promise.withResolvers<void>();
  const answer: Answer = async (_incoming, { signal }) => {
    signal.addEventListener("abort", () => aborted.resolve());
    started.resolve(signal);
    await aborted.promise;
    return ok("");
  };
  const server = createServer(toNodeHandler({ answer }));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal((await started.promise).aborted, false);
  socket.destroy();
  await aborted.promise;
  server.close();
});

test("a body over the limit is answered with 413, and not read to its end", async () => {
  const { auth } = testing({ limits: { body: 10 } });
  for (const length of ["Content-Length: 5000000", "Transfer-Encoding: chunked"]) {
    const lines = ["POST /token HTTP/1.1", "Host: auth.example.com", length, close];
    const response = await exchange(auth.answer.bind(auth), lines, `b\r\n${"x".repeat(11)}\r\n`);
    assert.match(response, /^HTTP\/1\.1 413 /);
    assert.match(response, /"invalid_request"/);
    assert.match(response, /access-control-allow-origin: \*/);
  }
});

test("a body that was read before is empty, and nobody waits for it", async () => {
  const answer = toNodeHandler({ answer: echo });
  const server = createServer(async (incoming, outgoing) => {
    for await (const _ of incoming);
    await answer(incoming, outgoing);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  const response = await fetch(address, { method: "POST", body: "a=b" });
  assert.equal(((await response.json()) as { body: string }).body, "");
  server.close();
});

test("a connection that is closed amid the body starts nothing", async () => {
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  const answer: Answer = async ({ body }) => {
    started.resolve();
    await body?.(100).catch(ended.resolve);
    return ok("");
  };
  const server = createServer(toNodeHandler({ answer }));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na=b");
  await started.promise;
  socket.destroy();
  assert.ok((await ended.promise) instanceof Error);
  server.close();
});

test("the option `remote` is asked with the request and the peer", async () => {
  const seen: unknown[] = [];
  const remote = (request: Request, info: unknown) => {
    seen.push(request.headers.get("x-real-ip"), info);
    return null;
  };
  const { auth } = testing({ remote });
  const lines = [
    "POST /token HTTP/1.1",
    "Host: auth.example.com",
    "X-Real-IP: 203.0.113.9",
    "Content-Length: 0",
    close,
  ];
  assert.match(await exchange(auth.answer.bind(auth), lines), /^HTTP\/1\.1 415 /);
  assert.deepEqual(seen, ["203.0.113.9", { remoteAddr: { hostname: "127.0.0.1" } }]);
});

test("a request that Fetch cannot express is answered too, where there is a `remote`", async () => {
  const { auth } = testing({ remote: (request) => request.headers.get("x-real-ip") });
  for (const [line, status] of [
    ["TRACE /token", 405],
    ["GET http://user:password@auth.example.com/jwks", 200],
  ]) {
    const response = await exchange(auth.answer.bind(auth), [`${line} HTTP/1.1`, "Host: auth.example.com", close]);
    assert.match(response, new RegExp(`^HTTP/1.1 ${status} `), String(line));
  }
});

test("a request for the whole server, and one whose address is none, are answered where there is a `remote`", async () => {
  const { auth } = testing({ remote: () => null });
  for (const [line, status] of [
    ["OPTIONS *", 404],
    ["GET http://[x/jwks", 400],
  ]) {
    const response = await exchange(auth.answer.bind(auth), [`${line} HTTP/1.1`, "Host: auth.example.com", close]);
    assert.match(response, new RegExp(`^HTTP/1.1 ${status} `), String(line));
    assert.ok(bodyOf(response).error);
  }
});

test("each of several issuers is reached by its host, and every other host is the first one's", async () => {
  const second = {
    issuer: "https://second.example.com:8443/auth",
    tenant: "second",
    secret: "7c1e94b05fa2483d9be6108c35d7f2a4",
  };
  const third = { issuer: "https://third.example.com", tenant: "third", secret: "e20b7d914c3f48a5b6d8f0127a95c36e" };
  const { auth } = testing({ issuers: [second, third] });
  const issuerAt = async (host: string, target = "/.well-known/oauth-authorization-server") => {
    const response = await exchange(auth.answer.bind(auth), [`GET ${target} HTTP/1.1`, `Host: ${host}`, close]);
    return bodyOf(response).issuer;
  };
  assert.equal(await issuerAt("third.example.com"), third.issuer);
  const inPath = "/.well-known/oauth-authorization-server/auth";
  assert.equal(await issuerAt("second.example.com:8443", inPath), second.issuer);
  for (const host of ["auth.example.com", "evil.example", "third.example.com/x?", "third.example.com#", ""]) {
    assert.equal(await issuerAt(host), "https://auth.example.com", host);
  }
});
