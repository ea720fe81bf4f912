// Drives the demo once, as a person would: `node demo-check.js --host node|native`. Exits with 0, or says what failed.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startApp, startServer } from "../../examples/demo.js";
import { allow, launch, signIn } from "./support/browser.js";

const folder = fileURLToPath(new URL("../../target/demo-check", import.meta.url));
const { host } = parseArgs({ options: { host: { type: "string", default: "node" } } }).values;

const steps = [
  [
    "the home page offers to sign in",
    async ({ page, app }) => {
      await page.goto(app.origin);
      await page.getByRole("link", { name: "Sign in" }).click();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
    },
  ],
  [
    "a wrong password is refused",
    async ({ page, server }) => {
      await signIn(page, { login: server.login, password: "not the password" });
      await page.getByRole("alert").waitFor();
    },
  ],
  [
    "the person signs in and sees what the application asks for",
    async ({ page, server }) => {
      await signIn(page, server);
      await page.getByRole("heading", { name: "Sample application" }).waitFor();
      for (const scope of ["See your things", "Change your things"]) await page.getByText(scope).waitFor();
    },
  ],
  [
    "consent leads into the application",
    async ({ page, app }) => {
      await allow(page);
      await page.getByRole("heading", { name: "You are signed in" }).waitFor();
      assert.equal(page.url(), `${app.origin}/`);
    },
  ],
  [
    "the token response is shown",
    async ({ page }) => {
      const tokens = await shown(page, "tokens");
      assert.equal(tokens.scope, "read write");
      assert.ok(tokens.access_token && tokens.refresh_token && tokens.expires_in > 0);
    },
  ],
  [
    "the access token is verified",
    async ({ page, server }) => {
      assert.match(await verdict(page), /^Verified/);
      assert.equal((await shown(page, "claims")).iss, server.issuer);
    },
  ],
  ["refreshing gives other tokens that are verified too", refreshes],
  [
    "the server stops and starts again with its SQLite file",
    async (scene) => {
      await scene.server.stop();
      const again = await startServer(host, { folder });
      assert.equal(again.password, scene.server.password);
      scene.server = again;
    },
  ],
  ["the refresh token and the keys survived the restart", refreshes],
  [
    "the session survived the restart: no password is asked for again",
    async ({ page, app }) => {
      const tab = await page.context().newPage();
      await tab.goto(`${app.origin}/sign-in`);
      await tab.getByRole("heading", { name: "Sample application" }).waitFor();
      assert.equal(await tab.getByLabel("Password").count(), 0);
      await tab.close();
    },
  ],
  [
    "revoking is told",
    async ({ page }) => {
      await page.reload();
      await press(page, "Revoke", /Revoked/);
    },
  ],
  ["refreshing is refused from then on", ({ page }) => press(page, "Refresh", /Refused: invalid_grant/)],
  [
    "the revocation survives a restart",
    async (scene) => {
      await scene.server.stop();
      scene.server = await startServer(host, { folder });
      await press(scene.page, "Refresh", /Refused: invalid_grant/);
    },
  ],
];

async function refreshes({ page }) {
  const before = await shown(page, "tokens");
  await press(page, "Refresh", /Refreshed/);
  const after = await shown(page, "tokens");
  assert.notEqual(after.refresh_token, before.refresh_token);
  assert.notEqual(after.access_token, before.access_token);
  assert.match(await verdict(page), /^Verified/);
}

/** Presses one of the application's buttons and reads what it then says has happened. */
async function press(page, button, what) {
  const count = await page.locator("#history li").count();
  await page.getByRole("button", { name: button }).click();
  await page.locator(`#history li:nth-child(${count + 1})`).waitFor();
  assert.match(await page.locator("#history li").first().textContent(), what);
}

async function shown(page, id) {
  return JSON.parse(await page.locator(`#${id}`).textContent());
}

function verdict(page) {
  return page.locator("#verdict").textContent();
}

async function drive(scene) {
  for (const [what, step] of steps) {
    await step(scene).catch((cause) => {
      throw new Error(`${what}: ${cause.message}`, { cause });
    });
    console.log(`demo: ok: ${what}`);
  }
}

async function main() {
  rmSync(folder, { recursive: true, force: true });
  const scene = {};
  try {
    scene.server = await startServer(host, { folder });
    scene.app = await startApp({ folder, issuer: scene.server.issuer });
    scene.browser = await launch();
    scene.page = await (await scene.browser.newContext()).newPage();
    scene.page.setDefaultTimeout(10_000);
    await drive(scene);
  } finally {
    await scene.browser?.close();
    await scene.app?.stop();
    await scene.server?.stop();
  }
}

await main().catch((error) => {
  console.error(`demo: FAILED (${host}): ${error.message}`);
  process.exitCode = 1;
});
