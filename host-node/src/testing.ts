import { Claviger, type Options } from "claviger";
import { Acting, type ActingOptions } from "./acting.js";
import { MemoryStore } from "./stores/memory.js";

export type { ActingOptions };

/** A clock that stands still until it is told otherwise. */
export class VirtualClock {
  #now: number;

  /** Milliseconds since 1970. */
  constructor(now = 1_790_000_000_000) {
    this.#now = now;
  }

  /** Milliseconds since 1970. */
  readonly now = (): number => this.#now;

  /** Goes forward by milliseconds, or by text such as `"90s"`, `"15m"`, `"1h"` or `"30d"`. */
  advance(by: number | `${number}${"s" | "m" | "h" | "d"}`): void {
    this.#now += typeof by === "number" ? by : millis(by);
  }
}

/** What {@link testing} gives. */
export interface Testing {
  readonly auth: Claviger;
  readonly clock: VirtualClock;
  readonly store: MemoryStore;
  /**
   * The request with an access token of this person (by login, made when unknown), as an application would send it. The token is
   * as good as any: it was asked for, allowed and redeemed.
   */
  actingAs(login: string, options: ActingOptions, request: Request): Promise<Request>;
  /** The request with the session cookie of this person (by login, made when unknown). */
  signedInAs(login: string, request: Request): Promise<Request>;
}

/** What {@link testing} may be told: its store and its clock are those that it gives. */
export type TestingOptions = Partial<Omit<Options, "store" | "clock">>;

/** A `Claviger` for the tests of your application: memory store, virtual clock, and the same "random" bytes in every run. */
export function testing(options: TestingOptions = {}): Testing {
  const clock = new VirtualClock();
  const store = new MemoryStore({ clock: clock.now });
  const issuer = options.issuer ?? "https://auth.example.com";
  const auth = new Claviger({
    secret: "testing-only-9d41b6c07a5e4f3c8b21e6f0a7d35c94",
    random: sequence(),
    password: { memory: 7168, passes: 1, lanes: 1 },
    ...options,
    issuer,
    store,
    clock: clock.now,
  });
  const acting = new Acting(auth, issuer, options.subject !== undefined);
  return {
    auth,
    clock,
    store,
    actingAs: (login, actingOptions, request) => acting.as(login, actingOptions, request),
    signedInAs: (login, request) => acting.signedIn(login, request),
  };
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function millis(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text);
  if (!match) throw new RangeError(`"${text}" is no duration: write a number and one of s, m, h, d`);
  return Number(match[1]) * units[match[2] as keyof typeof units];
}

/** Predictable bytes that never repeat, as seeds must not: a counter. The engine's generator makes the rest of it. */
function sequence(): (length: number) => Uint8Array {
  let count = 0;
  return (length) => {
    count += 1;
    const bytes = new Uint8Array(length);
    new DataView(bytes.buffer).setUint32(0, count);
    return bytes;
  };
}
