//! Python's packages, for the tests with clients in Python.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;
use sha2::{Digest, Sha256};

use super::node;
use crate::progress::step;
use crate::{process, project};

/// What is installed: names and versions.
const REQUIREMENTS: &str = "tests/clients/python/requirements.txt";

/// A Python that has what is required, in the user's own cache, so that every clone shares it.
pub(super) fn install() -> anyhow::Result<PathBuf> {
    let requirements = project::path(REQUIREMENTS);
    let wanted = fs::read(&requirements).with_context(|| format!("could not read {REQUIREMENTS}"))?;
    let name: String = Sha256::digest(wanted).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let environment = node::cache()?.join(format!("python-{name}"));
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let complete = environment.join("complete");
    if complete.is_file() {
        return Ok(python);
    }
    step("tools", &format!("pip install in {}", environment.display()), || {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv", "--clear"]).arg(&environment);
        process::run_for(&mut venv, process::INSTALL_LIMIT)
            .context("Python 3 is missing, or its module venv; install python3 and python3-venv")?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&requirements);
        process::run_for(&mut pip, process::INSTALL_LIMIT)
            .with_context(|| format!("pip could not install what {REQUIREMENTS} names"))
    })?;
    fs::write(&complete, "").with_context(|| format!("could not write in {}", environment.display()))?;
    Ok(python)
}
