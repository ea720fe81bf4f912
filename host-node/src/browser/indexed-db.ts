import type { Keeper } from "./storage.js";

const name = "claviger";
const items = "items";

let opened: Promise<IDBDatabase> | undefined;

/** What is stored under a key: anything that can be cloned, so also a key that no script can read. */
export function readStored<T>(key: string): Promise<T | undefined> {
  return inStore<T | undefined>("readonly", (store) => store.get(key));
}

/** Stores a value under a key. */
export async function writeStored(key: string, value: unknown): Promise<void> {
  await inStore("readwrite", (store) => store.put(value, key));
}

/**
 * Keeps for all tabs of an origin. Unlike `localStorage`, which each process of a browser has a copy of, what one tab wrote is what
 * the next one reads.
 */
export const indexedDbKeeper: Keeper = {
  async getItem(key) {
    return (await readStored<string>(key)) ?? null;
  },
  setItem: writeStored,
  async removeItem(key) {
    await inStore("readwrite", (store) => store.delete(key));
  },
};

/** Makes one request in a transaction of its own, and waits until that is committed. */
async function inStore<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  const transaction = (await database()).transaction(items, mode);
  const request = ask(transaction.objectStore(items));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result as T);
    transaction.onabort = () => reject(transaction.error);
  });
}

function database(): Promise<IDBDatabase> {
  opened ??= open().catch((error) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(items);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const forget = () => {
        request.result.close();
        opened = undefined;
      };
      // When the person clears the site's data, or a later version of this package wants to change it.
      request.result.onversionchange = forget;
      request.result.onclose = forget;
      resolve(request.result);
    };
  });
}
