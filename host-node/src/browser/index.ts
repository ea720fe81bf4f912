// The entry of every runtime and bundler but two: the module is inside, as base64.
import { fromBase64 } from "../bytes.js";
import { provide } from "./module.js";
import base64 from "./module-inline.js";

provide(() => fromBase64(base64));

export * from "./slim.js";
