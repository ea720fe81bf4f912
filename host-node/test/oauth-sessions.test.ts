// Sessions of people who sign in at a server of their own: seeds H2 to H6, H10 to H12. The other server is a Claviger too, and its client speaks
// with its real endpoints.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createOAuthSessions, type OAuthClientOf, type OAuthSessionData, type OAuthSessionOptions } from "claviger";
import { createPkce } from "claviger/browser";
import { fromKeyValue } from "claviger/stores/key-value";
import { testing } from "claviger/testing";
import { type App, authorizeUrl, Browser, locationOf, makeApp, post, redirectUri } from "./browser.ts";

const password = "a password of at least 32 characters, for tests";

interface Session extends OAuthSessionData {
  readonly accessToken: string;
}

/** A client of the other server, as `@tijs/oauth-client-deno` is one of any: PKCE, and its state in the same storage. */
function clientOf(home: ReturnType<typeof testing>["auth"], app: App, storage: ReturnType<typeof fromKeyValue>) {
  const sessionOf = (data: { did: string; handle: string; accessToken: string }): Session => ({
    ...data,
    toJSON: () => data,
  });
  const client: OAuthClientOf<Session> = {
    async authorize(handle, { state }) {
      const { verifier, challenge } = await createPkce();
      await storage.set(`pkce:${state}`, { verifier, handle }, { ttl: 600 });
      return new URL(authorizeUrl(app, { state, code_challenge: challenge, login_hint: handle }));
    },
    async callback(params) {
      const state = params.get("state") ?? "";
      const kept = await storage.get<{ verifier: string; handle: string }>(`pkce:${state}`);
      await storage.delete(`pkce:${state}`);
      if (kept === null) throw new Error("nobody began this");
      const form = { grant_type: "authorization_code", code: params.get("code") ?? "", redirect_uri: redirectUri };
      const response = await post(home, app, "/token", { ...form, code_verifier: kept.verifier });
      if (!response.ok) throw new Error(`the token endpoint said ${response.status}`);
      const { access_token: accessToken } = (await response.json()) as { access_token: string };
      const { subject } = await home.tokens.verify(accessToken);
      return {
        session: sessionOf({ did: `did:web:auth.example.com:${subject}`, handle: kept.handle, accessToken }),
        state,
      };
    },
    async restore(did) {
      const data = await storage.get<{ did: string; handle: string; accessToken: string }>(`session:${did}`);
      return data && sessionOf(data);
    },
  };
  return client;
}

async function scene(changes: Partial<OAuthSessionOptions<Session>> = {}) {
  const { auth: home } = testing({ scopes: { read: "See your things" } });
  const { auth, clock, store } = testing({ issuer: "https://app.example.com" });
  await home.accounts.create({ login: "ada", password: "correct horse battery", name: "Ada" });
  const app = await makeApp(home);
  const rows = new Map<string, string>();
  const storage = fromKeyValue(
    { get: (key) => rows.get(key), set: (key, value) => rows.set(key, value), delete: (key) => rows.delete(key) },
    { clock: clock.now },
  );
  const client = clientOf(home, app, storage);
  const errors: Error[] = [];
  const onError = (error: Error) => errors.push(error);
  const options = { client, storage, password, clock: clock.now, onError, ...changes };
  const sessions = createOAuthSessions(auth, options);
  /** The person's browser at the application. */
  const jar = new Browser(auth, "https://app.example.com");
  const request = (address: string) => new Request(address, { headers: { cookie: jar.cookie } });
  const start = async (options: Parameters<typeof sessions.start>[2] = {}, handle = "Ada.Test") => {
    const response = (await sessions.start(request("https://app.example.com/login"), handle, options)).toResponse();
    jar.accept(response.headers);
    return locationOf(response);
  };
  const callback = async (address: string) => {
    const response = await sessions.callback(request(address));
    jar.accept(response.headers);
    return response;
  };
  const signIn = async (options: Parameters<typeof start>[0] = {}) =>
    callback(await goHome(home, await start(options)));
  return { home, auth, clock, store, rows, storage, client, sessions, errors, jar, request, start, callback, signIn };
}

/** The person signs in at the other server and allows it: the address that they come back with. */
async function goHome(home: Parameters<typeof clientOf>[0], address: string, decision = "allow"): Promise<string> {
  const browser = new Browser(home);
  const interactionOf = async (response: Response) =>
    /name="interaction" value="([^"]+)"/.exec(await response.text())?.[1] ?? assert.fail("no interaction");
  let page = await browser.get(locationOf(await browser.get(address)));
  const signIn = { interaction: await interactionOf(page), login: "ada", password: "correct horse battery" };
  page = await browser.get(locationOf(await browser.post("/sign-in", signIn)));
  const consent = { interaction: await interactionOf(page), decision, scope: "read" };
  return locationOf(await browser.post("/consent", consent));
}

test("H2 H3 H4 H5 H10 H11 somebody signs in at their server, comes back, is known, and signs out", async () => {
  const { sessions, rows, errors, request, signIn, start, home, callback, clock } = await scene();
  const back = await signIn({ redirectPath: "/notes?sort=new" });
  assert.equal(locationOf(back), "/notes?sort=new");
  assert.match(back.headers.get("set-cookie") ?? "", /^sid=Fe26\.2\*.*; HttpOnly; Secure; SameSite=Lax$/);
  assert.deepEqual(
    [back.headers.get("cache-control"), back.headers.get("referrer-policy")],
    ["no-store", "no-referrer"],
  );

  const page = request("https://app.example.com/notes");
  const who = await sessions.validate(page);
  assert.ok(who.valid);
  assert.equal(who.handle, "ada.test");
  assert.deepEqual([...rows.keys()], [`session:${who.did}`]);
  const session = await sessions.getOAuthSessionFromRequest(page);
  assert.equal(session?.did, who.did);
  assert.deepEqual(await sessions.getStoredOAuthData(who.did), session?.toJSON());
  assert.equal((await home.tokens.verify(session!.accessToken)).scopes[0], "read");

  clock.advance("1s");
  assert.deepEqual(await sessions.logout(page), { headers: [sessions.clearCookie()] });
  assert.deepEqual([...rows.keys()], [`ended:${who.did}`]);
  assert.equal((await sessions.validate(page)).valid, false);
  assert.equal(await sessions.getOAuthSessionFromRequest(page), null);
  assert.equal(await sessions.getOAuthSession(who.did), null);
  assert.equal(locationOf(await callback(await goHome(home, await start()))), "/");
  assert.equal((await sessions.validate(request("https://app.example.com/notes"))).valid, true);
  assert.equal((await sessions.validate(page)).valid, false, "a cookie from before stays over");
  assert.deepEqual(errors, []);
});

test("H4 a link of another site starts no sign-in", async () => {
  const { sessions } = await scene();
  const headers = { "sec-fetch-site": "cross-site" };
  const followed = new Request("https://app.example.com/login?handle=eve.example", { headers });
  await assert.rejects(sessions.start(followed, "eve.example"), { code: "OAUTH_FLOW_ERROR" });
});

test("H6 a mobile application gets a code in its address, and its seal for that and its verifier", async () => {
  const { sessions, signIn, clock, rows } = await scene({ mobileScheme: "com.example.app:/signed-in?from=web" });
  const { verifier, challenge } = await createPkce();
  const back = await signIn({ mobile: true, codeChallenge: challenge });
  assert.equal(back.headers.get("set-cookie"), null);
  const address = new URL(locationOf(back));
  assert.equal(`${address.protocol}${address.pathname}`, "com.example.app:/signed-in");
  assert.deepEqual([...address.searchParams.keys()], ["from", "code"]);
  const code = address.searchParams.get("code")!;
  for (const row of rows.values()) assert.ok(!address.href.includes(JSON.parse(row).value.accessToken));

  const overheard = { code: "MOBILE_INTEGRATION_ERROR", status: 401 };
  await assert.rejects(sessions.exchange({ code, codeVerifier: (await createPkce()).verifier }), overheard);
  const racers = Array.from({ length: 64 }, () => sessions.exchange({ code, codeVerifier: verifier }));
  const ended = await Promise.allSettled(racers);
  const [won, ...others] = ended.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
  assert.equal(others.length, 0);
  assert.deepEqual(await sessions.validateMobile(`Bearer ${won!.sid}`), { valid: true, did: won!.did });
  assert.equal(won!.handle, "ada.test");
  clock.advance("13d");
  const fresh = await sessions.refreshMobile(`Bearer ${won!.sid}`);
  rows.clear();
  for (const bad of [`Bearer ${fresh.sid}`, "Bearer x", "", null]) {
    await assert.rejects(sessions.validateMobile(bad), overheard, String(bad));
  }
});

test("H6 a code is over after a minute, and with the session", async () => {
  const { sessions, signIn, clock, rows } = await scene();
  const { verifier: codeVerifier, challenge: codeChallenge } = await createPkce();
  const codeOf = async () =>
    new URL(locationOf(await signIn({ mobile: true, codeChallenge }))).searchParams.get("code")!;
  const late = await codeOf();
  clock.advance("60s");
  await assert.rejects(sessions.exchange({ code: late, codeVerifier }), { code: "MOBILE_INTEGRATION_ERROR" });
  const code = await codeOf();
  rows.clear();
  await assert.rejects(sessions.exchange({ code, codeVerifier }), { code: "MOBILE_INTEGRATION_ERROR" });
});

test("H4 SEEDS7-5 a bad handle, path or challenge goes nowhere, and nothing is asked of anybody", async () => {
  const { start, rows, store } = await scene();
  const flow = { code: "OAUTH_FLOW_ERROR", status: 400 };
  for (const handle of ["", "ada", "ada.localhost", "https://ada.test", "ada.test/x"]) {
    await assert.rejects(start({}, handle), flow, handle);
  }
  for (const redirectPath of ["//evil.test", "/\\evil.test", "/\t/evil.test", "/%2Fevil.test", "https://evil.test"]) {
    await assert.rejects(start({ redirectPath }), flow, redirectPath);
  }
  await assert.rejects(start({ mobile: true }), flow);
  await assert.rejects(start({ mobile: true, codeChallenge: "plain" }), flow);
  assert.equal(rows.size, 0);
  assert.deepEqual(store.scan("", null, 10).rows, []);
});

test("H5 SEEDS7-5 a state of another browser, of another time, bent, or used is refused, and the code is not redeemed", async () => {
  const { sessions, start, callback, home, rows, clock, errors, request } = await scene();
  const back = await goHome(home, await start());
  const refused = async (response: Response) => {
    assert.deepEqual([response.status, response.headers.get("set-cookie")], [400, null]);
    assert.match(await response.text(), /^OAuth callback failed: /);
  };
  await refused(await sessions.callback(new Request(back)));
  for (const change of [
    (address: URL) => address.searchParams.set("state", `${address.searchParams.get("state")}A`),
    (address: URL) => address.searchParams.append("state", "another"),
    (address: URL) => address.searchParams.delete("state"),
    (address: URL) => address.searchParams.delete("code"),
    (address: URL) => address.searchParams.append("code", "another"),
    (address: URL) => address.searchParams.set("error", "access_denied"),
  ]) {
    const address = new URL(back);
    change(address);
    await refused(await callback(address.href));
  }
  assert.equal(rows.size, 1, "the verifier still waits");
  const responses = await Promise.all(Array.from({ length: 64 }, () => sessions.callback(request(back))));
  assert.equal(responses.filter(({ status }) => status === 303).length, 1);
  await refused(await callback(back));
  const late = await goHome(home, await start());
  clock.advance("10m");
  await refused(await callback(late));
  assert.deepEqual(errors, [], "what strangers send is no news");
});

test("H5 who was refused there is told here, and the application too", async () => {
  const { start, callback, home, rows } = await scene();
  const denied = await callback(await goHome(home, await start(), "deny"));
  assert.deepEqual([denied.status, await denied.text()], [400, "OAuth callback failed: The other server refused"]);
  const { challenge: codeChallenge } = await createPkce();
  const mobile = await callback(await goHome(home, await start({ mobile: true, codeChallenge }), "deny"));
  assert.equal(locationOf(mobile), "app://auth-callback?error=access_denied");
  assert.deepEqual(
    [...rows.keys()].filter((key) => key.startsWith("session:")),
    [],
  );
});

test("H2 H12 a storage that fails denies, and its owner hears why", async () => {
  const { storage, sessions, signIn, errors, request, start, home, callback } = await scene();
  const working = { get: storage.get, set: storage.set, delete: storage.delete };
  const failing = (method: "get" | "set" | "delete", of: string) => {
    // biome-ignore lint/suspicious/noExplicitAny: the three methods have one first parameter
    (storage as any)[method] = async (key: string, ...rest: unknown[]) => {
      if (key.startsWith(of)) throw new Error("the disk is full");
      return (working[method] as (...all: unknown[]) => unknown).call(storage, key, ...rest);
    };
  };
  const back = await goHome(home, await start());
  failing("set", "session:");
  const failed = await callback(back);
  assert.deepEqual([failed.status, failed.headers.get("set-cookie")], [503, null]);
  assert.ok(!(await failed.text()).includes("disk"));
  const { challenge: codeChallenge } = await createPkce();
  const mobile = await signIn({ mobile: true, codeChallenge });
  assert.equal(locationOf(mobile), "app://auth-callback?error=server_error");
  assert.deepEqual(
    errors.map((error) => [(error as { code?: string }).code, (error.cause as Error).message]),
    [
      ["STORAGE_ERROR", "the disk is full"],
      ["STORAGE_ERROR", "the disk is full"],
    ],
  );
  Object.assign(storage, working);
  await signIn();
  const page = request("https://app.example.com/");
  failing("get", "session:");
  await assert.rejects(sessions.validate(page), { code: "STORAGE_ERROR", status: 503 });
  assert.equal(await sessions.getOAuthSessionFromRequest(page), null);
  Object.assign(storage, working);
  failing("delete", "session:");
  await assert.rejects(sessions.logout(page), { code: "STORAGE_ERROR" });
  Object.assign(storage, working);
  assert.equal((await sessions.validate(page)).valid, true, "who could not be signed out is not told so");
});

test("H3 what the client throws or answers wrongly signs nobody in", async () => {
  const good = await scene();
  const session = { did: "did:plc:abc", toJSON: () => ({}) };
  const wrong: [Partial<OAuthClientOf<Session>>, string][] = [
    [
      { callback: () => Promise.reject(new Error("a secret of the client")) },
      "The other server's answer was not accepted",
    ],
    [
      { callback: () => ({ session: { ...session, accessToken: "" }, state: "another" }) },
      "The answer is to another question",
    ],
    [{ callback: () => ({ session: { ...session, did: "ada", accessToken: "" } }) }, "The other server told of nobody"],
    [
      { callback: () => ({ session: { ...session, did: `did:plc:${"a".repeat(255)}`, accessToken: "" } }) },
      "The other server told of nobody",
    ],
  ];
  for (const [client, message] of wrong) {
    const { start, callback, rows } = await scene({ client: { ...good.client, ...client } });
    const state = new URL(await start()).searchParams.get("state")!;
    const response = await callback(`https://app.example.com/callback?code=x&state=${encodeURIComponent(state)}`);
    assert.deepEqual([response.status, await response.text()], [400, `OAuth callback failed: ${message}`]);
    assert.deepEqual(
      [...rows.keys()].filter((key) => key.startsWith("session:")),
      [],
    );
  }
  for (const address of ["javascript:alert(1)", "file:///etc/passwd", "http://evil.test/", "no address"]) {
    const { start } = await scene({ client: { ...good.client, authorize: () => address } });
    await assert.rejects(start(), { code: "OAUTH_FLOW_ERROR" }, address);
  }
});

test("H10 SEEDS7-10 a request without a session of its own signs nobody out", async () => {
  const { sessions, signIn, rows, storage, auth, request } = await scene();
  await signIn();
  const who = await sessions.validate(request("https://app.example.com/"));
  assert.ok(who.valid);
  await storage.set("session:undefined", {});
  const forged = await auth.seals.seal({ did: who.did }, { password: `${password}, of somebody else` });
  for (const cookie of ["", "sid=x", `sid=${forged}`]) {
    await sessions.logout(new Request("https://app.example.com/logout", { method: "POST", headers: { cookie } }));
    assert.equal(rows.size, 2);
  }
});

test("H1 H12 options that cannot work are refused at once", async () => {
  const { auth, client, storage } = await scene();
  const bad: object[] = [
    { client: {} },
    { storage: {} },
    { storage: { get: 1 } },
    { password: "short" },
    ...["javascript:alert(1)", "data:text/html,x", "http://app.example.com/cb", "auth-callback", "app://cb#x"].map(
      (mobileScheme) => ({ mobileScheme }),
    ),
  ];
  for (const change of bad) {
    const options = { client, storage, password, ...change } as OAuthSessionOptions<Session>;
    assert.throws(() => createOAuthSessions(auth, options), { code: "configuration" }, JSON.stringify(change));
  }
  createOAuthSessions(auth, { client, storage, password, mobileScheme: "https://app.example.com/signed-in" });
});
