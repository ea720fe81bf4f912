import { type Commit, type Committed, keysOnce, type Page, type Row, type Store } from "../store.js";

/** What a {@link MemoryStore} can be told. */
export interface MemoryOptions {
  /** Milliseconds since 1970, by which rows expire; `Date.now` by default. Give it the clock that `Claviger` has. */
  clock?: () => number;
}

/** A store in this process's memory, for tests and trials: everything is lost when the process ends. */
export function memory(options: MemoryOptions = {}): MemoryStore {
  return new MemoryStore(options);
}

interface Kept extends Row {
  readonly expires: number | null;
}

const sweepEvery = 1024;

/** See {@link memory}. */
export class MemoryStore implements Store {
  readonly #rows = new Map<string, Kept>();
  readonly #clock: () => number;
  #commits = 0;

  constructor({ clock = Date.now }: MemoryOptions = {}) {
    this.#clock = clock;
  }

  load(keys: readonly string[]): (Row | null)[] {
    return keys.map((key) => this.#rows.get(key) ?? null);
  }

  commit(commit: Commit): Committed {
    keysOnce(commit);
    const { require = [], put = [], delete: remove = [], add = [] } = commit;
    const sums = add.map(({ key, delta }) => Number(this.#rows.get(key)?.value ?? 0) + delta);
    const holds = require.every(({ key, version }) => (this.#rows.get(key)?.version ?? null) === version);
    if (!holds || add.some(({ ceiling }, index) => (sums[index] ?? 0) > ceiling)) return "stale";

    // One version for all rows of a commit: each key has at most one new value in it.
    const version = String(++this.#commits);
    for (const { key, value, expires } of put) this.#rows.set(key, { version, value, expires });
    for (const key of remove) this.#rows.delete(key);
    add.forEach(({ key, expires }, index) => {
      this.#rows.set(key, { version, value: String(sums[index]), expires });
    });
    if (this.#commits % sweepEvery === 0) this.#sweep();
    return "committed";
  }

  scan(prefix: string, after: string | null, limit: number): Page {
    const inRange = ([key]: [string, Kept]) => key.startsWith(prefix) && (after === null || byBytes(key, after) > 0);
    const found = [...this.#rows].filter(inRange).sort(([one], [other]) => byBytes(one, other));
    const rows = found.slice(0, limit).map(([key, { version, value }]) => ({ key, version, value }));
    return { rows, next: found.length > limit ? (rows.at(-1)?.key ?? null) : null };
  }

  #sweep(): void {
    const now = this.#clock();
    for (const [key, { expires }] of this.#rows) if (expires !== null && expires <= now) this.#rows.delete(key);
  }
}

const encoder = new TextEncoder();

/** The order of UTF-8, which is not that of UTF-16 code units above U+FFFF. */
function byBytes(one: string, other: string): number {
  const [left, right] = [encoder.encode(one), encoder.encode(other)];
  const shorter = Math.min(left.length, right.length);
  for (let index = 0; index < shorter; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
