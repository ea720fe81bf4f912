//! Node, from its npm package where the system's is too old.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::process;
use crate::progress::step;

/// The oldest Node that the tests run on: the first whose own modules have SQLite and whose runner has what they use.
const OLDEST: u32 = 22;

/// The Node that is installed where there is none, or an older one.
const PACKAGE: &str = "node@24";

/// The folder with a Node that is new enough, or none where the one on the `PATH` is.
pub(super) fn folder() -> anyhow::Result<Option<PathBuf>> {
    if major(Path::new("node")).is_some_and(|major| major >= OLDEST) {
        return Ok(None);
    }
    let cache = cache()?;
    let folder = cache.join("node_modules").join(".bin");
    if major(&folder.join("node")).is_none() {
        install(&cache)?;
        let found = major(&folder.join("node"));
        ensure!(found.is_some(), "npm installed {PACKAGE} in {}, but it does not run", cache.display());
    }
    Ok(Some(folder))
}

fn install(cache: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(cache)?;
    step("tools", &format!("npm install {PACKAGE} in {}", cache.display()), || {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]).arg(cache).arg(PACKAGE);
        process::run_for(&mut npm, process::INSTALL_LIMIT).with_context(|| {
            format!("Node {OLDEST} or later is missing and npm could not install {PACKAGE}; install Node {OLDEST} or later by hand")
        })
    })
}

/// The major version of a Node, or none where it does not run.
fn major(node: &Path) -> Option<u32> {
    let version = process::output(Command::new(node).arg("--version")).ok()?;
    parse_major(&version)
}

fn parse_major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// The user's own cache, so that every clone shares one Node.
pub(super) fn cache() -> anyhow::Result<PathBuf> {
    let base = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .context("neither XDG_CACHE_HOME nor a home folder is set")?;
    Ok(base.join("claviger").join("tools"))
}

#[cfg(test)]
mod tests {
    use super::parse_major;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(parse_major("v24.21.0\n"), Some(24));
        assert_eq!(parse_major("v20.20.2"), Some(20));
        assert_eq!(parse_major("24"), None);
    }
}
