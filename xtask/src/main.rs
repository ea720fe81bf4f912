//! `cargo xtask`: builds what ships, tests it and checks it. `cargo xtask help` lists the commands.

// A tool for a terminal: printing is what it is for.
#![allow(clippy::print_stdout)]

mod process;
mod progress;
mod project;
mod wasm;

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
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Wasm => wasm::run(),
    }
}
