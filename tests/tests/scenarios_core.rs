//! The engine itself gives the recorded bytes, and the same ones each time.

use std::fs;
use std::path::{Path, PathBuf};

use claviger_tests::scenario::{Core, Recording, all, first_difference, replay};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

#[test]
fn every_scenario_is_recorded_and_none_besides() {
    let mut recorded: Vec<String> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    recorded.sort();
    let mut described: Vec<String> = all().iter().map(|scenario| format!("{}.json", scenario.name)).collect();
    described.sort();
    assert_eq!(recorded, described);
}

#[test]
fn the_engine_gives_the_recorded_bytes() {
    for scenario in all() {
        let text = fs::read(folder().join(scenario.name).with_extension("json")).unwrap();
        let recording: Recording = serde_json::from_slice(&text).unwrap();
        let difference = first_difference(&recording.transcripts[0], &scenario.record(None));
        assert!(difference.is_none(), "{}: {}", scenario.name, difference.unwrap());
    }
}

#[test]
fn a_second_engine_gives_the_same_bytes_with_every_fault() {
    for scenario in all() {
        let replayed = replay(&scenario.with_faults(), &mut Core::default());
        assert!(replayed.difference.is_none(), "{}: {}", scenario.name, replayed.difference.unwrap());
    }
}

#[test]
fn an_output_that_differs_is_named() {
    let mut recording = all()[0].plain();
    let whole = replay(&recording, &mut Core::default());
    recording.transcripts[0].exchanges[1].output.push(' ');
    let replayed = replay(&recording, &mut Core::default());
    assert_eq!(replayed.hash, whole.hash);
    assert_eq!(replayed.difference.map(|difference| difference.exchange), Some(1));
}
