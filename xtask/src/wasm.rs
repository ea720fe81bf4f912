//! `cargo xtask wasm`: the engine (plain and wide) and the browser module, built, bound, optimised and checked.

mod bindgen;
mod build;
mod inputs;
mod module;
mod optimise;
mod surface;
mod target;

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::progress::{say, step};
use crate::project;
use crate::tools::{self, Tools};
pub(crate) use module::Module;

/// Builds the modules whose inputs changed since the last time.
pub(crate) fn run() -> anyhow::Result<()> {
    target::install()?;
    let tools = tools::for_wasm()?;
    for module in Module::ALL {
        build(&tools, module)?;
    }
    Ok(())
}

fn build(tools: &Tools, module: Module) -> anyhow::Result<()> {
    let inputs = inputs::hash(module)?;
    if inputs::unchanged(module, &inputs) {
        say("wasm", &format!("{module} is up to date"));
        return Ok(());
    }
    let built = step("wasm", &format!("building {module}"), || build::build(module))?;
    let bound = step("wasm", &format!("binding {module}"), || bindgen::bind(module, &built))?;
    let optimised = step("wasm", &format!("optimising {module}"), || optimise::optimise(tools, module, &bound))?;
    surface::check(module, &optimised)?;
    deliver(module, &optimised, &bound)?;
    inputs::remember(module, &inputs)
}

/// Copies what was made to the folder of the host that ships it.
fn deliver(module: Module, optimised: &Path, bound: &Path) -> anyhow::Result<()> {
    let folder = project::path(module.folder());
    fs::create_dir_all(&folder)?;
    copy(optimised, &folder.join(module.file()))?;
    for glue in module.glue() {
        copy(&bound.with_file_name(glue), &folder.join(glue))?;
    }
    say("wasm", &format!("{}/{}", module.folder(), module.file()));
    Ok(())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::copy(from, to).map(drop).with_context(|| format!("could not copy {} to {}", from.display(), to.display()))
}
