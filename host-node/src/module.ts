import type { EngineCode, EngineSource } from "./options.js";

const compiled = new WeakMap<object, Promise<WebAssembly.Module>>();

/** The compiled engine; each source is asked for and compiled once, however many objects use it. */
export function moduleOf(source: EngineSource): Promise<WebAssembly.Module> {
  const known = compiled.get(source);
  if (known) return known;
  const module = compile(source);
  compiled.set(source, module);
  module.catch(() => compiled.delete(source));
  return module;
}

async function compile(source: EngineSource): Promise<WebAssembly.Module> {
  const code: EngineCode = typeof source === "function" ? await source() : source;
  return code instanceof WebAssembly.Module ? code : WebAssembly.compile(code as BufferSource);
}
