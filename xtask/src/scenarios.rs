//! `cargo xtask scenarios`: recorded calls, and every host held to their bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail, ensure};
use clap::Subcommand;
use serde::Deserialize;

use crate::progress::step;
use crate::tools::{self, Tools};
use crate::{process, project, wasm};

/// What is done with the scenarios.
#[derive(Clone, Copy, Subcommand)]
pub(crate) enum Action {
    /// Go every scenario's way on the engine and write down what passed; look at what changed before you commit it.
    Record,
    /// Replay every scenario, with every fault, on every host, and print one hash for each.
    Check,
}

/// Where the recordings are.
const RECORDED: &str = "tests/scenarios";

/// The columns of the table. The first is what the others are held to.
const HOSTS: [&str; 8] = ["core", "wasmtime", "wasmtime-plain", "node", "deno", "bun", "workerd", "chromium"];

/// How much of a hash is printed.
const SHOWN: usize = 12;

pub(crate) fn run(action: Action) -> anyhow::Result<()> {
    match action {
        Action::Record => process::run(recorder().args(["record", RECORDED])),
        Action::Check => {
            let tools = tools::for_tests()?;
            wasm::run()?;
            check(&tools)
        }
    }
}

/// Needs the wasm modules built.
pub(crate) fn check(tools: &Tools) -> anyhow::Result<()> {
    let folder = project::target().join("scenarios");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let mut table = Table::default();
    for (name, mut replayer) in replayers(tools, &folder) {
        step("scenarios", &format!("replaying on {name}"), || table.read(name, &mut replayer))?;
        // Without recordings there is nothing that the others could replay.
        ensure!(!table.failed.contains(&HOSTS[0]), "the scenarios could not be recorded; what was said is above");
    }
    step("scenarios", "holding every call to docs/contract.schema.json", || {
        process::run(node(tools, "schema.mjs").arg(&folder))
    })?;
    println!("{}", table.to_text());
    report(&table.mistakes())
}

/// The first mistake in full; of the others, what they are about.
fn report(mistakes: &[String]) -> anyhow::Result<()> {
    let Some((first, others)) = mistakes.split_first() else { return Ok(()) };
    for other in others {
        println!("{}", other.lines().next().unwrap_or_default());
    }
    bail!(
        "{first}\nwhen the engine is meant to say something else now: `cargo xtask scenarios record`, and look at what changed"
    )
}

/// The first writes the recordings with their faults, which the others replay.
fn replayers(tools: &Tools, folder: &Path) -> Vec<(&'static str, Command)> {
    let mut core = recorder();
    core.args(["check", RECORDED]).arg(folder);
    let mut wasmtime = process::cargo();
    wasmtime.args(["test", "--quiet", "--package", "claviger", "--test", "scenarios", "--", "--nocapture"]);
    let packages = project::path("host-node/packaging/node_modules/.bin");
    let here = project::path("host-node/test/scenarios/here.mjs");
    let mut deno = tools.command(packages.join("deno"));
    deno.args(["run", "--no-prompt", "--allow-read"]).arg(&here).arg("deno").arg(folder);
    let mut bun = tools.command(packages.join("bun"));
    bun.arg(&here).arg("bun").arg(folder);
    let mut on_node = node(tools, "here.mjs");
    on_node.arg("node").arg(folder);
    let [mut workerd, mut chromium] = ["workerd.mjs", "chromium.mjs"].map(|script| node(tools, script));
    workerd.arg(folder);
    chromium.arg(folder);
    vec![
        ("core", core),
        ("wasmtime", wasmtime),
        ("node", on_node),
        ("deno", deno),
        ("bun", bun),
        ("workerd", workerd),
        ("chromium", chromium),
    ]
}

fn recorder() -> Command {
    let mut cargo = process::cargo();
    cargo.args(["run", "--quiet", "--package", "claviger-tests", "--bin", "scenarios", "--"]);
    cargo
}

fn node(tools: &Tools, script: &str) -> Command {
    let mut node = tools.command("node");
    node.arg(project::path("host-node/test/scenarios").join(script));
    node
}

/// One line of a replayer.
#[derive(Deserialize)]
struct Replayed {
    host: String,
    scenario: String,
    hash: String,
    difference: Option<String>,
}

/// What every host gave for every scenario.
#[derive(Default)]
struct Table {
    rows: BTreeMap<String, BTreeMap<String, Replayed>>,
    /// The replayers that did not end well; that of wasmtime fails as a test does.
    failed: Vec<&'static str>,
}

impl Table {
    fn read(&mut self, name: &'static str, replayer: &mut Command) -> anyhow::Result<()> {
        let mut unread = None;
        let succeeded = process::stream(replayer, |line| {
            if !line.starts_with("{\"") {
                return;
            }
            match serde_json::from_str::<Replayed>(line).with_context(|| format!("a replayer said: {line}")) {
                Ok(replayed) => self.put(replayed),
                Err(error) => unread = Some(error),
            }
        })?;
        if !succeeded {
            self.failed.push(name);
        }
        unread.map_or(Ok(()), Err)
    }

    fn put(&mut self, replayed: Replayed) {
        self.rows.entry(replayed.scenario.clone()).or_default().insert(replayed.host.clone(), replayed);
    }

    fn to_text(&self) -> String {
        let line = |first: &str, cells: Vec<&str>| {
            let cells: String = cells.iter().map(|cell| format!("  {cell:<14}")).collect();
            format!("{first:<24}{}", cells.trim_end())
        };
        let rows = self.rows.iter().map(|(scenario, row)| {
            let cell = |host: &&str| row.get(*host).and_then(|replayed| replayed.hash.get(..SHOWN)).unwrap_or("-");
            line(scenario, HOSTS.iter().map(cell).collect())
        });
        std::iter::once(line("scenario", HOSTS.to_vec())).chain(rows).collect::<Vec<_>>().join("\n")
    }

    /// What each host gave that is not in the recording, named.
    fn mistakes(&self) -> Vec<String> {
        if self.rows.is_empty() {
            return vec!["no scenario was replayed".to_owned()];
        }
        let cells = self.rows.iter().flat_map(|(scenario, row)| HOSTS.map(|host| mistake(scenario, host, row)));
        let failed = self.failed.iter().map(|name| format!("the replayer of {name} failed; what it said is above"));
        cells.flatten().chain(failed).collect()
    }
}

fn mistake(scenario: &str, host: &str, row: &BTreeMap<String, Replayed>) -> Option<String> {
    let Some(replayed) = row.get(host) else { return Some(format!("{scenario} was not replayed on {host}")) };
    let core = row.get(HOSTS[0]).map(|core| &core.hash);
    match &replayed.difference {
        Some(difference) => Some(format!("{scenario} on {host}: {difference}")),
        None if core != Some(&replayed.hash) => Some(format!("{scenario} on {host}: another hash than on core")),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{HOSTS, Replayed, Table};

    fn table(odd_one: Option<&str>) -> Table {
        let mut table = Table::default();
        for host in HOSTS {
            let hash = if odd_one == Some(host) { "f".repeat(64) } else { "0".repeat(64) };
            table.put(Replayed { host: host.to_owned(), scenario: "clients".to_owned(), hash, difference: None });
        }
        table
    }

    #[test]
    fn equal_hashes_are_no_mistake() {
        assert!(table(None).mistakes().is_empty());
    }

    #[test]
    fn a_host_with_another_hash_is_named() {
        assert_eq!(table(Some("bun")).mistakes(), ["clients on bun: another hash than on core"]);
    }

    #[test]
    fn a_difference_is_told() {
        let mut table = table(None);
        let difference = Some("exchange 3".to_owned());
        let hash = "0".repeat(64);
        table.put(Replayed { host: "node".to_owned(), scenario: "clients".to_owned(), hash, difference });
        assert_eq!(table.mistakes(), ["clients on node: exchange 3"]);
    }

    #[test]
    fn a_host_that_said_nothing_is_named() {
        let mut table = table(None);
        table.rows.values_mut().for_each(|row| drop(row.remove("deno")));
        assert_eq!(table.mistakes(), ["clients was not replayed on deno"]);
        assert_eq!(Table::default().mistakes(), ["no scenario was replayed"]);
    }

    #[test]
    fn a_replayer_that_failed_is_named() {
        let mut table = table(None);
        table.failed.push("wasmtime");
        assert_eq!(table.mistakes(), ["the replayer of wasmtime failed; what it said is above"]);
    }
}
