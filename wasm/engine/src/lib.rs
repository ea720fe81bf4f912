//! The bytes face of the Claviger engine.

use wasm_bindgen::prelude::wasm_bindgen;

/// Echoes its argument.
#[wasm_bindgen]
pub fn open(config: &[u8]) -> Vec<u8> {
    config.to_vec()
}

/// Echoes its argument.
#[wasm_bindgen]
pub fn begin(call: &[u8]) -> Vec<u8> {
    call.to_vec()
}

/// Echoes its argument.
#[wasm_bindgen]
pub fn resume(answer: &[u8]) -> Vec<u8> {
    answer.to_vec()
}

/// Echoes its argument.
#[wasm_bindgen]
pub fn cancel(flow: &[u8]) -> Vec<u8> {
    flow.to_vec()
}

/// Echoes its argument.
#[wasm_bindgen]
pub fn derive(ask: &[u8]) -> Vec<u8> {
    ask.to_vec()
}
