//! Throttles: how often something may happen in a while, counted in the store by the commit of what happens.
//!
//! Time is cut into windows; each has a counter of its own, which is over with it. A flow loads the counter with everything else,
//! so that it can tell who asks too often; the commit's ceiling makes sure that a crowd at the same instant is not let in either.

use crate::ask::{Add, Key, Row};
use crate::host::Host;
use crate::record::partition;
use crate::refusal::{Fault, Refusal};
use crate::time::{Millis, Seconds};
use crate::want::Want;

/// The counter of the window that it is now, and its ceiling.
#[derive(Clone, Debug)]
pub(crate) struct Throttle {
    key: Key,
    most: u64,
    window_ends: Millis,
}

impl Throttle {
    #[allow(dead_code, reason = "the next commits throttle pushed requests and registration")]
    /// `name` in the partition `room.owner`: at most `most` in each `window`.
    pub(crate) fn new(host: &Host, room: &str, owner: &str, name: &str, most: u64, window: Seconds) -> Self {
        let [this, _] = Self::sliding(host, room, owner, name, most, window);
        this
    }

    /// At most `most` in any stretch of time as long as a window: what counts in its own window and in the next one is bounded by
    /// the counter of either, wherever the stretch begins.
    pub(crate) fn sliding(host: &Host, room: &str, owner: &str, name: &str, most: u64, window: Seconds) -> [Self; 2] {
        let length = window.0.saturating_mul(1000).max(1);
        let this = (host.now() / length).saturating_add(1).saturating_mul(length);
        [this, this.saturating_add(length)].map(|window_ends| {
            let key = Key(format!("{}/{PREFIX}{name}.{window_ends}", partition(host.tenant(), room, owner)));
            Self { key, most, window_ends }
        })
    }

    /// Refuses when the window is full.
    pub(crate) fn check(&self, host: &Host, count: u64) -> Result<(), Refusal> {
        if count < self.most {
            return Ok(());
        }
        Err(Refusal::TooManyRequests { retry_after: self.window_ends.saturating_sub(host.now()).div_ceil(1000) })
    }

    pub(crate) fn one_more(&self) -> Add {
        Add { key: self.key.clone(), delta: 1, ceiling: self.most, expires: Some(self.window_ends) }
    }
}

const PREFIX: &str = "count.";

/// When a row is over, if it is a counter: a counter has no envelope, its name says it.
pub(crate) fn end_of(key: &Key) -> Option<Millis> {
    let (_, name) = key.0.split_once('/')?;
    name.strip_prefix(PREFIX)?.rsplit_once('.')?.1.parse().ok()
}

impl Want for &Throttle {
    /// How many there were in this window.
    type Got = u64;

    fn keys(&self, keys: &mut Vec<Key>) {
        keys.push(self.key.clone());
    }

    fn take(self, _: &Host, rows: &mut impl Iterator<Item = Option<Row>>) -> Result<u64, Fault> {
        let Some(row) = rows.next().flatten() else { return Ok(0) };
        row.value.parse().map_err(|_| Fault::bad_row("it is no counter").of_row(&self.key))
    }
}
