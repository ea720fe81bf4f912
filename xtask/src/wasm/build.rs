//! Cargo's part: from Rust to a raw module.

use std::path::PathBuf;

use super::module::Module;
use crate::{process, project};

/// Builds a module's crate for wasm and names the file that cargo made.
///
/// All modules share one target folder, apart from the native one: cargo keeps the artefacts of different flags
/// apart by itself, and what runs on this machine (macros, build scripts) is built once for all.
pub(super) fn build(module: Module) -> anyhow::Result<PathBuf> {
    let target = project::target().join("wasm");
    let mut cargo = process::cargo();
    cargo
        .args(["build", "--quiet", "--profile", "wasm"])
        .args(["--target", super::target::TRIPLE])
        .args(["--package", module.package()])
        .args(module.features())
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_ENCODED_RUSTFLAGS", module.rustflags().join("\x1f"))
        .env_remove("RUSTFLAGS");
    process::run(&mut cargo)?;
    let file = format!("{}.wasm", module.package().replace('-', "_"));
    Ok(target.join(super::target::TRIPLE).join("wasm").join(file))
}
