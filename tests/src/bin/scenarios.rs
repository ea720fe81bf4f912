//! Records the scenarios, or checks that the engine still gives the recorded bytes and writes each down with every fault for
//! the other hosts to replay. `cargo xtask scenarios` calls it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use claviger_tests::scenario::{Core, Recording, Scenario, all, first_difference, replay};
use serde_json::json;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["record", folder] => {
            all().iter().for_each(|scenario| record(scenario, Path::new(folder)));
            ExitCode::SUCCESS
        }
        ["check", folder, output] => {
            all().iter().for_each(|scenario| check(scenario, Path::new(folder), Path::new(output)));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: scenarios record <folder> | scenarios check <folder> <output folder>");
            ExitCode::FAILURE
        }
    }
}

fn record(scenario: &Scenario, folder: &Path) {
    let recording = scenario.plain();
    println!("{}: {} calls", scenario.name, recording.transcripts[0].exchanges.len());
    write(&file(folder, scenario), &recording);
}

/// The committed recording against the engine as it is now: what it says with faults is derived, so it is recorded anew.
fn check(scenario: &Scenario, folder: &Path, output: &Path) {
    let now = scenario.with_faults();
    write(&file(output, scenario), &now);
    let replayed = replay(&now, &mut Core::default());
    let difference = committed(scenario, folder)
        .and_then(|committed| first_difference(&committed.transcripts[0], &now.transcripts[0]).map_or(Ok(()), Err))
        .and_then(|()| replayed.difference.map_or(Ok(()), |difference| Err(difference.to_string())))
        .err();
    println!(
        "{}",
        json!({ "host": "core", "scenario": scenario.name, "hash": replayed.hash, "difference": difference })
    );
}

fn committed(scenario: &Scenario, folder: &Path) -> Result<Recording, String> {
    let file = file(folder, scenario);
    let text = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", file.display()))
}

fn file(folder: &Path, scenario: &Scenario) -> PathBuf {
    folder.join(scenario.name).with_extension("json")
}

fn write(file: &Path, recording: &Recording) {
    fs::write(file, recording.to_text()).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}
