// Sign-in and consent pages of the host's own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { testing } from "claviger/testing";
import { authorizeUrl, Browser, codeOf, locationOf, makeApp, redeem } from "./browser.ts";

async function scene() {
  const { auth } = testing({
    scopes: { read: "See your things", write: "Change your things" },
    pages: { signIn: "/login", consent: "https://www.example.com/allow" },
  });
  const account = await auth.accounts.create({ login: "ada" });
  const app = await makeApp(auth);
  const browser = new Browser(auth);
  const signIn = locationOf(await browser.get(authorizeUrl(app, { scope: "read write", login_hint: "ada" })));
  /** The browser's request to a page of the host's own. */
  const visit = (location: string) =>
    new Request(new URL(location, "https://www.example.com"), { headers: { cookie: browser.cookie } });
  return { auth, account, app, browser, signIn, visit };
}

test("the browser comes with a handle, and the page learns what to ask", async () => {
  const { auth, app, signIn, visit } = await scene();
  assert.match(signIn, /\/login\?interaction=/);
  assert.deepEqual(await auth.interactions.get(visit(signIn)), {
    prompt: "sign_in",
    client: { id: app.client.id, name: "App", origin: "operator" },
    redirectHost: "app.example.com",
    scopes: [
      { name: "read", description: "See your things" },
      { name: "write", description: "Change your things" },
    ],
    subject: null,
    loginHint: "ada",
  });
});

test("completed and consented to, it sends the browser to the application with a code", async () => {
  const { auth, account, app, browser, signIn, visit } = await scene();
  const completed = await auth.interactions.complete(visit(signIn), { subject: account.id, methods: ["pwd"] });
  const response = completed.toResponse();
  // The page's own address has the interaction in it.
  assert.equal(response.headers.get("referrer-policy"), "no-referrer");
  browser.accept(response.headers);
  const consent = locationOf(await browser.get(locationOf(response)));
  assert.match(consent, /^https:\/\/www\.example\.com\/allow\?interaction=/);
  const asked = await auth.interactions.get(visit(consent));
  assert.deepEqual([asked.prompt, asked.subject], ["consent", account.id]);
  const allowed = await auth.interactions.consent(visit(consent), { scopes: ["read"] });
  const tokens = (await (await redeem(auth, app, codeOf(allowed.toResponse()))).json()) as { scope: string };
  assert.equal(tokens.scope, "read");
});

test("denied, it sends the browser to the application with access_denied", async () => {
  const { auth, account, browser, signIn, visit } = await scene();
  const completed = await auth.interactions.complete(visit(signIn), { subject: account.id, methods: ["pwd"] });
  browser.accept(completed.toResponse().headers);
  const denied = await auth.interactions.deny(visit(completed.location));
  assert.equal(new URL(denied.location).searchParams.get("error"), "access_denied");
});

test("another browser, or no handle, is refused", async () => {
  const { auth, browser, signIn } = await scene();
  const handle = new URL(signIn, "https://www.example.com").searchParams.get("interaction")!;
  assert.equal((await auth.interactions.get({ handle, cookie: browser.cookie })).prompt, "sign_in");
  await assert.rejects(auth.interactions.get({ handle, cookie: null }), { name: "Refused" });
  await assert.rejects(auth.interactions.get({ handle, cookie: "__Host-claviger-browser=other" }), { name: "Refused" });
  await assert.rejects(auth.interactions.get(new Request("https://www.example.com/login")), { name: "Refused" });
});
