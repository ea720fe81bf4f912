// A person at a browser. It goes through the built-in pages by what a person sees: labels and buttons.
import { chromium } from "playwright-core";

const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--disable-quic",
];

/** Chromium without a window: `CHROMIUM_PATH`, else the one that Playwright finds on this system. */
export function launch() {
  const executablePath = process.env.CHROMIUM_PATH;
  return chromium.launch({ args: quiet, ...(executablePath ? { executablePath } : { channel: "chromium" }) });
}

/** Fills in the sign-in page and sends it. */
export async function signIn(page, { login, password }) {
  await page.getByLabel("User name").fill(login);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Allows what the consent page asks for. */
export async function allow(page) {
  await page.getByRole("button", { name: "Allow" }).click();
}
