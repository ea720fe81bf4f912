// The storage of `createOAuthSessions` in SQLite. It forgets nothing by itself: call `removeExpired` now and then.
// const storage = fromKeyValue(sqliteStore(new DatabaseSync("sessions.db")));
import type { DatabaseSync } from "node:sqlite";

export function sqliteStore(database: DatabaseSync, clock: () => number = Date.now) {
  database.exec(`CREATE TABLE IF NOT EXISTS oauth_storage (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER, created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`);
  const find = database.prepare(
    "SELECT value FROM oauth_storage WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)",
  );
  const keep = database.prepare(`INSERT INTO oauth_storage (key, value, expires_at, created_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`);
  const remove = database.prepare("DELETE FROM oauth_storage WHERE key = ?");
  const sweep = database.prepare("DELETE FROM oauth_storage WHERE expires_at <= ?");
  return {
    get: (key: string) => find.get(key, clock())?.value as string | undefined,
    set: (key: string, value: string, ttl?: number) => {
      keep.run(key, value, ttl === undefined ? null : clock() + ttl * 1000, clock());
    },
    delete: (key: string) => {
      remove.run(key);
    },
    /** How many rows were over. */
    removeExpired: () => Number(sweep.run(clock()).changes),
  };
}
