// A network whose every answer is written down, for what no server of ours would say; and a client that meets it.
import { mock, type TestContext } from "node:test";
import { handleCallback, type Keeper, type Session, type SignInOptions, signIn } from "claviger/browser";

export const issuer = "https://auth.example.com";
export const resource = "https://api.example.com/mcp";
export const redirectUri = "https://app.example.com/callback";
const clientId = "app";

/** A request as the network saw it. */
export interface Seen {
  method: string;
  url: string;
  headers: Headers;
  body: string;
}

type Answer = Response | object | ((seen: Seen) => Response | object);

/** A keeper of texts, whose items a test can see. */
export function keeper() {
  const items = new Map<string, string>();
  return {
    items,
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  } satisfies Keeper & { items: Map<string, string> };
}

/** Answers requests by their address without its query; other addresses do not exist. Notes what was asked, in order. */
export function network(context: TestContext, answers: Record<string, Answer>) {
  const seen: Seen[] = [];
  const fetched = mock.method(globalThis, "fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    const { method, url, headers } = request;
    seen.push({ method, url, headers, body: await request.text() });
    const answer = answers[url.split("?")[0]!] ?? new Response("No such page", { status: 404 });
    const given = typeof answer === "function" ? answer(seen.at(-1)!) : answer;
    if (!(given instanceof Response)) return Response.json(given);
    return new Response((await given.clone().text()) || null, given);
  });
  context.after(() => fetched.mock.restore());
  return { answers, seen, asked: () => seen.map((one) => one.url), clear: () => void seen.splice(0) };
}

/** The metadata of an authorization server, with changes. */
export function metadata(changes: object = {}): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    ...changes,
  };
}

export const wellKnown = `${issuer}/.well-known/oauth-authorization-server`;

/** A server that gives tokens, and an API that takes whatever it is shown. */
export function world(context: TestContext, { server = {}, tokens = {}, api = {} as Answer } = {}) {
  const bearer = { access_token: "access-1", token_type: "Bearer", expires_in: 900, ...tokens };
  const net = network(context, { [wellKnown]: metadata(server), [`${issuer}/token`]: bearer, [resource]: api });
  const storage = keeper();
  let now = Date.now();
  const clock = () => now;
  const options: SignInOptions = { issuer, clientId, redirectUri, resource, storage };

  /** The authorization request that a sign-in sends the browser away with. */
  async function asked(changes: Partial<SignInOptions> = {}): Promise<URL> {
    let address = "";
    await signIn({ ...options, navigate: (to) => (address = to), ...changes });
    return new URL(address);
  }

  /** The address that the browser comes back to. */
  function answer(request: URL, changes: Record<string, string | undefined> = {}): URL {
    const url = new URL(redirectUri);
    const state = request.searchParams.get("state")!;
    for (const [name, value] of Object.entries({ code: "code-1", state, iss: issuer, ...changes })) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    return url;
  }

  async function session(changes: Partial<SignInOptions> = {}): Promise<Session> {
    return handleCallback({ url: answer(await asked(changes)), storage, clock });
  }

  const wait = (milliseconds: number) => {
    now += milliseconds;
  };
  return { ...net, storage, clock, wait, options, asked, answer, session };
}

/** The form that was posted. */
export const formOf = (seen: Seen | undefined) => Object.fromEntries(new URLSearchParams(seen?.body));
