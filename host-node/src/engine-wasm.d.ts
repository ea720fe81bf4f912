// The types of `claviger/engine.wasm`, for those whose tools import WebAssembly as a compiled module.
declare const module: WebAssembly.Module;
export default module;
