// What a test of a client needs: a host, a browser with a person, and a redirect URI that somebody listens at.

import { allow, launch, signIn } from "./browser.js";
import { Callback } from "./callback.js";
import { Host } from "./host.js";

export class Scene {
  static async open(name, options) {
    const scene = new Scene();
    [scene.host, scene.callback, scene.browser] = await Promise.all([
      Host.start(name, options),
      Callback.listen(),
      launch(),
    ]);
    return scene;
  }

  /** A confidential client of this host, which comes back to this scene's redirect URI. */
  createClient(options) {
    return this.host.createClient({ name: "Client of others", redirectUri: this.callback.uri, ...options });
  }

  /** Goes through the built-in pages in a new browser profile. Gives the address that the browser comes back to. */
  authorize(location) {
    return this.browse(async (page) => {
      await page.goto(String(location));
      await this.signIn(page, this.callback.uri);
      return this.callback.arrived;
    });
  }

  /** Gives a page in a new browser profile to a person who goes somewhere. */
  async browse(walk) {
    const context = await this.browser.newContext();
    try {
      return await walk(await context.newPage());
    } finally {
      await context.close();
    }
  }

  /** From the sign-in page to where an application takes the browser back. */
  async signIn(page, back) {
    await signIn(page, this.host.person);
    await page.waitForURL((url) => !url.pathname.endsWith("/sign-in"));
    // What was allowed before is not asked again.
    if (page.url().startsWith(this.host.issuer)) await allow(page);
    await page.waitForURL(`${back}**`);
  }

  async close() {
    await this.browser.close();
    this.callback.close();
    await this.host.stop();
  }
}
