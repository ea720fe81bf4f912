//! Programs that the tests use, and that come from the system and not from a registry of packages of a language.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::process;
use crate::progress::step;

/// A browser is a large download.
const LIMIT: Duration = Duration::from_secs(900);

/// A program, and how it is found.
pub(super) struct Program {
    name: &'static str,
    /// What names its file, for those who have it elsewhere.
    pub(super) variable: &'static str,
    /// The names under which it is known.
    names: &'static [&'static str],
    package: &'static str,
}

/// For the tests that drive a browser.
pub(super) const CHROMIUM: Program = Program {
    name: "Chromium",
    variable: "CHROMIUM_PATH",
    names: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    package: "chromium",
};

/// For the tests of what is kept in Redis.
pub(super) const REDIS: Program =
    Program { name: "Redis", variable: "REDIS_SERVER_PATH", names: &["redis-server"], package: "redis-server" };

impl Program {
    /// The one that the variable names, else the one on the `PATH`, else what apt installs on Debian or Ubuntu.
    pub(super) fn install(&self) -> anyhow::Result<PathBuf> {
        let Self { name, variable, package, .. } = self;
        if let Some(chosen) = env::var_os(variable).map(PathBuf::from) {
            if !chosen.is_file() {
                bail!("{variable} names no file: {}", chosen.display());
            }
            return Ok(chosen);
        }
        if let Some(found) = self.find() {
            return Ok(found);
        }
        step("tools", &format!("apt-get install {package}"), || apt_install(package))
            .with_context(|| format!("{name} is missing; install it, or name it in {variable}"))?;
        self.find().with_context(|| format!("apt installed {name}, but none of its names is on the PATH"))
    }

    fn find(&self) -> Option<PathBuf> {
        let path = env::var_os("PATH")?;
        self.names.iter().find_map(|name| super::which(Path::new(name), &path))
    }
}

/// Once with the lists of packages as they are, and once more with fresh ones.
fn apt_install(package: &str) -> anyhow::Result<()> {
    let install = ["-o", "DPkg::Lock::Timeout=120", "install", "-y", "--no-install-recommends", package];
    if apt(&install).is_ok() {
        return Ok(());
    }
    apt(&["-o", "DPkg::Lock::Timeout=120", "update"])?;
    apt(&install)
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
