import { fromBase64Url, toBase64Url } from "./bytes.js";
import type { Answer, Ask, DeriveAsk, SignAsk, SubjectAsk, VerifyAsk } from "./contract.js";
import { Fault } from "./errors.js";
import { fetched } from "./fetched.js";
import type { Derive, DeriveCosts, Fetch, SendMail, Sign, SubjectSource, Verify } from "./options.js";
import type { Awaitable, Row, Store } from "./store.js";

/** Who waits for the answer. The signal is asked for only when something has to be waited for: to make one is dear. */
export interface Requester {
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
  /** Whether that is so already, where this can be told without the signal: nothing is then begun for nobody. */
  readonly closed?: boolean;
}

/** Carries out asks; synchronous where the store is. */
export type Serve = (ask: Ask, requester?: Requester) => Answer | Promise<Answer>;

/** The requester went away while an ask was carried out. */
export class Gone extends Error {
  constructor(readonly reason: unknown) {
    super("The requester went away");
  }
}

/** What asks are served from. */
export interface Services {
  readonly store: Store;
  readonly subject?: SubjectSource | undefined;
  readonly derive?: Derive | undefined;
  readonly sign?: Sign | undefined;
  readonly verify?: Verify | undefined;
  readonly fetch?: Fetch | undefined;
  /** No ask: what it does is in the end of a flow. */
  readonly onMail?: SendMail | undefined;
  /** Milliseconds that each ask may take. */
  readonly deadline: number;
  /** Told of everything that a service throws; the engine hears only that it failed. */
  readonly onError: (error: unknown) => void;
}

/** The optional asks that these services can carry out, and mail, by the contract's names. */
export function capabilities(services: Omit<Services, "deadline" | "onError">): string[] {
  const asks = (["subject", "derive", "sign", "verify", "fetch"] as const).filter((name) => services[name]);
  return services.onMail ? [...asks, "mail"] : asks;
}

/**
 * A function that carries out asks. Whatever a service throws, and a deadline that passes, becomes `failed`, which always
 * denies; but `unknown` for a commit, since it may have been applied or yet be: the engine reads back and finds out. What derives and
 * is busy says so, and the engine tells the requester to come back later.
 */
export function server(services: Services): Serve {
  return (ask, requester) => {
    const failed = (error: unknown): Answer => {
      if (error instanceof Gone) throw error;
      if (isBusy(error) && "derive" in ask) return { busy: 1 };
      services.onError(error);
      return "commit" in ask
        ? { commit: "unknown" }
        : { failed: error instanceof Error ? error.message : String(error) };
    };
    if (requester?.closed) return Promise.reject(new Gone(requester.signal.reason));
    const millis = "fetch" in ask ? Math.min(services.deadline, ask.fetch.limits.millis) : services.deadline;
    try {
      const answer = carryOut(services, ask, () => ending(millis, requester?.signal));
      return isPromise(answer) ? within(answer, millis, requester?.signal).catch(failed) : answer;
    } catch (error) {
      return failed(error);
    }
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Fault && error.code === "busy";
}

/** Aborted when the time is up or the requester goes away, so that work that nobody waits for can end. */
function ending(millis: number, signal?: AbortSignal): AbortSignal {
  const time = AbortSignal.timeout(millis);
  return signal ? AbortSignal.any([time, signal]) : time;
}

function carryOut(services: Services, ask: Ask, ending: () => AbortSignal): Awaitable<Answer> {
  const { store } = services;
  if ("load" in ask) return then(store.load(ask.load.keys), (rows) => ({ rows: rows.map(plainRow) }));
  if ("commit" in ask) return then(store.commit(ask.commit), (commit) => ({ commit }));
  if ("scan" in ask) {
    const { prefix, after, limit } = ask.scan;
    return then(store.scan(prefix, after, limit), ({ rows, next }) => ({ page: { rows, next } }));
  }
  if ("subject" in ask) return subject(offered(services.subject, "subject"), ask.subject);
  if ("derive" in ask) return derive(offered(services.derive, "derive"), ask.derive, ending());
  if ("sign" in ask) return sign(offered(services.sign, "sign"), ask.sign);
  if ("verify" in ask) return verify(offered(services.verify, "verify"), ask.verify);
  if ("fetch" in ask) return fetched(offered(services.fetch, "fetch"), ask.fetch, ending());
  throw new Error(`The engine asked for something that this host does not know: ${Object.keys(ask).join()}`);
}

function plainRow(row: Row | null | undefined): Row | null {
  return row ? { version: row.version, value: row.value } : null;
}

function subject(source: SubjectSource, ask: SubjectAsk): Awaitable<Answer> {
  if ("claims" in ask) return claims(source, ask.claims.id, ask.claims.claims);
  const found = "signIn" in ask ? source.signIn(ask.signIn.login, ask.signIn.password) : source.status(ask.status.id);
  return then(found, (user) => ({ subject: user ? { id: user.id, name: user.name ?? null } : null }));
}

/** Of a host that has none to tell, only whether there is such a user. */
function claims(source: SubjectSource, id: string, names: readonly string[]): Awaitable<Answer> {
  const found: Awaitable<object | null | undefined> = source.claims ? source.claims(id, names) : source.status(id);
  return then(found, (known) => {
    if (!known) return { subject: null };
    return { subject: { id, name: null, claims: source.claims ? { ...known } : {} } };
  });
}

function derive(derived: Derive, ask: DeriveAsk, signal: AbortSignal): Awaitable<Answer> {
  const [secret, salt] = [fromBase64Url(ask.secret), fromBase64Url(ask.salt)];
  const costs = { algorithm: ask.algorithm, ...ask.parameters } as DeriveCosts;
  const bytes = derived({ ...costs, secret, salt }, signal);
  return then(bytes, (output) => ({ derived: toBase64Url(output) }));
}

function sign(signed: Sign, ask: SignAsk): Awaitable<Answer> {
  const signature = signed({ kid: ask.key, algorithm: ask.algorithm, message: fromBase64Url(ask.message) });
  return then(signature, (bytes) => ({ signature: toBase64Url(bytes) }));
}

function verify(verified: Verify, ask: VerifyAsk): Awaitable<Answer> {
  const result = verified({
    publicJwk: ask.jwk,
    algorithm: ask.algorithm,
    message: fromBase64Url(ask.message),
    signature: fromBase64Url(ask.signature),
  });
  return then(result, (good) => ({ verified: good === true }));
}

function offered<T>(service: T | undefined, name: string): T {
  if (!service) throw new Error(`The engine asked for ${name}, which this host does not offer`);
  return service;
}

/** Goes on at once where it can: a synchronous store costs no turn of the event loop. */
function then<T, U>(value: Awaitable<T>, next: (value: T) => U): Awaitable<U> {
  return isPromise(value) ? value.then(next) : next(value);
}

function isPromise<T>(value: Awaitable<T>): value is Promise<T> {
  return typeof (value as Promise<T> | null)?.then === "function";
}

function within<T>(work: Promise<T>, millis: number, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(() => reject(new Error(`No answer within ${millis} ms`))), millis);
    const gone = () => end(() => reject(new Gone(signal?.reason)));
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", gone);
      settle();
    };
    // Before all else: work that nobody waits for may fail too, and would end the process if nobody heard of it.
    work.then(
      (value) => end(() => resolve(value)),
      (error) => end(() => reject(error)),
    );
    if (signal?.aborted) return gone();
    signal?.addEventListener("abort", gone);
  });
}
