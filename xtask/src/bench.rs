//! `cargo xtask bench`: what the npm package costs beside oidc-provider, in one run, and what the modules weigh.

use crate::{process, size, tools, wasm};

/// The folder of the benchmarks, with a lockfile of its own.
const FOLDER: &str = "tests/bench";

/// Builds what changed and prints the numbers that `docs/numbers.md` keeps.
pub(crate) fn run() -> anyhow::Result<()> {
    wasm::run()?;
    let tools = tools::for_bench(FOLDER)?;
    process::run(tools.npm("host-node").args(["run", "--silent", "build"]))?;
    process::run(tools.npm(FOLDER).args(["run", "--silent", "bench"]))?;
    println!();
    size::run()
}
