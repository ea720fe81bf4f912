import { Fault } from "../errors.js";
import { Jwks, keysServe } from "./glue.js";
import { withModule } from "./module.js";
import { getKeepable } from "./transport.js";

/** A JWK Set (RFC 7517 section 5). */
export interface JsonWebKeySet {
  readonly keys: readonly object[];
}

/** Milliseconds. A key set that was fetched is not fetched again before the first, whatever tokens come, and where its issuer is down it serves the second longer. */
const pause = 30_000;
const grace = 3_000_000;

interface Fetched {
  readonly jwks: Jwks;
  /** When the keys were fetched. */
  readonly at: number;
  /** How long they serve, as their server says. */
  readonly fresh: number;
  /** When they were asked for last. */
  tried: number;
}

const fetched = new Map<string, Fetched>();
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
  if (known && !anew && within(known.at, known.fresh, now)) return known.jwks;
  const serves = known && within(known.at, known.fresh + grace, now);
  // While an answer is on its way, or an issuer is down, what is known serves: no request for each token then either.
  if (serves && within(known.tried, pause, now)) return known.jwks;
  if (known) known.tried = now;
  const answer = await getKeepable(address, { anew }).catch((error) => {
    // An issuer that is down for a moment does not stop those who know its keys.
    if (serves && error instanceof Fault) return undefined;
    throw error;
  });
  if (answer === undefined) return known!.jwks;
  return withModule(() => {
    const [jwks, fresh] = [new Jwks(answer.body), keysServe(answer.cacheControl) * 1000];
    fetched.set(address, { jwks, at: now, fresh, tried: now });
    return jwks;
  });
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
