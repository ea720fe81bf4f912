import { Fault } from "../errors.js";
import { Jwks } from "./glue.js";
import { withModule } from "./module.js";
import { getJson } from "./transport.js";

/** A JWK Set (RFC 7517 section 5). */
export interface JsonWebKeySet {
  readonly keys: readonly object[];
}

/** Milliseconds. A key set that was fetched is used for the first, and not fetched again before the second whatever tokens come. */
const fresh = 600_000;
const pause = 30_000;

/** When the keys were fetched, and when that was tried last. */
const fetched = new Map<string, { jwks: Jwks; at: number; tried: number }>();
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
  const known = fetched.get(address);
  if (known && !anew && within(known.at, fresh, now)) return known.jwks;
  // While an answer is on its way, or an issuer is down, what is known serves: no request for each token then either.
  if (known && within(known.tried, pause, now) && within(known.at, 6 * fresh, now)) return known.jwks;
  if (known) known.tried = now;
  const set = await getJson(address).catch((error) => {
    // An issuer that is down for a moment does not stop those who know its keys.
    if (known && error instanceof Fault && within(known.at, 6 * fresh, now)) return undefined;
    throw error;
  });
  if (set === undefined) return known!.jwks;
  const jwks = await withModule(() => new Jwks(set));
  fetched.set(address, { jwks, at: now, tried: now });
  return jwks;
}

/** Whether the keys at an address may be fetched again: nobody can cause a request for each of their tokens. */
export function isStale(address: string, now: number): boolean {
  const known = fetched.get(address);
  return !known || !within(known.tried, pause, now);
}

/** What lies in the future was noted by a clock that was wrong. */
function within(at: number, span: number, now: number): boolean {
  return Math.abs(now - at) < span;
}
