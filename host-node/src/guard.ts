import type { Call, HeaderPairs, Takes } from "./commands.js";
import { ClavigerError, Fault, Refused } from "./errors.js";
import type { Permission, Principal, PrincipalFacts, Requirement, TokenRequirement } from "./shapes.js";

/** A request as Fetch has it, or as `node:http` does; `originalUrl` is what Express keeps when a router takes a part of `url` away. */
export type Requested = ({ readonly headers: Headers } | { readonly rawHeaders: readonly string[] }) & {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly originalUrl?: string | undefined;
};

/** How long an answer is remembered for the same request, in milliseconds: a stream that asks again later wants to know anew. */
const remembered = 10_000;

type Asked = Takes<"authenticate">;

interface Answer {
  at: number;
  found: Promise<Principal>;
}

/** Who is behind requests; asked once for each request and requirement, as long as a request is handled. */
export class Guard {
  readonly #call: Call;
  readonly #clock: () => number;
  readonly #onFault: (fault: Fault) => void;
  readonly #answers = new WeakMap<Requested, Map<string, Answer>>();
  /** The keys that requests have proven to have. */
  readonly #proven = new WeakMap<Requested, Promise<string | null>>();

  constructor(call: Call, clock: () => number, onFault: (fault: Fault) => void) {
    this.#call = call;
    this.#clock = clock;
    this.#onFault = onFault;
  }

  /** Rejects with `Refused`, or with `Fault`, which is not remembered. */
  authenticate(request: Requested, requirement: Requirement): Promise<Principal> {
    const { method, originalUrl, url } = request;
    const address = originalUrl ?? url;
    const seen = { ...(method && { method }), ...(address && { url: address }) };
    const asked = { headers: headersOf(request), ...seen, ...requirement };
    const key = JSON.stringify(asked);
    const answers = this.#answers.get(request) ?? new Map<string, Answer>();
    this.#answers.set(request, answers);
    const known = answers.get(key);
    const at = this.#clock();
    if (known && at - known.at < remembered) return known.found;
    const found = this.#ask(request, asked).then(permitted, (error) => {
      throw this.#misused(error);
    });
    answers.set(key, { at, found });
    found.catch((error) => error instanceof Refused || answers.delete(key));
    return found;
  }

  /** A requirement that the engine cannot check is the application's fault, whoever asks. */
  #misused(error: unknown): unknown {
    if (!(error instanceof Refused) || error.code !== "invalid_argument") return error;
    const { code, message } = error;
    const fault = new Fault({ code, status: 500, message, help: "Correct the requirement of the guard." });
    this.#onFault(fault);
    return fault;
  }

  /**
   * A DPoP proof is good once, and a request may have to be good for several things: after the first, its token is asked about with
   * the key that was proven then.
   */
  async #ask(request: Requested, asked: Asked): Promise<PrincipalFacts> {
    if (!asked.headers.some(([name]) => name === "dpop")) return this.#call("authenticate", asked);
    const before = this.#proven.get(request) ?? Promise.resolve(null);
    const found = before.then((jkt) => {
      if (jkt === null) return this.#call("authenticate", asked);
      const { headers, method: _, url: __, only: ___, basic: ____, remote: _____, ...requirement } = asked;
      return this.#call("tokens.verify", { token: tokenOf(headers), jkt, ...requirement });
    });
    const proven = found.then(({ jkt }) => jkt);
    this.#proven.set(
      request,
      proven.catch(() => before),
    );
    return found;
  }

  /** Rejects as `authenticate` does. */
  async verify(token: string, requirement: TokenRequirement): Promise<Principal> {
    return permitted(await this.#call("tokens.verify", { token, ...requirement }));
  }
}

/** The response to a request that was not let through; what is no error of this package is thrown on. */
export function refusal(error: unknown): Response {
  if (error instanceof ClavigerError) return error.toResponse();
  throw error;
}

/** The same response, which also sets what whoever asks is to keep: the cookie of a session that goes on with another one. */
export function withHeaders(response: Response, who: Principal): Response {
  if (who.kind !== "session" || !who.headers?.length) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of who.headers) headers.append(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

/** The headers that say who it is. What a framework parsed has lost what came twice. */
function headersOf(request: Requested): HeaderPairs {
  const pairs: HeaderPairs = "rawHeaders" in request ? inPairs(request.rawHeaders) : [...request.headers];
  return pairs.filter(([name]) => ["authorization", "cookie", "dpop"].includes(name));
}

function tokenOf(headers: HeaderPairs): string {
  const authorization = headers.find(([name]) => name === "authorization")?.[1] ?? "";
  return authorization.slice(authorization.indexOf(" ")).trim();
}

function inPairs(raw: readonly string[]): HeaderPairs {
  return raw.flatMap((text, at): HeaderPairs => (at % 2 ? [] : [[text.toLowerCase(), raw[at + 1] ?? ""]]));
}

function permitted(facts: PrincipalFacts): Principal {
  const has = (scope: string) => facts.kind === "session" || facts.scopes.includes(scope);
  const permission: Permission = {
    hasScope: (...scopes) => scopes.every(has),
    hasAnyScope: (...scopes) => scopes.some(has),
  };
  // Not enumerable: a principal is printed, compared and sent as the facts that it holds.
  const hidden = Object.entries(permission).map(([name, value]) => [name, { value }] as const);
  return Object.defineProperties(facts, Object.fromEntries(hidden)) as Principal;
}
