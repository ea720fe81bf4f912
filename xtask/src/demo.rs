//! `cargo xtask demo`: a server and a sample application to try, or to be tried without a person.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use clap::ValueEnum;

use crate::progress::step;
use crate::tools::{self, Tools};
use crate::{process, project, wasm};

/// Which host of the engine serves.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Host {
    /// The npm package, on Node.
    Node,
    /// The crate, on wasmtime.
    Native,
}

/// Installs and builds what is needed, then becomes the demo: it runs until it is interrupted, or with `check` to its end.
pub(crate) fn run(host: Host, check: bool) -> anyhow::Result<()> {
    let tools = if check { tools::for_demo_check()? } else { tools::for_demo()? };
    wasm::run()?;
    let binary = match host {
        Host::Node => step("demo", "building the npm package", || build_npm_package(&tools)).map(|()| None),
        Host::Native => step("demo", "building the native host", native_binary).map(Some),
    }?;
    let script = if check { "tests/clients/demo-check.js" } else { "examples/demo.js" };
    let mut demo = tools.command("node");
    demo.arg(project::path(script)).args(["--host", host.name()]);
    if let Some(binary) = binary {
        demo.env("CLAVIGER_BINARY", binary);
    }
    become_program(&mut demo)
}

impl Host {
    const fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Native => "native",
        }
    }
}

/// Builds what the npm package ships.
pub(crate) fn build_npm_package(tools: &Tools) -> anyhow::Result<()> {
    process::run(tools.npm("host-node").args(["run", "--silent", "build"]))
}

/// Builds the binary `claviger` and says where it is.
pub(crate) fn native_binary() -> anyhow::Result<PathBuf> {
    process::run(process::cargo().args(["build", "--quiet", "--package", "claviger"]))?;
    Ok(project::target().join("debug").join(format!("claviger{}", env::consts::EXE_SUFFIX)))
}

/// In this one's place, so that an interrupt from the terminal is the program's to handle.
#[cfg(unix)]
fn become_program(command: &mut Command) -> anyhow::Result<()> {
    use std::os::unix::process::CommandExt;
    Err(command.exec().into())
}

#[cfg(not(unix))]
fn become_program(command: &mut Command) -> anyhow::Result<()> {
    process::run(command)
}
