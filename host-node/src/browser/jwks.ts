import { ClavigerError, Fault } from "../errors.js";
import { Jwks, keysServe } from "./glue.js";
import { withModule } from "./module.js";
import { getKeepable, unreachable } from "./transport.js";

/** A JWK Set (RFC 7517 section 5). */
export interface JsonWebKeySet {
  readonly keys: readonly object[];
}

/** Milliseconds. A key set that was asked for is not asked for again before the first, whatever tokens come, and where its issuer is down it serves the second longer. */
const pause = 30_000;
const grace = 3_000_000;

interface Fetched {
  readonly jwks: Jwks;
  /** How long they serve, as their server says. */
  readonly fresh: number;
}

/** What is known of an address. */
interface Known {
  /** What came from there last, and when it was asked for. */
  readonly keys?: Fetched & { readonly at: number };
  /** When it was asked last. */
  tried: number;
  /** Why nothing has come from there since. */
  fault?: Fault;
}

const addresses = new Map<string, Known>();
const read = new WeakMap<object, Jwks>();

/** The keys of a JWK Set, read once for each object: each key's point is checked. */
export function remembered(set: JsonWebKeySet): Jwks {
  const known = read.get(set);
  if (known) return known;
  const jwks = new Jwks(set);
  read.set(set, jwks);
  return jwks;
}

/** The keys at an address. Only what has arrived is kept: on Workers one request must not wait for another's. */
export async function fetchJwks(address: string, now: number, { anew = false } = {}): Promise<Jwks> {
  const known = addresses.get(address) ?? { tried: now };
  addresses.set(address, known);
  const { keys } = known;
  if (keys && !anew && within(keys.at, keys.fresh, now)) return keys.jwks;
  // While an answer is on its way, or an issuer is down, what is known serves.
  const serving = keys && within(keys.at, keys.fresh + grace, now) ? keys.jwks : undefined;
  if (within(known.tried, pause, now)) {
    // No request for each token then either.
    if (serving) return serving;
    if (known.fault) throw known.fault;
  }
  known.tried = now;
  try {
    // What a browser kept of the keys that are known would be those keys.
    const fetched = await fetchedFrom(address, { anew: keys !== undefined });
    addresses.set(address, { keys: { ...fetched, at: now }, tried: now });
    return fetched.jwks;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    known.fault = error;
    // An issuer that is down for a moment does not stop those who know its keys.
    if (serving) return serving;
    throw error;
  }
}

/** Rejects with a {@link Fault} whatever else the issuer answers, be it an error that it names: whoever presents a token is not to blame. */
async function fetchedFrom(address: string, options: { anew: boolean }): Promise<Fetched> {
  try {
    const { body, cacheControl, age } = await getKeepable(address, options);
    return await withModule(() => ({ jwks: new Jwks(body), fresh: keysServe(cacheControl, age) * 1000 }));
  } catch (error) {
    if (error instanceof Fault || !(error instanceof ClavigerError)) throw error;
    throw unreachable(address, `answered with no JWK Set: ${error.message}`, error);
  }
}

/** Whether the keys at an address may be fetched again: nobody can cause a request for each of their tokens. */
export function isStale(address: string, now: number): boolean {
  const known = addresses.get(address);
  return !known || !within(known.tried, pause, now);
}

/** What lies in the future was noted by a clock that was wrong. */
function within(at: number, span: number, now: number): boolean {
  return Math.abs(now - at) < span;
}
