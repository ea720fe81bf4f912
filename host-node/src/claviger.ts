import { Caller } from "./caller.js";
import type { Call, Gives, HeaderPairs, Takes } from "./commands.js";
import type { Done } from "./contract.js";
import { Driver } from "./driver.js";
import { type Engine, EngineInstance } from "./engine.js";
import { type ClavigerError, ConfigurationError, Fault, Refused } from "./errors.js";
import { type EventName, type Listener, Listeners } from "./events.js";
import { Guard, type Requested, refusal, withHeaders } from "./guard.js";
import {
  badRequest,
  type HttpAnswer,
  type HttpCall,
  type Incoming,
  readIncoming,
  remoteAddress,
  toAnswer,
  toHttpCall,
  tooLarge,
  toResponse,
} from "./http.js";
import { Issuers } from "./issuers.js";
import { type KeepAlive, keepAliveOf, type LogoutDue, Logouts } from "./logouts.js";
import { Mails } from "./mails.js";
import { moduleOf } from "./module.js";
import { configuration, type RequestInfo, type SlimOptions } from "./options.js";
import { Random } from "./random.js";
import { Accounts } from "./rooms/accounts.js";
import { Clients } from "./rooms/clients.js";
import { Devices } from "./rooms/devices.js";
import { Factors } from "./rooms/factors.js";
import { Interactions } from "./rooms/interactions.js";
import { Journeys } from "./rooms/journeys.js";
import { Jwts } from "./rooms/jwts.js";
import { Keys } from "./rooms/keys.js";
import { Passwords } from "./rooms/passwords.js";
import { Pats } from "./rooms/pats.js";
import { RegistrationTokens } from "./rooms/registration-tokens.js";
import { Seals } from "./rooms/seals.js";
import { Grants, Sessions } from "./rooms/sessions.js";
import { SignIn } from "./rooms/sign-in.js";
import { Tokens } from "./rooms/tokens.js";
import { capabilities, type Requester, server } from "./serve.js";
import type { Principal, Purged, PurgeOptions, Requirement, ResourceMetadata } from "./shapes.js";
import { refuseKeyValue } from "./store.js";

const defaultDeadline = 10_000;

/**
 * An authorization server, its sessions and its accounts.
 *
 * ```ts
 * const auth = new Claviger({ issuer, secret, store, scopes: { read: "See your things" } });
 * export default { fetch: auth.fetch };
 * ```
 *
 * Nothing is compiled before the first request or `ready()`.
 */
export class Claviger {
  readonly clients: Clients;
  readonly registrationTokens: RegistrationTokens;
  readonly accounts: Accounts;
  readonly passwords: Passwords;
  readonly factors: Factors;
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly grants: Grants;
  readonly journeys: Journeys;
  readonly seals: Seals;
  readonly tokens: Tokens;
  readonly jwts: Jwts;
  readonly pats: Pats;
  readonly keys: Keys;
  readonly interactions: Interactions;
  readonly devices: Devices;

  readonly #options: SlimOptions;
  readonly #issuers: Issuers;
  readonly #listeners: Listeners;
  readonly #guard: Guard;
  readonly #logouts: Logouts;
  readonly #mails: Mails;
  readonly #onFault: (error: ClavigerError | Error) => void;
  #driver: Promise<Driver> | undefined;
  #toldOfRemote = false;
  /** Which of several issuers this is, and whose engine it uses. */
  #issuer: string | undefined;
  #root: Claviger = this;

  constructor(options: SlimOptions) {
    refuseKeyValue(options.store);
    this.#options = options;
    this.#issuers = new Issuers(options);
    this.#onFault = reporter(options.onFault ?? ((error) => console.error(error)));
    this.#listeners = new Listeners((error) => this.#onFault(asError(error)));
    const call: Call = (name, argument) => this.#call(name, argument);
    this.#logouts = new Logouts((argument, issuer) => this.#call("logout.deliver", argument, issuer));
    this.#mails = new Mails(options.onMail, (error) => this.#onFault(asError(error)));
    this.#guard = new Guard(call, options.clock ?? Date.now, this.#onFault);
    this.clients = new Clients(call);
    this.registrationTokens = new RegistrationTokens(call);
    this.accounts = new Accounts(call);
    this.passwords = new Passwords(call);
    this.factors = new Factors(call);
    this.sessions = new Sessions(call);
    this.signIn = new SignIn(call, (request) => (options.remote ?? remoteAddress)(request, undefined));
    this.grants = new Grants(call);
    this.journeys = new Journeys(call);
    this.seals = new Seals(call);
    this.tokens = new Tokens(call, this.#guard);
    this.jwts = new Jwts(call, {
      clock: options.clock ?? Date.now,
      onWithdrawal: (act) => this.on("key.withdrawn", act),
    });
    this.pats = new Pats(call);
    this.keys = new Keys(call);
    this.interactions = new Interactions(call);
    this.devices = new Devices(call);
  }

  /** Compiles the engine and opens it with the configuration. Rejects with `ConfigurationError` when that is wrong. */
  async ready(): Promise<void> {
    (await this.#ready()).engine();
  }

  /**
   * Answers every endpoint and page of this server. Bound, so that it can be handed over by itself; what a runtime or framework
   * passes beside the request is read for the peer's address. Rejects only when the options are wrong.
   */
  readonly fetch = async (request: Request, info?: RequestInfo | object, ...rest: unknown[]): Promise<Response> => {
    const remote = (this.#options.remote ?? remoteAddress)(request, info);
    try {
      const http = await toHttpCall(request, this.#issuers.bodyLimit, remote);
      return toResponse(
        http === "too large" ? tooLarge(this.#issuers.bodyLimit) : await this.#http(http, request, keepAliveOf(rest)),
      );
    } catch (error) {
      if (error instanceof ConfigurationError || !request.signal.aborted) throw error;
      return new Response(null, { status: 499 });
    }
  };

  /**
   * The same as `fetch` for adapters of servers that have no `Request` and need no `Response`, such as `claviger/node`: it takes
   * half the time. Rejects with the signal's reason when the requester goes away.
   */
  async answer(incoming: Incoming, requester?: Requester): Promise<HttpAnswer> {
    const { method, url, headers, peer } = incoming;
    const body = await readIncoming(incoming, this.#issuers.bodyLimit);
    if (body === "too large") return tooLarge(this.#issuers.bodyLimit);
    const seen = this.#options.remote && expressed(url, method, headers);
    if (seen === null) return badRequest("The address of the request is none");
    const asked = seen && this.#options.remote?.(seen, { remoteAddr: { hostname: peer } });
    return this.#http({ method, url, headers, body, remote: asked === undefined ? peer : asked }, requester);
  }

  /**
   * Who makes this request: by its access token, or by its session cookie. Takes a Fetch request, or that of `node:http`, Express
   * and their like, and asks once when the same request comes again within seconds. Rejects with `Refused`, whose `toResponse()` is the right
   * 400, 401 or 403 with its challenge (RFC 6750 section 3, RFC 9728 section 5.1).
   */
  async authenticate(request: Requested, requirement: Requirement = {}): Promise<Principal> {
    return this.#guard.authenticate(request, requirement);
  }

  /** Whoever makes this request, as questions: `await auth.of(request).id()`. */
  of(request: Requested, requirement: Requirement = {}): Caller {
    return new Caller(
      () => this.authenticate(request, requirement),
      (id) => this.accounts.find(id),
    );
  }

  /**
   * A handler that answers only the requests that are good for this, and the others as they deserve.
   *
   * ```ts
   * Deno.serve(auth.guard({ scopes: ["read"] }, (request, who) => Response.json({ hello: who.subject })));
   * ```
   */
  guard<Rest extends unknown[]>(
    requirement: Requirement,
    handler: (request: Request, who: Principal, ...rest: Rest) => Response | Promise<Response>,
  ): (request: Request, ...rest: Rest) => Promise<Response> {
    return async (request, ...rest) => {
      const who = await this.authenticate(request, requirement).catch(refusal);
      return who instanceof Response ? who : withHeaders(await handler(request, who, ...rest), who);
    };
  }

  /**
   * The metadata (RFC 9728) of one of `resources`. Those on this server's own origin have it served by `fetch`; another serves it
   * as JSON at `/.well-known/oauth-protected-resource` and its own path.
   */
  resourceMetadata(resource: string): Promise<ResourceMetadata> {
    return this.#call("resources.metadata", { resource });
  }

  /**
   * The same server for one of the `issuers` of its options: its rooms and its `fetch` are that issuer's. One that is not configured is
   * a fault at the first use.
   */
  at(issuer: string): Claviger {
    const other = new Claviger(this.#options);
    other.#issuer = issuer;
    other.#root = this.#root;
    return other;
  }

  /** Removes what has expired, page by page; stores that expire rows by themselves need it seldom. */
  async purge(options: PurgeOptions = {}): Promise<Purged> {
    let after: string | null = null;
    let seen = 0;
    const purged: Record<string, number> = {};
    const unreadable: string[] = [];
    do {
      const page: Gives<"purge"> = await this.#call("purge", after === null ? options : { ...options, after });
      seen += page.seen;
      for (const [kind, count] of Object.entries(page.purged)) purged[kind] = (purged[kind] ?? 0) + count;
      unreadable.push(...page.unreadable);
      after = page.next;
    } while (after !== null);
    return { seen, purged, unreadable };
  }

  /** Calls `listener` after each such event, or with `"*"` after every one. Returns the function that ends it. */
  on<Name extends EventName>(name: Name | "*", listener: Listener<Name>): () => void {
    return this.#root.#listeners.add(name, listener);
  }

  /**
   * Resolves when every client that is to be told of the end of a session was told, and every mail was sent, or will not be. For a process
   * that ends soon.
   */
  async settled(): Promise<void> {
    await Promise.all([this.#root.#logouts.settled(), this.#root.#mails.settled()]);
  }

  async #call<Name extends Parameters<Call>[0]>(
    name: Name,
    argument: Takes<Name>,
    issuer = this.#issuer,
  ): Promise<Gives<Name>> {
    const driver = await this.#ready();
    const done = this.#told(await driver.run({ [name]: argument }, undefined, issuer));
    if ("ok" in done) return done.ok as Gives<Name>;
    throw errorOf(done);
  }

  async #http(request: HttpCall, requester?: Requester, keepAlive?: KeepAlive): Promise<HttpAnswer> {
    const driver = await this.#ready();
    if (request.remote === null) this.#root.#tellOfRemote();
    const http = { ...request, url: this.#issuers.addressOf(request.url, request.headers) };
    const done = this.#told(await driver.run({ http }, requester, this.#issuer), keepAlive);
    return done.ok ? (done.ok as HttpAnswer) : toAnswer(errorOf(done).toResponse());
  }

  /** Once: without it all are counted as one, whom the first to ask for too much locks out. */
  #tellOfRemote(): void {
    const mails = this.#options.onMail !== undefined;
    if (this.#toldOfRemote || !(this.#issuers.registersAnybody || mails)) return;
    this.#toldOfRemote = true;
    const [what, limit] = mails ? ["Mail is sent", "mails"] : ["Clients register themselves", "registrations"];
    this.#onFault(
      new ConfigurationError(
        `${what}, and the address of the peer is unknown: one limit of ${limit} counts for all`,
        "Give the option `remote`, which reads the address from what your runtime or your proxy says.",
      ),
    );
  }

  /** Delivers what the host must hear of, and begins what is to be done about it. */
  #told(done: Done, keepAlive: KeepAlive = () => {}): Done {
    this.#root.#listeners.deliver(done.events);
    for (const event of done.events ?? []) {
      if (event.name === "logout.due") keepAlive(this.#root.#logouts.begin(event as unknown as LogoutDue));
    }
    for (const mail of done.mail ?? []) keepAlive(this.#root.#mails.begin(mail));
    if (done.fault) this.#onFault(errorOf(done));
    return done;
  }

  #ready(): Promise<Driver> {
    if (this.#root !== this) return this.#root.#ready();
    // A failed compilation is tried again by the next request.
    this.#driver ??= this.#build().catch((error) => {
      this.#driver = undefined;
      throw error;
    });
    return this.#driver;
  }

  async #build(): Promise<Driver> {
    const { engine, clock = Date.now, random = new Random().bytes, deadline = defaultDeadline } = this.#options;
    const services = { ...this.#options, deadline, onError: (error: unknown) => this.#onFault(asError(error)) };
    checkPresent(this.#options);
    const config = { ...configuration(this.#options), capabilities: capabilities(services) };
    const module = await moduleOf(engine);
    return new Driver({ instantiate: () => opened(module, config), serve: server(services), clock, random });
  }
}

/** What types tell, for those who have none: the engine would hear of a store only when it needs it. */
function checkPresent({ store, secret }: SlimOptions): void {
  const isStore = (["load", "commit", "scan"] as const).every((name) => typeof store?.[name] === "function");
  if (!isStore) {
    throw new ConfigurationError(
      "store: missing, or no store",
      'Give one, such as sqlite("auth.db") of claviger/stores/sqlite.',
    );
  }
  if (secret === undefined) {
    throw new ConfigurationError(
      "secret: missing",
      "Is the environment's variable set? `npx claviger secret` makes one.",
    );
  }
}

function opened(module: WebAssembly.Module, config: object): Engine {
  const engine = new EngineInstance(module);
  engine.open(config);
  return engine;
}

function errorOf({ fault, refused }: Done): ClavigerError {
  if (fault instanceof Fault) return fault;
  if (fault) return new Fault(fault);
  if (refused) return new Refused(refused);
  return new Fault({
    code: "engine_failed",
    status: 500,
    message: "The engine ended a command with neither a result nor a reason",
    help: "This is a defect of the engine; please report it.",
  });
}

/**
 * A request that Fetch can express: there is none with a password in its address, nor with the methods that browsers may not use, nor
 * for the whole server (`OPTIONS *`, RFC 9112 section 3.2.4). `null` when the address is none.
 */
function expressed(url: string, method: string, headers: HeaderPairs): Request | null {
  try {
    const address = new URL(url, "http://localhost");
    address.username = address.password = "";
    return new Request(address, { headers, ...(/^(CONNECT|TRACE|TRACK)$/i.test(method) ? {} : { method }) });
  } catch {
    return null;
  }
}

/** Tells of errors, and does not let the telling become one: the request must be answered all the same. */
function reporter(tell: (error: Error) => unknown): (error: Error) => void {
  return async (error) => {
    try {
      await tell(error);
    } catch (failed) {
      console.error(error, failed);
    }
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error });
}
