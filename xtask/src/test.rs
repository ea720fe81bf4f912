//! `cargo xtask test`: every test there is, and what ran written down for the ledger.

mod clients;
mod node;
mod ran;
mod rust;

use anyhow::bail;

pub(crate) use clients::RUST as RUST_CLIENT;
pub(crate) use ran::Ran;

use crate::progress::{say, step};
use crate::{ledger, scenarios, tools, wasm};

/// Installs what is missing, builds the wasm modules, runs every suite to its end and then the ledger.
pub(crate) fn run() -> anyhow::Result<()> {
    let tools = tools::for_tests()?;
    wasm::run()?;
    let mut ran = Ran::default();
    let mut broken = Vec::new();
    for (suite, tests) in [rust::SUITE, node::SUITE, clients::SUITE] {
        if let Err(error) = step("test", suite, || tests(&tools, &mut ran)) {
            println!("test: {suite}: {error:#}");
            broken.push(suite);
        }
    }
    if let Err(error) = step("test", "scenarios", || scenarios::check(&tools)) {
        println!("test: scenarios: {error:#}");
        broken.push("scenarios");
    }
    ran.save()?;
    if let Err(error) = ledger::run(false) {
        println!("{error:#}");
        broken.push("ledger");
    }
    summarise(&ran, &broken)
}

/// A suite's name and how it is run. It fails when it could not run to its end; failed tests are in what ran.
type Suite = (&'static str, fn(&tools::Tools, &mut Ran) -> anyhow::Result<()>);

/// The last line is the one that machines read.
fn summarise(ran: &Ran, broken: &[&str]) -> anyhow::Result<()> {
    for failed in &ran.failed {
        say("test", &format!("FAILED {failed}"));
    }
    for skipped in &ran.skipped {
        say("test", &format!("SKIPPED {skipped}"));
    }
    for suite in broken {
        say("test", &format!("BROKEN {suite}"));
    }
    let failed = ran.failed.len() + ran.skipped.len() + broken.len();
    println!("{} passed, {failed} failed", ran.passed.len());
    if failed > 0 {
        bail!("not every test ran and passed");
    }
    Ok(())
}
