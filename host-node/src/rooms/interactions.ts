import type { Call, HeaderPairs, Onward, Takes } from "../commands.js";
import type { Allowed, Interaction, SignedIn } from "../shapes.js";

/** Which interaction: the request of your page (its `interaction` parameter and its cookies), or both by themselves. */
export type InteractionOf = Request | { handle: string; cookie: string | null };

/** Where an answered interaction sends the browser, and the headers that must go with it. */
export class Redirect {
  readonly location: string;
  readonly headers: HeaderPairs;

  constructor({ location, headers }: Onward) {
    this.location = location;
    this.headers = headers;
  }

  /** 303, so that the form's body is not sent along; nor is the address of the page, which has the interaction in it. */
  toResponse(): Response {
    const headers = new Headers(this.headers);
    headers.set("location", this.location);
    headers.set("cache-control", "no-store");
    headers.set("referrer-policy", "no-referrer");
    return new Response(null, { status: 303, headers });
  }
}

/** For sign-in and consent pages of your own (`pages` in the options). */
export class Interactions {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** What the page must ask. */
  get(interaction: InteractionOf): Promise<Interaction> {
    return this.#call("interactions.get", answering(interaction));
  }

  /** The person has proved who it is. */
  complete(interaction: InteractionOf, who: SignedIn): Promise<Redirect> {
    const userAgent = interaction instanceof Request ? interaction.headers.get("user-agent") : null;
    const agent = userAgent === null ? {} : { userAgent };
    return this.#onward("interactions.complete", { ...answering(interaction), ...agent, ...who });
  }

  /** The person allows it. */
  consent(interaction: InteractionOf, options: Allowed = {}): Promise<Redirect> {
    return this.#onward("interactions.consent", { ...answering(interaction), ...options });
  }

  /** The person refuses. */
  deny(interaction: InteractionOf): Promise<Redirect> {
    return this.#onward("interactions.deny", answering(interaction));
  }

  async #onward<Name extends "interactions.complete" | "interactions.consent" | "interactions.deny">(
    name: Name,
    argument: Takes<Name>,
  ): Promise<Redirect> {
    return new Redirect(await this.#call(name, argument));
  }
}

export function answering(interaction: InteractionOf): { handle: string; cookie: string } {
  if (!(interaction instanceof Request)) return { handle: interaction.handle, cookie: interaction.cookie ?? "" };
  return {
    handle: new URL(interaction.url).searchParams.get("interaction") ?? "",
    cookie: interaction.headers.get("cookie") ?? "",
  };
}
