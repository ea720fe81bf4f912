//! `claviger pats`.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand};
use claviger::Claviger;
use claviger::commands::{NewPat, PatChange, PatFilter, RolesChange};
use serde_json::json;

use super::failure::Failure;
use super::output::Output;

const COLUMNS: [&str; 7] = ["id", "owner", "admin", "roles", "lastUsedAt", "revokedAt", "expiresAt"];

#[derive(Debug, Subcommand)]
pub(super) enum PatsCommand {
    /// Make up a personal access token, and store nothing; it is shown once
    Generate {
        /// An id of your choice: 21 letters and digits
        #[arg(long)]
        id: Option<String>,
    },
    /// Make a personal access token; it is shown once
    Issue {
        #[command(flatten)]
        new: New,
        /// An id of your choice: 21 letters and digits
        #[arg(long)]
        id: Option<String>,
    },
    /// Take a personal access token that was made elsewhere
    Register {
        /// The token's id
        id: String,
        /// What `pats generate` printed beside the token
        #[arg(long)]
        hash: String,
        #[command(flatten)]
        new: New,
    },
    /// List personal access tokens
    List {
        /// Of this owner alone
        #[arg(long, value_name = "TEXT")]
        owner: Option<String>,
        /// With this role alone
        #[arg(long)]
        role: Option<String>,
        /// Revoked ones too
        #[arg(long)]
        include_revoked: bool,
        /// Expired ones too
        #[arg(long)]
        include_expired: bool,
    },
    /// Show a personal access token
    Show {
        /// The token's id
        id: String,
    },
    /// Change a personal access token
    Update(Box<Update>),
    /// Refuse a personal access token
    Revoke {
        /// The token's id
        id: String,
    },
    /// Take a revoked one again
    Restore {
        /// The token's id
        id: String,
    },
    /// Remove a personal access token
    Delete {
        /// The token's id
        id: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct New {
    /// Whose it is: a name, and nobody's account
    #[arg(long, value_name = "TEXT")]
    owner: String,
    /// What it may; may be repeated
    #[arg(long)]
    role: Vec<String>,
    /// It may administer the others
    #[arg(long)]
    admin: bool,
    /// When it ends, such as 2030-01-02T03:04:05Z
    #[arg(long, value_name = "TIME", value_parser = expiry)]
    expires_at: Option<Expiry>,
}

#[derive(Debug, Args)]
pub(super) struct Update {
    /// The token's id
    id: String,
    /// Whose it is
    #[arg(long, value_name = "TEXT")]
    owner: Option<String>,
    /// Whether it may administer the others
    #[arg(long, value_name = "BOOL")]
    admin: Option<bool>,
    /// All that it may from now on; may be repeated
    #[arg(long, group = "roles")]
    role: Vec<String>,
    /// What it may, too; may be repeated
    #[arg(long, value_name = "ROLE", group = "roles")]
    add_role: Vec<String>,
    /// What it may no more; may be repeated
    #[arg(long, value_name = "ROLE", group = "roles")]
    remove_role: Vec<String>,
    /// It has no roles
    #[arg(long, group = "roles")]
    no_roles: bool,
    /// When it ends, or null
    #[arg(long, value_name = "TIME", value_parser = expiry)]
    expires_at: Option<Expiry>,
}

/// Milliseconds since 1970; `None`: never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expiry(Option<u64>);

fn expiry(text: &str) -> Result<Expiry, String> {
    if text == "null" {
        return Ok(Expiry(None));
    }
    let since_1970 = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok();
    let typed = humantime::parse_rfc3339(text).ok().and_then(since_1970);
    let millis = typed.and_then(|since| u64::try_from(since.as_millis()).ok());
    millis
        .map(|millis| Expiry(Some(millis)))
        .ok_or_else(|| "a time is such as 2030-01-02T03:04:05Z, or null".to_owned())
}

impl New {
    fn of(self, id: Option<String>) -> NewPat {
        let Self { owner, role, admin, expires_at } = self;
        NewPat { owner, admin, roles: role, expires_at: expires_at.and_then(|Expiry(end)| end), id }
    }
}

impl Update {
    fn change(self) -> (String, PatChange) {
        let Self { id, owner, admin, role, add_role, remove_role, no_roles, expires_at } = self;
        let roles = match (no_roles, role.is_empty(), add_role.is_empty(), remove_role.is_empty()) {
            (true, ..) => Some(RolesChange::Set(Vec::new())),
            (_, false, ..) => Some(RolesChange::Set(role)),
            (_, _, false, _) => Some(RolesChange::Add(add_role)),
            (_, _, _, false) => Some(RolesChange::Remove(remove_role)),
            _ => None,
        };
        (id, PatChange { owner, admin, roles, expires_at: expires_at.map(|Expiry(end)| end), hash: None })
    }
}

pub(super) async fn run(auth: &Claviger, command: PatsCommand, output: Output) -> Result<(), Failure> {
    let pats = auth.pats();
    match command {
        PatsCommand::Generate { id } => output.record(&pats.generate(id.as_deref()).await?),
        PatsCommand::Issue { new, id } => {
            let issued = pats.issue(&new.of(id)).await?;
            let mut shown = json!(issued.pat);
            if let Some(members) = shown.as_object_mut() {
                members.insert("token".to_owned(), issued.token.into());
            }
            output.record(&shown)
        }
        PatsCommand::Register { id, hash, new } => output.record(&pats.register(&id, &hash, &new.of(None)).await?),
        PatsCommand::List { owner, role, include_revoked, include_expired } => {
            let mut filter =
                PatFilter { owner, has_role: role, include_revoked, include_expired, ..PatFilter::default() };
            let mut all = Vec::new();
            loop {
                let page = pats.list(&filter).await?;
                all.extend(page.items);
                match page.next {
                    Some(next) => filter.after = Some(next),
                    None => return output.table(&all, &COLUMNS),
                }
            }
        }
        PatsCommand::Show { id } => match pats.find(&id).await? {
            Some(pat) => output.record(&pat),
            None => Err(missing(&id)),
        },
        PatsCommand::Update(update) => {
            let (id, change) = update.change();
            output.record(&pats.update(&id, &change).await?)
        }
        PatsCommand::Revoke { id } => output.record(&pats.revoke(&id).await?),
        PatsCommand::Restore { id } => output.record(&pats.restore(&id).await?),
        PatsCommand::Delete { id } => match pats.delete(&id).await? {
            true => output.line("deleted"),
            false => Err(missing(&id)),
        },
    }
}

fn missing(id: &str) -> Failure {
    Failure::not_found("personal access token", id, "pats list")
}
