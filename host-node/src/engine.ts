import type { Answer, Step } from "./contract.js";
import { ConfigurationError, Fault } from "./errors.js";
import type { Row } from "./store.js";

/** The exports of `engine.wasm` (docs/contract.md section 1). Bytes go in and come out as (pointer, length). */
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly __wbindgen_malloc: (length: number, align: number) => number;
  readonly __wbindgen_free: (pointer: number, length: number, align: number) => void;
  readonly __wbindgen_start: () => void;
  readonly open: BytesExport;
  readonly begin: BytesExport;
  readonly resume: BytesExport;
  readonly cancel: BytesExport;
  readonly derive: BytesExport;
}
type BytesExport = (pointer: number, length: number) => [pointer: number, length: number];
type Verb = "open" | "begin" | "resume" | "cancel";

/** The engine's four verbs; what the driver needs of an instance. */
export interface Engine {
  /** True after a trap: the instance must not be used again. */
  readonly ended: boolean;
  open(configuration: object): void;
  begin(call: object): Step;
  resume(flow: number, answer: Answer): Step;
  cancel(flow: number): void;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * One instance of the engine. wasm-bindgen's own glue is a module-wide singleton; here every Claviger object has an instance
 * of its own, and a fresh one after a trap.
 */
export class EngineInstance implements Engine {
  ended = false;
  readonly #exports: Exports;

  constructor(module: WebAssembly.Module) {
    const instance = new WebAssembly.Instance(module, importsOf(module));
    this.#exports = instance.exports as unknown as Exports;
    this.#exports.__wbindgen_start();
  }

  open(configuration: object): void {
    const answer = this.#call("open", JSON.stringify(configuration)) as { fault?: { message: string; help: string } };
    if (answer.fault) throw new ConfigurationError(answer.fault.message, answer.fault.help);
  }

  begin(call: object): Step {
    return this.#call("begin", JSON.stringify(call)) as Step;
  }

  resume(flow: number, answer: Answer): Step {
    return this.#call(
      "resume",
      "rows" in answer ? rowsAnswered(flow, answer.rows) : JSON.stringify({ flow, answer }),
    ) as Step;
  }

  cancel(flow: number): void {
    this.#call("cancel", JSON.stringify({ flow }));
  }

  #call(verb: Verb, text: string): unknown {
    if (this.ended) throw trapped("another request ended it");
    const { memory, __wbindgen_free: free } = this.#exports;
    try {
      const [argument, size] = this.#put(text);
      const [pointer, length] = this.#exports[verb](argument, size);
      const result = decoder.decode(new Uint8Array(memory.buffer, pointer >>> 0, length));
      free(pointer, length, 1);
      return JSON.parse(result);
    } catch (error) {
      this.ended = true;
      throw trapped(error instanceof Error ? error.message : String(error), error);
    }
  }

  /** Writes text into the engine's memory. Most of it is ASCII, as long in bytes as in characters, and is written at once. */
  #put(text: string): [pointer: number, length: number] {
    const { memory, __wbindgen_malloc: malloc, __wbindgen_free: free } = this.#exports;
    const pointer = malloc(text.length, 1) >>> 0;
    const { read } = encoder.encodeInto(text, new Uint8Array(memory.buffer, pointer, text.length));
    if (read === text.length) return [pointer, text.length];
    free(pointer, text.length, 1);
    const bytes = encoder.encode(text);
    const longer = malloc(bytes.length, 1) >>> 0;
    new Uint8Array(memory.buffer, longer, bytes.length).set(bytes);
    return [longer, bytes.length];
  }
}

/** The values of rows behind the message, each after a zero byte: they are JSON, and most of what there is to escape. */
function rowsAnswered(flow: number, rows: readonly (Row | null)[]): string {
  let values = "";
  const heads = rows.map((row) => {
    if (typeof row?.value !== "string" || row.value.includes("\0")) return row;
    values += `\0${row.value}`;
    return { version: row.version };
  });
  return JSON.stringify({ flow, answer: { rows: heads } }) + values;
}

/** The one glue function that wasm-bindgen emits, and nothing else: the engine can reach nothing by itself. */
function importsOf(module: WebAssembly.Module): WebAssembly.Imports {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (name !== "__wbindgen_init_externref_table") {
      throw new ConfigurationError(
        `This is not a Claviger engine: it imports ${name}`,
        "Pass the engine.wasm of this very version of the package.",
      );
    }
    imports[from] = { [name]: () => {} };
  }
  return imports;
}

function trapped(why: string, cause?: unknown): Fault {
  return new Fault(
    {
      code: "engine_trapped",
      status: 503,
      message: `The engine's instance ended: ${why}`,
      help: "The request was denied and may be tried again; a new instance takes over. Please report it.",
    },
    { cause },
  );
}
