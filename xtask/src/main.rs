//! `cargo xtask`: builds what ships, tests it and checks it. `cargo xtask help` lists the commands.

// A tool for a terminal: printing is what it is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod check;
mod demo;
mod ledger;
mod process;
mod progress;
mod project;
mod scenarios;
mod size;
mod test;
mod tools;
mod wasm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, tests and checks Claviger.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the wasm modules and put them where both hosts take them from.
    Wasm,
    /// Print what each wasm module weighs; fail when the engine is over its budget.
    Size,
    /// Print what operations cost beside a peer's, their storage trips and what the modules weigh.
    Bench,
    /// Install the tools that the other commands need, where they are missing.
    Tools,
    /// Run every test, then the ledger.
    Test,
    /// Record the scenarios, or replay them on every host.
    Scenarios {
        #[command(subcommand)]
        action: scenarios::Action,
    },
    /// Run a server and a sample application to try in a browser; Ctrl-C stops both.
    Demo {
        /// What runs the engine.
        #[arg(long, value_enum, default_value = "native")]
        host: demo::Host,
        /// Try everything once in a browser without a person, and say what failed.
        #[arg(long)]
        check: bool,
    },
    /// Check format, lints, bounds, documents, types and packaging: exactly what CI checks.
    Check,
    /// Print which requirements are shown by tests, refused or open; fail when a named test did not run.
    Ledger {
        /// Print every requirement with its status and tests as JSON.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Wasm => wasm::run(),
        Command::Size => size::run(),
        Command::Bench => bench::run(),
        Command::Tools => tools::run(),
        Command::Test => test::run(),
        Command::Scenarios { action } => scenarios::run(action),
        Command::Demo { host, check } => demo::run(host, check),
        Command::Check => check::run(),
        Command::Ledger { json } => ledger::run(json),
    }
}
