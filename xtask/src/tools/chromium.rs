//! Chromium, for the tests that drive a browser.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::process;
use crate::progress::step;

/// The names under which the browser is known.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A browser is a large download.
const LIMIT: Duration = Duration::from_secs(900);

/// The browser: `CHROMIUM_PATH`, else the one on the `PATH`, else what apt installs on Debian or Ubuntu.
pub(super) fn install() -> anyhow::Result<PathBuf> {
    if let Some(chosen) = env::var_os("CHROMIUM_PATH").map(PathBuf::from) {
        if !chosen.is_file() {
            bail!("CHROMIUM_PATH names no file: {}", chosen.display());
        }
        return Ok(chosen);
    }
    if let Some(found) = find() {
        return Ok(found);
    }
    step("tools", "apt-get install chromium", apt_install)
        .context("Chromium is missing; install it, or name it in CHROMIUM_PATH")?;
    find().context("apt installed Chromium, but none of its names is on the PATH")
}

fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    NAMES.iter().find_map(|name| super::which(Path::new(name), &path))
}

/// Once with the lists of packages as they are, and once more with fresh ones.
fn apt_install() -> anyhow::Result<()> {
    const INSTALL: [&str; 6] =
        ["-o", "DPkg::Lock::Timeout=120", "install", "-y", "--no-install-recommends", "chromium"];
    if apt(&INSTALL).is_ok() {
        return Ok(());
    }
    apt(&["-o", "DPkg::Lock::Timeout=120", "update"])?;
    apt(&INSTALL)
}

fn apt(arguments: &[&str]) -> anyhow::Result<()> {
    let mut command = match root()? {
        true => Command::new("apt-get"),
        false => {
            let mut sudo = Command::new("sudo");
            sudo.args(["--non-interactive", "--preserve-env=DEBIAN_FRONTEND", "apt-get"]);
            sudo
        }
    };
    process::run_for(command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"), LIMIT)
}

fn root() -> anyhow::Result<bool> {
    Ok(process::output(Command::new("id").arg("-u"))?.trim() == "0")
}
