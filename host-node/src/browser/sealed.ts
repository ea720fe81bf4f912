import type { Lifetime } from "../options.js";
import { withModule } from "./module.js";

/** How a sealed value is opened. */
export interface Unsealing {
  /**
   * At least 32 characters of randomness (`npx claviger secret`), which never leave your server. In a list the first seals and all
   * open, so that a secret can be rotated.
   */
  secret: string | readonly string[];
  /** What the value is for; the name of its cookie will do. A value sealed for one purpose opens for no other. */
  purpose: string;
  /** Milliseconds since 1970. Default: `Date.now`. */
  clock?: () => number;
}

/** How a value is sealed. */
export interface Sealing extends Unsealing {
  /** How long it opens, whatever the browser does with its cookie. */
  expiresIn: Lifetime;
}

/**
 * Encrypts and authenticates a value that JSON can hold (XChaCha20-Poly1305), as text for a cookie.
 *
 * Rejects with `too_large` when a browser would drop the cookie: over 4000 bytes. A sealed value can be copied and shown again
 * until it expires: what must be revocable belongs into a store, and its key into the cookie.
 */
export async function seal(value: unknown, sealing: Sealing): Promise<string> {
  return withModule((module) => module.seal(value, written(sealing)));
}

/** Opens what {@link seal} made. Rejects with `invalid_seal` for anything else, and with `seal_expired` when its time is over. */
export async function unseal<T = unknown>(text: string, unsealing: Unsealing): Promise<T> {
  return withModule((module) => module.unseal(text, written(unsealing)) as T);
}

function written({ clock = Date.now, ...sealing }: Unsealing): object {
  return { ...sealing, now: clock() };
}
