//! `claviger pats`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand};
use claviger::Claviger;
use claviger::commands::{NewPat, Pat, PatChange, PatFilter, Pats, RolesChange};
use serde_json::json;

use super::failure::Failure;
use super::output::Output;
use super::pats_sync::{Act, Step, parse_time, plan, read};

const COLUMNS: [&str; 7] = ["id", "owner", "admin", "roles", "lastUsedAt", "revokedAt", "expiresAt"];

const AGAIN: &str = "See what each says; the others are done. It may be run again as often as needed.";
const STEP_COLUMNS: [&str; 4] = ["action", "id", "owner", "what"];

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
    /// Make personal access tokens what a file says: those that it does not name are revoked
    Sync {
        /// In YAML or JSON
        file: PathBuf,
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
        /// When those that the file does not name end, too; they are purged 30 days later
        #[arg(long, value_name = "SECONDS")]
        orphan_expires_in: Option<u64>,
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
    parse_time(text)
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
            let filter = PatFilter { owner, has_role: role, include_revoked, include_expired, ..PatFilter::default() };
            output.table(&all(pats, filter).await?, &COLUMNS)
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
        PatsCommand::Sync { file, dry_run, orphan_expires_in } => {
            let wanted = read(&file)?;
            let everything =
                PatFilter { include_revoked: true, include_expired: true, include_hash: true, ..PatFilter::default() };
            let now = now();
            let orphans_end = orphan_expires_in.map(|seconds| now.saturating_add(seconds.saturating_mul(1000)));
            let mut steps = plan(&wanted, &all(pats, everything).await?, now, orphans_end);
            let failed = if dry_run { 0 } else { take_all(pats, &mut steps).await };
            if steps.is_empty() { output.nothing("nothing to do") } else { output.table(&steps, &STEP_COLUMNS) }?;
            if failed == 0 {
                return Ok(());
            }
            Err(Failure::new("incomplete", format!("{failed} of {} steps failed", steps.len()), AGAIN))
        }
    }
}

async fn all(pats: Pats<'_>, mut filter: PatFilter) -> Result<Vec<Pat>, Failure> {
    let mut all = Vec::new();
    loop {
        let page = pats.list(&filter).await?;
        all.extend(page.items);
        match page.next {
            Some(next) => filter.after = Some(next),
            None => return Ok(all),
        }
    }
}

/// Why a step is not done.
enum Undone {
    /// The token was deleted, which it stays.
    Deleted,
    Failed(String),
}

/// How many failed; each says why. None keeps those of other tokens back; what follows a failed one of the same token is left undone, so
/// that no token is taken again with a secret that should have been replaced, unless it ends what the token may.
async fn take_all(pats: Pats<'_>, steps: &mut [Step]) -> usize {
    let (mut deleted, mut stopped) = (BTreeSet::new(), BTreeSet::new());
    let mut failed = 0;
    for step in steps {
        let outcome = if deleted.contains(&step.id) {
            Err(Undone::Deleted)
        } else if stopped.contains(&step.id) && !matches!(step.act, Act::Revoke { .. }) {
            Err(Undone::Failed("a step before it failed".to_owned()))
        } else {
            outcome(pats, step).await
        };
        match outcome {
            Ok(()) => {}
            Err(Undone::Deleted) => {
                deleted.insert(step.id.clone());
                step.skip("it was deleted");
            }
            Err(Undone::Failed(why)) => {
                stopped.insert(step.id.clone());
                step.what = Some(format!("failed: {why}"));
                failed += 1;
            }
        }
    }
    failed
}

async fn outcome(pats: Pats<'_>, step: &Step) -> Result<(), Undone> {
    let Err(why) = take(pats, step).await else { return Ok(()) };
    // The configuration's own token stays deleted: it is not listed, and it is not made again.
    let is_there = matches!(step.act, Act::Register { .. }) && why.code == "already_exists";
    let is_deleted = is_there && matches!(pats.find(&step.id).await, Ok(None));
    Err(if is_deleted { Undone::Deleted } else { Undone::Failed(why.message) })
}

async fn take(pats: Pats<'_>, step: &Step) -> Result<(), Failure> {
    match &step.act {
        Act::Register { id, hash, token } => drop(pats.register(id, hash, token).await?),
        Act::Update { id, change } => drop(pats.update(id, change).await?),
        Act::Restore { id } => drop(pats.restore(id).await?),
        Act::Revoke { id, expires_at: None } => drop(pats.revoke(id).await?),
        Act::Revoke { id, expires_at: Some(end) } => drop(pats.revoke_and_end(id, *end).await?),
        Act::Nothing => {}
    }
    Ok(())
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn missing(id: &str) -> Failure {
    Failure::not_found("personal access token", id, "pats list")
}
