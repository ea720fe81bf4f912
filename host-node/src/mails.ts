import type { SendMail } from "./options.js";
import type { Mail } from "./shapes.js";

/** Hands mails to who sends them, once the requester has its answer: its time would tell which addresses are known. */
export class Mails {
  readonly #send: SendMail | undefined;
  readonly #onError: (error: unknown) => void;
  readonly #underWay = new Set<Promise<void>>();

  /** Whatever `send` throws goes to `onError`: the mail is lost, and its person asks for another. */
  constructor(send: SendMail | undefined, onError: (error: unknown) => void) {
    this.#send = send;
    this.#onError = onError;
  }

  /** The promise never rejects. */
  begin(mail: Mail): Promise<void> {
    const work = this.#run(mail).finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
    return work;
  }

  /** Resolves when each mail was sent, or will not be. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async #run(mail: Mail): Promise<void> {
    // Promises are settled, and the answer with them, before the next timer.
    await new Promise((resume) => setTimeout(resume, 0));
    try {
      await this.#send?.(mail);
    } catch (error) {
      this.#onError(error);
    }
  }
}
