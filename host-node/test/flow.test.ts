// One grant, whole, through this host and the real engine.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import type { Commit, Store } from "claviger";
import { memory } from "claviger/stores/memory";
import { sqlite } from "claviger/stores/sqlite";
import {
  type App,
  Browser,
  makeApp,
  post,
  redeem,
  refresh,
  serverOn,
  signInAndConsent,
  type Tokens,
  tokens,
} from "./browser.ts";

const folder = mkdtempSync(join(tmpdir(), "claviger-flow-"));
after(() => rmSync(folder, { recursive: true }));

/** Counts the trips to a store, and fails them when told to. */
class Watched implements Store {
  trips = 0;
  failing: "load" | "commit" | "commit after all" | undefined;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async load(keys: readonly string[]) {
    this.trips += 1;
    if (this.failing === "load") throw new Error("the store is down");
    return this.#store.load(keys);
  }

  async commit(commit: Commit) {
    this.trips += 1;
    if (this.failing === "commit") throw new Error("the store is down");
    const outcome = await this.#store.commit(commit);
    if (this.failing === "commit after all") throw new Error("the reply was lost");
    return outcome;
  }

  async scan(prefix: string, after: string | null, limit: number) {
    this.trips += 1;
    return this.#store.scan(prefix, after, limit);
  }
}

async function scene(store: Store = memory({ clock: () => 0 })) {
  const watched = new Watched(store);
  const faults: Error[] = [];
  const scopes = { read: "See your things", write: "Change your things" };
  const { auth, clock } = serverOn(watched, { scopes, onFault: (fault) => faults.push(fault) });
  const account = await auth.accounts.create({ login: "ada", password: "correct horse battery", name: "Ada" });
  const app = await makeApp(auth);
  const browser = new Browser(auth);
  /** How many trips to the store it takes. */
  const counted = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
    watched.trips = 0;
    return [await work(), watched.trips];
  };
  return { auth, clock, account, app, browser, watched, faults, counted };
}

async function errorOf(response: Response): Promise<[number, string]> {
  return [response.status, ((await response.json()) as { error: string }).error];
}

let files = 0;
const stores: Record<string, () => Store> = {
  memory: () => memory({ clock: () => 0 }),
  sqlite: () => sqlite(join(folder, `flow-${++files}.db`)),
};
for (const [name, make] of Object.entries(stores)) {
  suite(`with ${name}`, () => {
    test("a person signs in, consents, and the application gets tokens that say so", async () => {
      const { auth, account, app } = await scene(make());
      const issued = await tokens(auth, app);
      assert.equal(issued.scope, "read");
      const who = await auth.tokens.verify(issued.access_token, { scopes: ["read"] });
      assert.deepEqual(
        [who.kind, who.subject, who.clientId, who.scopes],
        ["token", account.id, app.client.id, ["read"]],
      );
    });

    test("64 redemptions of one code at once: one success, and invalid_grant for every other", async () => {
      const { auth, app, browser } = await scene(make());
      const code = await signInAndConsent(browser, app);
      const responses = await Promise.all(Array.from({ length: 64 }, () => redeem(auth, app, code)));
      const refused = responses.filter((response) => response.status !== 200);
      assert.equal(responses.length - refused.length, 1);
      for (const response of refused) assert.deepEqual(await errorOf(response), [400, "invalid_grant"]);
    });

    test("two tabs that refresh one token at once end with the same live successor", async () => {
      const { auth, app } = await scene(make());
      const { refresh_token } = await tokens(auth, app);
      const responses = await Promise.all([refresh(auth, app, refresh_token), refresh(auth, app, refresh_token)]);
      const [one, other] = (await Promise.all(responses.map((response) => response.json()))) as Tokens[];
      assert.equal(one!.refresh_token, other!.refresh_token);
      assert.notEqual(one!.refresh_token, refresh_token);
      assert.equal((await refresh(auth, app, one!.refresh_token)).status, 200);
    });

    test("a replay after the grace window revokes that grant alone", async () => {
      const { auth, app, clock } = await scene(make());
      const [first, second] = [await tokens(auth, app), await tokens(auth, app)];
      const rotated = (await (await refresh(auth, app, first.refresh_token)).json()) as Tokens;
      clock.advance("11s");
      assert.deepEqual(await errorOf(await refresh(auth, app, first.refresh_token)), [400, "invalid_grant"]);
      assert.deepEqual(await errorOf(await refresh(auth, app, rotated.refresh_token)), [400, "invalid_grant"]);
      assert.equal((await refresh(auth, app, second.refresh_token)).status, 200);
    });
  });
}

test("sqlite: a restart loses nothing", async () => {
  const file = join(folder, "restart.db");
  const before = await scene(sqlite(file));
  const { refresh_token } = await tokens(before.auth, before.app);
  const { auth } = serverOn(sqlite(file), { scopes: { read: "", write: "" } });
  assert.equal((await refresh(auth, before.app, refresh_token)).status, 200);
});

test("trips to the store: redeem 2, refresh 2, introspect 1, revoke 2, verify a JWT 0", async () => {
  const { auth, app, browser, counted } = await scene();
  // The first redemption of all makes the keys.
  await auth.fetch(new Request("https://auth.example.com/jwks"));
  const code = await signInAndConsent(browser, app);
  const [issued, redeeming] = await counted(() => redeem(auth, app, code));
  const { access_token, refresh_token } = (await issued.json()) as Tokens;
  const [refreshed, refreshing] = await counted(() => refresh(auth, app, refresh_token));
  const successor = ((await refreshed.json()) as Tokens).refresh_token;
  const [, introspecting] = await counted(() => post(auth, app, "/introspect", { token: successor }));
  // The keys are read once a minute.
  await auth.tokens.verify(access_token);
  const [, verifying] = await counted(() => auth.tokens.verify(access_token));
  const [, revoking] = await counted(() => post(auth, app, "/revoke", { token: successor }));
  assert.deepEqual(
    { redeeming, refreshing, introspecting, verifying, revoking },
    { redeeming: 2, refreshing: 2, introspecting: 1, verifying: 0, revoking: 2 },
  );
});

for (const failing of ["load", "commit"] as const) {
  test(`a store whose ${failing} throws: 503, no token, and the next request works`, async () => {
    const { auth, app, browser, watched, faults } = await scene();
    const code = await signInAndConsent(browser, app);
    watched.failing = failing;
    const denied = await redeem(auth, app, code);
    assert.equal(denied.status, 503);
    assert.doesNotMatch(await denied.text(), /token"|the store is down/);
    assert.ok(faults.some((fault) => fault.message === "the store is down"));
    watched.failing = undefined;
    assert.equal((await redeem(auth, app, code)).status, 200);
  });
}

test("a commit whose reply is lost is found out: the tokens are issued, once", async () => {
  const { auth, app, browser, watched } = await scene();
  const code = await signInAndConsent(browser, app);
  watched.failing = "commit after all";
  const response = await redeem(auth, app, code);
  assert.equal(response.status, 200);
  watched.failing = undefined;
  assert.deepEqual(await errorOf(await redeem(auth, app, code)), [400, "invalid_grant"]);
});

test("a revoked token is dead to introspection and to refreshing", async () => {
  const { auth, app } = await scene();
  const { refresh_token } = await tokens(auth, app);
  assert.equal((await auth.tokens.introspect(refresh_token)).active, true);
  assert.equal(await auth.tokens.revoke(refresh_token), true);
  assert.deepEqual(await auth.tokens.introspect(refresh_token), { active: false });
  assert.deepEqual(await errorOf(await refresh(auth, app, refresh_token)), [400, "invalid_grant"]);
});

test("a person's sessions and grants are listed and revoked", async () => {
  const { auth, app, account, browser } = await scene();
  const { refresh_token } = await tokens(auth, app, browser);
  const grants = await Array.fromAsync(auth.grants.list(account.id));
  assert.deepEqual(
    grants.map((grant) => [grant.clientId, grant.state]),
    [[app.client.id, "live"]],
  );
  const [session] = await Array.fromAsync(auth.sessions.list(account.id));
  assert.equal(session!.subject, account.id);
  assert.equal(await auth.grants.revoke(account.id, grants[0]!.id), true);
  assert.equal((await refresh(auth, app, refresh_token)).status, 400);
  const request = new Request("https://auth.example.com", { headers: { cookie: browser.cookie } });
  const who = await auth.authenticate(request);
  assert.deepEqual([who.kind, who.subject, who.sessionId], ["session", account.id, session!.id]);
  assert.equal(await auth.sessions.revoke(account.id, session!.id), true);
  await assert.rejects(auth.authenticate(request.clone()), { code: "unauthenticated" });
});

test("a request is authenticated by its bearer token, and refused with the right challenge", async () => {
  const { auth, app } = await scene();
  const { access_token } = await tokens(auth, app);
  const request = (token: string) => new Request("https://api", { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await auth.authenticate(request(access_token), { scopes: ["read"] })).clientId, app.client.id);
  await assert.rejects(auth.authenticate(request(access_token), { scopes: ["write"] }), (error: never) => {
    const response = (error as { toResponse(): Response }).toResponse();
    assert.equal(response.status, 403);
    assert.match(response.headers.get("www-authenticate")!, /error="insufficient_scope".*scope="write"/);
    return true;
  });
  await assert.rejects(auth.authenticate(request(`${access_token}x`)), { code: "invalid_token", status: 401 });
});

test("a disabled client is refused, and works again when enabled", async () => {
  const { auth, app } = await scene();
  const { refresh_token } = await tokens(auth, app);
  assert.equal((await auth.clients.disable(app.client.id)).disabled, true);
  assert.deepEqual(await errorOf(await refresh(auth, app, refresh_token)), [401, "invalid_client"]);
  await auth.clients.enable(app.client.id);
  assert.equal((await refresh(auth, app, refresh_token)).status, 200);
});

test("a rotated secret works, and the old one for as long as it is said to", async () => {
  const { auth, app, clock } = await scene();
  const { refresh_token } = await tokens(auth, app);
  const rotated: App = await auth.clients.rotateSecret(app.client.id, { overlap: 60 });
  const one = (await (await refresh(auth, app, refresh_token)).json()) as Tokens;
  const two = (await (await refresh(auth, rotated, one.refresh_token)).json()) as Tokens;
  clock.advance("61s");
  assert.deepEqual(await errorOf(await refresh(auth, app, two.refresh_token)), [401, "invalid_client"]);
});
