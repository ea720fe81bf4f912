//! What a module is made from: one hash, so that nothing is built twice.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

use super::module::Module;
use crate::project;

/// The files and folders that every module is made from, beside its own crate.
const SHARED: [&str; 7] = [
    "Cargo.toml",
    "Cargo.lock",
    "core/Cargo.toml",
    "core/src",
    "core/templates",
    "xtask/src/wasm",
    "xtask/tools/package-lock.json",
];

/// The hash of everything that a module is made from: sources, templates, locked versions, flags, compiler.
pub(super) fn hash(module: Module) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    hash.update(module.rustflags().join("\n"));
    hash.update(compiler()?);
    for input in SHARED.iter().chain(&[module.source()]) {
        update(&mut hash, &project::path(input))?;
    }
    Ok(hexadecimal(hash))
}

/// The hash of some bytes.
pub(super) fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hexadecimal(hash)
}

fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the module was last delivered from these very inputs and is still there.
pub(super) fn unchanged(module: Module, inputs: &str) -> bool {
    let folder = project::path(module.folder());
    let delivered =
        std::iter::once(module.file()).chain(module.glue().iter().copied()).all(|file| folder.join(file).is_file());
    delivered && fs::read_to_string(stamp(module)).is_ok_and(|last| last == inputs)
}

/// Notes the inputs of what was delivered.
pub(super) fn remember(module: Module, inputs: &str) -> anyhow::Result<()> {
    let stamp = stamp(module);
    fs::write(&stamp, inputs).with_context(|| format!("could not write {}", stamp.display()))
}

/// Beside the delivered file, so that work trees that share one target folder do not mistake each other's.
fn stamp(module: Module) -> PathBuf {
    project::path(module.folder()).join(format!("{}.inputs", module.file()))
}

fn compiler() -> anyhow::Result<String> {
    crate::process::output(std::process::Command::new("rustc").arg("--version"))
}

fn update(hash: &mut Sha256, path: &Path) -> anyhow::Result<()> {
    if path.is_dir() {
        let mut entries =
            fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
        entries.sort();
        return entries.iter().try_for_each(|entry| update(hash, entry));
    }
    if path.is_file() {
        let bytes = fs::read(path)?;
        let name = path.strip_prefix(project::root()).unwrap_or(path);
        hash.update(name.to_string_lossy().as_bytes());
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    Ok(())
}
