import { Refused } from "./errors.js";
import type { Account, Principal } from "./shapes.js";

/**
 * Whoever makes one request, found out once however often it is asked.
 *
 * ```ts
 * const caller = auth.of(request);
 * if (await caller.isGuest()) return redirectToSignIn();
 * const { name } = await caller.account();
 * ```
 */
export class Caller {
  readonly #authenticate: () => Promise<Principal>;
  readonly #find: (id: string) => Promise<Account | null>;

  constructor(authenticate: () => Promise<Principal>, find: (id: string) => Promise<Account | null>) {
    this.#authenticate = authenticate;
    this.#find = find;
  }

  /** Rejects with `Refused` when the request is not let through. */
  principal(): Promise<Principal> {
    return this.#authenticate();
  }

  /** The same, or `null`. Rejects only with `Fault`: whether somebody is signed in cannot be told then. */
  async principalOrNull(): Promise<Principal | null> {
    try {
      return await this.#authenticate();
    } catch (error) {
      if (error instanceof Refused) return null;
      throw error;
    }
  }

  /** Whether somebody is there. */
  async isSignedIn(): Promise<boolean> {
    return (await this.principalOrNull()) !== null;
  }

  async isGuest(): Promise<boolean> {
    return !(await this.isSignedIn());
  }

  /** The person's subject, or `null`: nobody, or an application that acts for itself. */
  async id(): Promise<string | null> {
    return (await this.principalOrNull())?.subject ?? null;
  }

  /** The person's account, where the engine keeps the accounts: one more trip to the store. */
  async account(): Promise<Account | null> {
    const id = await this.id();
    return id === null ? null : this.#find(id);
  }
}
