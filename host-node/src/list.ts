import type { ListPage, Paging } from "./shapes.js";

/**
 * A list of unknown length: iterate over all of it, or take one page.
 *
 * ```ts
 * for await (const client of auth.clients.list()) { ... }
 * const { items, next } = await auth.clients.list({ limit: 20 }).page();
 * ```
 */
export class List<Item> implements AsyncIterable<Item> {
  readonly #fetch: (paging: Paging) => Promise<ListPage<Item>>;
  readonly #paging: Paging;

  constructor(fetch: (paging: Paging) => Promise<ListPage<Item>>, paging: Paging) {
    this.#fetch = fetch;
    this.#paging = paging;
  }

  /** The first page: the one after `after`, if that was given. */
  page(): Promise<ListPage<Item>> {
    return this.#fetch(this.#paging);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    let paging = this.#paging;
    while (true) {
      const { items, next } = await this.#fetch(paging);
      yield* items;
      if (next === null) return;
      paging = { ...paging, after: next };
    }
  }
}
