// The entry of Cloudflare's workerd, which compiles no code at run time but imports it compiled.
import { Claviger as SlimClaviger } from "./claviger.js";
import module from "./engine.wasm";
import type { Options } from "./options.js";

export * from "./slim.js";

/** {@inheritDoc SlimClaviger} */
export class Claviger extends SlimClaviger {
  constructor(options: Options) {
    super({ ...options, engine: options.engine ?? module });
  }
}
