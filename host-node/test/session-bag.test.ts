// Sessions with values of the application's own, tokens of a session, and remembered browsers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenCookie } from "claviger";
import { testing } from "claviger/testing";

/** A browser that keeps what responses set. */
function jar() {
  const cookies = new Map<string, string>();
  return {
    accept(headers: readonly (readonly [string, string])[]) {
      for (const [, cookie] of headers) {
        const [name = "", value = ""] = (cookie.split(";")[0] ?? "").split("=");
        cookies.set(name, value);
      }
    },
    get cookie() {
      return [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    },
    request() {
      return new Request("https://app.example.com/", { headers: { cookie: this.cookie } });
    },
  };
}

test("A17 every function of a session does what it is called", async () => {
  const { auth } = testing();
  const browser = jar();
  const session = await auth.sessions.open(browser.request());
  session.put("name", "ada");
  session.put("gone", 1);
  session.put("nothing", null);
  session.push("basket", "a");
  session.push("basket", { b: 1 });
  assert.equal(session.increment("visits", 3), 3);
  assert.equal(session.decrement("visits"), 2);
  assert.equal(session.pull("gone"), 1);
  assert.deepEqual([session.has("nothing"), session.exists("nothing"), session.missing("gone")], [false, true, true]);
  assert.equal(session.get("gone", "otherwise"), "otherwise");
  session.flash("notice", "saved");
  session.now("only", "here");
  session.setPreviousUrl("/basket");
  assert.throws(() => session.push("name", 1), TypeError);
  assert.throws(() => session.increment("name"), TypeError);
  browser.accept(await session.save());

  const next = await auth.sessions.open(browser.request());
  const values = { name: "ada", nothing: null, basket: ["a", { b: 1 }], visits: 2, notice: "saved" };
  assert.deepEqual([next.all(), next.previousUrl, next.subject], [values, "/basket", null]);
  assert.equal(next.isToken(session.token), true);
  for (const bad of ["", `${session.token}x`, session.token.replace(/./, "!"), undefined, 1]) {
    assert.equal(next.isToken(bad), false);
  }
  next.reflash();
  next.forget("name", "never");
  await next.save();
  const third = await auth.sessions.open(browser.request());
  assert.deepEqual([third.get("notice"), third.missing("name")], ["saved", true]);
  third.flush();
  third.regenerateToken();
  await third.save();
  const fourth = await auth.sessions.open(browser.request());
  assert.deepEqual([fourth.all(), fourth.isToken(third.token)], [{}, false]);
  fourth.put("kept", 1);
  fourth.regenerate();
  const before = browser.cookie;
  browser.accept(await fourth.save());
  assert.notEqual(browser.cookie, before);
  assert.deepEqual((await auth.sessions.open(browser.request())).all(), { kept: 1 });
  assert.deepEqual((await auth.sessions.open({ cookie: before })).all(), {});
  browser.accept(await (await auth.sessions.open(browser.request())).invalidate());
  assert.deepEqual((await auth.sessions.open(browser.request())).all(), {});
});

test("A19 nothing is written when nothing changed", async () => {
  const { auth, store } = testing();
  const before = JSON.stringify(store.scan("", null, 1000));
  const visitor = await auth.sessions.open({ cookie: null });
  assert.deepEqual(await visitor.save(), [], "nor is a cookie set of whom nothing is kept");
  assert.equal(visitor.token.length, 43);
  assert.equal((await visitor.save()).length, 1, "whose token stands in a form comes again");
  assert.equal(JSON.stringify(store.scan("", null, 1000)), before);
});

test("SE-001 a basket goes along when its visitor signs in", async () => {
  const { auth } = testing();
  const { id } = await auth.accounts.create({ login: "ada" });
  const browser = jar();
  const visitor = await auth.sessions.open(browser.request());
  visitor.push("basket", "a book");
  browser.accept(await visitor.save());
  const stage = await auth.signIn.as(browser.request(), id, ["hwk"]);
  browser.accept(stage.headers);
  const session = await auth.sessions.open(browser.request());
  assert.deepEqual([session.subject, session.get("basket")], [id, ["a book"]]);
  assert.notEqual(session.id, visitor.id);
});

test("A5 a remembered browser resumes, and says that nothing was proved since", async () => {
  const { auth, clock } = testing({ signIn: { rememberFor: "30d" }, lifetimes: { session: "1h" } });
  const { id } = await auth.accounts.create({ login: "ada" });
  const browser = jar();
  browser.accept((await auth.signIn.as(browser.request(), id, ["hwk"], { remember: true })).headers);
  clock.advance("2h");
  await assert.rejects(auth.authenticate(browser.request()), { code: "unauthenticated" });
  const resumed = await auth.sessions.resume(browser.request());
  assert.equal(resumed.subject, id);
  browser.accept(resumed.headers);
  const principal = await auth.authenticate(browser.request());
  assert.deepEqual(principal.kind === "session" && principal.methods, ["remember"]);
  browser.accept(await auth.signIn.out(browser.request()));
  assert.equal((await auth.sessions.resume(browser.request())).subject, null);
});

test("W4 W5 tokens of a session are good as long as it is", async () => {
  const { auth, clock } = testing();
  const { id } = await auth.accounts.create({ login: "ada" });
  const first = await auth.sessions.issueTokens({ subject: id, methods: ["pwd"] });
  const asks = (token: string) =>
    new Request("https://api.example.com/", { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await auth.authenticate(asks(first.accessToken))).subject, id);
  clock.advance("15m");
  await assert.rejects(auth.authenticate(asks(first.accessToken)), { code: "invalid_token" });
  const second = await auth.sessions.refreshTokens(first.refreshToken);
  assert.deepEqual(
    [second.sessionId, (await auth.authenticate(asks(second.accessToken))).subject],
    [first.sessionId, id],
  );
  await auth.sessions.revoke(id, second.sessionId);
  await assert.rejects(auth.authenticate(asks(second.accessToken)), { code: "invalid_token" });
  await assert.rejects(auth.sessions.refreshTokens(second.refreshToken), { code: "invalid_grant" });
});

test("W6 an access token of a session lies in a cookie, and is taken away", () => {
  assert.equal(tokenCookie("a.b.c"), "authToken=a.b.c; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=900");
  assert.equal(tokenCookie(null), "authToken=; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=0");
});
