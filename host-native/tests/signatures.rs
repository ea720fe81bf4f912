//! Project Wycheproof's signatures with the arithmetic of the modules that ship. wasm computes with other limbs than the machine that runs
//! core's own tests of them (core/tests/key_wycheproof.rs), and the engine for wasmtime with others than the one for JavaScript.
//!
//! `wasm/signatures` is the room `key` alone, built as each engine is, because no module that ships takes messages beside tokens.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

#[path = "../../core/tests/wycheproof_signatures/mod.rs"]
mod wycheproof_signatures;

use std::path::Path;

use serde_json::Value;
use wasmtime::{Config, Engine, Linker, Memory, Module, Store, TypedFunc};
use wycheproof_signatures::Verifies;

/// A build of `wasm/signatures`, running.
struct Signatures {
    store: Store<()>,
    memory: Memory,
    malloc: TypedFunc<(u32, u32), u32>,
    verify: TypedFunc<(u32, u32, u32, u32, u32, u32), u32>,
}

impl Signatures {
    fn of_build(file: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("wasm").join(file);
        let missing = |error| panic!("{}: {error}; run: cargo xtask wasm", path.display());
        let wasm = std::fs::read(&path).unwrap_or_else(missing);
        let engine = Engine::new(Config::new().wasm_wide_arithmetic(true)).unwrap();
        let module = Module::new(&engine, wasm).unwrap();
        let mut linker = Linker::new(&engine);
        // wasm-bindgen's own, which only its JavaScript needs.
        linker.define_unknown_imports_as_traps(&module).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        let malloc = instance.get_typed_func(&mut store, "__wbindgen_malloc").unwrap();
        let verify = instance.get_typed_func(&mut store, "verify").unwrap();
        Self { store, memory, malloc, verify }
    }

    fn verifies(&mut self, jwk: &Value, message: &[u8], signature: &[u8]) -> bool {
        let (jwk, jwk_length) = self.give(jwk.to_string().as_bytes());
        let (message, message_length) = self.give(message);
        let (signature, signature_length) = self.give(signature);
        let given = (jwk, jwk_length, message, message_length, signature, signature_length);
        match self.verify.call(&mut self.store, given).unwrap() {
            0 => false,
            1 => true,
            _ => panic!("the key is not taken"),
        }
    }

    /// Bytes for the module, which frees them.
    fn give(&mut self, bytes: &[u8]) -> (u32, u32) {
        let length = u32::try_from(bytes.len()).unwrap();
        let place = self.malloc.call(&mut self.store, (length, 1)).unwrap();
        self.memory.write(&mut self.store, place as usize, bytes).unwrap();
        (place, length)
    }
}

/// Runs a set on the arithmetic of both engines.
fn on_both(set: fn(Verifies)) {
    for file in ["signatures.wasm", "signatures.wide.wasm"] {
        let mut signatures = Signatures::of_build(file);
        set(&mut |jwk, message, signature| signatures.verifies(jwk, message, signature));
    }
}

#[test]
fn eddsa_signatures_in_wasm() {
    on_both(wycheproof_signatures::eddsa);
}

#[test]
fn jw_043_jw_047_ecdsa_signatures_in_wasm() {
    on_both(wycheproof_signatures::ecdsa);
}

#[test]
fn rsa_signatures_in_wasm() {
    on_both(wycheproof_signatures::rsa);
}

#[test]
fn pss_signatures_in_wasm() {
    on_both(wycheproof_signatures::pss);
}

#[test]
fn jw_004_pss_with_a_short_salt_is_refused_in_wasm() {
    on_both(wycheproof_signatures::pss_with_a_short_salt);
}
