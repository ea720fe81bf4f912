//! Client libraries of others and a browser, against both hosts.

use std::env;
use std::path::PathBuf;

use super::Suite;
use super::node;
use super::ran::Ran;
use crate::tools::Tools;
use crate::{demo, process, project};

pub(super) const SUITE: Suite = ("third-party clients", run);

/// The client in Rust, in a workspace of its own.
pub(crate) const RUST: &str = "tests/clients/rust/Cargo.toml";

fn run(tools: &Tools, ran: &mut Ran) -> anyhow::Result<()> {
    demo::build_npm_package(tools)?;
    let mut npm = tools.npm("tests/clients");
    npm.env("CLAVIGER_BINARY", demo::native_binary()?).env("CLAVIGER_OPENIDCONNECT", rust_client()?);
    node::npm_test(&mut npm, "clients", ran)
}

/// Builds the client in Rust and says where it is.
fn rust_client() -> anyhow::Result<PathBuf> {
    let target = project::target().join("clients");
    let mut cargo = process::cargo();
    cargo.args(["build", "--quiet", "--locked", "--manifest-path", RUST, "--target-dir"]).arg(&target);
    process::run(&mut cargo)?;
    Ok(target.join("debug").join(format!("claviger-openidconnect{}", env::consts::EXE_SUFFIX)))
}
