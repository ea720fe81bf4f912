import type { HeaderPairs } from "./commands.js";
import type { Configuration } from "./options.js";

/** The engine's default of `limits.body`, in bytes. */
const defaultBodyLimit = 65_536;

type Issuer = Omit<Configuration, "issuers">;

/** What the host itself must know of the issuers: the engine checks all else, and has the last word on these too. */
export class Issuers {
  /** The largest of the issuers' limits: which of them a request is for is known only to the engine. */
  readonly bodyLimit: number;
  /** Whether anybody may become a client of one of them. */
  readonly registersAnybody: boolean;
  /** Of several issuers, where each is; empty for one, which every request is for. */
  readonly #origins = new Map<string, string>();

  constructor(configuration: Configuration) {
    const { issuers } = configuration;
    const others: readonly Issuer[] = Array.isArray(issuers) ? issuers.filter(Boolean) : [];
    const all: readonly Issuer[] = [configuration, ...others];
    this.bodyLimit = Math.max(...all.map(({ limits }) => limits?.body ?? defaultBodyLimit));
    this.registersAnybody = all.some(({ registration: r }) => r?.mode === "open" || r?.documents === true);
    if (others.length === 0) return;
    for (const { host, origin } of all.map(({ issuer }) => placeOf(issuer))) {
      if (host && !this.#origins.has(host)) this.#origins.set(host, origin);
    }
  }

  /**
   * The address of a request, at the issuer that it was sent to: the one whose host its `Host` header names, byte for byte. Proxies take TLS
   * away, and servers know no address, so scheme and host of `url` tell nothing then. Any other `Host` is passed over, never
   * read: whatever stands there would become part of the address.
   */
  addressOf(url: string, headers: HeaderPairs): string {
    const named = this.#origins.size === 0 ? [] : headers.filter(([name]) => name === "host");
    const origin = named.length === 1 ? this.#origins.get(named[0]?.[1] ?? "") : undefined;
    return origin === undefined ? url : url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, () => origin);
  }
}

/** Nothing of what is no address, which the engine refuses by name. */
function placeOf(issuer: string): { host?: string; origin: string } {
  try {
    return new URL(issuer);
  } catch {
    return { origin: "" };
  }
}
