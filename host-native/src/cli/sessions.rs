//! `claviger sessions`.

use clap::Subcommand;
use claviger::Claviger;
use claviger::commands::{Paging, Session};

use super::failure::Failure;
use super::output::Output;
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
}

pub(super) async fn run(auth: &Claviger, command: SessionsCommand, output: Output) -> Result<(), Failure> {
    match command {
        SessionsCommand::List { user } => {
            let subject = users::find(auth, &user).await?.id;
            output.table(&all(auth, &subject).await?, &COLUMNS)
        }
        SessionsCommand::Revoke { user, id } => {
            let subject = users::find(auth, &user).await?.id;
            match auth.sessions().revoke(&subject, &id).await? {
                true => output.line("revoked"),
                false => Err(Failure::not_found("session", &id)),
            }
        }
    }
}

async fn all(auth: &Claviger, subject: &str) -> Result<Vec<Session>, Failure> {
    let mut all = Vec::new();
    let mut paging = Paging::first();
    loop {
        let page = auth.sessions().list(subject, paging).await?;
        all.extend(page.items);
        match page.next {
            Some(next) => paging = Paging::after(next),
            None => return Ok(all),
        }
    }
}
