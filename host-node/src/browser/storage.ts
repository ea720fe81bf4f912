/** Where a sign-in under way and a session are kept: `localStorage`, `sessionStorage`, or anything with these three. */
export type Keeper = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const kept = new Map<string, string>();

/** For runtimes without pages: as long as this program runs. */
const memory: Keeper = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => void kept.set(key, value),
  removeItem: (key) => void kept.delete(key),
};

// Node and Deno have a localStorage too, but theirs is a file for all users of a program, or a warning.
const inPage = () => typeof document !== "undefined";

/** Where a sign-in under way is kept by default: in this tab. */
export const forTab = (): Keeper => (inPage() ? sessionStorage : memory);

/** Where a session is kept by default: for all tabs of this origin. */
export const forOrigin = (): Keeper => (inPage() ? localStorage : memory);

/** What a keeper has under a key; nothing, if something else wrote there. */
export function readItem<T>(keeper: Keeper, key: string): T | undefined {
  const text = keeper.getItem(key);
  try {
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

/** Writes a value under a key. */
export function writeItem(keeper: Keeper, key: string, value: object): void {
  keeper.setItem(key, JSON.stringify(value));
}
