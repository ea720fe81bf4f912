//! What a flow writes: a change in the making, and the batch that it becomes.

use crate::ask::{Add, Batch, Key, Put, Require};
use crate::record::{self, Record, Slot, Stored};
use crate::refusal::Fault;
use crate::throttle::Throttle;
use crate::time::Millis;

type Writer = Box<dyn FnOnce(&str, &str) -> Result<String, Fault>>;

/// A conditional write in the making.
#[derive(Default)]
pub(crate) struct Change {
    require: Vec<Require>,
    puts: Vec<(Key, Writer, Option<Millis>)>,
    delete: Vec<Key>,
    add: Vec<Add>,
}

/// The row that settles an unknown outcome: the first that is written, else the first that is removed.
pub(crate) enum Trace {
    Written(Key),
    Removed(Key),
}

impl Change {
    /// A record that must not exist yet.
    pub(crate) fn create<T: Record + 'static>(slot: Slot<T>, value: T) -> Self {
        Self::default().and_create(slot, value)
    }

    /// A record that must be as it was read.
    pub(crate) fn replace<T: Record + 'static>(stored: &Stored<T>, value: T) -> Self {
        Self::default().and_replace(stored, value)
    }

    /// The same, and a record that must not exist yet. It must be of the same partition.
    pub(crate) fn and_create<T: Record + 'static>(mut self, slot: Slot<T>, value: T) -> Self {
        self.require.push(Require { key: slot.key.clone(), version: None });
        self.put(slot.key, value);
        self
    }

    /// The same, and a record that must be as it was read. It must be of the same partition.
    pub(crate) fn and_replace<T: Record + 'static>(mut self, stored: &Stored<T>, value: T) -> Self {
        self.require.push(Require { key: stored.key.clone(), version: Some(stored.version.clone()) });
        self.put(stored.key.clone(), value);
        self
    }

    /// The same, counted: stale when there were too many. The counter must be of the same partition.
    pub(crate) fn and_count(mut self, throttle: &Throttle) -> Self {
        self.add.push(throttle.one_more());
        self
    }

    /// The same, uncounted: stale when there is no room for one more.
    pub(crate) fn and_hold(mut self, throttle: &Throttle) -> Self {
        self.add.push(throttle.none_more());
        self
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.require.is_empty() && self.puts.is_empty() && self.delete.is_empty() && self.add.is_empty()
    }

    /// A row that must be as it was read, removed.
    pub(crate) fn remove(key: Key, version: String) -> Self {
        Self::default().and_remove(key, version)
    }

    /// A row, removed whatever it was.
    pub(crate) fn delete(key: Key) -> Self {
        Self::default().and_delete(Some(key))
    }

    /// The same, if this row is as it was read.
    pub(crate) fn and_require(mut self, key: Key, version: String) -> Self {
        self.require.push(Require { key, version: Some(version) });
        self
    }

    /// The same, if there is no such row.
    pub(crate) fn and_require_none(mut self, key: Key) -> Self {
        self.require.push(Require { key, version: None });
        self
    }

    /// The same, and this row is gone, if it is as it was read.
    pub(crate) fn and_remove(self, key: Key, version: String) -> Self {
        self.and_require(key.clone(), version).and_delete(Some(key))
    }

    /// The same, and this row is gone, whatever it was.
    pub(crate) fn and_delete(mut self, key: Option<Key>) -> Self {
        self.delete.extend(key);
        self
    }

    fn put<T: Record + 'static>(&mut self, key: Key, value: T) {
        let expires = value.expires();
        self.puts.push((key, Box::new(move |tenant, attempt| record::write(tenant, attempt, &value)), expires));
    }

    /// Where it is read what became of the change.
    pub(crate) fn trace(&self) -> Option<Trace> {
        let written = self.puts.first().map(|(key, ..)| Trace::Written(key.clone()));
        written.or_else(|| self.delete.first().map(|key| Trace::Removed(key.clone())))
    }

    /// The same as the store is asked for it, each row marked with the attempt that writes it.
    pub(crate) fn into_batch(self, tenant: &str, attempt: &str) -> Result<Batch, Fault> {
        let put =
            self.puts.into_iter().map(|(key, write, expires)| Ok(Put { key, value: write(tenant, attempt)?, expires }));
        Ok(Batch { require: self.require, put: put.collect::<Result<_, Fault>>()?, delete: self.delete, add: self.add })
    }
}
