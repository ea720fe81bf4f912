// A server whose host fetches what clients publish from here, and whose clock the test moves. Only the npm package can be started
// with such a host; the binary fetches from the public internet alone.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { Claviger } from "claviger";
import { toNodeHandler } from "claviger/node";
import { memory } from "claviger/stores/memory";
import { provider, Stage } from "./plan.js";

export class Outside extends Stage {
  /** What is published, by address. */
  published = {};
  /** How far the server's clock is ahead, in milliseconds. */
  ahead = 0;

  async open() {
    this.http = createServer();
    await once(this.http.listen(0, "127.0.0.1"), "listening");
    const issuer = `http://127.0.0.1:${this.http.address().port}`;
    const person = { login: "ada", password: randomBytes(9).toString("base64url") };
    const auth = new Claviger({
      ...provider,
      issuer,
      secret: randomBytes(32).toString("base64url"),
      store: memory(),
      signing: { algorithm: "EdDSA", alternatives: ["RS256"] },
      clock: () => Date.now() + this.ahead,
      fetch: ({ url }) =>
        url in this.published ? Response.json(this.published[url]) : new Response(null, { status: 404 }),
    });
    this.http.on("request", toNodeHandler(auth));
    await auth.accounts.create(person);
    this.host = { issuer, person, stop: () => this.#stop() };
    this.server = await this.discover();
  }

  #stop() {
    this.http.close();
    this.http.closeAllConnections();
  }
}
