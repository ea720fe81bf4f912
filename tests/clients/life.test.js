// A person's whole life at each host: sign up, verify, sign in, a second factor, a forgotten password, sessions, a link in place of a
// password. What they see is kept as pictures.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { code } from "./support/authenticator.js";
import { launch } from "./support/browser.js";
import { flaws } from "./support/flaws.js";
import { Host, names } from "./support/host.js";
import { Mailbox, mailCommand } from "./support/mailbox.js";

const pictures = fileURLToPath(new URL("../../target/screenshots", import.meta.url));
const phone = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const desktop = { viewport: { width: 1280, height: 800 } };
const looks = { node: { ...phone, colorScheme: "light" }, native: { ...desktop, colorScheme: "dark" } };
const configuration = { mailCommand, signIn: { signUp: true, passwordless: ["link", "code"] } };

const email = "grace@example.com";
const passwords = { first: "correct horse battery", second: "another horse entirely" };

for (const name of names) {
  suite(`life on ${name}`, () => {
    let host;
    let browser;
    let context;
    let page;
    let mailbox;
    const factor = { secret: "", recoveryCodes: [] };

    before(async () => {
      mkdirSync(pictures, { recursive: true });
      [host, browser] = await Promise.all([Host.start(name, { configuration }), launch()]);
      mailbox = new Mailbox(host.folder);
      context = await browser.newContext(looks[name]);
      context.setDefaultTimeout(10_000);
      page = await context.newPage();
    });
    after(async () => {
      await browser?.close();
      await host?.stop();
    });

    /** Keeps a picture of the page, which must have no flaw. */
    async function look(what) {
      await page.screenshot({ path: join(pictures, `life-${what}-${name}.png`), fullPage: true });
      assert.deepEqual(await flaws(page), [], what);
    }

    const press = (button) => page.getByRole("button", { name: button, exact: true }).click();
    const follow = (link) => page.getByRole("link", { name: link }).click();
    const heading = (text) => page.getByRole("heading", { name: text, level: 1 }).waitFor();

    async function byPassword(password) {
      await page.goto(`${host.issuer}/account`);
      await page.getByLabel("User name").fill(email);
      await page.getByLabel("Password").fill(password);
      await press("Sign in");
    }

    async function enter(typed) {
      await page.locator("input[name=code]").fill(typed);
      await page.locator("input[name=code]").press("Enter");
    }

    async function signOut() {
      await page.goto(`${host.issuer}/account`);
      await press("Sign out");
      await heading("You are signed out");
    }

    test("they make an account, and show that the address is theirs", async () => {
      await page.goto(`${host.issuer}/account`);
      await look("sign-in");
      await follow("Make an account");
      await look("sign-up");
      await page.getByLabel("Email address").fill(email);
      await page.getByLabel("Name", { exact: false }).first().fill("Grace Hopper");
      await page.getByLabel("Password").fill(passwords.first);
      await press("Make the account");
      await heading("Look in your mailbox");
      await look("mailbox");
      const { link, text } = await mailbox.next(email, "verify_email");
      assert.ok(text.includes(link), "the text has the link");
      await page.goto(link);
      await look("verify");
      await page.locator("form button.primary").click();
      await page.locator("form").waitFor({ state: "detached" });
      await look("verified");
      await byPassword(passwords.first);
      await page.getByText("This browser").waitFor();
      await look("account");
    });

    test("they add an app as a second factor, and are asked for it", async () => {
      await page.goto(`${host.issuer}/account/security`);
      await look("security");
      await press("Add an authenticator app");
      factor.secret = await page.locator("code.secret, .secret").first().textContent();
      await look("add-app");
      await enter(code(factor.secret));
      await page.locator(".recovery code").first().waitFor();
      factor.recoveryCodes = await page.locator(".recovery code").allTextContents();
      assert.ok(factor.recoveryCodes.length >= 8, "there are recovery codes");
      await look("recovery-codes");
      await signOut();
      await byPassword(passwords.first);
      await heading("Enter the code of your app");
      await look("second-factor");
      await enter("000000");
      await page.getByRole("alert").waitFor();
      await look("second-factor-refused");
      // The code of this step was used to add the app: the next one is good already.
      await enter(code(factor.secret, Date.now() + 30_000));
      await page.getByText("This browser").waitFor();
    });

    test("they forget the password, and choose another, which ends every session and no factor", async () => {
      const elsewhere = await browser.newContext();
      const other = await elsewhere.newPage();
      await page.context().storageState();
      await page.goto(`${host.issuer}/forgot`);
      await look("forgot");
      await page.getByLabel("User name or email address").fill(email);
      await page.locator("form button.primary").click();
      await heading("Look in your mailbox");
      const { link } = await mailbox.next(email, "reset_password");
      await other.goto(link);
      await other.getByLabel("New password").fill(passwords.second);
      await page.goto(link);
      await look("reset");
      await page.getByLabel("New password").fill(passwords.second);
      await press("Set the password");
      await page.locator("form").waitFor({ state: "detached" });
      await look("reset-done");
      await mailbox.next(email, "password_changed");
      // The link is good once.
      await other.getByRole("button", { name: "Set the password" }).click();
      await other
        .getByText(/no longer|used|ended|not good/i)
        .first()
        .waitFor();
      await elsewhere.close();
      await page.goto(`${host.issuer}/account`);
      await page.getByLabel("User name").waitFor();
      await byPassword(passwords.second);
      await press("Use a recovery code");
      await heading("Enter a recovery code");
      await look("recovery-code");
      await enter(factor.recoveryCodes[0]);
      await page.getByText("This browser").waitFor();
    });

    test("they see where they are signed in, and end it elsewhere", async () => {
      const elsewhere = await browser.newContext();
      const other = await elsewhere.newPage();
      await other.goto(`${host.issuer}/account`);
      await other.getByLabel("User name").fill(email);
      await other.getByLabel("Password").fill(passwords.second);
      await other.getByRole("button", { name: "Sign in", exact: true }).click();
      await other.getByRole("button", { name: "Use a recovery code", exact: true }).click();
      await other.getByRole("heading", { name: "Enter a recovery code" }).waitFor();
      await other.locator("input[name=code]").fill(factor.recoveryCodes[1]);
      await other.locator("input[name=code]").press("Enter");
      await other.getByText("This browser").waitFor();
      await page.goto(`${host.issuer}/account`);
      await look("sessions");
      await press("Sign out everywhere else");
      await page.getByText("Another browser").waitFor({ state: "detached" });
      await other.reload();
      await other.getByLabel("User name").waitFor();
      await elsewhere.close();
    });

    test("they sign in by a link in place of the password, and still by the second factor", async () => {
      await signOut();
      await page.goto(`${host.issuer}/account`);
      await follow("Sign in by mail");
      await look("by-mail");
      await page.getByLabel("User name or email address").fill(email);
      await page.locator("form button.primary").click();
      await heading("Look in your mailbox");
      await look("by-mail-code");
      const { link } = await mailbox.next(email, "sign_in_link");
      await page.goto(link);
      await look("link");
      await page.locator("form button.primary").click();
      await press("Use a recovery code");
      await heading("Enter a recovery code");
      await enter(factor.recoveryCodes[2]);
      await page.getByText("This browser").waitFor();
      await signOut();
    });
  });
}
