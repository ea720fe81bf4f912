import { type Command, common, type Options } from "./command.js";
import { aligned } from "./output.js";

/** What may be typed behind one command. */
export function helpFor(command: Command): string {
  const words = (command.positionals ?? []).map((name) =>
    name.endsWith("?") ? `[${name.slice(0, -1)}]` : `<${name}>`,
  );
  return [
    command.summary,
    `Usage: claviger ${[command.name, ...words].join(" ")} [options]`,
    Object.keys(command.options ?? {}).length > 0 && `Options:\n${optionsOf(command.options ?? {})}`,
    `Of every command:\n${optionsOf(common)}`,
    command.examples,
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** Which commands there are. */
export function helpForAll(commands: readonly Command[]): string {
  return [
    "Authentication and authorization: OAuth 2.1 from one WebAssembly engine.",
    "Usage: claviger <command> [options]",
    `Commands:\n${aligned(commands.map(({ name, summary }) => [`  ${name}`, summary]))}`,
    "`claviger <command> --help` says more of each. Secrets and passwords are never arguments: they would stay in the\nshell's history.",
    examples,
  ].join("\n\n");
}

const examples = `Try it, with a demo user and a demo client:
  npx claviger serve --demo

Run it:
  export CLAVIGER_SECRET=$(npx claviger secret)    # once: keep it, everything is sealed with it
  export CLAVIGER_ISSUER=https://auth.example.com CLAVIGER_STORE=sqlite:auth.db
  npx claviger users create ada
  npx claviger clients create --name 'My app' --redirect-uri https://app.example.com/callback
  npx claviger serve`;

function optionsOf(options: Options): string {
  const rows = Object.entries(options).map(([name, { value, short, help }]) => {
    const flag = `  ${short ? `-${short}, ` : ""}--${name}${value ? ` <${value}>` : ""}`;
    return [flag, help];
  });
  return aligned(rows);
}
