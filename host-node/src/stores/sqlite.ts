import { ConfigurationError } from "../errors.js";
import { type Commit, type Committed, keysOnce, type Page, type Row, type Store } from "../store.js";

/** What `node:sqlite`, `better-sqlite3` and `bun:sqlite` have in common. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  close(): unknown;
}

/** One prepared statement. */
export interface SqliteStatement {
  // biome-ignore lint/suspicious/noExplicitAny: each driver has its own type of bound values
  get(...values: any[]): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: each driver has its own type of bound values
  all(...values: any[]): unknown[];
  // biome-ignore lint/suspicious/noExplicitAny: each driver has its own type of bound values
  run(...values: any[]): unknown;
}

/** What a {@link SqliteStore} can be told. */
export interface SqliteOptions {
  /** Milliseconds since 1970, by which rows expire; `Date.now` by default. Give it the clock that `Claviger` has. */
  clock?: () => number;
  /** Milliseconds to wait for another process that writes; 5000 by default. */
  busyTimeout?: number;
  /** Milliseconds between removals of expired rows; a minute by default. */
  sweepEvery?: number;
}

/**
 * A store in one SQLite file, which several processes may use at once; the native host reads the same file.
 *
 * Give it a path, and it opens the file with the SQLite of Node 22.5+, Deno or Bun. Or give it a database of `node:sqlite`,
 * `better-sqlite3` or `bun:sqlite`: two tables named `claviger_...` are added to it, and its journal is set to WAL.
 */
export function sqlite(database: string | SqliteDatabase, options: SqliteOptions = {}): SqliteStore {
  return new SqliteStore(database, options);
}

/** Kept in the `user_version` of a file of our own: a newer layout is refused rather than misread. */
const layout = 1;

// One sequence serves all keys and never goes back: a version never repeats, not even for a key that was deleted.
const tables = `
  CREATE TABLE claviger_rows (
    key     TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    value   TEXT NOT NULL,
    expires INTEGER
  );
  CREATE INDEX claviger_rows_expires ON claviger_rows (expires) WHERE expires IS NOT NULL;
  CREATE TABLE claviger_sequence (last INTEGER NOT NULL);
  INSERT INTO claviger_sequence (last) VALUES (0);`;

// FULL: a commit is on the disk before it is answered. NORMAL can lose the last ones at a power cut, and with them the mark
// that a code or a refresh token was used.
const pragmas = ["PRAGMA busy_timeout = 5000", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"];

/** How long a writer may block the event loop; it waits for the rest of `busyTimeout` without blocking. */
const blockingMillis = 20;

/** How many commits share a transaction at most, so that other processes get their turn. */
const groupSize = 64;

/** How many rows one sweep removes at most, for the same reason. */
const sweepSize = 1000;

interface Waiting {
  readonly commit: Commit;
  readonly resolve: (outcome: Committed) => void;
  readonly reject: (error: unknown) => void;
}

/** See {@link sqlite}. */
export class SqliteStore implements Store {
  readonly #database: SqliteDatabase;
  readonly #statements: ReturnType<typeof statements>;
  readonly #clock: () => number;
  readonly #busyTimeout: number;
  readonly #sweepEvery: number;
  #sweepAt: number;
  #waiting: Waiting[] = [];
  #busy = false;

  constructor(database: string | SqliteDatabase, options: SqliteOptions = {}) {
    const { clock = Date.now, busyTimeout = 5000, sweepEvery = 60_000 } = options;
    this.#database = typeof database === "string" ? opened(database) : database;
    this.#clock = clock;
    this.#busyTimeout = busyTimeout;
    this.#sweepEvery = sweepEvery;
    this.#sweepAt = clock() + sweepEvery;
    prepare(this.#database, typeof database === "string");
    this.#statements = statements(this.#database);
  }

  load(keys: readonly string[]): (Row | null)[] {
    return keys.map((key) => {
      const row = this.#statements.row.get(key) as { version: number; value: string } | null | undefined;
      return row ? { version: String(row.version), value: row.value } : null;
    });
  }

  /** Commits that arrive in one turn of the event loop share a transaction, and so one write to the disk. */
  commit(commit: Commit): Promise<Committed> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ commit, resolve, reject });
      this.#wake();
    });
  }

  scan(prefix: string, after: string | null, limit: number): Page {
    const read = this.#statements.scan.all(prefix, after ?? "", limit + 1) as {
      key: string;
      version: number;
      value: string;
    }[];
    const found = read.filter(({ key }) => key.startsWith(prefix));
    const rows = found.slice(0, limit).map(({ key, version, value }) => ({ key, version: String(version), value }));
    return { rows, next: found.length > limit ? (rows.at(-1)?.key ?? null) : null };
  }

  /** Closes the database. Answer no request after it. */
  close(): void {
    this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #wake(): void {
    if (this.#busy || this.#waiting.length === 0) return;
    this.#busy = true;
    setImmediate(async () => {
      await this.#writeGroup(this.#waiting.splice(0, groupSize));
      this.#busy = false;
      this.#wake();
    });
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#begin();
      const outcomes = this.#inTransaction(() => group.map(({ commit }) => this.#apply(commit)));
      group.forEach(({ resolve }, index) => {
        resolve(outcomes[index] ?? "unknown");
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  /** Waits for its turn among processes. Nothing has been written when it gives up. */
  async #begin(): Promise<void> {
    const until = performance.now() + this.#busyTimeout;
    while (true) {
      try {
        this.#database.exec("BEGIN IMMEDIATE");
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() >= until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * blockingMillis));
      }
    }
  }

  #inTransaction<T>(work: () => T): T {
    try {
      const result = work();
      this.#sweep();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  #rollback(): void {
    try {
      this.#database.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back by itself (a full disk, for one); the first error is the one to tell.
    }
  }

  /** Everything is checked before anything is written, so a stale commit leaves nothing to undo. */
  #apply(commit: Commit): Committed {
    keysOnce(commit);
    const { require = [], put = [], delete: remove = [], add = [] } = commit;
    const now = this.load([...require, ...add].map(({ key }) => key));
    const holds = require.every(({ version }, index) => (now[index]?.version ?? null) === version);
    const sums = add.map(({ delta }, index) => Number(now[require.length + index]?.value ?? 0) + delta);
    if (!holds || add.some(({ ceiling }, index) => (sums[index] ?? 0) > ceiling)) return "stale";

    // One version for all rows of a commit: each key has at most one new value in it.
    const { last: version } = this.#statements.next.get() as { last: number };
    for (const { key, value, expires } of put) this.#statements.put.run(key, version, value, expires);
    for (const key of remove) this.#statements.remove.run(key);
    add.forEach(({ key, expires }, index) => {
      this.#statements.put.run(key, version, String(sums[index]), expires);
    });
    return "committed";
  }

  #sweep(): void {
    const now = this.#clock();
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + this.#sweepEvery;
    this.#statements.sweep.run(now, sweepSize);
  }
}

function statements(database: SqliteDatabase) {
  return {
    row: database.prepare("SELECT version, value FROM claviger_rows WHERE key = ?"),
    scan: database.prepare(
      "SELECT key, version, value FROM claviger_rows WHERE key >= ? AND key > ? ORDER BY key LIMIT ?",
    ),
    next: database.prepare("UPDATE claviger_sequence SET last = last + 1 RETURNING last"),
    put: database.prepare(
      `INSERT INTO claviger_rows (key, version, value, expires) VALUES (?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET version = excluded.version, value = excluded.value, expires = excluded.expires`,
    ),
    remove: database.prepare("DELETE FROM claviger_rows WHERE key = ?"),
    sweep: database.prepare(
      "DELETE FROM claviger_rows WHERE key IN (SELECT key FROM claviger_rows WHERE expires <= ? LIMIT ?)",
    ),
  };
}

/** Sets up the connection, and makes the tables unless another process has. */
function prepare(database: SqliteDatabase, own: boolean): void {
  for (const pragma of pragmas) database.exec(pragma);
  database.exec("BEGIN IMMEDIATE");
  try {
    const made = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'claviger_rows'").get();
    if (own) checkLayout(database);
    if (!made) database.exec(tables);
    // A database that was handed in may count its own layouts there.
    if (own) database.exec(`PRAGMA user_version = ${layout}`);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
  database.exec(`PRAGMA busy_timeout = ${blockingMillis}`);
}

function checkLayout(database: SqliteDatabase): void {
  const { user_version: found } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (found === 0 || found === layout) return;
  throw new ConfigurationError(
    `The SQLite file has layout ${found}, and this version of claviger knows layout ${layout}`,
    "Use the version of claviger that wrote the file, or a newer one; a file that is not claviger's must be opened by you.",
  );
}

/** `node:sqlite` is there without a flag in Node 22.13+, Deno and Bun; asking the process for it keeps it out of every bundle. */
function opened(path: string): SqliteDatabase {
  const module = builtin("node:sqlite") as { DatabaseSync: new (path: string) => SqliteDatabase } | undefined;
  if (module) {
    makePrivate(path);
    return new module.DatabaseSync(path);
  }
  throw new ConfigurationError(
    "This runtime has no SQLite of its own",
    'Use Node 22.13 or newer, or hand in a database: sqlite(new Database("auth.db")) with better-sqlite3.',
  );
}

function builtin(name: string): unknown {
  return (globalThis as { process?: { getBuiltinModule?(name: string): unknown } }).process?.getBuiltinModule?.(name);
}

/** A new file is its owner's alone, since password hashes are in it; SQLite makes the files beside it alike. */
function makePrivate(path: string): void {
  if (path === "" || path === ":memory:" || path.startsWith("file:")) return;
  const files = builtin("node:fs") as typeof import("node:fs") | undefined;
  try {
    files?.closeSync(files.openSync(path, "ax", 0o600));
  } catch {
    // A file that is there stays as it is, and what cannot be made here SQLite itself will say.
  }
}

/** SQLITE_BUSY (5) in each driver's words. */
function isBusy(error: unknown): boolean {
  const { code, errcode, errno } = error as { code?: unknown; errcode?: number; errno?: number };
  return code === "SQLITE_BUSY" || (errcode ?? errno ?? 0) % 256 === 5;
}
