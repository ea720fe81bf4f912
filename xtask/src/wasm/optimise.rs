//! binaryen's part.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::module::Module;
use crate::process;

/// What every module may use; all of it is in every engine that the package supports.
const FEATURES: [&str; 7] = [
    "--enable-simd",
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Optimises a bound module and names the file that it made.
pub(super) fn optimise(module: Module, bound: &Path) -> anyhow::Result<PathBuf> {
    let optimised = bound.with_extension("optimised.wasm");
    let mut tool = Command::new(wasm_opt()?);
    tool.args(["-O3", "--strip-producers"])
        .args(FEATURES)
        .args(module.optimiser_features())
        .arg(bound)
        .arg("--output")
        .arg(&optimised);
    process::run(&mut tool)?;
    Ok(optimised)
}

fn wasm_opt() -> anyhow::Result<PathBuf> {
    Ok(crate::project::path("xtask/tools/node_modules/.bin/wasm-opt"))
}
