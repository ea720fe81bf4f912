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
  /** Starts a host, on a free port when none is named, with these members of the configuration beside those of the demo. */
  static async start(name, { store = `sqlite:${file}`, port = 0, configuration } = {}) {
    const folder = mkdtempSync(join(tmpdir(), `claviger-${name}-`));
    const server = await startServer(name, { folder, listen: `127.0.0.1:${port}`, store, configuration });
    return new Host(name, folder, server, configuration);
  }

  constructor(name, folder, server, configuration = {}) {
    Object.assign(this, { name, folder, server, issuer: server.issuer, configuration });
  }

  /** The person who has an account. */
  get person() {
    return { login: this.server.login, password: this.server.password };
  }

  /** Says what applications may be told of the person. */
  async tellOfPerson(claims) {
    const store = sqlite(join(this.folder, file));
    const auth = new Claviger({ ...this.#configured(), store });
    const { id } = await auth.accounts.find({ login: this.server.login });
    await auth.accounts.update(id, { claims });
    store.close();
  }

  /** Registers a client beside the running server: the SQLite file may be used by several processes at once. */
  createClient(client) {
    return this.name === "node" ? this.#createWithPackage(client) : this.#createWithBinary(client);
  }

  async #createWithPackage({ redirectUri, ...asked }) {
    const store = sqlite(join(this.folder, file));
    const auth = new Claviger({ ...this.#configured(), store });
    const { client, secret } = await auth.clients.create({ ...asked, redirectUris: redirectUri ? [redirectUri] : [] });
    store.close();
    return { id: client.id, secret };
  }

  async #createWithBinary(client) {
    return JSON.parse(await this.run("clients", "create", ...flags(client)));
  }

  /** Runs a command of the host's own command line beside the running server, and gives what it says. */
  async run(...words) {
    const { secret: CLAVIGER_SECRET, ...settings } = this.#configured();
    await writeFile(join(this.folder, "settings.json"), JSON.stringify({ ...settings, store: `sqlite:${file}` }));
    const options = { cwd: this.folder, env: { ...process.env, CLAVIGER_SECRET } };
    const { command, program } = hosts[this.name];
    const run = promisify(execFile)(command, [...program, ...words, "--json", "--config", "settings.json"], options);
    return (await run).stdout;
  }

  /** As the demo servers are configured. */
  #configured() {
    const { secret } = JSON.parse(readFileSync(join(this.folder, "claviger-demo.json"), "utf8"));
    const scopes = { read: "See your things", write: "Change your things" };
    return { issuer: this.issuer, secret, scopes, ...this.configuration };
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

/** A client's members as the command line has them. */
function flags({ name, redirectUri, accessToken, authMethod, grantTypes = [], resources = [], id }) {
  const named = { name, "redirect-uri": redirectUri, "access-token": accessToken, "auth-method": authMethod, id };
  const several = [...grantTypes.map((type) => ["grant-type", type]), ...resources.map((uri) => ["resource", uri])];
  const given = [...Object.entries(named).filter(([, value]) => value !== undefined), ...several];
  return given.flatMap(([name, value]) => [`--${name}`, value]);
}
