//! The bytes face of the Claviger engine: five exports, JSON in, JSON out (`docs/contract.md` section 1). No logic lives here.

use std::cell::RefCell;

use claviger_core::refusal::Fault;
use claviger_core::{Engine, derive_json, fault_json, opened_json};
#[cfg(target_family = "wasm")]
use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};
use wasm_bindgen::prelude::wasm_bindgen;
#[cfg(target_family = "wasm")]
use zeroizing_alloc::ZeroAlloc;

/// A good deal smaller than the allocator of the standard library. What is given back is wiped: passwords and keys pass through buffers
/// that nobody here owns, those of JSON and of the messages themselves.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: ZeroAlloc<WasmDynamicTalc> = ZeroAlloc(new_wasm_dynamic_allocator());

thread_local! {
    /// One instance holds one engine.
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

/// Takes the configuration; once per instance, before anything else.
#[wasm_bindgen]
pub fn open(config: &[u8]) -> Vec<u8> {
    let opened = Engine::open(config);
    let answer = opened_json(opened.as_ref().err());
    ENGINE.set(opened.ok());
    answer
}

/// Takes a call, returns a step.
#[wasm_bindgen]
pub fn begin(call: &[u8]) -> Vec<u8> {
    with_engine(|engine| engine.begin_json(call))
}

/// Takes a flow's number and an answer, returns a step.
#[wasm_bindgen]
pub fn resume(answer: &[u8]) -> Vec<u8> {
    with_engine(|engine| engine.resume_json(answer))
}

/// Takes a flow's number and drops the flow.
#[wasm_bindgen]
pub fn cancel(flow: &[u8]) -> Vec<u8> {
    with_engine(|engine| engine.cancel_json(flow))
}

/// Carries out the inside of a `derive` ask. Needs no `open`.
#[wasm_bindgen]
pub fn derive(ask: &[u8]) -> Vec<u8> {
    derive_json(ask)
}

fn with_engine(act: impl FnOnce(&mut Engine) -> Vec<u8>) -> Vec<u8> {
    ENGINE.with_borrow_mut(|engine| engine.as_mut().map_or_else(|| fault_json(Fault::NotOpen), act))
}
