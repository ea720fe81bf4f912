//! Purging: rows that are over, removed a page at a time. Stores may do the same by themselves; a row that is over is no row either way.

use serde::{Deserialize, Serialize};

use crate::account;
use crate::ask::{Key, Row};
use crate::call::page;
use crate::change::Change;
use crate::grant::Grant;
use crate::grant::client_credentials::ServiceToken;
use crate::host::Host;
use crate::record;
use crate::refusal::{Fault, Stop};
use crate::session::Session;

/// `purge`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Purge {
    #[serde(default)]
    pub after: Option<String>,
    /// How many rows to look at, 1 to 1000; 100 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    #[serde(default)]
    pub dry_run: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Purged {
    seen: usize,
    purged: Counts,
    /// Rows that cannot be used: left alone, and named.
    unreadable: Vec<Key>,
    next: Option<String>,
}

/// How many of each kind.
#[derive(Debug, Default, Serialize)]
struct Counts {
    grant: u32,
    session: u32,
    service: u32,
}

/// The kinds that end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Grant,
    Session,
    Service,
}

impl Counts {
    fn count(&mut self, kind: Kind) {
        match kind {
            Kind::Grant => self.grant += 1,
            Kind::Session => self.session += 1,
            Kind::Service => self.service += 1,
        }
    }
}

/// One page of the persons' rows, where sessions and grants end; after the last of them, of the clients' own tokens.
pub(crate) async fn purge(host: &Host, ask: &Purge) -> Result<Purged, Stop> {
    let [persons, clients] = [account::ROOM, ServiceToken::ROOM].map(|room| format!("{}.{room}.", host.tenant()));
    let then = ask.after.as_ref().is_none_or(|after| *after < clients).then_some(clients.clone());
    let prefix = if then.is_some() { persons } else { clients };
    let page = host.page(page(prefix, ask.after.as_ref(), ask.limit)?).await?;
    let mut purged = Counts::default();
    let mut unreadable = Vec::new();
    let seen = page.rows.len();
    for row in page.rows {
        match kind_if_over(host, &row.key, Row { version: row.version.clone(), value: row.value }) {
            Ok(None) => {}
            Ok(Some(kind)) => {
                if ask.dry_run || remove(host, row.key, row.version).await? {
                    purged.count(kind);
                }
            }
            Err(_) => unreadable.push(row.key),
        }
    }
    Ok(Purged { seen, purged, unreadable, next: page.next.map(|key| key.0).or(then) })
}

fn kind_if_over(host: &Host, key: &Key, row: Row) -> Result<Option<Kind>, Fault> {
    let name = key.0.split_once('/').map_or("", |(_, name)| name);
    let over = |kept: bool, kind| (!kept).then_some(kind);
    Ok(if name.starts_with("grant.") {
        over(record::read::<Grant>(host.tenant(), host.now(), key.clone(), row)?.is_some(), Kind::Grant)
    } else if name.starts_with("session.") {
        over(record::read::<Session>(host.tenant(), host.now(), key.clone(), row)?.is_some(), Kind::Session)
    } else if name.starts_with("token.") {
        over(record::read::<ServiceToken>(host.tenant(), host.now(), key.clone(), row)?.is_some(), Kind::Service)
    } else {
        None
    })
}

/// A row that changed since it was read is not over any more: left alone.
async fn remove(host: &Host, key: Key, version: String) -> Result<bool, Stop> {
    match host.commit(Change::remove(key, version)).await {
        Ok(()) => Ok(true),
        Err(Stop::Stale) => Ok(false),
        Err(other) => Err(other),
    }
}
