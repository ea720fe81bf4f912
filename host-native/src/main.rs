//! The binary `claviger`: the authorization server by itself, and its administration.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
