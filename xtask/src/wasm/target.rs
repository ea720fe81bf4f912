//! The compiler's standard library for wasm.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::process;
use crate::progress::step;

/// The target that every module is built for.
pub(super) const TRIPLE: &str = "wasm32-unknown-unknown";

/// Installs the target through rustup where the active toolchain lacks it.
pub(super) fn install() -> anyhow::Result<()> {
    if present()? {
        return Ok(());
    }
    step("tools", &format!("rustup target add {TRIPLE}"), || {
        process::run_for(
            Command::new("rustup").args(["target", "add", TRIPLE]),
            process::INSTALL_LIMIT,
        )
        .with_context(|| format!("the Rust target {TRIPLE} is missing and rustup could not add it; install it by hand: rustup target add {TRIPLE}"))
    })
}

fn present() -> anyhow::Result<bool> {
    let libraries = process::output(Command::new("rustc").args(["--print", "target-libdir", "--target", TRIPLE]))?;
    Ok(Path::new(libraries.trim_end()).is_dir())
}
