//! wasm-bindgen's part, through its library, so that its version is the one that Cargo.lock pins.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wasm_bindgen_cli_support::Bindgen;

use super::module::Module;
use crate::project;

/// Runs wasm-bindgen on what cargo built and names the module that it made.
pub(super) fn bind(module: Module, built: &Path) -> anyhow::Result<PathBuf> {
    let folder = project::target().join("bindgen").join(module.file());
    fs::create_dir_all(&folder)?;
    Bindgen::new()
        .input_path(built)
        .out_name(module.stem())
        .web(true)?
        .typescript(!module.glue().is_empty())
        .generate(&folder)
        .with_context(|| format!("wasm-bindgen failed on {}", built.display()))?;
    Ok(folder.join(format!("{}_bg.wasm", module.stem())))
}
