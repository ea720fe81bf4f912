// Sessions as rows and sealed, as far as hosts see the difference.
import assert from "node:assert/strict";
import { test } from "node:test";
import { testing } from "claviger/testing";
import { authorizeUrl, Browser, locationOf, makeApp } from "./browser.ts";

async function signedIn(options: Parameters<typeof testing>[0]) {
  const scopes = { read: "See your things", write: "Change your things" };
  const { auth, clock } = testing({ scopes, ...options, pages: { signIn: "/login" } });
  const account = await auth.accounts.create({ login: "ada" });
  const browser = new Browser(auth);
  const signIn = locationOf(await browser.get(authorizeUrl(await makeApp(auth))));
  const headers = { cookie: browser.cookie, "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0" };
  const page = new Request(new URL(signIn, "https://www.example.com"), { headers });
  const completed = await auth.interactions.complete(page, {
    subject: account.id,
    methods: ["pwd"],
    remote: "203.0.113.9",
  });
  browser.accept(completed.toResponse().headers);
  const asks = () => new Request("https://app.example.com/", { headers: { cookie: browser.cookie } });
  const later = (seconds: number) => clock.advance(seconds * 1000);
  return { auth, account, browser, asks, later };
}

test("the list says by which browser and from where, and the others are ended", async () => {
  const { auth, account, asks } = await signedIn({ lifetimes: { sessionIdle: "1h" } });
  const [session, ...others] = await Array.fromAsync(auth.sessions.list(account.id));
  assert.equal(others.length, 0);
  assert.match(session?.userAgent ?? "", /Firefox/);
  assert.equal(session?.address, "203.0.113.9");
  assert.equal(session?.idleUntil, (session?.createdAt ?? 0) + 3_600_000);
  assert.equal(await auth.sessions.revokeOthers(account.id, session?.id ?? ""), 0);
  assert.equal((await auth.authenticate(asks())).subject, account.id);
});

test("a guard sets the cookie of a sealed session anew", async () => {
  const { auth, account, browser, asks, later } = await signedIn({ sessions: { form: "sealed", revalidate: "60s" } });
  const guarded = auth.guard({}, (_, who) => Response.json({ hello: who.subject }));
  const fresh = await guarded(asks());
  assert.deepEqual([await fresh.json(), fresh.headers.get("set-cookie")], [{ hello: account.id }, null]);
  later(60);
  const renewed = await guarded(asks());
  assert.match(renewed.headers.get("set-cookie") ?? "", /^__Host-claviger-session=cvz_/);
  browser.accept(renewed.headers);
  assert.equal((await guarded(asks())).headers.get("set-cookie"), null);
  await auth.sessions.revokeAll(account.id);
  later(60);
  assert.equal((await guarded(asks())).status, 401);
});
