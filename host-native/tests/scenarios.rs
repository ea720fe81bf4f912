//! Every scenario, with every fault, gives the recorded bytes under wasmtime: on this crate's own engine and on the npm package's.
//!
//! Each scenario is told as one line of JSON, which `cargo xtask scenarios check` reads.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and tells what it saw")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use claviger::engine::{EngineError, Instance};
use claviger_tests::scenario::{Export, Replayer, all, replay};
use serde_json::json;

/// A machine may be busy; no call takes a second of its own.
const DEADLINE: Duration = Duration::from_secs(60);

struct Wasmtime<F> {
    instantiate: F,
    instance: Option<Instance>,
}

impl<F: Fn() -> Result<Instance, EngineError>> Replayer for Wasmtime<F> {
    fn exchange(&mut self, export: Export, input: &str) -> Result<String, String> {
        if export == Export::Open {
            self.instance = Some((self.instantiate)().map_err(|error| error.to_string())?);
        }
        // It needs no open, so it is asked of an instance that was not.
        let mut unopened = if export == Export::Derive {
            Some((self.instantiate)().map_err(|error| error.to_string())?)
        } else {
            None
        };
        let instance = unopened.as_mut().or(self.instance.as_mut()).ok_or("no engine is open")?;
        let input = input.as_bytes();
        let output = match export {
            Export::Open => instance.open(input),
            Export::Begin => instance.begin(input),
            Export::Resume => instance.resume(input),
            Export::Cancel => instance.cancel(input),
            Export::Derive => instance.derive(input),
        };
        String::from_utf8(output.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
    }
}

fn replay_all(host: &str, instantiate: impl Fn() -> Result<Instance, EngineError>) {
    let mut replayer = Wasmtime { instantiate, instance: None };
    let mut different = Vec::new();
    for scenario in all() {
        let replayed = replay(&scenario.with_faults(), &mut replayer);
        let difference = replayed.difference.map(|difference| difference.to_string());
        println!(
            "\n{}",
            json!({ "host": host, "scenario": scenario.name, "hash": replayed.hash, "difference": difference })
        );
        different.extend(difference.map(|_| scenario.name));
    }
    assert!(different.is_empty(), "not the recorded bytes: {different:?}");
}

#[test]
fn the_wide_engine_gives_the_recorded_bytes() {
    replay_all("wasmtime", || Instance::new(DEADLINE));
}

#[test]
fn the_engine_of_the_npm_package_gives_the_recorded_bytes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host-node/wasm/engine.wasm");
    replay_all("wasmtime-plain", Instance::of_build(&fs::read(file).unwrap(), DEADLINE).unwrap());
}
