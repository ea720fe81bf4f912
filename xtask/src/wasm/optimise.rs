//! binaryen's part.

use std::fs;
use std::path::{Path, PathBuf};

use super::inputs;
use super::module::Module;
use crate::progress::step;
use crate::tools::Tools;
use crate::{process, project};

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

/// Optimises a bound module, unless it is the one that was optimised last, and names the file that it made.
pub(super) fn optimise(tools: &Tools, module: Module, bound: &Path) -> anyhow::Result<PathBuf> {
    let optimised = bound.with_extension("optimised.wasm");
    let stamp = bound.with_extension("optimised.from");
    let from = inputs::digest(&[&fs::read(bound)?, &fs::read(project::path("xtask/tools/package-lock.json"))?]);
    if optimised.is_file() && fs::read_to_string(&stamp).is_ok_and(|last| last == from) {
        return Ok(optimised);
    }
    step("wasm", &format!("optimising {module}"), || {
        let mut tool = tools.wasm_opt();
        tool.args(["-O3", "--strip-producers"]).args(FEATURES).args(module.optimiser_features());
        tool.arg(bound).arg("--output").arg(&optimised);
        process::run(&mut tool)
    })?;
    fs::write(stamp, from)?;
    Ok(optimised)
}
