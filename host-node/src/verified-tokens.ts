/**
 * Tokens that were verified lately, by the whole text of each: nothing shorter than that can be taken for another's. A token is found until
 * its end, or for a minute after it was verified, whichever is first: so much later than without this is it heard of when a key was withdrawn
 * elsewhere. A clock that goes backwards finds nothing.
 */
export class VerifiedTokens<Value> {
  readonly #kept = new Map<string, { readonly value: Value; readonly since: number; readonly until: number }>();
  readonly #most: number;

  constructor(most = 1000) {
    this.#most = most;
  }

  find(token: string, now: number): Value | undefined {
    const kept = this.#kept.get(token);
    return kept !== undefined && kept.since <= now && now < kept.until ? kept.value : undefined;
  }

  /** Where there are too many, the oldest gives way. `end` in milliseconds since 1970. */
  keep(token: string, value: Value, now: number, end: number): void {
    const until = Math.min(end, now + minute);
    if (token.length > longest || !(now < until)) return;
    this.#kept.delete(token);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size < this.#most) break;
      this.#kept.delete(oldest);
    }
    this.#kept.set(token, { value: frozen(value), since: now, until });
  }

  forget(): void {
    this.#kept.clear();
  }
}

const minute = 60_000;
/** A token that is longer is verified each time: so many of them would be a good part of a small machine's memory. */
const longest = 4096;

/** When a token of these claims is over for a reader, in milliseconds since 1970. */
export function endOf(claims: { exp?: unknown; iat?: unknown }, leeway: number, maxAge: number | undefined): number {
  const ends = [claims.exp, maxAge === undefined || typeof claims.iat !== "number" ? undefined : claims.iat + maxAge];
  return Math.min(...ends.map((end) => (typeof end === "number" ? (end + leeway) * 1000 : Number.POSITIVE_INFINITY)));
}

/** One value for several readers: none changes what the others see. */
function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(frozen);
  return Object.freeze(value);
}
