//! Purging: rows that are over, removed a page at a time. Stores may do the same by themselves; a row that is over is no row either
//! way. Every record says itself when it is over, late enough for whatever must still recognise a replay.

use serde::{Deserialize, Serialize};

use crate::ask::{Key, Row};
use crate::call::page;
use crate::change::Change;
use crate::host::Host;
use crate::refusal::{Fault, Refusal, Stop};
use crate::time::{Millis, Seconds};
use crate::{record, throttle};

/// The longest that rows are kept after they are over.
const LONGEST_RETENTION: Seconds = Seconds(3650 * 86_400);

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
    /// Rows are left for so many seconds after they are over; 0 when absent.
    #[serde(default)]
    pub retention: Option<Seconds>,
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
#[derive(Debug, Default)]
struct Counts(Vec<(String, u32)>);

impl Counts {
    fn count(&mut self, kind: String) {
        match self.0.iter_mut().find(|(own, _)| *own == kind) {
            Some((_, count)) => *count += 1,
            None => self.0.push((kind, 1)),
        }
    }
}

impl Serialize for Counts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(kind, count)| (kind, count)))
    }
}

/// One page of all rows of the issuer.
pub(crate) async fn purge(host: &Host, ask: &Purge) -> Result<Purged, Stop> {
    let retention = ask.retention.unwrap_or(Seconds(0));
    if retention > LONGEST_RETENTION {
        return Err(Refusal::InvalidArgument("retention: at most 3650 days").into());
    }
    let page = host.page(page(format!("{}.", host.tenant()), ask.after.as_ref(), ask.limit)?).await?;
    let mut purged = Counts::default();
    let mut unreadable = Vec::new();
    let seen = page.rows.len();
    for row in page.rows {
        match end_of(host, &row.key, &Row { version: row.version.clone(), value: row.value }) {
            Ok((kind, Some(end))) if retention.after(end) <= host.now() => {
                if ask.dry_run || remove(host, row.key, row.version).await? {
                    purged.count(kind);
                }
            }
            Ok(_) => {}
            Err(_) => unreadable.push(row.key),
        }
    }
    Ok(Purged { seen, purged, unreadable, next: page.next.map(|key| key.0) })
}

fn end_of(host: &Host, key: &Key, row: &Row) -> Result<(String, Option<Millis>), Fault> {
    match throttle::end_of(key) {
        Some(end) => Ok(("count".to_owned(), Some(end))),
        None => record::end_of(host.tenant(), row),
    }
}

/// A row that changed since it was read is not over any more: left alone.
async fn remove(host: &Host, key: Key, version: String) -> Result<bool, Stop> {
    match host.commit(Change::remove(key, version)).await {
        Ok(()) => Ok(true),
        Err(Stop::Stale) => Ok(false),
        Err(other) => Err(other),
    }
}
