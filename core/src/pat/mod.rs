//! Personal access tokens: what somebody lets a program act with, for as long as they like, and takes back in one command.
//!
//! ```text
//!  issue, register          revoke            delete
//! ----------------> live <---------> revoked --------> gone
//!                     |    restore
//!                     +--> expired: a time that revoking and restoring leave alone
//! ```
//! A token says by itself which row it is of, so whoever presents one costs one load; a secret of 256 bits needs no slow hash. See
//! `docs/decisions/0018-personal-access-tokens.md`.

mod access;
mod admin;
mod change;
pub mod commands;
mod exchange;
mod hash;
mod http;
mod presented;
mod text;

use serde::{Deserialize, Serialize};

pub(crate) use access::{Holder, find, is_access_token, is_presented};
pub(crate) use admin::{admin_endpoint, is_at};
pub(crate) use change::{restore, revoke, update};
pub(crate) use commands::{delete, find_one, generate, issue, list, load, register, verify};
pub(crate) use exchange::{exchange, parameters};
pub(crate) use hash::is_hash;
pub(crate) use text::is_id;

use crate::config::{Config, Pats};
use crate::host::Host;
use crate::record::{Record, Slot};
use crate::refusal::Refusal;
use crate::time::{Millis, Seconds};

/// How long a row stays after its token has expired, so that people see what became of it.
const SHOWN_AFTER_EXPIRY: Seconds = Seconds(30 * 86_400);

/// A token as the store knows it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pat {
    id: String,
    /// What stands in place of the secret.
    hash: String,
    owner: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    admin: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
    created_at: Millis,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Millis>,
    /// When its secret took the place of another one; `None`: it has its first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret_since: Option<Millis>,
    /// It is the configuration's, which must give it no second time: its row stays for good.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    bootstrap: bool,
    /// Such a token that was deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
}

impl std::fmt::Debug for Pat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pat").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Record for Pat {
    const KIND: &'static str = "pat";

    fn expires(&self) -> Option<Millis> {
        self.expires_at.filter(|_| !self.bootstrap).map(|end| SHOWN_AFTER_EXPIRY.after(end))
    }

    /// A row that is there says itself what is wrong with its token.
    fn is_over(&self, _now: Millis) -> bool {
        false
    }
}

impl Pat {
    const ROOM: &'static str = "pat";

    /// The id is one of [`is_id`].
    fn slot(config: &Config, id: &str) -> Slot<Self> {
        Slot::new(&config.tenant, Self::ROOM, id, "token")
    }

    fn is_expired(&self, now: Millis) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether a JWT of this time, to a second, was made with the secret that it has.
    fn has_made(&self, issued_at: Millis) -> bool {
        self.secret_since.unwrap_or(self.created_at) < issued_at.saturating_add(1000)
    }

    /// Why it is good for nothing, if it is.
    fn amiss(&self, now: Millis) -> Option<Reason> {
        match self {
            _ if self.revoked_at.is_some() => Some(Reason::Revoked),
            _ if self.is_expired(now) => Some(Reason::Expired),
            _ => None,
        }
    }
}

/// Why a token is not good. Only the host and its log learn it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It does not begin as tokens do here.
    InvalidPrefix,
    /// It has no id, no secret, or another checksum; or another system made it, and `pats.imported` is off.
    InvalidFormat,
    /// There is no such token.
    NotFound,
    /// What is stored in place of its secret cannot be read.
    InvalidPhc,
    /// What is stored was made with another algorithm than scrypt.
    UnsupportedAlgorithm,
    /// What is stored costs too much to verify.
    InvalidParameters,
    /// The secret is another one.
    InvalidSecret,
    /// It was revoked.
    Revoked,
    /// Its time is up.
    Expired,
}

/// The settings, where there are such tokens.
fn settings(host: &Host) -> Result<&Pats, Refusal> {
    host.config().pats.as_ref().ok_or(Refusal::InvalidArgument("pats: not configured; an empty object will do"))
}

const NO_SUCH_TOKEN: Refusal = Refusal::NotFound("There is no such token");
