import type { Call, HeaderPairs } from "../commands.js";
import type { CompletedJourney, NewJourney } from "../shapes.js";
import { cookieOf } from "./sessions.js";

/** The browser's request, or its `Cookie` header alone. */
export type Browser = Request | { cookie: string | null };

/**
 * People who are sent to another server to sign in there, and come back. `createOAuthSessions` does all of it; these are its steps, for
 * a flow of your own.
 */
export class Journeys {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /**
   * The `state` to send along, good once, for ten minutes, and in this browser, which must get the headers. Rejects with `Refused` when
   * `handle` is no domain name, `redirectPath` no path on this site, or a mobile application has no `codeChallenge`; and when too many began
   * from `remote` (`too_many_requests`).
   */
  begin(browser: Browser, handle: string, options: NewJourney = {}): Promise<{ state: string; headers: HeaderPairs }> {
    return this.#call("journeys.begin", { ...options, cookie: cookieOf(browser), handle });
  }

  /**
   * Somebody came back: spends the state. Call it before the other server is asked for anything. Rejects with `Refused`
   * (`interaction_ended`, `forbidden` for another browser).
   */
  complete(browser: Browser, state: string): Promise<CompletedJourney> {
    return this.#call("journeys.complete", { cookie: cookieOf(browser), state });
  }

  /** A code for the mobile application that began with this challenge: an address may carry it, as it may no token. */
  issueCode(of: {
    subject: string;
    handle?: string;
    codeChallenge: string;
  }): Promise<{ code: string; expiresAt: number }> {
    return this.#call("journeys.issueCode", of);
  }

  /** Whose code this is: once, within a minute, and with the verifier of the challenge. Rejects with `Refused` (`invalid_grant`). */
  redeemCode(code: string, codeVerifier: string): Promise<{ subject: string; handle: string | null }> {
    return this.#call("journeys.redeemCode", { code, codeVerifier });
  }
}
