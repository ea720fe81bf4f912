// What people see: every built-in page and the sample application, on a phone and a desktop, light and dark, for review by eye.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startApp } from "../../examples/demo.js";
import { allow, launch, signIn } from "./support/browser.js";
import { Callback } from "./support/callback.js";
import { flaws } from "./support/flaws.js";
import { Host } from "./support/host.js";

const screenshots = fileURLToPath(new URL("../../target/screenshots", import.meta.url));

const screens = {
  phone: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 800 } },
};

suite("pages", () => {
  const folder = mkdtempSync(join(tmpdir(), "claviger-app-"));
  let host;
  let app;
  let browser;

  before(async () => {
    mkdirSync(screenshots, { recursive: true });
    [host, browser] = await Promise.all([Host.start("node"), launch()]);
    app = await startApp({ folder, issuer: host.issuer, port: 24433 });
  });
  after(async () => {
    await browser?.close();
    await app?.stop();
    await host?.stop();
    rmSync(folder, { recursive: true });
  });

  for (const [screen, device] of Object.entries(screens)) {
    for (const colorScheme of ["light", "dark"]) {
      test(`${screen}, ${colorScheme}: every page fits, and breaks none of its own rules`, async () => {
        const context = await browser.newContext({ ...device, colorScheme });
        const page = await context.newPage();
        const complaints = [];
        // A status of 400 or 401 is the page's own; a broken content security policy is not.
        page.on(
          "console",
          (message) => /Failed to load resource/.test(message.text()) || complaints.push(message.text()),
        );
        page.on("pageerror", (error) => complaints.push(error.message));

        for (const [name, open] of Object.entries(tour)) {
          await open(page);
          await page.screenshot({ path: join(screenshots, `${name}-${screen}-${colorScheme}.png`), fullPage: true });
          assert.deepEqual(await flaws(page), [], name);
        }
        assert.deepEqual(complaints, []);
        await context.close();
      });
    }
  }

  test("a person takes back what an application may do, and signs out in another browser", async () => {
    const callback = await Callback.listen();
    const contexts = await Promise.all([1, 2, 3].map(() => browser.newContext()));
    try {
      const client = await host.createClient({
        name: "Photo Printer",
        redirectUri: callback.uri,
        accessToken: "opaque",
      });
      const [page, ...others] = await Promise.all(contexts.map((context) => context.newPage()));
      const token = await tokenFor(page, client, callback);
      assert.equal((await asClient(client, "/introspect", { token })).active, true);

      for (const other of others) {
        await other.goto(`${host.issuer}/account`);
        await signIn(other, host.person);
        await other.getByText("This browser").waitFor();
      }

      await page.goto(`${host.issuer}/account`);
      const application = page.locator(".item", { hasText: "Photo Printer" });
      assert.match(await application.textContent(), /127\.0\.0\.1:\d+\s*– See your things\s*Allowed .*Used /s);
      await page.getByRole("button", { name: "Remove Photo Printer" }).click();
      await application.waitFor({ state: "detached" });
      assert.deepEqual(await asClient(client, "/introspect", { token }), { active: false });

      // The newest of the others comes first.
      const browsers = page.locator(".item", { hasText: "Another browser" });
      await browsers.first().getByRole("button", { name: "Sign out" }).click();
      await others[1].reload();
      await others[1].getByLabel("User name").waitFor();
      await page.getByRole("button", { name: "Sign out everywhere else" }).click();
      await browsers.first().waitFor({ state: "detached" });
      await others[0].reload();
      await others[0].getByLabel("User name").waitFor();

      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("heading", { name: "You are signed out" }).waitFor();
      await page.goto(`${host.issuer}/account`);
      await page.getByLabel("User name").waitFor();
    } finally {
      callback.close();
      await Promise.all(contexts.map((context) => context.close()));
    }
  });

  /** An access token for a client, allowed by the person in a browser. */
  async function tokenFor(page, client, callback) {
    // RFC 7636 appendix B.
    const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const asked = { client_id: client.id, redirect_uri: callback.uri, response_type: "code", scope: "read" };
    const proof = { code_challenge: challenge, code_challenge_method: "S256" };
    await page.goto(`${host.issuer}/authorize?${new URLSearchParams({ ...asked, ...proof })}`);
    await signIn(page, host.person);
    await allow(page);
    await page.waitForURL(`${callback.uri}?**`);
    const code = callback.arrived.searchParams.get("code");
    const redeemed = { grant_type: "authorization_code", code, redirect_uri: callback.uri, code_verifier: verifier };
    return (await asClient(client, "/token", redeemed)).access_token;
  }

  /** Posts a form as a client. */
  async function asClient(client, path, fields) {
    const authorization = `Basic ${btoa(`${client.id}:${client.secret}`)}`;
    const options = { method: "POST", headers: { authorization }, body: new URLSearchParams(fields) };
    return (await fetch(`${host.issuer}${path}`, options)).json();
  }

  /** The way of a person from the application through every page and back. */
  const tour = {
    "app-home": (page) => page.goto(app.origin),
    "sign-in": (page) => page.getByRole("link", { name: "Sign in" }).click(),
    "sign-in-refused": async (page) => {
      await signIn(page, { ...host.person, password: "not the password" });
      await page.getByRole("alert").waitFor();
    },
    consent: async (page) => {
      await signIn(page, host.person);
      await page.getByRole("button", { name: "Allow" }).waitFor();
    },
    "app-account": async (page) => {
      await allow(page);
      await page.getByRole("heading", { name: "You are signed in" }).waitFor();
    },
    account: async (page) => {
      await page.goto(`${host.issuer}/account`);
      await page.getByText("This browser").waitFor();
    },
    error: (page) => page.goto(`${host.issuer}/authorize?client_id=nobody`),
    "app-problem": (page) => page.goto(`${app.origin}/callback`),
  };
});
