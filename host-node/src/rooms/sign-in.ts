import type { Call, HeaderPairs, Takes } from "../commands.js";
import type { FactorKind, SentMail, Stage } from "../shapes.js";

/** The browser in which somebody signs in: its request, or what is known of it by itself. */
export type Visit = Request | { cookie?: string | null; remote?: string | null; userAgent?: string | null };

/**
 * Signing in at pages, or at an API, of your own that no other application sent the browser to. It is counted as at the built-in page:
 * a wrong password is `wrong_credentials` (401), one attempt too many `too_many_requests` (429).
 *
 * ```ts
 * const stage = await auth.signIn.withPassword(request, { login, password });
 * if (stage.stage === "pending") askForACode(stage.pending);
 * return new Response(null, { status: 204, headers: stage.headers });
 * ```
 */
export class SignIn {
  readonly #call: Call;
  readonly #remote: (request: Request) => string | null;

  constructor(call: Call, remote: (request: Request) => string | null) {
    this.#call = call;
    this.#remote = remote;
  }

  /** `remember`: the browser begins sessions by itself from then on, for `signIn.rememberFor`. `pending`: a second factor is wanted. Set the `headers` either way. */
  withPassword(
    visit: Visit,
    { remember, ...credentials }: { login: string; password: string; remember?: boolean },
  ): Promise<Stage> {
    return this.#call("signIn.withPassword", { visit: this.#of(visit, remember), ...credentials });
  }

  /**
   * The code of an authenticator app, or a recovery code, within ten minutes of the password and in the same browser; with `kind: "email_code"`
   * the one that `sendCode` sent.
   */
  withCode(visit: Visit, answer: { pending: string; code: string; kind?: FactorKind }): Promise<Stage> {
    return this.#call("signIn.withCode", { visit: this.#of(visit), ...answer });
  }

  /** Sends a code to the person's address, if `kinds` has `email_code`; whether it does. Within a minute of the last one, that one stays good. */
  async sendCode(visit: Visit, { pending }: { pending: string }): Promise<boolean> {
    return (await this.#call("signIn.sendCode", { visit: this.#of(visit), pending })).sent;
  }

  /**
   * Mails a link or a code, as `signIn.passwordless` says, to the address of whose `login` or address this is. The same comes of it where there
   * is nobody. Both are good once, in this browser alone: set the `headers`.
   */
  sendMail(visit: Visit, { login, remember }: { login: string; remember?: boolean }): Promise<SentMail> {
    return this.#call("signIn.sendMail", { visit: this.#of(visit, remember), login });
  }

  /** The code that `sendMail` sent. */
  withMail(visit: Visit, answer: { waiting: string; code: string }): Promise<Stage> {
    return this.#call("signIn.withMail", { visit: this.#of(visit), ...answer });
  }

  /** The `token` of the link that `sendMail` sent, which leads to `pages.signInLink`. Only for a POST: programs that look for viruses open links too. */
  withLink(visit: Visit, token: string): Promise<Stage> {
    return this.#call("signIn.withLink", { visit: this.#of(visit), token });
  }

  /** You know that it is this person, and how (RFC 8176): by another provider, or as a test. */
  as(
    visit: Visit,
    subject: string,
    methods: readonly string[] = ["user"],
    options: { remember?: boolean } = {},
  ): Promise<Stage> {
    return this.#call("signIn.as", { visit: this.#of(visit, options.remember), subject, methods });
  }

  /** The browser's session ends. Set the headers that come of it. */
  async out(visit: Visit): Promise<HeaderPairs> {
    return (await this.#call("signIn.out", { visit: this.#of(visit) })).headers;
  }

  #of(visit: Visit, remember = false): Takes<"signIn.out">["visit"] {
    const known =
      visit instanceof Request
        ? {
            cookie: visit.headers.get("cookie"),
            remote: this.#remote(visit),
            userAgent: visit.headers.get("user-agent"),
          }
        : visit;
    return {
      cookie: known.cookie ?? "",
      remote: known.remote ?? null,
      userAgent: known.userAgent ?? null,
      ...(remember && { remember }),
    };
  }
}
