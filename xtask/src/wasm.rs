//! `cargo xtask wasm`: the engine (plain and wide), the browser module and what tests need of both engines' arithmetic, built, bound,
//! optimised and checked.

mod bindgen;
mod build;
mod inputs;
mod module;
mod optimise;
mod surface;
mod target;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, bail};

use crate::progress::{say, step};
use crate::project;
use crate::tools::{self, Tools};
pub(crate) use module::Module;

/// Builds the modules whose inputs changed since the last time. One module is optimised while the next is built.
pub(crate) fn run() -> anyhow::Result<()> {
    target::install()?;
    let tools = tools::for_wasm()?;
    let _lock = lock()?;
    thread::scope(|scope| {
        let mut finishing = Vec::new();
        for module in Module::ALL {
            let inputs = inputs::hash(module)?;
            if inputs::unchanged(module, &inputs) {
                say("wasm", &format!("{module} is up to date"));
                continue;
            }
            let bound = build(module)?;
            let tools = &tools;
            finishing.push(scope.spawn(move || finish(tools, module, &bound, &inputs)));
        }
        finishing.into_iter().try_for_each(|module| module.join().unwrap_or_else(|_| bail!("a builder panicked")))
    })
}

/// Two runs at once would take each other's files: cargo gives both engines one name.
fn lock() -> anyhow::Result<File> {
    fs::create_dir_all(project::target())?;
    let lock = File::create(project::target().join("wasm.lock"))?;
    lock.lock()?;
    Ok(lock)
}

fn build(module: Module) -> anyhow::Result<PathBuf> {
    let built = step("wasm", &format!("building {module}"), || build::build(module))?;
    bindgen::bind(module, &built)
}

fn finish(tools: &Tools, module: Module, bound: &Path, inputs: &str) -> anyhow::Result<()> {
    let optimised = optimise::optimise(tools, module, bound)?;
    surface::check(module, &optimised)?;
    deliver(module, &optimised, bound)?;
    inputs::remember(module, inputs)
}

/// Copies what was made to the folder of the host that ships or tests it.
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
