//! npm packages, by lockfile.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

use super::Tools;
use crate::progress::step;
use crate::{process, project};

/// Installs what a folder's lockfile names, unless that very lockfile is installed.
pub(super) fn install(tools: &Tools, folder: &str) -> anyhow::Result<()> {
    let path = project::path(folder);
    let wanted = wanted(&path)?;
    if fs::read_to_string(stamp(&path)).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    step("tools", &format!("npm install in {folder}"), || {
        // Not `npm ci`: it refuses a lockfile that has no entry for another platform's optional package, and npm leaves
        // out those that its registry lacks. Versions and hashes come from the lockfile either way, and it stays as it is.
        let mut npm = tools.npm(folder);
        npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]);
        process::run_for(&mut npm, process::INSTALL_LIMIT)
            .with_context(|| format!("npm could not install the packages of {folder}/package-lock.json"))
    })?;
    fs::write(stamp(&path), wanted).with_context(|| format!("could not write in {folder}/node_modules"))
}

/// What must be installed: the hash of the folder's manifest and lockfile.
fn wanted(folder: &Path) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    for file in ["package.json", "package-lock.json"] {
        let path = folder.join(file);
        hash.update(fs::read(&path).with_context(|| format!("could not read {}", path.display()))?);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Inside `node_modules`, so that it goes away with what it speaks of.
fn stamp(folder: &Path) -> PathBuf {
    folder.join("node_modules").join(".claviger-installed")
}
