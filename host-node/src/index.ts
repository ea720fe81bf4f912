// The entry of every runtime and bundler but two: the engine is inside, as base64.
import { Claviger as SlimClaviger } from "./claviger.js";
import { inlined } from "./inlined.js";
import type { Options } from "./options.js";

export * from "./slim.js";

/** {@inheritDoc SlimClaviger} */
export class Claviger extends SlimClaviger {
  constructor(options: Options) {
    super({ ...options, engine: options.engine ?? inlined });
  }
}
