//! `claviger grants`.

use clap::Subcommand;
use claviger::Claviger;

use super::failure::Failure;
use super::output::Output;
use super::pages::all;
use super::users;

const COLUMNS: [&str; 5] = ["id", "clientId", "scopes", "state", "expiresAt"];

#[derive(Debug, Subcommand)]
pub(super) enum GrantsCommand {
    /// List what a user has allowed
    List {
        /// The user's login or id
        user: String,
    },
    /// Take a grant back, and with it all its tokens
    Revoke {
        /// The user's login or id
        user: String,
        /// The grant's id
        id: String,
    },
}

pub(super) async fn run(auth: &Claviger, command: GrantsCommand, output: Output) -> Result<(), Failure> {
    match command {
        GrantsCommand::List { user } => {
            let subject = users::find(auth, &user).await?.id;
            output.table(&all(async |paging| auth.grants().list(&subject, paging).await).await?, &COLUMNS)
        }
        GrantsCommand::Revoke { user, id } => {
            let subject = users::find(auth, &user).await?.id;
            match auth.grants().revoke(&subject, &id).await? {
                true => output.line("revoked"),
                false => Err(Failure::not_found("grant", &id, &format!("grants list {user}"))),
            }
        }
    }
}
