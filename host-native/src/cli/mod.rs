//! The command line. `arguments` says what may be typed; each room below does what was typed.

mod arguments;
mod clients;
mod connections;
mod demo;
mod factors;
mod failure;
mod grants;
mod key_files;
mod keys;
mod logging;
mod mail;
mod openid;
mod output;
mod pages;
mod password;
mod pats;
mod pats_sync;
mod purge;
mod registration_tokens;
mod secret;
mod serve;
mod sessions;
mod settings;
mod users;

use std::process::ExitCode;

use clap::Parser;

use self::arguments::{Arguments, Command};
use self::failure::Failure;
use self::output::Output;
use self::settings::Settings;

/// Does what was typed, and says by the exit code how it went: 0 done, 1 refused or failed, 2 mistyped.
pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::new(arguments.common.json);
    let form = arguments.common.log_form().unwrap_or_else(|error| error.exit());
    logging::start(form, &arguments.command);
    match run(arguments, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let Arguments { common, command } = arguments;
    if let Command::Secret = command {
        return output.line(&secret::fresh()?);
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::of("no runtime"))?;
    runtime.block_on(async {
        match command {
            Command::Secret => Ok(()),
            Command::Serve(serve) => serve::run(&common, serve, output).await,
            Command::CheckConfig => settings::check(&common, output),
            Command::Keys(keys) if keys.is_for_elsewhere() => keys.make_for_elsewhere(output).await,
            Command::Keys(keys) => {
                let settings = Settings::read(&common)?;
                let keys = keys.configured(&settings.configuration);
                keys::run(&settings.open()?, keys, output).await
            }
            Command::Clients(clients) => clients::run(&Settings::read(&common)?.open()?, *clients, output).await,
            Command::RegistrationTokens(tokens) => {
                registration_tokens::run(&Settings::read(&common)?.open()?, tokens, output).await
            }
            Command::Pats(pats) => pats::run(&Settings::read(&common)?.open()?, pats, output).await,
            Command::Users(users) => users::run(&Settings::read(&common)?.open()?, users, output).await,
            Command::Sessions(sessions) => sessions::run(&Settings::read(&common)?.open()?, sessions, output).await,
            Command::Factors(factors) => factors::run(&Settings::read(&common)?.open()?, factors, output).await,
            Command::Grants(grants) => grants::run(&Settings::read(&common)?.open()?, grants, output).await,
            Command::Purge(purge) => purge::run(&Settings::read(&common)?.open()?, purge, output).await,
        }
    })
}
