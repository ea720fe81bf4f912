//! `cargo xtask check`: exactly what CI checks beside the tests.

mod bounds;
mod documents;
mod files;
mod tracked;

use anyhow::bail;

use crate::progress::step;
use crate::{process, test, tools, wasm};

/// A check's name and how it is made.
type Check = (&'static str, fn() -> anyhow::Result<()>);

const CHECKS: [Check; 7] = [
    ("format", format),
    ("no machine paths, no registry hosts", tracked::check),
    ("documents", documents::check),
    ("bounds between the parts", bounds::check),
    ("lints", lints),
    ("npm package: types, lints, packaging", npm_package),
    ("examples and tests with clients: format, lints", scripts),
];

/// Makes every check, and fails with the names of those that failed.
pub(crate) fn run() -> anyhow::Result<()> {
    files::name_the_long()?;
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        if let Err(error) = step("check", name, check) {
            println!("check: {name}: {error:#}");
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("check: failed: {}", failed.join("; "));
    }
    println!("check: all {} checks passed", CHECKS.len());
    Ok(())
}

fn format() -> anyhow::Result<()> {
    process::run(process::cargo().args(["fmt", "--all", "--check"]))?;
    process::run(process::cargo().args(["fmt", "--check", "--manifest-path", test::RUST_CLIENT]))
}

fn lints() -> anyhow::Result<()> {
    // The native host embeds the engine's file.
    wasm::run()?;
    process::run(process::cargo().args(["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn npm_package() -> anyhow::Result<()> {
    let tools = tools::for_checks()?;
    process::run(tools.npm("host-node").args(["run", "--silent", "check"]))
}

/// They are written as the npm package is, and linted with its tools.
fn scripts() -> anyhow::Result<()> {
    let tools = tools::for_checks()?;
    let words = ["exec", "--silent", "--", "biome", "check", "--error-on-warnings"];
    let folders = ["../examples", "../tests/bench", "../tests/clients"];
    process::run(tools.npm("host-node").args(words).args(folders))
}
