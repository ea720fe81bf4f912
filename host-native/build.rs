//! Says what to do when the engine has not been built yet: `src/engine/module.rs` includes it in the library.

use std::path::Path;

const ENGINE: &str = "wasm/engine.wide.wasm";

fn main() {
    println!("cargo::rerun-if-changed={ENGINE}");
    if !Path::new(ENGINE).is_file() {
        println!("cargo::error=host-native/{ENGINE} is missing. Build the engine first; run: cargo xtask wasm");
    }
}
