// What operations cost in a SQLite file with few rows and with many: the same, since each finds its rows by their keys.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sqlite } from "../../host-node/dist/stores/sqlite.js";
import { claviger } from "./claviger.js";
import { presenting, refreshing } from "./client.js";
import { measure } from "./rounds.js";

/** Few operations, because each leaves rows behind and the small store should stay small. */
const pace = { rounds: 9, blocks: 1, block: 20, warmUp: 10 };

/** Each operation: what it takes, made unmeasured, and the operation itself. */
const operations = {
  "client lookup": [async () => {}, (server) => server.auth.clients.find(server.clientId)],
  "authorization request": [async () => {}, (server) => server.begin()],
  "code exchange": [
    async (server) => server.redemption(await server.code()),
    (server, form) => server.fetch.token(form),
  ],
  refresh: [
    async (server) => refreshing((await issued(server)).refresh_token),
    (server, form) => server.fetch.token(form),
  ],
  introspection: [
    async (server) => presenting((await issued(server)).access_token),
    (server, form) => server.fetch.introspect(form),
  ],
  "guarded request": [
    async (server) => new Request("https://auth.example.com", { headers: await bearer(server) }),
    (server, request) => server.auth.authenticate(request),
  ],
};

async function issued(server) {
  return JSON.parse(await server.fetch.token(server.redemption(await server.code())));
}

async function bearer(server) {
  return { authorization: `Bearer ${(await issued(server)).access_token}` };
}

/**
 * Measures every operation in stores of these sizes, interleaved. Gives the best times in CPU microseconds, `{ [operation]:
 * [time for each size] }`, how many rows there were in the end, and how SQLite goes about each statement of the store.
 */
export async function rows(sizes) {
  const folder = mkdtempSync(join(tmpdir(), "claviger-rows-"));
  try {
    const scenes = await Promise.all(sizes.map((size) => scene(join(folder, `${size}.db`), size)));
    const cases = Object.entries(operations).flatMap(([operation, [take, operate]]) =>
      scenes.map(({ server }, at) => ({
        name: `${operation}/${at}`,
        mint: async (count) => {
          const inputs = [];
          while (inputs.length < count) inputs.push(await take(server));
          return inputs;
        },
        operate: (input) => operate(server, input),
      })),
    );
    const times = await measure(cases, pace);
    const plans = scenes.at(-1).plans();
    const counts = scenes.map(
      ({ database }) => database.prepare("SELECT count(*) AS count FROM claviger_rows").get().count,
    );
    for (const { database } of scenes) database.close();
    const best = (operation) => sizes.map((_, at) => times[`${operation}/${at}`].best);
    return { times: Object.fromEntries(Object.keys(operations).map((name) => [name, best(name)])), counts, plans };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A server on a file with so many rows of others, and what its statements are. */
async function scene(file, size) {
  const database = new DatabaseSync(file);
  const statements = new Set();
  const observed = {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => {
      statements.add(sql);
      return database.prepare(sql);
    },
    close: () => database.close(),
  };
  const store = sqlite(observed);
  // What is measured is the finding of rows; a disk that is waited for would drown it.
  database.exec("PRAGMA synchronous = OFF");
  const server = await claviger("opaque", store);
  await issued(server);
  fill(database, size);
  const plan = (sql) => database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values(sql));
  const plans = () =>
    [...statements]
      .filter((sql) => sql.includes("claviger_rows") && !sql.includes("sqlite_schema"))
      .map((sql) => ({ sql, plan: plan(sql).map(({ detail }) => detail) }));
  return { server, database, plans };
}

function values(sql) {
  return Array.from(sql.matchAll(/\?/g), () => 1);
}

/** As many rows as it takes, in one transaction: the clients, accounts and grants that are there, under other ids. */
function fill(database, size) {
  const kinds = ["/client", "/account", "/grant."];
  const samples = kinds.map((kind) =>
    database.prepare("SELECT key, value, expires FROM claviger_rows WHERE instr(key, ?)").get(kind),
  );
  const insert = database.prepare(`
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?5)
    INSERT INTO claviger_rows (key, version, value, expires)
    SELECT replace(?1, ?2, printf('%022d', n)), 1, replace(?3, ?2, printf('%022d', n)), ?4 FROM numbers`);
  database.exec("BEGIN");
  for (const { key, value, expires } of samples) {
    const id = /^main\.[a-z]+\.([^/]+)/.exec(key)[1];
    insert.run(key, id, value, expires, Math.ceil(size / kinds.length));
  }
  database.exec("COMMIT");
}
