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
  /** The forms that were posted, by address. */
  #posted = {};
  /** How far the server's clock is ahead, in milliseconds. */
  ahead = 0;

  async open() {
    this.http = createServer();
    await once(this.http.listen(0, "127.0.0.1"), "listening");
    const issuer = `http://127.0.0.1:${this.http.address().port}`;
    const person = { login: "ada", password: randomBytes(9).toString("base64url") };
    this.auth = new Claviger({
      ...provider,
      issuer,
      secret: randomBytes(32).toString("base64url"),
      store: memory(),
      signing: { algorithm: "EdDSA", alternatives: ["RS256"] },
      clock: () => Date.now() + this.ahead,
      fetch: (request) => this.#answer(request),
    });
    this.http.on("request", toNodeHandler(this.auth));
    await this.auth.accounts.create(person);
    this.host = { issuer, person, stop: () => this.#stop() };
    this.server = await this.discover();
  }

  /** What the server posted to an address of the client, once it has nothing more to post. */
  async received(address) {
    await this.auth.settled();
    return this.#posted[address];
  }

  #answer({ url, method, body }) {
    if (method === "POST") {
      this.#posted[url] = new URLSearchParams(Buffer.from(body).toString());
      return new Response();
    }
    return url in this.published ? Response.json(this.published[url]) : new Response(null, { status: 404 });
  }

  #stop() {
    this.http.close();
    this.http.closeAllConnections();
  }
}
