import {
  createDpopKey,
  createPortableDpopKey,
  type DpopKey,
  importDpopKey,
  openDpopKey,
  type PortableDpopKey,
  type StoredDpopKey,
} from "./dpop.js";
import { indexedDbKeeper, readStored, writeStored } from "./indexed-db.js";
import { alone } from "./lock.js";
import { type Keeper, readItem, writeItem } from "./storage.js";

// Where there is an IndexedDB it has the keys, wherever the sessions are: it keeps those that no script can read, as no text can.

/** The key under a name, which is made when there is none. */
export function keyFor(name: string, storage: Keeper): Promise<DpopKey> {
  return alone(`${name} key`, async () => (await openKey(name, storage)) ?? (await createKey(name, storage)));
}

/** The key under a name, if there is one. */
export async function openKey(name: string, storage: Keeper): Promise<DpopKey | undefined> {
  if (hasIndexedDb()) {
    const pair = await readStored<CryptoKeyPair>(itemOf(name));
    return pair && openDpopKey(pair);
  }
  const jwk = await readItem<JsonWebKey>(storage, itemOf(name));
  return jwk && importDpopKey(jwk);
}

/** Forgets the key under a name: nothing that is bound to it can be used again. */
export async function forgetKey(name: string, storage: Keeper): Promise<void> {
  await (hasIndexedDb() ? indexedDbKeeper : storage).removeItem(itemOf(name));
}

async function createKey(name: string, storage: Keeper): Promise<StoredDpopKey | PortableDpopKey> {
  if (hasIndexedDb()) {
    const key = await createDpopKey();
    await writeStored(itemOf(name), key.keyPair);
    return key;
  }
  const key = await createPortableDpopKey();
  await writeItem(storage, itemOf(name), key.privateJwk());
  return key;
}

const itemOf = (name: string) => `claviger.key ${name}`;

const hasIndexedDb = () => typeof indexedDB !== "undefined";
