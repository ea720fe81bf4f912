// What a store of get, set and delete is good for, and what it is not: seeds H2 and H15.
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import { Claviger, type Commit, type Store } from "claviger";
import { cached, fromKeyValue } from "claviger/stores/key-value";
import { memory } from "claviger/stores/memory";
import { VirtualClock } from "claviger/testing";
import { memoryStore } from "../../examples/session-storage/memory.ts";
import { redisStore } from "../../examples/session-storage/redis.ts";
import { sqliteStore } from "../../examples/session-storage/sqlite.ts";
import { cases } from "../../tests/store-contract/suite.js";
import { serverOn } from "./browser.ts";

const client = "main.client.web/client";
const grant = "main.account.ada/grant.1";
const put = (key: string, value: string): Commit => ({ put: [{ key, value, expires: null }] });

/** Text in a map, with what it was told. */
function simple() {
  const rows = new Map<string, string>();
  const ttls: (number | undefined)[] = [];
  const store = {
    get: (key: string) => rows.get(key),
    set: (key: string, value: string, ttl: number | undefined) => {
      ttls.push(ttl);
      rows.set(key, value);
    },
    delete: (key: string) => rows.delete(key),
  };
  return { rows, ttls, store };
}

/** A store behind a cache, and how often it was asked for which rows. */
function scene() {
  const clock = new VirtualClock();
  const { rows, store } = simple();
  const errors: unknown[] = [];
  const behind = memory({ clock: clock.now });
  const loads: string[][] = [];
  const watched: Store = {
    load: (keys) => {
      loads.push([...keys]);
      return behind.load(keys);
    },
    commit: (commit) => behind.commit(commit),
    scan: (...range) => behind.scan(...range),
  };
  const keyValue = fromKeyValue(store, { clock: clock.now, prefix: "app:" });
  const options = { ttl: 30, clock: clock.now, onError: (error: unknown) => errors.push(error) };
  /** One process's store: several have the one cache. */
  const process = () => cached(watched, keyValue, options);
  return { clock, rows, simple: store, errors, behind, loads, process, keyValue };
}

/** What the contract says of rows, and no more. */
const rowsOf = async (store: Store, keys: string[]) =>
  (await store.load(keys)).map((row) => row && { version: row.version, value: row.value });
const rowValue = async (store: Store, key: string) => (await store.load([key]))[0]?.value;

test("H2 a simple store keeps any JSON until its end, whether or not it forgets by itself", async () => {
  const clock = new VirtualClock();
  const { rows, ttls, store } = simple();
  const storage = fromKeyValue(store, { clock: clock.now, prefix: "app:" });
  const value = { did: "did:plc:abc", n: [1, 2.5, null], é: "\u{1f511}" };
  await storage.set("session:a", value);
  await storage.set("pkce:b", "text", { ttl: 600 });
  assert.deepEqual([...rows.keys()], ["app:session:a", "app:pkce:b"]);
  assert.deepEqual(ttls, [undefined, 600]);
  clock.advance(599_999);
  assert.equal(await storage.get("pkce:b"), "text");
  clock.advance(1);
  assert.equal(await storage.get("pkce:b"), null);
  assert.deepEqual(await storage.get("session:a"), value);
  await storage.delete("session:a");
  assert.equal(await storage.get("session:a"), null);
});

for (const [name, make] of Object.entries({ memory: memoryStore, sqlite: sqliteIn })) {
  test(`H15 the example for ${name} keeps what has no end, and lets go of what is over`, async () => {
    const clock = new VirtualClock();
    const store = make(clock.now);
    const storage = fromKeyValue(store, { clock: clock.now });
    await storage.set("session:a", { did: "did:plc:abc" });
    await storage.set("pkce:b", "first", { ttl: 60 });
    await storage.set("pkce:b", "second", { ttl: 600 });
    clock.advance("599s");
    assert.equal(await storage.get("pkce:b"), "second");
    clock.advance("1s");
    assert.equal(store.get("pkce:b"), undefined);
    assert.equal(await storage.get("pkce:b"), null);
    store.removeExpired();
    clock.advance("400d");
    assert.deepEqual(await storage.get("session:a"), { did: "did:plc:abc" });
    await storage.delete("session:a");
    assert.equal(await storage.get("session:a"), null);
  });
}

function sqliteIn(clock: () => number) {
  return sqliteStore(new DatabaseSync(":memory:"), clock);
}

test("H15 what is over in SQLite is removed by its owner, and nothing else", () => {
  const clock = new VirtualClock();
  const database = new DatabaseSync(":memory:");
  const store = sqliteStore(database, clock.now);
  store.set("a", "1");
  store.set("b", "2", 60);
  store.set("c", "3", 61);
  clock.advance("60s");
  assert.equal(store.removeExpired(), 1);
  const rows = database.prepare("SELECT key, value, expires_at, created_at FROM oauth_storage ORDER BY key").all();
  const began = clock.now() - 60_000;
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [
      { key: "a", value: "1", expires_at: null, created_at: began },
      { key: "c", value: "3", expires_at: began + 61_000, created_at: began },
    ],
  );
});

test("H15 the example for Redis says SETEX for what has an end", async () => {
  const said: unknown[][] = [];
  const say =
    (command: string) =>
    async (...words: unknown[]) => {
      said.push([command, ...words]);
      return null;
    };
  const store = redisStore({ get: say("GET"), set: say("SET"), setEx: say("SETEX"), del: say("DEL") });
  await store.set("a", "1");
  await store.set("b", "2", 600);
  await store.get("a");
  await store.delete("b");
  assert.deepEqual(said, [
    ["SET", "a", "1"],
    ["SETEX", "b", 600, "2"],
    ["GET", "a"],
    ["DEL", "b"],
  ]);
});

test("H2 a store that cannot compare and set is no store of the engine, and the error says why", () => {
  const { store } = simple();
  const options = { issuer: "https://auth.example.com", secret: "testing-only-9d41b6c07a5e4f3c8b21e6f0a7d35c94" };
  for (const bad of [store, fromKeyValue(store), new Map()]) {
    const make = () => new Claviger({ ...options, store: bad as unknown as Store });
    assert.throws(make, { code: "configuration", message: /compare and set.*redeem one code/, help: /cached\(\)/ });
  }
  new Claviger({ ...options, store: cached(memory(), fromKeyValue(store)) });
});

suite("a store behind a cache keeps the contract of stores", () => {
  const store = cached(memory(), fromKeyValue(simple().store));
  for (const { name, run } of cases) test(name, () => run(store));
});

test("rows whose stale read is harmless are asked for once, and no others are kept", async () => {
  const { loads, rows, process, clock } = scene();
  const store = process();
  const keys = [
    client,
    "main.keys.signing/set",
    grant,
    "main.document.x/attempt",
    "main.client.web/token.1",
    "other-1.client.a/client",
  ];
  await store.commit({ put: keys.map((key) => ({ key, value: "1", expires: null })) });
  clock.advance(30_000);
  const first = await rowsOf(store, [...keys, "main.client.none/client"]);
  assert.deepEqual(
    [...rows.keys()],
    [`app:row:${client}`, "app:row:main.keys.signing/set", "app:row:other-1.client.a/client"],
  );
  assert.deepEqual(await rowsOf(store, [...keys, "main.client.none/client"]), first);
  assert.deepEqual(loads[1], [grant, "main.document.x/attempt", "main.client.web/token.1", "main.client.none/client"]);
  loads.length = 0;
  assert.deepEqual(await rowsOf(store, [client, client]), [first[0], first[0]]);
  assert.deepEqual(loads, []);
  clock.advance(30_000);
  await store.load([client]);
  assert.deepEqual(loads, [[client]], "no longer than the ttl");
});

test("what a process changed it sees at once, and another one when the cache is dropped or over", async () => {
  const { process, clock, simple } = scene();
  const [one, other] = [process(), process()];
  await one.commit(put(client, "old"));
  clock.advance(30_000);
  assert.equal(await rowValue(other, client), "old");
  await one.commit(put(client, "new"));
  assert.equal(await rowValue(one, client), "new");
  assert.equal(await rowValue(other, client), "new", "the one cache was dropped");

  // The other's copy arrives after the change: it loaded before.
  const late = simple.get(`app:row:${client}`)!;
  await one.commit(put(client, "newer"));
  simple.set(`app:row:${client}`, late, 30);
  assert.equal(await rowValue(one, client), "newer", "its own change");
  assert.equal(await rowValue(other, client), "new", "stale, as long as the ttl");
  clock.advance(30_000);
  assert.equal(await rowValue(other, client), "newer");
});

test("a commit decided on a stale row is stale, and what it was decided on is read anew", async () => {
  const { process, clock, behind, loads } = scene();
  const store = process();
  behind.commit(put(client, "old"));
  const [stale] = await rowsOf(store, [client]);
  behind.commit(put(client, "new"));
  assert.deepEqual(await rowsOf(store, [client]), [stale]);
  const require = [{ key: client, version: stale!.version }];
  assert.equal(await store.commit({ ...put(client, "lost"), require }), "stale");
  assert.equal(await rowValue(store, client), "new");
  clock.advance(1);
  loads.length = 0;
  assert.equal(await rowValue(store, client), "new");
  assert.deepEqual(loads, [[client]], "not from the cache, where another's older copy may be");
});

test("a cache that fails, lies or holds rubbish denies nobody and decides nothing", async () => {
  const { process, behind, simple, errors, clock } = scene();
  const store = process();
  behind.commit(put(client, "1"));
  const until = clock.now() + 10_000;
  for (const rubbish of [
    "no JSON",
    "{}",
    '{"value":7}',
    JSON.stringify({ value: { version: 1, value: "x", until } }),
    JSON.stringify({ value: { version: "1", value: 7, until } }),
    JSON.stringify({ value: { version: "1", value: "x", until: String(until) } }),
    '{"value":{"version":"1","value":"x","until":9e15}}',
  ]) {
    simple.set(`app:row:${client}`, rubbish, undefined);
    assert.equal(await rowValue(store, client), "1", rubbish);
    simple.delete(`app:row:${client}`);
  }
  assert.equal(errors.length, 1);
  const down = () => {
    throw new Error("the cache is down");
  };
  Object.assign(simple, { get: down, set: down, delete: down });
  assert.equal(await rowValue(store, client), "1");
  assert.equal(await store.commit(put(client, "2")), "committed");
  assert.equal(await rowValue(store, client), "2");
  assert.equal(errors.length, 4);
  clock.advance(1);
});

test("a server on a cached store works, and a client that was disabled elsewhere is let in no longer than the ttl", async () => {
  const { process, clock } = scene();
  const [{ auth: one }, { auth: other }] = [serverOn(process(), {}, clock), serverOn(process(), {}, clock)];
  const { client, secret } = await one.clients.create({
    name: "App",
    redirectUris: ["https://app.example.com/cb"],
    grantTypes: ["client_credentials"],
  });
  const token = async (auth: Claviger) => {
    const headers = { authorization: `Basic ${btoa(`${client.id}:${secret}`)}` };
    const body = new URLSearchParams({ grant_type: "client_credentials" });
    return (await auth.fetch(new Request("https://auth.example.com/token", { method: "POST", headers, body }))).status;
  };
  assert.deepEqual([await token(one), await token(other)], [200, 200]);
  clock.advance("30s");
  assert.deepEqual([await token(other), await token(other)], [200, 200]);
  await one.clients.update(client.id, { disabled: true });
  assert.equal(await token(one), 401);
  clock.advance("30s");
  assert.equal(await token(other), 401);
});
