// The entry of Cloudflare's workerd, which compiles no code at run time but imports it compiled.
import module from "./browser.wasm";
import { provide } from "./module.js";

provide(module);

export * from "./slim.js";
