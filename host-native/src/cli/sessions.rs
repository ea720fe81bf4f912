//! `claviger sessions`.

use clap::Subcommand;
use claviger::Claviger;

use super::failure::Failure;
use super::output::Output;
use super::pages::all;
use super::users;

const COLUMNS: [&str; 4] = ["id", "methods", "authTime", "expiresAt"];

#[derive(Debug, Subcommand)]
pub(super) enum SessionsCommand {
    /// List where a user is signed in
    List {
        /// The user's login or id
        user: String,
    },
    /// Sign a user out of one browser
    Revoke {
        /// The user's login or id
        user: String,
        /// The session's id
        id: String,
    },
    /// Sign a user out everywhere
    RevokeAll {
        /// The user's login or id
        user: String,
    },
}

pub(super) async fn run(auth: &Claviger, command: SessionsCommand, output: Output) -> Result<(), Failure> {
    match command {
        SessionsCommand::List { user } => {
            let subject = users::find(auth, &user).await?.id;
            output.table(&all(async |paging| auth.sessions().list(&subject, paging).await).await?, &COLUMNS)
        }
        SessionsCommand::Revoke { user, id } => {
            let subject = users::find(auth, &user).await?.id;
            match auth.sessions().revoke(&subject, &id).await? {
                true => told(auth, output.line("revoked")).await,
                false => Err(Failure::not_found("session", &id, &format!("sessions list {user}"))),
            }
        }
        SessionsCommand::RevokeAll { user } => {
            let subject = users::find(auth, &user).await?.id;
            let revoked = auth.sessions().revoke_all(&subject).await?;
            told(auth, output.record(&serde_json::json!({ "revoked": revoked }))).await
        }
    }
}

/// The applications learn of it before the process ends.
async fn told(auth: &Claviger, done: Result<(), Failure>) -> Result<(), Failure> {
    auth.settled().await;
    done
}
