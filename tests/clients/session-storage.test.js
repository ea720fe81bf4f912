// What is kept in Redis, in a real one: sessions of people who sign in elsewhere (seed H15), and a cache before a store.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { createOAuthSessions } from "claviger";
import { cached, fromKeyValue } from "claviger/stores/key-value";
import { memory } from "claviger/stores/memory";
import { testing } from "claviger/testing";
import { createClient } from "redis";
import { redisStore } from "../../examples/session-storage/redis.ts";
import { cases } from "../store-contract/suite.js";

const did = "did:plc:z72i7hdynmk6r22z27h6tvur";
const data = { did, handle: "ada.test", accessToken: "a token", é: "\u{1f511}" };

suite("session-storage", () => {
  let folder;
  let server;
  let redis;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "claviger-redis-"));
    const path = join(folder, "socket");
    const settings = ["--port", "0", "--unixsocket", path, "--save", "", "--dir", folder];
    server = spawn(process.env.REDIS_SERVER_PATH ?? "redis-server", settings, { stdio: ["ignore", "pipe", "inherit"] });
    for await (const line of server.stdout.setEncoding("utf8")) if (line.includes("ready to accept")) break;
    redis = await createClient({ socket: { path } }).connect();
  });
  after(async () => {
    await redis?.close();
    if (server && server.exitCode === null) {
      server.kill();
      await once(server, "close");
    }
    rmSync(folder, { recursive: true });
  });

  test("H15 the example for Redis keeps sessions in a real one", async () => {
    const storage = fromKeyValue(redisStore(redis), { prefix: "oauth:" });
    const session = { did, handle: "ada.test", toJSON: () => data };
    const client = {
      authorize: async (_handle, { state }) => {
        await storage.set(`pkce:${state}`, { codeVerifier: "v" }, { ttl: 600 });
        return new URL(`https://pds.test/authorize?state=${state}`);
      },
      callback: async (params) => {
        const state = params.get("state");
        assert.deepEqual(await storage.get(`pkce:${state}`), { codeVerifier: "v" });
        await storage.delete(`pkce:${state}`);
        return { session, state };
      },
      restore: (did) => storage.get(`session:${did}`),
    };
    const { auth, clock } = testing();
    clock.advance(Date.now() - clock.now());
    const password = "a password of at least 32 characters, for tests";
    const sessions = createOAuthSessions(auth, { client, storage, password, clock: clock.now });

    const login = new Request("https://auth.example.com/login");
    const { location, headers } = await sessions.start(login, "ada.test");
    const state = new URL(location).searchParams.get("state");
    const left = await redis.ttl(`oauth:pkce:${state}`);
    assert.ok(left > 590 && left <= 600, `SETEX: ${left}`);
    const cookie = headers[0][1].split(";")[0];
    const address = `https://auth.example.com/callback?code=c&state=${state}`;
    const response = await sessions.callback(new Request(address, { headers: { cookie } }));
    assert.equal(response.status, 303, await response.text());
    assert.deepEqual(await redis.keys("*"), [`oauth:session:${did}`]);
    assert.equal(await redis.ttl(`oauth:session:${did}`), -1, "it has no end");

    const sid = response.headers.get("set-cookie").split(";")[0];
    const page = new Request("https://auth.example.com/", { headers: { cookie: sid } });
    assert.deepEqual(await sessions.getOAuthSessionFromRequest(page), data);
    await sessions.logout(page);
    // When they signed out is kept for as long as a seal from before could live.
    assert.deepEqual(await redis.keys("*"), [`oauth:ended:${did}`]);
    assert.ok((await redis.ttl(`oauth:ended:${did}`)) > 1_209_000);
    assert.equal((await sessions.validate(page)).valid, false);
  });

  test("a store behind Redis as its cache keeps the contract of stores, and asks once for a client", async () => {
    let loads = 0;
    const behind = memory();
    const load = (keys) => {
      loads += 1;
      return behind.load(keys);
    };
    const watched = { load, commit: (commit) => behind.commit(commit), scan: (...range) => behind.scan(...range) };
    const store = cached(watched, fromKeyValue(redisStore(redis), { prefix: "cache:" }));
    for (const { run } of cases) await run(store);
    const key = "main.client.web/client";
    behind.commit({ put: [{ key, value: "{}", expires: null }] });
    loads = 0;
    for (let time = 0; time < 3; time++) assert.equal((await store.load([key]))[0].value, "{}");
    assert.equal(loads, 1);
    await store.commit({ put: [{ key, value: "[]", expires: null }] });
    assert.equal((await store.load([key]))[0].value, "[]");
    assert.equal(await redis.exists(`cache:row:${key}`), 0);
  });
});
