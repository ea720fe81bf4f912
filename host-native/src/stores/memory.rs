//! A store in memory, for tests and for trying things out: it is empty again after a restart.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Add, Batch, Committed, Entry, Key, Page, Require, Row, Scan, Store, StoreError, Version};
use crate::clock::Clock;

/// How many commits pass between two looks for expired rows.
const SWEEP_EVERY: u64 = 1024;

/// Rows in memory. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    rows: Arc<Mutex<Rows>>,
    clock: Clock,
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store that goes by a clock of yours, for tests: by it rows expire.
    #[must_use]
    pub fn with_clock(clock: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self { clock: Clock::new(clock), ..Self::default() }
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        // A batch is checked before it is applied, so a panic elsewhere leaves no half of one.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    async fn load(&self, keys: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError> {
        let rows = self.rows();
        Ok(keys.iter().map(|key| rows.by_key.get(key).map(Stored::row)).collect())
    }

    async fn commit(&self, batch: Batch) -> Result<Committed, StoreError> {
        let now = self.clock.now();
        self.rows().commit(batch, now)
    }

    async fn scan(&self, range: Scan) -> Result<Page, StoreError> {
        Ok(self.rows().scan(&range))
    }
}

#[derive(Debug, Default)]
struct Rows {
    by_key: BTreeMap<Key, Stored>,
    /// The last version given; one sequence for all keys, so that none ever repeats.
    sequence: u64,
    commits: u64,
}

#[derive(Debug)]
struct Stored {
    version: u64,
    value: String,
    expires: Option<u64>,
}

impl Stored {
    fn version(&self) -> Version {
        Version::from(self.version.to_string())
    }

    fn row(&self) -> Row {
        Row { version: self.version(), value: self.value.clone() }
    }
}

impl Rows {
    fn commit(&mut self, batch: Batch, now: u64) -> Result<Committed, StoreError> {
        batch.changes_keys_once()?;
        if !batch.require.iter().all(|require| self.holds(require)) {
            return Ok(Committed::Stale);
        }
        let mut counters = Vec::with_capacity(batch.add.len());
        for add in batch.add {
            let Some(sum) = self.sum(&add)? else { return Ok(Committed::Stale) };
            counters.push((add.key, sum.to_string(), add.expires));
        }
        for put in batch.put {
            self.write(put.key, put.value, put.expires);
        }
        for key in &batch.delete {
            self.by_key.remove(key);
        }
        for (key, value, expires) in counters {
            self.write(key, value, expires);
        }
        self.sweep(now);
        Ok(Committed::Committed)
    }

    fn holds(&self, require: &Require) -> bool {
        self.by_key.get(&require.key).map(Stored::version) == require.version
    }

    /// The counter's next value, or none if that is over its ceiling.
    fn sum(&self, add: &Add) -> Result<Option<i64>, StoreError> {
        let counter = match self.by_key.get(&add.key) {
            Some(stored) => parse_counter(&stored.value)?,
            None => 0,
        };
        Ok(counter.checked_add(add.delta).filter(|sum| *sum <= add.ceiling))
    }

    fn write(&mut self, key: Key, value: String, expires: Option<u64>) {
        self.sequence += 1;
        self.by_key.insert(key, Stored { version: self.sequence, value, expires });
    }

    fn sweep(&mut self, now: u64) {
        self.commits += 1;
        if self.commits.is_multiple_of(SWEEP_EVERY) {
            self.by_key.retain(|_, stored| stored.expires.is_none_or(|expires| expires > now));
        }
    }

    fn scan(&self, range: &Scan) -> Page {
        let prefix = Key::from(&*range.prefix);
        let from = match &range.after {
            Some(after) if *after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(&prefix),
        };
        let mut rows: Vec<Entry> = self
            .by_key
            .range((from, Bound::Unbounded))
            .take_while(|(key, _)| key.as_str().starts_with(&range.prefix))
            .take(range.limit.saturating_add(1))
            .map(|(key, stored)| Entry { key: key.clone(), version: stored.version(), value: stored.value.clone() })
            .collect();
        let more = rows.len() > range.limit;
        rows.truncate(range.limit);
        let next = rows.last().filter(|_| more).map(|last| last.key.clone());
        Page { rows, next }
    }
}

pub(super) fn parse_counter(value: &str) -> Result<i64, StoreError> {
    value.parse().map_err(|error| StoreError::because("the row to add to is no counter", error))
}
