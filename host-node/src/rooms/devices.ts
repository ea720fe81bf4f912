import type { Call } from "../commands.js";
import type { Decided, DeviceDecision, DeviceRequest } from "../shapes.js";
import { answering, type InteractionOf, Redirect } from "./interactions.js";

/** For a page of your own where people enter the codes of their devices (`pages.device` in the options). */
export class Devices {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** The person typed a code: where to send the browser. Refused with `unknown_user_code` when it cannot be one. */
  async begin(userCode: string, browser: Request | { cookie: string | null }): Promise<Redirect> {
    const cookie = browser instanceof Request ? browser.headers.get("cookie") : browser.cookie;
    return new Redirect(await this.#call("device.begin", { userCode, cookie: cookie ?? "" }));
  }

  /**
   * What the page must do: send the browser to the sign-in page, or ask the person. `remote` is the peer's address, from which only
   * so many wrong codes are taken. Refused with `unknown_user_code`, and with `too_many_requests` for who guesses.
   */
  get(interaction: InteractionOf, options: { remote?: string } = {}): Promise<DeviceRequest> {
    return this.#call("device.get", { ...answering(interaction), ...options });
  }

  /** The person allows it: these scopes, or all that were asked. */
  approve(interaction: InteractionOf, options: DeviceDecision = {}): Promise<Decided> {
    return this.#call("device.approve", { ...answering(interaction), ...options });
  }

  /** The person refuses. */
  deny(interaction: InteractionOf): Promise<Decided> {
    return this.#call("device.deny", answering(interaction));
  }
}
