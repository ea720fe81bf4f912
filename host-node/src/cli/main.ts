#!/usr/bin/env node
// `npx claviger`: the same words as the native binary. Exit codes: 0 done, 1 refused or failed, 2 mistyped.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Command, type Context, common, Mistyped } from "./command.js";
import { commands } from "./commands.js";
import { helpFor, helpForAll } from "./help.js";
import { Output } from "./output.js";
import { Settings } from "./settings.js";

const typed = process.argv.slice(2);
const output = new Output(typed.includes("--json"));
try {
  await run(typed);
} catch (error) {
  const told = isParseError(error) ? mistyped(error) : error;
  output.failure(told);
  process.exitCode = told instanceof Mistyped ? 2 : 1;
}

async function run(args: string[]): Promise<void> {
  // Options that every command knows may stand before it.
  const { tokens } = parseArgs({ args, options: common, strict: false, allowPositionals: true, tokens: true });
  if (tokens.some((token) => token.kind === "option" && token.name === "version")) return output.text(version());
  const start = tokens.find(({ kind }) => kind === "positional")?.index ?? args.length;
  const words = args.slice(start);
  const command = commands.find(({ name }) => startsWith(words, name.split(" ")));
  if (!command) {
    output.text(overview(words));
    // A command was left out, unless help was asked for.
    if (words[0] !== "help" && !tokens.some((token) => token.kind === "option" && token.name === "help"))
      process.exitCode = 2;
    return;
  }
  const { values, positionals } = parseArgs({
    args: [...args.slice(0, start), ...words.slice(command.name.split(" ").length)],
    options: { ...common, ...command.options },
    allowPositionals: true,
  });
  if (values.help) output.text(helpFor(command));
  else await command.run(contextOf(command, values, positionals));
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return `claviger ${JSON.parse(text).version}`;
}

function contextOf(command: Command, values: Record<string, unknown>, positionals: readonly string[]): Context {
  const named = command.positionals ?? [];
  const see = `claviger ${command.name} --help`;
  const missing = named.slice(positionals.length).find((name) => !name.endsWith("?"));
  if (missing) throw new Mistyped(`${command.name} needs <${missing}>`, see);
  const extra = positionals[named.length];
  if (extra !== undefined) throw new Mistyped(`\`${extra}\` is one word too many`, see);
  return { values, positionals, output, settings: () => Settings.read(values) };
}

/** Which commands there are: all, or those that begin with the words typed. */
function overview(words: readonly string[]): string {
  const asked = words.filter((word) => !word.startsWith("-")).join(" ");
  if (asked === "" || asked === "help") return helpForAll(commands);
  const within = commands.filter(({ name }) => name.startsWith(`${asked} `));
  if (within.length === 0) throw new Mistyped(`there is no command \`${asked}\``, "claviger --help");
  return helpForAll(within);
}

function startsWith(words: readonly string[], name: readonly string[]): boolean {
  return name.every((word, index) => words[index] === word);
}

/** The first sentence of what the platform says: what follows it is about arguments that no command takes. */
function mistyped(error: Error): Mistyped {
  return new Mistyped(error.message.split(". ")[0] ?? "", "claviger --help");
}

function isParseError(error: unknown): error is Error {
  return error instanceof TypeError && String((error as { code?: string }).code).startsWith("ERR_PARSE_ARGS");
}
