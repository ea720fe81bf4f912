// claviger/browser, sign-in and session: against the engine in this process, with a person who goes through its pages.
import assert from "node:assert/strict";
import { mock, type TestContext, test } from "node:test";
import { handleCallback, type Keeper, restoreSession, type SignInOptions, signIn } from "claviger/browser";
import { testing } from "claviger/testing";
import { Browser, locationOf } from "./browser.ts";
import { keeper } from "./scripted.ts";

const issuer = "https://auth.example.com";
const api = "https://api.example.com";
const redirectUri = "https://app.example.com/callback";

/**
 * A server, an API that it guards, a public client and a person. `requests` are those that went to the server. Sessions are bound to a
 * key when the API is a resource that the client names.
 */
async function scene(context: TestContext, { bound = false } = {}) {
  const resources = { [api]: {} };
  const { auth, clock } = testing({ issuer, scopes: { read: "See your things", write: "" }, resources });
  await auth.accounts.create({ login: "ada", password: "correct horse battery" });
  const about = { name: "App", redirectUris: [redirectUri], authMethod: "none" } as const;
  const { client } = await auth.clients.create(about);
  const requests: string[] = [];
  const network = mock.method(globalThis, "fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    if (request.url.startsWith(api)) return guarded(request);
    requests.push(new URL(request.url).pathname);
    return auth.fetch(request);
  });
  context.after(() => network.mock.restore());

  /** The API: says who is there and what was sent, or refuses. */
  async function guarded(request: Request): Promise<Response> {
    try {
      const { subject } = await auth.authenticate(request, { scopes: ["read"], audience: bound ? api : issuer });
      return Response.json({ subject, sent: await request.text() });
    } catch (error) {
      return (error as { toResponse(): Response }).toResponse();
    }
  }

  const storage = keeper();
  const resource = bound ? api : undefined;
  const options = { issuer, clientId: client.id, redirectUri, scope: "read", resource, origins: [api], storage };
  const means = { storage, clock: clock.now };

  /** From `signIn` to the address that the person comes back to. */
  async function answered(changes: Partial<SignInOptions> = {}, decision = "allow"): Promise<URL> {
    let address = "";
    await signIn({ ...options, navigate: (to) => (address = to), ...changes });
    const browser = new Browser(auth);
    let page = await browser.get(locationOf(await browser.get(address)));
    const form = { interaction: hidden(await page.text()), login: "ada", password: "correct horse battery" };
    page = await browser.get(locationOf(await browser.post("/sign-in", form)));
    // What was allowed once is not asked for again.
    if (page.status === 303) return new URL(locationOf(page));
    const consent = { interaction: hidden(await page.text()), decision, scope: "read" };
    return new URL(locationOf(await browser.post("/consent", consent)));
  }

  const signedIn = async () => handleCallback({ url: await answered(), ...means });
  const restored = () => restoreSession({ ...options, ...means });

  /** Changes what is kept of sessions and sign-ins. */
  function bend(changes: object) {
    for (const [key, text] of storage.items) {
      if (!key.startsWith("claviger.key")) storage.setItem(key, JSON.stringify({ ...JSON.parse(text), ...changes }));
    }
  }
  return { auth, clock, client, requests, storage, options, means, answered, signedIn, restored, bend, network };
}

const kinds = [
  ["bearer tokens", false],
  ["tokens bound to a key", true],
] as const;

const hidden = (page: string) => /name="interaction" value="([^"]+)"/.exec(page)![1]!;

for (const [kind, bound] of kinds) {
  test(`a person signs in, and the session's requests carry the token: ${kind}`, async (context) => {
    const { signedIn, requests, client } = await scene(context, { bound });
    const session = await signedIn();
    assert.deepEqual([session.issuer, session.clientId, session.scopes], [issuer, client.id, ["read"]]);
    const response = await session.fetch(`${api}/me`, { method: "POST", body: "hello" });
    assert.equal(response.status, 200);
    assert.equal((await response.json()).sent, "hello");
    assert.deepEqual(requests, ["/.well-known/oauth-authorization-server", "/token"]);
  });
}

test("an answer is taken once, and only where the sign-in was begun", async (context) => {
  const { answered, means, storage } = await scene(context);
  const url = await answered();
  await assert.rejects(handleCallback({ url, ...means, storage: keeper() }), { code: "invalid_callback" });
  await handleCallback({ url, ...means });
  await assert.rejects(handleCallback({ url, ...means }), { code: "invalid_callback" });
  assert.deepEqual(
    [...storage.items.keys()].filter((key) => key.includes("sign-in")),
    [],
  );
});

test("an answer that is handed in twice at once is taken once, and its session lives", async (context) => {
  const { answered, means, requests } = await scene(context);
  const slow = async <T>(value: T) => new Promise<T>((done) => setTimeout(done, 5, value));
  const { getItem, setItem, removeItem } = means.storage;
  const storage: Keeper = {
    getItem: (key) => slow(getItem(key)),
    setItem: async (key, value) => setItem(key, await slow(value)),
    removeItem: async (key) => removeItem(await slow(key)),
  };
  const url = await answered();
  const taken = await Promise.allSettled([1, 2].map(() => handleCallback({ url, ...means, storage })));
  assert.deepEqual(taken.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  assert.equal(requests.filter((path) => path === "/token").length, 1, "the server takes a code sent twice for stolen");
  const session = taken.find((one) => one.status === "fulfilled")!.value;
  assert.equal((await session.fetch(`${api}/me`)).status, 200);
});

test("an answer of another server, of none, or with a parameter twice is refused before the code is sent anywhere", async (context) => {
  const { answered, means, requests } = await scene(context);
  const bent: ((url: URL) => void)[] = [
    (url) => url.searchParams.set("iss", "https://evil.example"),
    (url) => url.searchParams.delete("iss"),
    (url) => url.searchParams.append("code", "another"),
    (url) => url.searchParams.set("state", "another"),
    (url) => url.searchParams.delete("code"),
  ];
  for (const bend of bent) {
    const url = await answered();
    bend(url);
    await assert.rejects(handleCallback({ url, ...means }), { code: "invalid_callback" }, url.search);
  }
  assert.equal(requests.includes("/token"), false);
});

test("what the person refuses is told with the server's code", async (context) => {
  const { answered, means } = await scene(context);
  const url = await answered({}, "deny");
  await assert.rejects(handleCallback({ url, ...means }), { code: "access_denied" });
});

test("a code that somebody else began to redeem is refused with the server's code", async (context) => {
  const { answered, means, bend } = await scene(context);
  const url = await answered();
  bend({ verifier: "x".repeat(43) });
  await assert.rejects(handleCallback({ url, ...means }), { code: "invalid_grant", status: 400 });
});

for (const [kind, bound] of kinds) {
  test(`the token is refreshed in time, once for all requests and tabs: ${kind}`, async (context) => {
    const { signedIn, clock, requests, restored } = await scene(context, { bound });
    const session = await signedIn();
    const tab = (await restored())!;
    const first = await session.accessToken();
    clock.advance("14m");
    assert.equal(await tab.accessToken(), first);
    clock.advance("40s");
    const responses = await Promise.all([session, tab, session, tab].map((one) => one.fetch(`${api}/me`)));
    assert.deepEqual(new Set(responses.map((response) => response.status)), new Set([200]));
    assert.equal(requests.filter((path) => path === "/token").length, 2, "one for the code, one refresh");
    assert.notEqual(await session.accessToken(), first);
    assert.equal(await tab.accessToken(), await session.accessToken());
  });
}

for (const [kind, bound] of kinds) {
  test(`a token that the API refuses is refreshed, and the request sent once more with its body: ${kind}`, async (context) => {
    const { signedIn, bend, requests } = await scene(context, { bound });
    const session = await signedIn();
    bend({ accessToken: "revoked.in.between" });
    const response = await session.fetch(`${api}/me`, { method: "POST", body: "again" });
    assert.equal((await response.json()).sent, "again");
    assert.equal(requests.filter((path) => path === "/token").length, 2);
  });
}

test("a request that is refused for another reason than its token is not sent twice", async (context) => {
  const { signedIn, requests, network } = await scene(context);
  const session = await signedIn();
  const basic = { "www-authenticate": 'Basic realm="proxy"' };
  for (const refused of [{ status: 403 }, { status: 401, headers: basic }]) {
    network.mock.mockImplementationOnce(async () => new Response("", refused), network.mock.callCount());
    assert.equal((await session.fetch(`${api}/me`)).status, refused.status);
  }
  assert.equal(requests.filter((path) => path === "/token").length, 1);
});

test("the token goes to no other origin", async (context) => {
  const { signedIn, network } = await scene(context);
  const session = await signedIn();
  const before = network.mock.callCount();
  for (const address of ["https://evil.example/", "http://api.example.com/", `${api}.evil.example/`]) {
    await assert.rejects(session.fetch(address), { code: "configuration" });
  }
  assert.equal(network.mock.callCount(), before);
});

for (const [kind, bound] of kinds) {
  test(`signing out revokes the tokens at the server, and ends the session in every tab: ${kind}`, async (context) => {
    const { signedIn, restored, auth, requests, storage } = await scene(context, { bound });
    const session = await signedIn();
    const tab = (await restored())!;
    const token = await session.accessToken();
    await session.signOut();
    assert.equal(requests.at(-1), "/revoke");
    assert.deepEqual(await auth.tokens.introspect(token), { active: false });
    await assert.rejects(tab.fetch(`${api}/me`), { code: "login_required" });
    assert.equal(await restored(), undefined);
    assert.equal(storage.items.size, 0);
  });
}

test("signing out while a tab refreshes leaves no session behind", async (context) => {
  const { signedIn, clock, storage, auth, means, network } = await scene(context);
  const session = await signedIn();
  const tab = (await restoreSession({ issuer, clientId: session.clientId, ...means }))!;
  clock.advance("15m");
  const signingOut = new Promise<void>((resolve) => {
    const refresh = async (input: RequestInfo | URL, init?: RequestInit) => {
      // The request is on its way, its answer is not: now the other tab signs out.
      resolve(session.signOut());
      return auth.fetch(new Request(input, init));
    };
    network.mock.mockImplementationOnce(refresh, network.mock.callCount());
  });
  const refreshed = await tab.accessToken();
  await signingOut;
  assert.equal(storage.items.size, 0);
  assert.deepEqual(await auth.tokens.introspect(refreshed), { active: false });
});

test("a tab that refreshes does not put its tokens in the place of somebody who signs in meanwhile", async (context) => {
  const { signedIn, answered, clock, auth, means, network } = await scene(context);
  const tab = await signedIn();
  const url = await answered();
  clock.advance("15m");
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const refreshing = new Promise<void>((resolve) => {
    const refresh = async (input: RequestInfo | URL, init?: RequestInit) => {
      const answer = await auth.fetch(new Request(input, init));
      resolve();
      await held;
      return answer;
    };
    network.mock.mockImplementationOnce(refresh, network.mock.callCount());
  });
  const old = tab.accessToken();
  await refreshing;
  // Another tab comes back from a sign-in of its own, and the refresh's answer arrives last.
  const mine = { access_token: "another person's", token_type: "bearer", expires_in: 900 };
  network.mock.mockImplementationOnce(async () => Response.json(mine), network.mock.callCount());
  const signingIn = handleCallback({ url, ...means });
  setTimeout(release, 20);
  const [, session] = await Promise.all([old, signingIn]);
  assert.equal(await session.accessToken(), "another person's");
});

test("a session that was ended at the server is over here at the next refresh", async (context) => {
  const { signedIn, auth, clock, storage } = await scene(context);
  const session = await signedIn();
  const { refreshToken } = JSON.parse([...storage.items.values()][0]!);
  await auth.tokens.revoke(refreshToken);
  clock.advance("15m");
  await assert.rejects(session.accessToken(), { code: "login_required", status: 401 });
  assert.equal(storage.items.size, 0);
});

test("a server that is down or busy ends no session", async (context) => {
  const { signedIn, clock, network } = await scene(context);
  const session = await signedIn();
  clock.advance("15m");
  const answers = [
    [new Response("<h1>Bad gateway</h1>", { status: 502 }), "server_failed"],
    [Response.json({ error: "temporarily_unavailable" }, { status: 503 }), "server_failed"],
    [Response.json({ error: "slow_down" }, { status: 429 }), "slow_down"],
  ] as const;
  for (const [answer, code] of answers) {
    network.mock.mockImplementationOnce(async () => answer, network.mock.callCount());
    await assert.rejects(session.accessToken(), { code });
  }
  assert.equal((await session.fetch(`${api}/me`)).status, 200);
});

test("a server is believed only about itself, over https, and with PKCE", async (context) => {
  const { options, network } = await scene(context);
  const metadata = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    code_challenge_methods_supported: ["S256"],
  };
  const navigate = mock.fn();
  for (const changes of [
    { issuer: "https://evil.example" },
    { code_challenge_methods_supported: ["plain"] },
    { code_challenge_methods_supported: undefined },
    { token_endpoint: "http://auth.example.com/token" },
    { authorization_endpoint: undefined },
  ]) {
    const answer = async () => Response.json({ ...metadata, ...changes });
    network.mock.mockImplementationOnce(answer, network.mock.callCount());
    await assert.rejects(signIn({ ...options, navigate }), { code: "configuration" }, JSON.stringify(changes));
  }
  await assert.rejects(signIn({ ...options, issuer: "http://auth.example.com", navigate }), { code: "configuration" });
  const redirect = async () => new Response(null, { status: 302, headers: { location: "https://evil.example" } });
  network.mock.mockImplementationOnce(redirect, network.mock.callCount());
  await assert.rejects(signIn({ ...options, navigate }), { code: "server_failed" });
  assert.equal((network.mock.calls.at(-1)!.arguments[0] as Request).redirect, "manual");
  assert.equal(navigate.mock.callCount(), 0);
});

test("a token response without a bearer token is not used", async (context) => {
  const { answered, means, network } = await scene(context);
  const url = await answered();
  const strange = async () => Response.json({ access_token: "a", token_type: "mac" });
  network.mock.mockImplementationOnce(strange, network.mock.callCount());
  await assert.rejects(handleCallback({ url, ...means }), { code: "server_failed" });
});
