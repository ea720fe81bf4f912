// The stores of this package against the contract suite, and what is SQLite's own.
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, suite, test } from "node:test";
import BetterSqlite from "better-sqlite3";
import type { Store } from "claviger";
import { memory } from "claviger/stores/memory";
import { sqlite } from "claviger/stores/sqlite";
import { cases } from "../../tests/store-contract/suite.js";

const folder = mkdtempSync(join(tmpdir(), "claviger-stores-"));
after(() => rmSync(folder, { recursive: true }));

const stores: Record<string, () => Store> = {
  memory: () => memory(),
  "sqlite by path": () => sqlite(join(folder, "path.db")),
  "sqlite in memory": () => sqlite(":memory:"),
  "node:sqlite handed in": () => sqlite(new DatabaseSync(join(folder, "node.db"))),
  "better-sqlite3 handed in": () => sqlite(new BetterSqlite(join(folder, "better.db"))),
};
for (const [name, make] of Object.entries(stores)) {
  suite(name, () => {
    const store = make();
    for (const { name, run } of cases) test(name, () => run(store));
  });
}

test("memory: rows are removed after they expire, never before", () => {
  let now = 1000;
  const store = memory({ clock: () => now });
  store.commit({ put: [{ key: "p/a", value: "1", expires: 2000 }] });
  const sweep = () => {
    for (let count = 0; count < 1024; count++) store.commit({ put: [{ key: "p/b", value: "1", expires: null }] });
  };
  now = 1999;
  sweep();
  assert.equal(store.load(["p/a"])[0]?.value, "1");
  now = 2000;
  sweep();
  assert.deepEqual(store.load(["p/a"]), [null]);
  assert.equal(store.load(["p/b"])[0]?.value, "1");
});

test("sqlite: rows are removed after they expire, never before", async () => {
  let now = 1000;
  using store = sqlite(":memory:", { clock: () => now, sweepEvery: 0 });
  await store.commit({ put: [{ key: "p/a", value: "1", expires: 2000 }] });
  const sweep = () => store.commit({ put: [{ key: "p/b", value: "1", expires: null }] });
  now = 1999;
  await sweep();
  assert.equal(store.load(["p/a"])[0]?.value, "1");
  now = 2000;
  await sweep();
  assert.deepEqual(store.load(["p/a"]), [null]);
});

test("sqlite: everything is there after the file was closed and opened again", async () => {
  const file = join(folder, "again.db");
  const first = sqlite(file);
  await first.commit({ put: [{ key: "p/a", value: "1", expires: null }] });
  const [before] = first.load(["p/a"]);
  first.close();
  const second = sqlite(file);
  assert.deepEqual(second.load(["p/a"]), [before]);
  await second.commit({ delete: ["p/a"] });
  await second.commit({ put: [{ key: "p/a", value: "1", expires: null }] });
  assert.notEqual(second.load(["p/a"])[0]?.version, before?.version);
  second.close();
});

test("sqlite: a commit is on the disk before it is answered", async () => {
  const database = new DatabaseSync(join(folder, "pragmas.db"));
  using _store = sqlite(database);
  assert.deepEqual({ ...database.prepare("PRAGMA journal_mode").get() }, { journal_mode: "wal" });
  assert.deepEqual({ ...database.prepare("PRAGMA synchronous").get() }, { synchronous: 2 });
});

test("sqlite: a file of a newer layout is refused, not misread", () => {
  const file = join(folder, "newer.db");
  sqlite(file).close();
  const database = new DatabaseSync(file);
  database.exec("PRAGMA user_version = 2");
  database.close();
  assert.throws(() => sqlite(file), /layout 2/);
});

test("sqlite: an application's own database keeps its tables and its user_version", () => {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE mine (a); PRAGMA user_version = 7");
  using _store = sqlite(database);
  assert.deepEqual({ ...database.prepare("PRAGMA user_version").get() }, { user_version: 7 });
  assert.equal(database.prepare("SELECT count(*) AS n FROM mine").get()?.n, 0);
});

test("sqlite: a commit that fails leaves nothing behind and rejects, and the next one works", async () => {
  const database = new DatabaseSync(":memory:");
  using store = sqlite(database);
  const broken = {
    put: [
      { key: "p/a", value: "1", expires: null },
      { key: "p/b", value: null as never, expires: null },
    ],
  };
  await assert.rejects(async () => store.commit(broken), /NOT NULL/);
  assert.deepEqual(store.load(["p/a"]), [null]);
  assert.equal(await store.commit({ put: [{ key: "p/a", value: "1", expires: null }] }), "committed");
});

test("sqlite: a writer waits for another connection, and gives up at its timeout", async () => {
  const file = join(folder, "busy.db");
  using patient = sqlite(file);
  using hasty = sqlite(file, { busyTimeout: 50 });
  const other = new DatabaseSync(file);
  other.exec("BEGIN IMMEDIATE");
  await assert.rejects(async () => hasty.commit({ delete: ["p/a"] }), /locked/);
  const commit = patient.commit({ put: [{ key: "p/a", value: "1", expires: null }] });
  setTimeout(() => other.exec("ROLLBACK"), 200);
  assert.equal(await commit, "committed");
  other.close();
});

test("sqlite: four processes count to 400 without losing one, and one of them wins each of 50 races", async () => {
  const file = join(folder, "processes.db");
  sqlite(file).close();
  const won = await Promise.all(Array.from({ length: 4 }, () => raceInProcess(file)));
  using store = sqlite(file);
  assert.equal(store.load(["p/counter"])[0]?.value, "400");
  assert.equal(won.flat().length, 50);
  assert.equal(new Set(won.flat()).size, 50);
});

function raceInProcess(file: string): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, "sqlite-racer.ts"), [file]);
    child.once("message", (won) => resolve(won as number[]));
    child.once("error", reject);
    child.once("exit", (code) => code && reject(new Error(`a racer exited with ${code}`)));
  });
}

test("a new SQLite file is its owner's alone, and one that is there keeps its mode", async () => {
  const file = join(folder, "private.db");
  const modes = () => ["", "-wal", "-shm"].map((end) => statSync(file + end).mode & 0o777);
  const first = sqlite(file);
  await first.load(["a.b.c/d"]);
  assert.deepEqual(modes(), [0o600, 0o600, 0o600]);
  chmodSync(file, 0o640);
  await sqlite(file).load(["a.b.c/d"]);
  assert.equal(modes()[0], 0o640);
  await sqlite(":memory:").load(["a.b.c/d"]);
  assert.equal(existsSync(":memory:"), false);
});
