//! The bounds between the parts: the core is pure, the wasm crates hold no logic, the native host runs the wasm.

use std::collections::BTreeSet;

use anyhow::{bail, ensure};

use super::files;
use crate::process;

/// What the core may not depend on, however indirectly: wasm glue, async runtimes, clocks and the system's randomness.
const IMPURE: [&str; 10] = [
    "wasm-bindgen",
    "js-sys",
    "web-sys",
    "tokio",
    "async-std",
    "futures-executor",
    "getrandom",
    "rand",
    "chrono",
    "web-time",
];

/// The most lines that the sources of one wasm crate may have.
const FACE_LINES: usize = 200;

/// The crates that only put a face on the core.
const FACES: [&str; 3] = ["wasm/engine/src/", "wasm/browser/src/", "wasm/signatures/src/"];

/// Fails with every bound that does not hold.
pub(super) fn check() -> anyhow::Result<()> {
    let results = [core_is_pure(), native_host_runs_the_wasm(), faces_are_thin()];
    let broken = results.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect::<Vec<_>>();
    if !broken.is_empty() {
        bail!("{}", broken.join("\n"));
    }
    Ok(())
}

fn core_is_pure() -> anyhow::Result<()> {
    let found = dependencies("claviger-core", "normal", &["--target", "wasm32-unknown-unknown"])?;
    let impure = IMPURE.iter().filter(|name| found.contains(**name)).collect::<Vec<_>>();
    ensure!(
        impure.is_empty(),
        "claviger-core depends on {impure:?}; `cargo tree -p claviger-core -i NAME` says through what"
    );
    Ok(())
}

fn native_host_runs_the_wasm() -> anyhow::Result<()> {
    let found = dependencies("claviger", "normal,build", &[])?;
    ensure!(!found.contains("claviger-core"), "claviger (host-native) links claviger-core outside its tests");
    Ok(())
}

fn faces_are_thin() -> anyhow::Result<()> {
    let all = files::all()?;
    for face in FACES {
        let sources = all.iter().filter(|path| path.starts_with(face));
        let lines = sources.filter_map(|path| files::text(path)).map(|text| text.lines().count()).sum::<usize>();
        ensure!(lines <= FACE_LINES, "{face} has {lines} lines; a face without logic has at most {FACE_LINES}");
    }
    Ok(())
}

/// The names of everything that a crate is built from, itself included.
fn dependencies(package: &str, kinds: &str, more: &[&str]) -> anyhow::Result<BTreeSet<String>> {
    let mut cargo = process::cargo();
    cargo.args(["tree", "--quiet", "--prefix", "none", "--package", package, "--edges", kinds]).args(more);
    let tree = process::output(&mut cargo)?;
    Ok(tree.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}
