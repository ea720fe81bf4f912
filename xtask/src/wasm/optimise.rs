//! binaryen's part.

use std::path::{Path, PathBuf};

use super::module::Module;
use crate::process;
use crate::tools::Tools;

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
pub(super) fn optimise(tools: &Tools, module: Module, bound: &Path) -> anyhow::Result<PathBuf> {
    let optimised = bound.with_extension("optimised.wasm");
    let mut tool = tools.wasm_opt();
    tool.args(["-O3", "--strip-producers"])
        .args(FEATURES)
        .args(module.optimiser_features())
        .arg(bound)
        .arg("--output")
        .arg(&optimised);
    process::run(&mut tool)?;
    Ok(optimised)
}
