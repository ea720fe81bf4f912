//! The words of the store contract.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Names a row: a partition, a `/`, and a name, at most 512 bytes. Ordered by its bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// The whole key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first `/`. All keys of one commit share it, so a store need be atomic no further.
    #[must_use]
    pub fn partition(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(partition, _)| partition)
    }

    /// The key as text of its own.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<T: Into<String>> From<T> for Key {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What the store calls one value of a row. It never names two values of the same key, not even when the key was
/// deleted in between.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(String);

impl Version {
    /// The version as the store wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Version {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

/// A row as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Which of the key's values this is.
    pub version: Version,
    /// Text, opaque to the store, at most 60 KiB.
    pub value: String,
}

/// Changes that are applied all together or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Batch {
    /// What must hold for the batch to be applied.
    pub require: Vec<Require>,
    /// Rows to write, whether or not they exist.
    pub put: Vec<Put>,
    /// Rows to remove, if they exist.
    pub delete: Vec<Key>,
    /// Counters to change.
    pub add: Vec<Add>,
}

impl Batch {
    /// Nothing, if the batch changes no key twice. What came of it would depend on the store; the engine sends no such batch.
    ///
    /// # Errors
    /// A store error that says so.
    pub fn changes_keys_once(&self) -> Result<(), StoreError> {
        let mut seen = HashSet::new();
        let mut keys =
            self.put.iter().map(|put| &put.key).chain(self.add.iter().map(|add| &add.key)).chain(&self.delete);
        let all = self.put.len() + self.add.len() + self.delete.len();
        if all < 2 || keys.all(|key| seen.insert(key)) {
            return Ok(());
        }
        Err(StoreError::new("a commit changes a key twice"))
    }
}

/// The key must be at this version, or absent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Require {
    /// The row.
    pub key: Key,
    /// `None`: there is no such row.
    pub version: Option<Version>,
}

/// A row to write.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Put {
    /// The row.
    pub key: Key,
    /// Its value from now on.
    pub value: String,
    /// Milliseconds since 1970 from which on the row may be removed, never before.
    pub expires: Option<u64>,
}

/// A counter to change: the row's value is a decimal integer, and an absent row is 0.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Add {
    /// The row.
    pub key: Key,
    /// What to add.
    pub delta: i64,
    /// The batch is stale if the counter would exceed this.
    pub ceiling: i64,
    /// Milliseconds since 1970 from which on the row may be removed, never before.
    pub expires: Option<u64>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Committed {
    /// Applied, and durable.
    Committed,
    /// A requirement or a ceiling did not hold: nothing was applied.
    Stale,
    /// It cannot be said.
    Unknown,
}

/// A range of rows to read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Scan {
    /// What the keys start with.
    pub prefix: String,
    /// Only keys greater than this.
    pub after: Option<Key>,
    /// How many rows at most.
    pub limit: usize,
}

/// A part of a range.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Page {
    /// The rows, ordered by the bytes of their keys.
    pub rows: Vec<Entry>,
    /// The last key, when there may be more.
    pub next: Option<Key>,
}

/// A row with its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The row's key.
    pub key: Key,
    /// Which of the key's values this is.
    pub version: Version,
    /// Its value.
    pub value: String,
}

/// Why a store could not do what it was asked, for the log.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl StoreError {
    /// An error that is its message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// An error that has another error for its reason.
    pub fn because(message: &str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let source = source.into();
        Self { message: format!("{message}: {source}"), source: Some(source) }
    }
}
