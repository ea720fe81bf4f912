//! Removing what has expired, where the store does not do so by itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::claviger::Claviger;
use crate::error::Error;

impl Claviger {
    /// Removes expired rows, one page of the store at a time: call it again with `after` set to the answer's `next`.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn purge(&self, purge: &Purge) -> Result<Purged, Error> {
        self.command("purge", purge).await
    }
}

/// Which rows to look at.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Purge {
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Only count.
    pub dry_run: bool,
    /// Rows are left for so many seconds after they are over.
    pub retention: u64,
}

/// What was removed of one page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Purged {
    /// How many rows were looked at.
    pub seen: u64,
    /// How many were removed, by their kind.
    pub purged: BTreeMap<String, u64>,
    /// The keys of rows that cannot be used; they were left alone.
    pub unreadable: Vec<String>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}
