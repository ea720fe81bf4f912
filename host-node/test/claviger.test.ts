// The object that people hold: options, errors, rooms, events.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  Claviger,
  type ClavigerEvent,
  ConfigurationError,
  type Fault,
  type Options,
  Refused,
  type Store,
} from "claviger";
import { memory } from "claviger/stores/memory";
import { testing } from "claviger/testing";
import { Browser, makeApp, signInAndConsent, tokens } from "./browser.ts";

const issuer = "https://auth.example.com";
const secret = "f1d3a09c5b7e42688cb0de9417a6e35b";
const scopes = { read: "See your things", write: "Change your things" };

function make(options: Partial<Options> = {}): Claviger {
  return new Claviger({ issuer, secret, store: memory(), onFault: () => {}, ...options });
}

const metadata = () => new Request(`${issuer}/.well-known/oauth-authorization-server`);

test("nothing is compiled before the first call, and ready() does it early", async () => {
  let asked = 0;
  const bytes = readFileSync(new URL(import.meta.resolve("claviger/engine.wasm")));
  const engine = () => {
    asked += 1;
    return bytes;
  };
  const auth = make({ engine });
  assert.equal(asked, 0);
  await Promise.all([auth.ready(), auth.ready(), auth.fetch(metadata())]);
  await make({ engine }).ready();
  assert.equal(asked, 1, "one source is compiled once for all objects");
});

test("an engine that cannot be had is asked for again by the next call", async () => {
  let asked = 0;
  const engine = async () => {
    asked += 1;
    if (asked === 1) throw new Error("offline");
    return readFileSync(new URL(import.meta.resolve("claviger/engine.wasm")));
  };
  const auth = make({ engine });
  await assert.rejects(auth.ready(), /offline/);
  await auth.ready();
});

for (const [what, options, named] of [
  ["an absent secret", { secret: undefined }, /secret: missing/],
  ["an absent store", { store: undefined } as unknown as Partial<Options>, /store: missing/],
  ["a store that is none", { store: "sqlite:auth.db" } as unknown as Partial<Options>, /store: missing/],
  ["a short secret", { secret: "short" }, /secret/],
  ["an issuer that is no address", { issuer: "auth" }, /issuer/],
  ["a member that nobody knows", { isuer: "x" } as never, /isuer/],
  ["a lifetime out of bounds", { lifetimes: { code: "1d" } }, /code/],
] as const) {
  test(`${what} is a ConfigurationError that names it, from ready() and from the first request`, async () => {
    const auth = make(options);
    const expected = (error: unknown) => error instanceof ConfigurationError && named.test(error.message);
    await assert.rejects(auth.ready(), expected);
    await assert.rejects(auth.fetch(metadata()), expected);
    await assert.rejects(auth.clients.find("x"), expected);
  });
}

test("a module that is not the engine is refused", async () => {
  // (module (import "env" "now" (func (result i64))))
  const engine = Buffer.from("AGFzbQEAAAABBQFgAAF+AgsBA2VudgNub3cAAA==", "base64");
  await assert.rejects(make({ engine }).ready(), /imports now/);
});

/**
 * An engine that opens, and traps in the first `begin` of each instance. One that is used again answers nonsense:
 * `(if (i32.eqz (global.get $used)) (then (global.set $used (i32.const 1)) (unreachable)))`.
 */
const trapping = Buffer.from(
  "AGFzbQEAAAABHAVgAABgAn9/An9/YAJ/fwF/YAN/f38AYAACf38CMgEOLi9lbmdpbmVfYmcuanMfX193YmluZGdlbl9pbml0X2V4dGVybnJl" +
    "Zl90YWJsZQAAAwYFAgMAAQEFAwEAAQYGAX8BQQALB1IGBm1lbW9yeQIAEV9fd2JpbmRnZW5fbWFsbG9jAAEPX193YmluZGdlbl9mcmVlAAIQ" +
    "X193YmluZGdlbl9zdGFydAADBG9wZW4ABAViZWdpbgAFCiYFBQBBgAgLAgALAgALBgBBCEEJCxEAIwBFBEBBASQAAAtBCEEJCwsPAQBBCAsJ" +
    "eyJvayI6e319",
  "base64",
);

test("a trap is answered with 503, told to onFault, and every request gets a new instance", async () => {
  const faults: Error[] = [];
  const auth = make({ engine: trapping, onFault: (fault) => faults.push(fault) });
  for (let count = 0; count < 2; count++) {
    const response = await auth.fetch(metadata());
    assert.equal(response.status, 503);
    assert.doesNotMatch(await response.text(), /unreachable/);
  }
  await assert.rejects(auth.clients.find("x"), { code: "engine_trapped" });
  assert.deepEqual(
    faults.map((fault) => [(fault as Fault).code, fault.message]),
    Array(3).fill(["engine_trapped", "The engine's instance ended: unreachable"]),
  );
  assert.ok(faults[0]!.cause instanceof WebAssembly.RuntimeError);
});

/** An engine whose every answer is `{"done":{}}`. */
const empty = Buffer.from(
  "AGFzbQEAAAABFwRgAABgAn9/AX9gA39/fwBgAn9/An9/AjIBDi4vZW5naW5lX2JnLmpzH19fd2JpbmRnZW5faW5pdF9leHRlcm5yZWZfdGFibGUA" +
    "AAMFBAECAAMFAwEAAQdSBgZtZW1vcnkCABFfX3diaW5kZ2VuX21hbGxvYwABD19fd2JpbmRnZW5fZnJlZQACEF9fd2JpbmRnZW5fc3RhcnQA" +
    "AwRvcGVuAAQFYmVnaW4ABAoUBAUAQYAICwIACwIACwYAQQhBCwsLEQEAQQgLC3siZG9uZSI6e319",
  "base64",
);

test("an end with neither a result nor a reason is a fault, not something that was not found", async () => {
  const auth = make({ engine: empty, onFault: () => {} });
  await assert.rejects(auth.clients.find("x"), { code: "engine_failed", status: 500 });
  assert.equal((await auth.fetch(metadata())).status, 500);
});

test("fetch can be handed over by itself", async () => {
  const { fetch } = make();
  const response = await fetch(metadata(), { DB: "a Worker's environment" }, { waitUntil() {} });
  assert.equal(((await response.json()) as { issuer: string }).issuer, issuer);
});

test("a body over limits.body is refused with 413 before it is read", async () => {
  const request = (length: number) =>
    new Request(`${issuer}/token`, { method: "POST", body: new URLSearchParams({ a: "x".repeat(length) }) });
  const auth = make({ limits: { body: 1024 } });
  assert.equal((await auth.fetch(request(2000))).status, 413);
  assert.notEqual((await auth.fetch(request(900))).status, 413);
  assert.equal((await make().fetch(request(70_000))).status, 413);
});

test("a requester who goes away is answered with 499, and the next request works", async () => {
  const gone = new AbortController();
  const rows = memory();
  const store = {
    load: (keys: readonly string[]) => {
      gone.abort();
      return new Promise<ReturnType<typeof rows.load>>((resolve) => setTimeout(resolve, 20, rows.load(keys)));
    },
    commit: rows.commit.bind(rows),
    scan: rows.scan.bind(rows),
  };
  const auth = make({ store });
  assert.equal((await auth.fetch(new Request(`${issuer}/jwks`, { signal: gone.signal }))).status, 499);
  assert.equal((await auth.fetch(new Request(`${issuer}/jwks`))).status, 200);
});

test("a client is made, found, changed and deleted", async () => {
  const { auth } = testing({ scopes });
  const { client, secret } = await auth.clients.create({ name: "App", redirectUris: ["https://app.example.com/cb"] });
  const publicClient = await auth.clients.create({
    name: "Phone",
    redirectUris: ["http://127.0.0.1/cb"],
    authMethod: "none",
    id: "phone",
  });
  // The types say so too.
  const none: null = publicClient.secret;
  const some: string = secret;
  assert.equal(none, null);
  assert.ok(some.length >= 32);
  assert.deepEqual(await auth.clients.find(client.id), client);
  assert.equal(await auth.clients.find("nobody"), null);
  assert.equal((await auth.clients.update("phone", { name: "Telephone" })).name, "Telephone");
  assert.equal(await auth.clients.delete("phone"), true);
  assert.equal(await auth.clients.delete("phone"), false);
  await assert.rejects(auth.clients.update("phone", { name: "x" }), (error: unknown) => {
    return error instanceof Refused && error.code === "not_found" && error.status === 404;
  });
});

test("a client registers itself by an initial access token, and is what it says of itself", async () => {
  const { auth } = testing({ scopes, registration: { mode: "token" } });
  const register = (token: string) => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const body = JSON.stringify({ redirect_uris: ["https://app.example.com/cb"], software_id: "printer" });
    return auth.fetch(new Request("https://auth.example.com/register", { method: "POST", headers, body }));
  };
  const { token, ...issued } = await auth.registrationTokens.issue({ uses: 2, expiresIn: "1h" });
  const response = await register(token);
  assert.equal(response.status, 201);
  const made = await response.json();
  const client = await auth.clients.find(made.client_id);
  assert.equal(client?.origin, "registered");
  assert.equal(client.metadata?.software_id, "printer");
  assert.deepEqual((await auth.registrationTokens.list().page()).items, [{ ...issued, usesLeft: 1 }]);
  assert.equal(await auth.registrationTokens.revoke(issued.id), true);
  assert.equal((await register(token)).status, 401);
});

test("a list is iterated over all its pages, or taken page by page", async () => {
  const { auth } = testing();
  const ids = ["a", "b", "c", "d", "e"];
  for (const id of ids) await auth.clients.create({ name: id, redirectUris: ["https://app.example.com/cb"], id });
  const found = [];
  for await (const client of auth.clients.list({ limit: 2 })) found.push(client.id);
  assert.deepEqual(found, ids);
  const first = await auth.clients.list({ limit: 2 }).page();
  assert.deepEqual(
    first.items.map((client) => client.id),
    ["a", "b"],
  );
  const rest = await auth.clients.list({ limit: 10, after: first.next! }).page();
  assert.deepEqual(
    rest.items.map((client) => client.id),
    ["c", "d", "e"],
  );
  assert.equal(rest.next, null);
});

test("an account is made, found by id or login, disabled, and given another password", async () => {
  const { auth } = testing();
  const account = await auth.accounts.create({ login: "ada", password: "correct horse battery" });
  assert.deepEqual(await auth.accounts.find(account.id), account);
  assert.deepEqual(await auth.accounts.find({ login: "ada" }), account);
  assert.equal((await auth.accounts.disable(account.id)).disabled, true);
  assert.equal((await auth.accounts.enable(account.id)).disabled, false);
  assert.equal((await auth.accounts.update(account.id, { name: "Ada" })).name, "Ada");
  await auth.accounts.setPassword(account.id, "another horse battery");
  assert.deepEqual(
    (await Array.fromAsync(auth.accounts.list())).map(({ login }) => login),
    ["ada"],
  );
  await assert.rejects(auth.accounts.create({ login: "ada" }), { code: "already_exists", status: 409 });
});

test("keys are generated, rotated, listed and withdrawn", async () => {
  const { auth } = testing();
  const [active] = await auth.keys.rotate();
  const next = await auth.keys.generate("ES256");
  assert.deepEqual([next.algorithm, next.state], ["ES256", "next"]);
  assert.ok((await auth.keys.list()).some((key) => key.kid === active!.kid));
  const withdrawn = await auth.keys.withdraw(active!.kid);
  assert.equal(withdrawn.find((key) => key.kid === active!.kid)?.state, "withdrawn");
});

test("listeners hear of what happened, and of nothing once they are taken off", async () => {
  const { auth } = testing();
  const heard: ClavigerEvent[] = [];
  const clients: string[] = [];
  const off = auth.on("*", (event) => heard.push(event));
  auth.on("client.created", (event) => clients.push(event.clientId));
  const { client } = await auth.clients.create({ name: "App", redirectUris: ["https://app.example.com/cb"] });
  assert.deepEqual(heard, [{ name: "client.created", clientId: client.id, at: 1_790_000_000_000 }]);
  assert.deepEqual(clients, [client.id]);
  off();
  await auth.clients.delete(client.id);
  assert.equal(heard.length, 1);
});

test("a listener that throws changes no answer, and onFault hears of it", async () => {
  const faults: Error[] = [];
  const { auth } = testing({ onFault: (fault) => faults.push(fault) });
  auth.on("client.created", () => {
    throw new Error("a listener's own mistake");
  });
  await auth.clients.create({ name: "App", redirectUris: ["https://app.example.com/cb"] });
  await new Promise(setImmediate);
  assert.deepEqual(
    faults.map((fault) => fault.message),
    ["a listener's own mistake"],
  );
});

test("HW-018 an onFault or a listener that throws, rejects or calls back changes no answer and ends no process", async (context) => {
  const { mock } = context.mock.method(console, "error", () => {});
  for (const onFault of [
    () => {
      throw new Error("the log is full");
    },
    async () => Promise.reject(new Error("the log is full")),
  ]) {
    const failing = memory();
    failing.load = () => {
      throw new Error("the disk is gone");
    };
    const response = await make({ store: failing, onFault }).fetch(new Request(`${issuer}/jwks`));
    assert.equal(response.status, 503);
    const auth = make({ onFault });
    auth.on("*", () => auth.clients.list());
    auth.on("*", () => Promise.reject(new Error("a listener's own mistake")));
    const { client } = await auth.clients.create({ name: "App", redirectUris: ["https://app.example.com/cb"] });
    assert.deepEqual(await auth.clients.find(client.id), client);
    await new Promise(setImmediate);
  }
  assert.ok(mock.callCount() >= 4, "what could not be told is on the console");
});

test("purge goes through all pages and removes what is over, or only counts it", async () => {
  const { auth, clock } = testing({ scopes });
  await auth.accounts.create({ login: "ada", password: "correct horse battery" });
  const app = await makeApp(auth);
  for (let count = 0; count < 3; count++) await tokens(auth, app);
  assert.deepEqual((await auth.purge()).purged, {});
  clock.advance("400d");
  const counted = await auth.purge({ dryRun: true });
  assert.deepEqual(counted.purged, { grant: 3, consent: 1, session: 3, count: 1 });
  assert.deepEqual((await auth.purge()).purged, counted.purged);
  assert.deepEqual((await auth.purge()).purged, {});
  assert.deepEqual(counted.unreadable, []);
});

test("the same configuration, time, chance and calls give the same bytes", async () => {
  const once = async () => {
    const { auth } = testing({ scopes });
    await auth.accounts.create({ login: "ada", password: "correct horse battery" });
    return tokens(auth, await makeApp(auth));
  };
  assert.deepEqual(await once(), await once());
});

test("users of the host's own sign in, and a user who is gone gets no more tokens", async () => {
  const users = new Map([["7", { id: "7", name: "Ada" }]]);
  const { auth } = testing({
    scopes,
    subject: {
      signIn: async (login, password) =>
        login === "ada" && password === "correct horse battery" ? users.get("7") : null,
      status: (id) => users.get(id),
    },
  });
  const app = await makeApp(auth);
  const { access_token, refresh_token } = await tokens(auth, app);
  assert.equal((await auth.tokens.verify(access_token)).subject, "7");
  assert.equal((await auth.tokens.introspect(refresh_token)).active, true);
  users.clear();
  assert.equal((await auth.tokens.introspect(refresh_token)).active, false);
});

test("a user source that throws lets nobody in", async () => {
  const { auth } = testing({
    scopes,
    onFault: () => {},
    subject: {
      signIn: () => {
        throw new Error("the directory is down");
      },
      status: () => null,
    },
  });
  const app = await makeApp(auth);
  await assert.rejects(signInAndConsent(new Browser(auth), app), /503 is no redirect/);
});

test("a stored value that is no JSON is one bad row, whatever is in it, and moves no other", async () => {
  const store = memory();
  const auth = make({ store });
  const { client } = await auth.clients.create({ name: "App", redirectUris: ["https://app.example/cb"] });
  for (const value of ["", "\0", '{}\0{"v":1}', "\0".repeat(9), "\ud800"]) {
    const load = async (keys: readonly string[]) => (await store.load(keys)).map((row) => row && { ...row, value });
    const spoiled: Store = { load, commit: (commit) => store.commit(commit), scan: store.scan.bind(store) };
    await assert.rejects(make({ store: spoiled }).clients.find(client.id), { code: "bad_row" }, value);
  }
  assert.equal((await auth.clients.find(client.id))?.name, "App");
});

test("several issuers share one engine, and nothing of one is good for another", async () => {
  const auth = make({ issuers: [{ issuer: "https://second.example.com", tenant: "second", secret: `${secret}2` }] });
  const second = auth.at("https://second.example.com");
  const { client } = await second.clients.create({ name: "App", redirectUris: ["https://app.example.com/cb"] });
  assert.equal(await auth.clients.find(client.id), null);
  assert.equal((await second.clients.find(client.id))?.name, "App");
  const metadata = await auth.fetch(new Request("https://second.example.com/.well-known/oauth-authorization-server"));
  assert.equal(((await metadata.json()) as { issuer: string }).issuer, "https://second.example.com");
  await assert.rejects(auth.at("https://nobody.example.com").keys.list(), { code: "bad_call" });
});

test("an issuer is found by its host where a proxy took TLS away", async () => {
  const second = { issuer: "https://second.example.com", tenant: "second", secret: `${secret}2` };
  const auth = make({ issuers: [second] });
  const address = "http://second.example.com/.well-known/oauth-authorization-server";
  const response = await auth.fetch(new Request(address, { headers: { host: "second.example.com" } }));
  assert.equal(((await response.json()) as { issuer: string }).issuer, second.issuer);
});

test("each of several issuers has its own limit of bodies", async () => {
  const second = "https://second.example.com";
  const other = { issuer: second, tenant: "second", secret: `${secret}2`, limits: { body: 4096 } };
  const auth = make({ limits: { body: 1024 }, issuers: [other] });
  const status = async (at: string, length: number) =>
    (await auth.fetch(new Request(`${at}/token`, { method: "POST", body: "x".repeat(length) }))).status;
  assert.equal(await status(issuer, 1025), 413);
  assert.notEqual(await status(second, 4096), 413);
  assert.equal(await status(second, 4097), 413);
});

test("that the peer is unknown where anybody may register is told once", async () => {
  const told = async (options: Partial<Options>, remote?: string) => {
    const faults: Error[] = [];
    const auth = make({ ...options, onFault: (fault) => faults.push(fault), ...(remote && { remote: () => remote }) });
    for (let count = 0; count < 2; count++) await auth.fetch(metadata());
    return faults.map((fault) => fault.message.includes("address of the peer"));
  };
  const open = { registration: { mode: "open" } } as const;
  assert.deepEqual(await told(open), [true]);
  assert.deepEqual(await told({ registration: { documents: true }, fetch: () => new Response() }), [true]);
  assert.deepEqual(await told(open, "203.0.113.9"), []);
  assert.deepEqual(await told({ registration: { mode: "token" } }), []);
  assert.deepEqual(await told({}), []);
});
