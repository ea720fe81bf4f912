// The entry of Vercel's edge runtime, which imports code compiled when asked with `?module`.
import module from "./browser.wasm?module";
import { provide } from "./module.js";

provide(module);

export * from "./slim.js";
