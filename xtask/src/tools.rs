//! The tools that the other commands need, installed where they are missing: Node, npm packages by lockfile, Python's, a browser, Redis.
//! What cannot be installed is named, and the command fails.

mod apt;
mod node;
mod npm;
mod python;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::project;

/// The folder of the optimiser's lockfile.
const WASM_TOOLS: &str = "xtask/tools";

/// The folders whose npm packages the tests need.
const TESTED: [&str; 2] = ["host-node", "host-node/packaging"];

/// The folders whose npm packages the demo needs, and beside them those of its check and of the tests with clients of others.
const SHOWN: [&str; 2] = ["host-node", "examples/app"];
const CLIENTS: [&str; 2] = ["examples/mcp", "tests/clients"];

/// What is installed, and the PATH with which other programs find it.
pub(crate) struct Tools {
    path: OsString,
    chromium: Option<PathBuf>,
    redis: Option<PathBuf>,
    python: Option<PathBuf>,
}

/// `cargo xtask tools`: installs everything.
pub(crate) fn run() -> anyhow::Result<()> {
    for_tests().map(drop)
}

/// Node and the optimiser: what building the wasm modules needs.
pub(crate) fn for_wasm() -> anyhow::Result<Tools> {
    let tools = Tools { path: search_path(node::folder()?)?, chromium: None, redis: None, python: None };
    npm::install(&tools, WASM_TOOLS)?;
    Ok(tools)
}

/// Node and the packages of the folders that are tested, without a browser: what the checks need.
pub(crate) fn for_checks() -> anyhow::Result<Tools> {
    let tools = for_wasm()?;
    for folder in TESTED {
        npm::install(&tools, folder)?;
    }
    Ok(tools)
}

/// Everything that a test may use.
pub(crate) fn for_tests() -> anyhow::Result<Tools> {
    for_checks()?;
    Ok(Tools { python: Some(python::install()?), redis: Some(apt::REDIS.install()?), ..for_demo_check()? })
}

/// What the benchmarks in this folder need.
pub(crate) fn for_bench(folder: &str) -> anyhow::Result<Tools> {
    let tools = for_wasm()?;
    npm::install(&tools, "host-node")?;
    npm::install(&tools, folder)?;
    Ok(tools)
}

/// What the demo needs.
pub(crate) fn for_demo() -> anyhow::Result<Tools> {
    let tools = for_wasm()?;
    for folder in SHOWN {
        npm::install(&tools, folder)?;
    }
    Ok(tools)
}

/// What the demo needs when a browser without a person tries it.
pub(crate) fn for_demo_check() -> anyhow::Result<Tools> {
    let tools = for_demo()?;
    for folder in CLIENTS {
        npm::install(&tools, folder)?;
    }
    Ok(Tools { chromium: Some(apt::CHROMIUM.install()?), ..tools })
}

impl Tools {
    /// A program that finds what is installed: Node first on the `PATH`, the browser as `CHROMIUM_PATH`, Redis as
    /// `REDIS_SERVER_PATH`, Python as `CLAVIGER_PYTHON`.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(self.find(program.as_ref()));
        command.env("PATH", &self.path).current_dir(project::root());
        if let Some(chromium) = &self.chromium {
            command.env(apt::CHROMIUM.variable, chromium);
        }
        if let Some(redis) = &self.redis {
            command.env(apt::REDIS.variable, redis);
        }
        if let Some(python) = &self.python {
            command.env("CLAVIGER_PYTHON", python);
        }
        command
    }

    /// npm, in one of the project's folders.
    pub(crate) fn npm(&self, folder: &str) -> Command {
        let mut npm = self.command("npm");
        npm.current_dir(project::path(folder));
        npm
    }

    /// The optimiser of wasm modules.
    pub(crate) fn wasm_opt(&self) -> Command {
        self.command(project::path(WASM_TOOLS).join("node_modules/.bin/wasm-opt"))
    }

    /// A bare name is looked up here: the system would look it up on this process's own `PATH`.
    fn find(&self, program: &Path) -> PathBuf {
        which(program, &self.path).unwrap_or_else(|| program.to_path_buf())
    }
}

/// Where a program is on a search path.
fn which(program: &Path, path: &OsString) -> Option<PathBuf> {
    env::split_paths(path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

fn search_path(first: Option<PathBuf>) -> anyhow::Result<OsString> {
    let inherited = env::var_os("PATH").unwrap_or_default();
    let folders = first.into_iter().chain(env::split_paths(&inherited));
    env::join_paths(folders).context("the PATH cannot be extended")
}
