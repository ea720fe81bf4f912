import { ClavigerError } from "../errors.js";
import { type Context, Mistyped } from "./command.js";

const levels = ["error", "warn", "info"] as const;

/** Writes one line of the log. */
export type Log = (level: (typeof levels)[number], message: string, details?: object) => void;

/**
 * The log, on the standard error, in the native binary's words. It carries no secret: requests are logged without their query.
 * `CLAVIGER_LOG_LEVEL` says what is written at least; of the native binary's further words the first level counts.
 */
export function logger({ values }: Context): Log {
  const form = values.log ?? (process.env.CLAVIGER_LOG || "text");
  if (form !== "text" && form !== "json") throw new Mistyped("--log is text or json", "claviger --help");
  const least = leastLevel(process.env.CLAVIGER_LOG_LEVEL ?? "");
  return (level, message, details = {}) => {
    if (levels.indexOf(level) > least) return;
    const [timestamp, upper] = [new Date().toISOString(), level.toUpperCase()];
    const words = Object.entries(details).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
    const line =
      form === "json"
        ? JSON.stringify({ timestamp, level: upper, message, ...details })
        : `${timestamp} ${upper} ${message}${words.join("")}`;
    process.stderr.write(`${line}\n`);
  };
}

/** What the log says of an error. */
export function toldOf(error: Error): object {
  if (!(error instanceof ClavigerError)) return { error: error.message };
  return { code: error.code, error: error.message, help: error.help };
}

function leastLevel(filter: string): number {
  const words = filter.toLowerCase().split(",");
  if (words.includes("off")) return -1;
  const named = words.map((word) => (levels as readonly string[]).indexOf(word.trim()));
  return named.find((at) => at >= 0) ?? levels.indexOf("info");
}
