// Lists and what is removed from the store.

import type { Lifetime } from "../options.js";

/** Which page of a list. */
export interface Paging {
  /** The `next` of the page before. */
  after?: string;
  /** At most so many items. */
  limit?: number;
}

/** One page of a list. */
export interface ListPage<Item> {
  readonly items: readonly Item[];
  /** Where the next page starts; `null` when this was the last. */
  readonly next: string | null;
}

export interface PurgeOptions {
  /** Count only. */
  dryRun?: boolean;
  /** How long rows are left after they are over; not at all when absent. */
  retention?: Lifetime;
}

/** What a purge saw and removed. */
export interface Purged {
  readonly seen: number;
  /** How many of each kind. */
  readonly purged: Readonly<Record<string, number>>;
  /** The keys of rows that cannot be used; they were left alone. */
  readonly unreadable: readonly string[];
}
