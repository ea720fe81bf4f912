import type { ParseArgsOptionsConfig } from "node:util";
import type { Output } from "./output.js";
import type { Settings } from "./settings.js";

/** One command: its words, what may be typed behind them, and what it does. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** The names of the words behind it; one that may be left out ends with `?`. */
  readonly positionals?: readonly string[];
  readonly options?: Options;
  readonly examples?: string;
  run(context: Context): Promise<void> | void;
}

/** Each option with what the help says of it. */
export type Options = Record<
  string,
  ParseArgsOptionsConfig[string] & { readonly help: string; readonly value?: string }
>;

/** What was typed. */
export interface Context {
  readonly values: Record<string, unknown>;
  readonly positionals: readonly string[];
  readonly output: Output;
  settings(): Settings;
}

/** What every command may be told. Arguments win over the environment, and the environment over the file. */
export const common = {
  config: { type: "string", value: "FILE", help: "A file of settings in JSON [env CLAVIGER_CONFIG]" },
  issuer: { type: "string", value: "URL", help: "The server's address as clients see it [env CLAVIGER_ISSUER]" },
  store: { type: "string", value: "STORE", help: "Where rows live: sqlite:FILE or memory [env CLAVIGER_STORE]" },
  "secret-file": {
    type: "string",
    value: "FILE",
    help: "A file with the secret; or set CLAVIGER_SECRET to the secret itself [env CLAVIGER_SECRET_FILE]",
  },
  json: { type: "boolean", help: "Answer in JSON" },
  log: {
    type: "string",
    value: "FORM",
    help: "How to write the log to the standard error: text or json; CLAVIGER_LOG_LEVEL filters it [env CLAVIGER_LOG]",
  },
  version: { type: "boolean", short: "V", help: "Print the version" },
  help: { type: "boolean", short: "h", help: "Say what may be typed" },
} as const satisfies Options;

/** Why a command did not do what it should, and what to do about it. */
export class Failure extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly help: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The words make no sense. */
export class Mistyped extends Failure {
  constructor(message: string, see: string) {
    super("mistyped", message, `See \`${see}\`.`);
  }
}

/** `list` is the command that shows what there is. */
export function notFound(what: string, id: string, list: string): Failure {
  return new Failure("not_found", `there is no ${what} \`${id}\``, `List them with \`claviger ${list}\`.`);
}
