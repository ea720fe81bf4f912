import { readFileSync } from "node:fs";
import { ConfigurationError } from "../errors.js";
import { Claviger } from "../index.js";
import type { Configuration, Host, Options } from "../options.js";
import { publicFetch } from "../public-fetch.js";
import type { Store } from "../store.js";
import { MemoryStore } from "../stores/memory.js";
import { sqlite } from "../stores/sqlite.js";
import { Failure } from "./command.js";

/** Members of the file that are this program's, and not the engine's. */
interface Surroundings {
  store?: string | undefined;
  listen?: string | undefined;
  mailCommand?: string | undefined;
}

/** The settings: arguments over environment over file over defaults. */
export class Settings {
  /** The engine's configuration (docs/contract.md section 6). */
  readonly configuration: Partial<Configuration>;
  store: string | undefined;
  readonly listen: string | undefined;
  /** What sends mails. */
  readonly mailCommand: string | undefined;

  private constructor(configuration: Partial<Configuration>, { store, listen, mailCommand }: Surroundings) {
    this.configuration = configuration;
    this.store = store;
    this.listen = listen;
    this.mailCommand = mailCommand;
  }

  static read(values: Record<string, unknown>): Settings {
    const typed = (name: string) => values[name] as string | undefined;
    // A variable that is empty is as good as none.
    const set = (name: string) => process.env[`CLAVIGER_${name.toUpperCase().replaceAll("-", "_")}`] || undefined;
    const given = (name: string) => typed(name) ?? set(name);
    const file = given("config");
    const { store, listen, mailCommand, ...written } = file === undefined ? {} : readSettings(file);
    const issuer = given("issuer") ?? written.issuer;
    const [typedFile, setFile] = [typed("secret-file"), set("secret-file")];
    const inFile = (file: string | undefined) => (file === undefined ? undefined : firstLine(file));
    const secret = inFile(typedFile) ?? set("secret") ?? inFile(setFile) ?? written.secret;
    const configuration = { ...written, ...(issuer && { issuer }), ...(secret && { secret }) };
    return new Settings(configuration, {
      store: given("store") ?? store,
      listen: given("listen") ?? listen,
      mailCommand: given("mail-command") ?? mailCommand,
    });
  }

  /** For administration. */
  open(): Claviger {
    if (this.store === "memory") {
      throw new Failure(
        "configuration",
        "the store `memory` lives in the server's own process and cannot be administered from here",
        "Use `--store sqlite:FILE`.",
      );
    }
    // What goes wrong ends the command, and is told there.
    return this.build({ onFault: () => {} });
  }

  build(host: Partial<Host> = {}): Claviger {
    if (this.store === undefined) {
      throw new Failure("configuration", "no store is configured", "Say `--store sqlite:FILE`, or set CLAVIGER_STORE.");
    }
    const fetch = publicFetch();
    return new Claviger({ ...this.required(), store: storeOf(this.store), fetch, ...host } as Options);
  }

  /** Opens the engine with the configuration, on an empty store in memory. */
  async check(): Promise<void> {
    await new Claviger({ ...this.required(), store: new MemoryStore(), fetch: publicFetch() }).ready();
  }

  required(): Configuration {
    const { issuer, secret } = this.configuration;
    if (issuer === undefined)
      throw missing("issuer", "Say `--issuer https://auth.example.com`, or set CLAVIGER_ISSUER.");
    const keep =
      "Set CLAVIGER_SECRET to what `claviger secret` prints, and keep it; or name a file with --secret-file.";
    if (secret === undefined) throw missing("secret", keep);
    return { ...this.configuration, issuer, secret };
  }
}

/** The first line of a file, as `claviger secret > FILE` writes it. */
export function firstLine(path: string): string {
  return readText(path).split(/\r?\n/)[0] ?? "";
}

function missing(member: string, help: string): Failure {
  return new Failure("configuration", `no ${member} is configured`, help);
}

function readSettings(path: string): Partial<Configuration> & Surroundings {
  if (path.endsWith(".toml")) {
    throw new Failure("configuration", `${path} is TOML, which only the native binary reads`, "Write it as JSON.");
  }
  const text = readText(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The platform's own words may quote the file, and a secret may be in it.
    const where = /line \d+ column \d+/.exec((cause as Error).message)?.[0];
    const message = `${path} cannot be understood${where ? `: see ${where}` : ""}`;
    throw new Failure(
      "configuration",
      message,
      'Write one JSON object, such as { "issuer": "https://auth.example.com" }.',
    );
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const message = `${path} cannot be read: ${(cause as Error).message}`;
    throw new Failure("configuration", message, "See that the file is there, and may be read.", { cause });
  }
}

function storeOf(text: string): Store {
  if (text === "memory") return new MemoryStore();
  const path = /^sqlite:(.+)$/.exec(text)?.[1];
  if (path !== undefined) return sqliteOf(path);
  const help = "Say `sqlite:FILE`, such as `sqlite:auth.db`, or `memory`.";
  throw new Failure("configuration", `\`${text}\` is no store`, help);
}

function sqliteOf(path: string): Store {
  if (!process.getBuiltinModule?.("node:sqlite")) {
    throw new Failure("configuration", "this Node has no SQLite of its own", "Use Node 22.13 or newer.");
  }
  try {
    return sqlite(path);
  } catch (cause) {
    if (cause instanceof ConfigurationError) throw cause;
    const message = `SQLite cannot open ${path}: ${(cause as Error).message}`;
    throw new Failure("store_failed", message, "See that the store is there, and may be read and written.", { cause });
  }
}
