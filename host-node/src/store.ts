import { ConfigurationError } from "./errors.js";

/**
 * Where everything is kept: three methods. The engine is the only one who understands keys and values; a store moves them.
 *
 * What a store must guarantee, and what goes wrong otherwise:
 *
 * - **Atomic commits.** A commit's requirements are checked and its writes applied as one, against every other commit, from
 *   every process. Otherwise two requests redeem one authorization code.
 * - **Fresh loads.** A row whose commit was answered `committed` is seen by every later `load`, so reads go to the primary and
 *   never to a replica or a cache. Otherwise a revoked token works on.
 * - **Versions that never repeat** for a key, not even after it was deleted and made again. Otherwise a writer who slept
 *   through both overwrites the new row.
 * - **Durable `committed`.** Answer it when the write survives a crash. Otherwise a rotated refresh token comes back to life.
 * - **Honest `unknown`.** When you cannot say whether a commit was applied (a timeout, a lost connection), answer `unknown` or
 *   throw: the engine reads back and finds out. Never answer `stale` for a commit that may yet be applied.
 * - **Expiry as garbage collection.** A row may be removed once its `expires` has passed, never before. Keeping it longer is
 *   harmless: the engine checks again.
 *
 * - **One change of a key in a commit.** Throw when `put`, `delete` and `add` together name a key twice.
 *   Otherwise what comes of it depends on the store. The engine sends no such commit.
 *
 * All keys of one commit share one partition (the text before the first `/`), so a store that is atomic only inside a
 * partition is enough. `tests/store-contract` checks a store against this list.
 */
export interface Store {
  /** The rows of `keys`, in that order; `null` (or `undefined`) where there is none. */
  load(keys: readonly string[]): Awaitable<readonly (Row | null | undefined)[]>;
  /** Applies all of `commit`, or nothing of it. */
  commit(commit: Commit): Awaitable<Committed>;
  /**
   * Up to `limit` rows whose key starts with `prefix` and is greater than `after`, ordered by the bytes of the key in UTF-8.
   * `next` is the last key when there may be more. Only administration and "my sessions" scan.
   */
  scan(prefix: string, after: string | null, limit: number): Awaitable<Page>;
}

/** A value, or a promise of it: a store may be synchronous. */
export type Awaitable<T> = T | Promise<T>;

/** A stored value. */
export interface Row {
  /** Made by the store; differs for every value that the key ever had. */
  readonly version: string;
  /** Text of at most 60 KiB. */
  readonly value: string;
}

/** A stored value with its key. */
export interface KeyedRow extends Row {
  /** A partition, a `/`, and a name: at most 512 bytes in UTF-8. */
  readonly key: string;
}

/** One page of a scan. */
export interface Page {
  readonly rows: readonly KeyedRow[];
  /** The last key of this page when there may be more. */
  readonly next: string | null;
}

/**
 * How a commit ended: applied and durable; not applied because a requirement or a ceiling did not hold; or nobody can say.
 */
export type Committed = "committed" | "stale" | "unknown";

/** A conditional write. Absent members are empty. Times are milliseconds since 1970 (UTC). */
export interface Commit {
  /** Each key must be at this version; `null`: there must be no such row. */
  readonly require?: readonly { readonly key: string; readonly version: string | null }[];
  /** Rows to write, whether or not they exist. */
  readonly put?: readonly { readonly key: string; readonly value: string; readonly expires: number | null }[];
  /** Rows to remove, if they exist. */
  readonly delete?: readonly string[];
  /** Counters (decimal text; an absent row is 0) to raise by `delta`. A sum over `ceiling` makes the whole commit stale. */
  readonly add?: readonly {
    readonly key: string;
    readonly delta: number;
    readonly ceiling: number;
    readonly expires: number | null;
  }[];
}

/**
 * Throws `ConfigurationError` for a store of `get`, `set` and `delete`. It cannot say "only if nobody was faster", and so could not keep two
 * requests from redeeming one code.
 */
export function refuseKeyValue(store: unknown): void {
  const has = (name: string) => typeof (store as Record<string, unknown> | null | undefined)?.[name] === "function";
  if (!["get", "set", "delete"].every(has) || has("commit")) return;
  throw new ConfigurationError(
    "store: one of get, set and delete cannot compare and set, so two requests could redeem one code or token",
    "Give a store that can, such as sqlite() of claviger/stores/sqlite, and put this one before it: cached() of claviger/stores/key-value.",
  );
}

/** Throws if a commit changes a key twice. */
export function keysOnce({ put = [], delete: remove = [], add = [] }: Commit): void {
  const keys = [...put, ...add].map(({ key }) => key).concat(remove);
  if (keys.length > 1 && new Set(keys).size < keys.length) throw new Error("a commit changes a key twice");
}
