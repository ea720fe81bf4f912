// The entry of Vercel's edge runtime, which imports code compiled when asked with `?module`.
import { Claviger as SlimClaviger } from "./claviger.js";
import module from "./engine.wasm?module";
import type { Options } from "./options.js";

export * from "./slim.js";

/** {@inheritDoc SlimClaviger} */
export class Claviger extends SlimClaviger {
  constructor(options: Options) {
    super({ ...options, engine: options.engine ?? module });
  }
}
