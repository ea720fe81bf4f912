// A demo server of either host for one test file, with clients of its own, and a person who signs in there.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Claviger } from "claviger";
import { sqlite } from "claviger/stores/sqlite";
import { hosts, startServer } from "../../../examples/demo.js";

/** Both hosts, by name. */
export const names = Object.keys(hosts);

const file = "claviger-demo.db";

/** A running server: what it says of itself, and how to add a client to it. */
export class Host {
  /** Starts a host, on a free port when none is named. */
  static async start(name, { store = `sqlite:${file}`, port = 0 } = {}) {
    const folder = mkdtempSync(join(tmpdir(), `claviger-${name}-`));
    const server = await startServer(name, { folder, listen: `127.0.0.1:${port}`, store });
    return new Host(name, folder, server);
  }

  constructor(name, folder, server) {
    Object.assign(this, { name, folder, server, issuer: server.issuer });
  }

  /** The person who has an account. */
  get person() {
    return { login: this.server.login, password: this.server.password };
  }

  /** Registers a confidential client beside the running server: the SQLite file may be used by several processes at once. */
  createClient({ accessToken = "jwt", ...client }) {
    const asked = { ...client, accessToken };
    return this.name === "node" ? this.#createWithPackage(asked) : this.#createWithBinary(asked);
  }

  async #createWithPackage({ name, redirectUri, accessToken }) {
    const store = sqlite(join(this.folder, file));
    const auth = new Claviger({ ...this.#configuration(), store });
    const { client, secret } = await auth.clients.create({ name, redirectUris: [redirectUri], accessToken });
    store.close();
    return { id: client.id, secret };
  }

  async #createWithBinary({ name, redirectUri, accessToken }) {
    const { secret: CLAVIGER_SECRET, ...settings } = this.#configuration();
    await writeFile(join(this.folder, "settings.json"), JSON.stringify({ ...settings, store: `sqlite:${file}` }));
    const common = ["--json", "--config", "settings.json"];
    const about = ["--name", name, "--redirect-uri", redirectUri, "--access-token", accessToken];
    const options = { cwd: this.folder, env: { ...process.env, CLAVIGER_SECRET } };
    const run = promisify(execFile)(hosts.native.command, ["clients", "create", ...common, ...about], options);
    return JSON.parse((await run).stdout);
  }

  /** As the demo servers are configured. */
  #configuration() {
    const { secret } = JSON.parse(readFileSync(join(this.folder, "claviger-demo.json"), "utf8"));
    return { issuer: this.issuer, secret, scopes: { read: "See your things", write: "Change your things" } };
  }

  /** Stops the server and lets a host, the same or another, go on with its files at its address. */
  async continueWith(name) {
    await this.server.stop();
    this.name = name;
    this.server = await startServer(name, { folder: this.folder, listen: new URL(this.issuer).host });
  }

  async stop() {
    await this.server.stop();
    rmSync(this.folder, { recursive: true });
  }
}
