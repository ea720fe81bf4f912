//! Client libraries of others and a browser, against both hosts.

use super::Suite;
use super::node;
use super::ran::Ran;
use crate::demo;
use crate::tools::Tools;

pub(super) const SUITE: Suite = ("third-party clients", run);

fn run(tools: &Tools, ran: &mut Ran) -> anyhow::Result<()> {
    demo::build_npm_package(tools)?;
    let mut npm = tools.npm("tests/clients");
    npm.env("CLAVIGER_BINARY", demo::native_binary()?);
    node::npm_test(&mut npm, "clients", ran)
}
