import { toBase64Url } from "./bytes.js";
import type { Done, Step } from "./contract.js";
import type { Engine } from "./engine.js";
import { Fault } from "./errors.js";
import { Gone, type Requester, type Serve } from "./serve.js";

/** What the driver needs of its surroundings. */
export interface Surroundings {
  /** A new instance, opened. */
  readonly instantiate: () => Engine;
  /** Carries out an ask. Never rejects but with {@link Gone}, and with a `Fault` that ends the flow. */
  readonly serve: Serve;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** That many unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
}

/** Runs commands to their end on one instance, and on a new one after a trap. */
export class Driver {
  readonly #surroundings: Surroundings;
  #engine: Engine | undefined;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** The instance, made now if there is none or the last one has ended. Throws `ConfigurationError`. */
  engine(): Engine {
    if (!this.#engine || this.#engine.ended) this.#engine = this.#surroundings.instantiate();
    return this.#engine;
  }

  /**
   * Runs one command, for one of several issuers where one is named. Refusals and faults come as members of the result. Rejects with the signal's reason when the requester
   * goes away while something is waited for: the flow is cancelled, though a commit under way may still be applied.
   */
  async run(command: object, requester?: Requester, issuer?: string): Promise<Done> {
    const { serve, clock, random } = this.#surroundings;
    const engine = this.engine();
    try {
      let step: Step = engine.begin({
        now: clock(),
        seed: toBase64Url(random(32)),
        ...(issuer !== undefined && { issuer }),
        command,
      });
      while ("ask" in step) {
        const answered = serve(step.ask, requester);
        const answer = answered instanceof Promise ? await this.#orCancel(engine, step.flow, answered) : answered;
        step = engine.resume(step.flow, answer);
      }
      return step.done;
    } catch (error) {
      if (error instanceof Fault) return { fault: error };
      throw error;
    }
  }

  async #orCancel<T>(engine: Engine, flow: number, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (!engine.ended) engine.cancel(flow);
      throw error instanceof Gone ? error.reason : error;
    }
  }
}
