//! `claviger factors`.

use clap::Subcommand;
use claviger::Claviger;

use super::failure::Failure;
use super::output::Output;
use super::users;

const COLUMNS: [&str; 4] = ["id", "name", "confirmed", "lastUsedAt"];

#[derive(Debug, Subcommand)]
pub(super) enum FactorsCommand {
    /// List a user's authenticator apps
    List {
        /// The user's login or id
        user: String,
    },
    /// Remove an authenticator app, such as one that was lost; the user is signed out everywhere
    Remove {
        /// The user's login or id
        user: String,
        /// The authenticator's id
        id: String,
    },
    /// Give a user ten new recovery codes; those before are good no more
    RecoveryCodes {
        /// The user's login or id
        user: String,
    },
}

pub(super) async fn run(auth: &Claviger, command: FactorsCommand, output: Output) -> Result<(), Failure> {
    match command {
        FactorsCommand::List { user } => {
            let subject = users::find(auth, &user).await?.id;
            output.table(&auth.factors().list(&subject).await?.authenticators, &COLUMNS)
        }
        FactorsCommand::Remove { user, id } => {
            let subject = users::find(auth, &user).await?.id;
            let removed = auth.factors().remove(&subject, &id, None).await?;
            // The applications learn of the end of the sessions before the process ends.
            auth.settled().await;
            if removed {
                output.line("removed")
            } else {
                Err(Failure::not_found("authenticator", &id, &format!("factors list {user}")))
            }
        }
        FactorsCommand::RecoveryCodes { user } => {
            let subject = users::find(auth, &user).await?.id;
            let codes = auth.factors().regenerate_recovery_codes(&subject).await?;
            output.record(&serde_json::json!({ "recoveryCodes": codes }))
        }
    }
}
