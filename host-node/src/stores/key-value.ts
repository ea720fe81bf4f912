import type { OAuthSessionStorage } from "../oauth-sessions.js";
import type { Awaitable, Commit, Committed, Page, Row, Store } from "../store.js";

/** A store of text that has no more than this: a cache, Redis as most use it, Workers KV, a `Map`. */
export interface SimpleStore {
  get(key: string): Awaitable<string | null | undefined>;
  /** `ttl` in seconds, after which the store may forget the value; `undefined`: it is kept. */
  set(key: string, value: string, ttl: number | undefined): Awaitable<unknown>;
  delete(key: string): Awaitable<unknown>;
}

export interface KeyValueOptions {
  /** Before each key: a name for each application that shares the store. */
  prefix?: string;
  /** Milliseconds since 1970. */
  clock?: () => number;
}

/**
 * A simple store, for what is sound in one: `storage` of `createOAuthSessions`, and before a store of rows as its cache (`cached`). It cannot be
 * the `store` of `Claviger`: whoever cannot write "only if nobody was faster" lets two requests redeem one code.
 *
 * Values are kept as JSON with their end, so a store that forgets nothing by itself gives nothing that is over either; to throw it away is
 * then your job.
 */
export function fromKeyValue(store: SimpleStore, options: KeyValueOptions = {}): KeyValue {
  return new KeyValue(store, options);
}

/** See {@link fromKeyValue}. */
export class KeyValue implements OAuthSessionStorage {
  readonly #store: SimpleStore;
  readonly #prefix: string;
  readonly #clock: () => number;

  constructor(store: SimpleStore, { prefix = "", clock = Date.now }: KeyValueOptions = {}) {
    this.#store = store;
    this.#prefix = prefix;
    this.#clock = clock;
  }

  async get<T = unknown>(key: string): Promise<T | null> {
    const text = await this.#store.get(this.#prefix + key);
    if (text === null || text === undefined) return null;
    const { value, until } = JSON.parse(text) as { value: T; until?: number };
    return until !== undefined && until <= this.#clock() ? null : value;
  }

  async set(key: string, value: unknown, { ttl }: { ttl?: number } = {}): Promise<void> {
    const until = ttl === undefined ? {} : { until: this.#clock() + ttl * 1000 };
    await this.#store.set(this.#prefix + key, JSON.stringify({ value, ...until }), ttl);
  }

  async delete(key: string): Promise<void> {
    await this.#store.delete(this.#prefix + key);
  }
}

export interface CacheOptions {
  /** Seconds for which a row may be stale; 30 when absent. */
  ttl?: number;
  /** Hears what goes wrong in the cache; nobody is denied for it. `console.error` when absent. */
  onError?: (error: unknown) => void;
  /** Milliseconds since 1970. */
  clock?: () => number;
}

/**
 * A store with a cache before it, for the rows that every request reads and hardly any changes: clients (with what their metadata documents
 * say) and the signing keys. All other rows, and every commit, go to the store.
 *
 * What is lost: for up to `ttl` seconds a process may not see what another one changed. A client that was disabled, whose secret was
 * rotated or that was deleted is let in so long; a key that was withdrawn signs so long. What a process changed itself, it sees at once. Nothing wrong is
 * ever written: a commit names the versions that it was decided on, the store compares them with its own, and what lost is dropped
 * from the cache and read again.
 *
 * Who can write to the cache can make clients and keys of their own: guard it as you do the store.
 */
export function cached(store: Store, keyValue: KeyValue, options: CacheOptions = {}): Store {
  return new Cached(store, keyValue, options);
}

interface Entry extends Row {
  readonly until: number;
}

/** The rows whose stale read is harmless: a client's, and the set of signing keys. */
const harmless = /^[a-z0-9-]+\.(?:client\.[^/]+\/client|keys\.signing\/set)$/;
/** Of the cache's own keys, so that they meet no others. */
const space = "row:";
const mostOwn = 1000;

class Cached implements Store {
  readonly #store: Store;
  readonly #cache: KeyValue;
  readonly #ttl: number;
  readonly #tell: (error: unknown) => void;
  readonly #clock: () => number;
  /** What this process changed, and until when it asks the store for it: another's older copy may be in the cache so long. */
  readonly #own = new Map<string, number>();

  constructor(store: Store, cache: KeyValue, { ttl = 30, onError, clock = Date.now }: CacheOptions) {
    this.#store = store;
    this.#cache = cache;
    this.#ttl = ttl;
    this.#tell = onError ?? ((error) => console.error(error));
    this.#clock = clock;
  }

  load(keys: readonly string[]): Awaitable<readonly (Row | null | undefined)[]> {
    const now = this.#clock();
    const isCached = (key: string) => harmless.test(key) && (this.#own.get(key) ?? 0) <= now;
    return keys.some(isCached) ? this.#load(keys, isCached, now) : this.#store.load(keys);
  }

  async commit(commit: Commit): Promise<Committed> {
    const { require = [], put = [], delete: removed = [] } = commit;
    const keys = [...require, ...put].map(({ key }) => key).concat(removed);
    const changed = keys.filter((key) => harmless.test(key));
    try {
      return await this.#store.commit(commit);
    } finally {
      // Whatever came of it: what lost, and what nobody can tell about, is read anew as well.
      if (changed.length > 0) await this.#drop(changed);
    }
  }

  scan(prefix: string, after: string | null, limit: number): Awaitable<Page> {
    return this.#store.scan(prefix, after, limit);
  }

  async #load(keys: readonly string[], isCached: (key: string) => boolean, now: number) {
    const found = await Promise.all(keys.map((key) => (isCached(key) ? this.#find(key, now) : null)));
    const missing = keys.filter((_, index) => found[index] === null);
    if (missing.length === 0) return found;
    const rows = await this.#store.load(missing);
    const loaded = new Map(missing.map((key, index) => [key, rows[index] ?? null]));
    // Its end counts from before the load, so that no copy outlives what it is a copy of by more than the ttl.
    const until = now + this.#ttl * 1000;
    // Asked again: what this process changed meanwhile is not kept.
    const fresh = [...loaded].filter(([key]) => isCached(key));
    await Promise.all(fresh.map(([key, row]) => row && this.#keep(key, { ...pick(row), until })));
    return keys.map((key, index) => found[index] ?? loaded.get(key) ?? null);
  }

  async #find(key: string, now: number): Promise<Row | null> {
    const entry = await this.#cache.get<Partial<Entry>>(space + key).catch((error) => this.#tell(error));
    const { version, value, until } = entry ?? {};
    if (typeof version !== "string" || typeof value !== "string" || typeof until !== "number") return null;
    // One that would live longer than any from here was made by a clock that is ahead.
    return until > now && until <= now + this.#ttl * 1000 ? { version, value } : null;
  }

  async #keep(key: string, entry: Entry): Promise<void> {
    await this.#cache.set(space + key, entry, { ttl: this.#ttl }).catch((error) => this.#tell(error));
  }

  async #drop(keys: readonly string[]): Promise<void> {
    const now = this.#clock();
    for (const key of keys) this.#own.set(key, now + this.#ttl * 1000);
    if (this.#own.size > mostOwn) for (const [key, until] of this.#own) if (until <= now) this.#own.delete(key);
    const gone = keys.map((key) => this.#cache.delete(space + key).catch((error) => this.#tell(error)));
    await Promise.all(gone);
  }
}

function pick({ version, value }: Row): Row {
  return { version, value };
}
