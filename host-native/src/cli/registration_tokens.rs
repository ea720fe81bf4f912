//! `claviger registration-tokens`.

use clap::Subcommand;
use claviger::Claviger;
use claviger::commands::NewRegistrationToken;

use super::failure::Failure;
use super::output::Output;
use super::pages::all;

const COLUMNS: [&str; 4] = ["id", "usesLeft", "createdAt", "expiresAt"];

#[derive(Debug, Subcommand)]
pub(super) enum RegistrationTokensCommand {
    /// Make a token with which clients may register themselves; it is shown once
    Issue {
        /// How many clients it is good for [default: 1]
        #[arg(long, value_name = "NUMBER")]
        uses: Option<u32>,
        /// How many seconds it is good for [default: a day]
        #[arg(long, value_name = "SECONDS")]
        expires_in: Option<u64>,
    },
    /// List what is left of them
    List,
    /// End a registration token
    Revoke {
        /// The token's id
        id: String,
    },
}

pub(super) async fn run(auth: &Claviger, command: RegistrationTokensCommand, output: Output) -> Result<(), Failure> {
    let tokens = auth.registration_tokens();
    match command {
        RegistrationTokensCommand::Issue { uses, expires_in } => {
            output.record(&tokens.issue(&NewRegistrationToken { uses, expires_in }).await?)
        }
        RegistrationTokensCommand::List => {
            output.table(&all(async |paging| tokens.list(&paging).await).await?, &COLUMNS)
        }
        RegistrationTokensCommand::Revoke { id } => match tokens.revoke(&id).await? {
            true => output.line("revoked"),
            false => Err(Failure::not_found("registration token", &id, "registration-tokens list")),
        },
    }
}
