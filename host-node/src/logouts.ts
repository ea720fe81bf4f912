import type { Gives, Takes } from "./commands.js";
import { Refused } from "./errors.js";

/** What the event `logout.due` says. */
export interface LogoutDue {
  readonly subject: string;
  readonly sessionId: string;
  readonly clientId: string;
  readonly issuer?: string;
}

export type Deliver = (
  argument: Takes<"logout.deliver">,
  issuer: string | undefined,
) => Promise<Gives<"logout.deliver">>;

/** Seconds before it is tried again after this host itself failed. */
const afterFault = 30;

/** Tells clients that sessions are over (OpenID Connect Back-Channel Logout 1.0), while nobody waits. */
export class Logouts {
  readonly #deliver: Deliver;
  readonly #sleep: (seconds: number) => Promise<void>;
  readonly #underWay = new Set<Promise<void>>();

  constructor(
    deliver: Deliver,
    sleep = (seconds: number) => new Promise<void>((resume) => setTimeout(resume, seconds * 1000)),
  ) {
    this.#deliver = deliver;
    this.#sleep = sleep;
  }

  /** The promise never rejects. */
  begin(due: LogoutDue): Promise<void> {
    const work = this.#run(due).finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
    return work;
  }

  /** Resolves when no client is left to be told, or tried again. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** How often is for the engine to say: it refuses an attempt too many. */
  async #run({ subject, sessionId, clientId, issuer }: LogoutDue): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const pause = await this.#attempt({ subject, sessionId, clientId, attempt }, issuer);
      if (pause === null) return;
      await this.#sleep(pause);
    }
  }

  async #attempt(argument: Takes<"logout.deliver">, issuer: string | undefined): Promise<number | null> {
    try {
      return (await this.#deliver(argument, issuer)).retryIn;
    } catch (error) {
      return error instanceof Refused ? null : afterFault;
    }
  }
}

/** Keeps the runtime at work when the response has gone. */
export type KeepAlive = (work: Promise<void>) => void;

/** Of the execution context that a worker is handed behind its environment. */
export function keepAliveOf([context]: unknown[]): KeepAlive | undefined {
  const { waitUntil } = (context ?? {}) as { waitUntil?: KeepAlive };
  return waitUntil && ((work) => waitUntil.call(context, work));
}
