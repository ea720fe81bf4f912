// The guard of an application's own routes: who calls, what is refused and how, and what tests of an application use.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { Fault, Refused } from "claviger";
import { type TestingOptions, testing } from "claviger/testing";
import { Browser, makeApp, post, tokens } from "./browser.ts";

const api = "https://auth.example.com/api";
const resources = { [api]: { scopes: ["read"], name: "API" }, "https://mail.example.com": {} };
const scopes = { read: "See your things", write: "Change your things" };
const url = `${api}/me`;

function scene(options: TestingOptions = {}) {
  let loads = 0;
  const scene = testing({ resources, scopes, ...options });
  const load = scene.store.load.bind(scene.store);
  scene.store.load = (keys) => {
    loads += 1;
    return load(keys);
  };
  return { ...scene, loads: () => loads };
}

/** The response to a request that was refused. */
async function refused(answer: Promise<unknown>): Promise<Response> {
  const error = await answer.then(
    () => assert.fail("it was let through"),
    (error) => error,
  );
  assert.ok(error instanceof Refused, error);
  return error.toResponse();
}

test("a guarded request is a person's: facts, and what they may do", async () => {
  const { auth, actingAs } = scene();
  const request = await actingAs("ada", { scopes: ["read"], audience: api }, new Request(url));
  const who = await auth.authenticate(request, { audience: api, scopes: ["read"] });
  const account = await auth.accounts.find({ login: "ada" });
  assert.deepEqual([who.kind, who.subject, who.clientId], ["token", account!.id, "testing"]);
  assert.deepEqual([who.hasScope("read"), who.hasScope("read", "write"), who.hasScope()], [true, false, true]);
  assert.deepEqual(
    [who.hasAnyScope("write", "read"), who.hasAnyScope("write"), who.hasAnyScope()],
    [true, false, false],
  );
  assert.equal("hasScope" in JSON.parse(JSON.stringify(who)), false);
});

test("a person who is signed in may do anything, and nothing where only tokens count", async () => {
  const { auth, signedInAs } = scene();
  const request = await signedInAs("ada", new Request(url));
  const who = await auth.authenticate(request, { scopes: ["write"] });
  assert.deepEqual([who.kind, who.hasScope("read", "write"), who.hasAnyScope("x")], ["session", true, true]);
  assert.equal((await refused(auth.authenticate(request, { only: "token" }))).status, 401);
});

test("the same request is asked about once for each requirement, and anew later or after a fault", async () => {
  const { auth, clock, loads, actingAs } = scene();
  const request = await actingAs("ada", { scopes: ["read"] }, new Request(url));
  const before = loads();
  const checked = () => auth.authenticate(request, { revocation: "check" });
  const [one, two] = await Promise.all([checked(), checked()]);
  assert.equal(one, two);
  assert.equal(await checked(), one);
  assert.equal(loads() - before, 1);
  await refused(auth.authenticate(request, { scopes: ["write"] }));
  clock.advance("10s");
  assert.notEqual(await checked(), one);

  const broken = scene({ onFault: () => {} });
  let down = false;
  const load = broken.store.load;
  broken.store.load = (keys) => {
    if (down) throw new Error("down");
    return load(keys);
  };
  const again = await broken.actingAs("ada", {}, new Request(url));
  down = true;
  await assert.rejects(broken.auth.authenticate(again, { revocation: "check" }), Fault);
  down = false;
  assert.equal((await broken.auth.authenticate(again, { revocation: "check" })).kind, "token");
});

test("a refusal names the resource's metadata, the scopes, and an error if a token was presented", async () => {
  const { auth, actingAs } = scene();
  const metadata = 'resource_metadata="https://auth.example.com/.well-known/oauth-protected-resource/api"';
  const nothing = await refused(auth.authenticate(new Request(url), { audience: api, scopes: ["read"] }));
  assert.deepEqual(
    [nothing.status, nothing.headers.get("www-authenticate")],
    [401, `Bearer ${metadata}, scope="read"`],
  );
  assert.equal(nothing.headers.get("cache-control"), "no-store");
  for (const [authorization, status, error] of [
    ["Bearer nonsense", 401, "invalid_token"],
    ["Bearer a b", 400, "invalid_request"],
    ["Bearer a, Bearer b", 400, "invalid_request"],
  ] as const) {
    const request = new Request(url, { headers: { authorization } });
    const response = await refused(auth.authenticate(request, { audience: api }));
    assert.equal(response.status, status);
    assert.match(response.headers.get("www-authenticate")!, new RegExp(`^Bearer ${metadata}, error="${error}"`));
  }
  const request = await actingAs("ada", { scopes: ["read"], audience: api }, new Request(url));
  const little = await refused(auth.authenticate(request, { audience: api, anyScopes: ["write"] }));
  assert.equal(little.status, 403);
  assert.match(little.headers.get("www-authenticate")!, /error="insufficient_scope".*, scope="write"$/);
  assert.equal(
    (await refused(auth.authenticate(request.clone()))).status,
    401,
    "it is for the API, not for the issuer",
  );
});

test("a guarded handler answers whom it may, and the others get their refusal", async () => {
  const { auth, actingAs } = scene();
  const handler = auth.guard({ audience: api, scopes: ["read"] }, (_, who, extra: string) =>
    Response.json({ client: who.clientId, extra }),
  );
  const request = await actingAs("ada", { scopes: ["read"], audience: api }, new Request(url));
  assert.deepEqual(await (await handler(request, "x")).json(), { client: "testing", extra: "x" });
  assert.equal((await handler(new Request(url), "x")).status, 401);
  await auth.tokens.revoke(request.headers.get("authorization")!.slice(7));
  assert.equal((await handler(request.clone(), "x")).status, 200, "a JWT is good until it expires");
  const checked = auth.guard({ audience: api, revocation: "check" }, () => new Response());
  assert.equal((await checked(request.clone())).status, 401);
});

test("a request of node:http is read as it came, with headers that came twice", async (t) => {
  const { auth, actingAs } = scene();
  const server = createServer(async (request, response) => {
    const who = await auth.authenticate(request).catch((error) => error);
    response.end(who.subject ? "let through" : who.code);
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const { headers } = await actingAs("ada", {}, new Request(url));
  const authorization = headers.get("authorization")!;
  const { request } = await import("node:http");
  const ask = (values: string[]) =>
    new Promise<string>((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const headers = ["Host", "localhost", ...values.flatMap((value) => ["Authorization", value])];
      request({ port, host: "127.0.0.1", headers }, (response) => {
        response.setEncoding("utf8").once("data", resolve);
      })
        .once("error", reject)
        .end();
    });
  assert.equal(await ask([authorization]), "let through");
  assert.equal(await ask([authorization, authorization]), "invalid_request");
  assert.equal(await ask([]), "unauthenticated");
});

test("every authentication is told as an event", async () => {
  const { auth, actingAs } = scene();
  const request = await actingAs("ada", {}, new Request(url));
  const told: unknown[] = [];
  auth.on("authentication.succeeded", ({ clientId }) => told.push(clientId));
  auth.on("authentication.failed", ({ code }) => told.push(code));
  await auth.authenticate(request);
  await refused(auth.authenticate(new Request(url)));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(told, ["testing", "unauthenticated"]);
});

test("the metadata of a resource is served, or given to who serves it elsewhere", async () => {
  const { auth } = scene();
  const served = await auth.fetch(new Request("https://auth.example.com/.well-known/oauth-protected-resource/api"));
  const document = await auth.resourceMetadata(api);
  assert.deepEqual(await served.json(), document);
  assert.deepEqual([document.resource, document.scopes_supported, document.resource_name], [api, ["read"], "API"]);
  assert.equal((await auth.resourceMetadata("https://mail.example.com")).resource, "https://mail.example.com");
  await assert.rejects(auth.resourceMetadata("https://evil.example"), { code: "not_found" });
});

test("a resource's own server asks about its tokens, and about no others", async () => {
  const { auth, actingAs } = scene();
  const server = await auth.clients.create({ name: "API", redirectUris: [], resources: [api] });
  assert.deepEqual([server.client.resources, server.client.grantTypes], [[api], []]);
  const about = async (audience: string) => {
    const { headers } = await actingAs("ada", { scopes: ["read"], audience }, new Request(url));
    const token = headers.get("authorization")!.slice(7);
    return (await post(auth, server, "/introspect", { token })).json() as Promise<{ active: boolean; aud?: string }>;
  };
  assert.deepEqual([(await about(api)).active, (await about(api)).aud], [true, api]);
  assert.deepEqual(await about("https://mail.example.com"), { active: false });
});

test("a test acts for the application's own users, and is told what it may not do", async () => {
  const subject = { signIn: () => null, status: (id: string) => (id === "7" ? { id, name: "Ada" } : null) };
  const { auth, actingAs } = testing({ scopes, subject });
  const request = await actingAs("7", { scopes: ["write"] }, new Request(url, { method: "POST", body: "x" }));
  const who = await auth.authenticate(request);
  assert.deepEqual([who.subject, who.scopes, request.method], ["7", ["write"], "POST"]);
  assert.equal(await request.text(), "x");
  await assert.rejects(actingAs("8", {}, new Request(url)));
  await assert.rejects(actingAs("7", { scopes: ["unknown"] }, new Request(url)), /actingAs/);
});

test("tokens of other clients and other people work beside it", async () => {
  const { auth, actingAs } = scene();
  const app = await makeApp(auth);
  await auth.accounts.create({ login: "ada", password: "correct horse battery" });
  const { access_token } = await tokens(auth, app, new Browser(auth));
  const by = (headers: HeadersInit) => auth.authenticate(new Request(url, { headers }));
  const one = await by({ authorization: `Bearer ${access_token}` });
  const two = await auth.authenticate(await actingAs("Ada", {}, new Request(url)));
  assert.equal(one.subject, two.subject);
  const three = await auth.authenticate(await actingAs("grace", {}, new Request(url)));
  assert.notEqual(three.subject, two.subject);
});

test("a requirement that cannot be met is the application's fault: told to it, and nothing of it to the requester", async () => {
  const faults: Error[] = [];
  const { auth, actingAs } = scene({ onFault: (fault) => faults.push(fault) });
  const guarded = auth.guard({ audience: "https://secret.example.com" }, () => new Response("in"));
  const bearer = await actingAs("ada", { scopes: ["read"] }, new Request(url));
  const proven = new Request(url, { headers: { authorization: "DPoP x", dpop: "y" } });
  for (const [number, request] of [bearer, proven].entries()) {
    const response = await guarded(request);
    assert.equal(response.status, 500);
    assert.deepEqual(await response.json(), { error: "server_error", error_description: "The server failed" });
    assert.equal(faults.length, number + 1);
    assert.match(String(faults.at(-1)), /audience/);
  }
});
