import type { Awaitable } from "../store.js";
import { indexedDbKeeper } from "./indexed-db.js";

/** Where a sign-in under way and a session are kept: `sessionStorage`, or anything with these three. */
export interface Keeper {
  getItem(key: string): Awaitable<string | null>;
  setItem(key: string, value: string): Awaitable<void>;
  removeItem(key: string): Awaitable<void>;
}

const kept = new Map<string, string>();

/** For runtimes without pages: as long as this program runs. */
const memory: Keeper = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => void kept.set(key, value),
  removeItem: (key) => void kept.delete(key),
};

// Node and Deno have a sessionStorage too, but theirs belongs to nobody in particular.
/** Where a sign-in under way is kept by default: in this tab. */
export const forTab = (): Keeper => (typeof document === "undefined" ? memory : sessionStorage);

/** Where a session is kept by default: for all tabs and workers of this origin. */
export const forOrigin = (): Keeper => (typeof indexedDB === "undefined" ? memory : indexedDbKeeper);

/** What a keeper has under a key; nothing, if something else wrote there. */
export async function readItem<T>(keeper: Keeper, key: string): Promise<T | undefined> {
  const text = await keeper.getItem(key);
  try {
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

/** Writes a value under a key. */
export async function writeItem(keeper: Keeper, key: string, value: object): Promise<void> {
  await keeper.setItem(key, JSON.stringify(value));
}
