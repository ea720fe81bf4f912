// What each thread of `workerThreads` runs. It stands alone: scripts/build.mjs turns it into one `data:` address.
import { parentPort, workerData } from "node:worker_threads";

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly __wbindgen_malloc: (length: number, align: number) => number;
  readonly __wbindgen_free: (pointer: number, length: number, align: number) => void;
  readonly __wbindgen_start: () => void;
  readonly derive: (pointer: number, length: number) => [pointer: number, length: number];
}

const instance = new WebAssembly.Instance(workerData as WebAssembly.Module, {
  "./engine_bg.js": { __wbindgen_init_externref_table() {} },
});
const engine = instance.exports as unknown as Exports;
engine.__wbindgen_start();

/** The `derive` export (docs/contract.md section 1). A trap ends the thread. */
parentPort?.on("message", (ask: Uint8Array) => {
  const { memory } = engine;
  const argument = engine.__wbindgen_malloc(ask.length, 1) >>> 0;
  new Uint8Array(memory.buffer, argument, ask.length).set(ask);
  const [pointer, length] = engine.derive(argument, ask.length);
  const answer = new Uint8Array(memory.buffer, pointer >>> 0, length >>> 0).slice();
  engine.__wbindgen_free(pointer, length, 1);
  parentPort?.postMessage(answer);
});
