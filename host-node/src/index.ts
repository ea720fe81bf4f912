// The entry of every runtime and bundler but two: the engine is inside, as base64.
import { fromBase64 } from "./bytes.js";
import { Claviger as SlimClaviger } from "./claviger.js";
import base64 from "./engine-inline.js";
import type { Options } from "./options.js";

export * from "./slim.js";

const inlined = () => fromBase64(base64);

/** {@inheritDoc SlimClaviger} */
export class Claviger extends SlimClaviger {
  constructor(options: Options) {
    super({ ...options, engine: options.engine ?? inlined });
  }
}
