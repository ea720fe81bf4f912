import { ClavigerError, ConfigurationError, Fault, Refused } from "../errors.js";
import { moduleOf } from "../module.js";
import type { EngineSource } from "../options.js";
import * as glue from "./glue.js";

let source: EngineSource | undefined;

/** Says where `browser.wasm` comes from: its bytes, a compiled module, or a function that gives one. Nothing is compiled yet. */
export function provide(module: EngineSource): void {
  source ??= module;
}

/** Does something with the module, which the first call compiles. What the module throws becomes an error of this package. */
export async function withModule<T>(act: (module: typeof glue) => T): Promise<T> {
  if (!source) {
    throw new ConfigurationError(
      "There is no browser.wasm",
      "Import claviger/browser, or call provide with browser.wasm before anything else of claviger/browser/slim.",
    );
  }
  glue.initSync({ module: await moduleOf(source) });
  try {
    return act(glue);
  } catch (error) {
    throw toError(error);
  }
}

interface Told {
  code: string;
  status: number;
  message: string;
  help: string;
  reason?: string;
}

/** A `TypeError` of JavaScript's own (a value that JSON cannot hold) stays what it is. */
function toError(error: unknown): unknown {
  if (error instanceof ClavigerError || !isTold(error)) return error;
  const { code, status, message, help, reason } = error;
  if (code === "configuration") return new ConfigurationError(message, help);
  return status >= 500
    ? new Fault({ code, status, message, help })
    : new Refused({ code, status, message, help, ...(reason !== undefined && { reason }) });
}

function isTold(error: unknown): error is Told {
  return error instanceof Error && "code" in error && "status" in error && "help" in error;
}
