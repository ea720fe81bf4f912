//! Throttles: how often something may happen in a while, counted in the store by the commit of what happens.
//!
//! Time is cut into windows; each has a counter of its own, which is over with it. A flow loads the counter with everything else,
//! so that it can tell who asks too often; the commit's ceiling makes sure that a crowd at the same instant is not let in either.

use std::net::{IpAddr, Ipv6Addr};

use crate::ask::{Add, Key, Row};
use crate::change::Change;
use crate::host::Host;
use crate::record::partition;
use crate::refusal::{Fault, Refusal, Stop};
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

    /// By which address a request came, in each hour. Whoever is not known by an address shares one counter.
    pub(crate) fn of_address(host: &Host, remote: Option<&str>, name: &str, most_per_hour: u32) -> Self {
        Self::new(host, ADDRESSES, &network_of(remote), name, most_per_hour.into(), Seconds(3600))
    }

    /// The same from an address that is known.
    pub(crate) fn from_address(host: &Host, remote: &str, name: &str, most: u64, window: Seconds) -> Self {
        Self::new(host, ADDRESSES, &network(remote), name, most, window)
    }

    /// Counts by a commit of its own, where what happens is in another partition. A store does not say why a commit is stale: only
    /// a full window is a reason to refuse.
    pub(crate) async fn admit(&self, host: &Host) -> Result<(), Stop> {
        match host.commit(Change::default().and_count(self)).await {
            Err(Stop::Stale) => {
                self.check(host, host.load(self).await?)?;
                Err(Stop::Stale)
            }
            other => other,
        }
    }

    pub(crate) fn one_more(&self) -> Add {
        Add { key: self.key.clone(), delta: 1, ceiling: self.most, expires: Some(self.window_ends) }
    }

    /// Nothing is counted, but there must be room.
    pub(crate) fn none_more(&self) -> Add {
        Add { delta: 0, ceiling: self.most.saturating_sub(1), ..self.one_more() }
    }
}

const PREFIX: &str = "count.";

/// When a row is over, if it is a counter: a counter has no envelope, its name says it.
pub(crate) fn end_of(key: &Key) -> Option<Millis> {
    let (_, name) = key.0.split_once('/')?;
    name.strip_prefix(PREFIX)?.rsplit_once('.')?.1.parse().ok()
}

/// The partitions of addresses.
pub(crate) const ADDRESSES: &str = "address";

/// Where a request came from; all that do not say so come from one place.
pub(crate) fn network_of(remote: Option<&str>) -> String {
    remote.map_or("unknown".to_owned(), network)
}

/// What an address counts as: an IPv6 host has the whole of its /64 to send from.
pub(crate) fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => Ipv6Addr::from(u128::from(address) >> 64 << 64).to_string(),
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
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

impl Want for Throttle {
    type Got = u64;

    fn keys(&self, keys: &mut Vec<Key>) {
        (&self).keys(keys);
    }

    fn take(self, host: &Host, rows: &mut impl Iterator<Item = Option<Row>>) -> Result<u64, Fault> {
        (&self).take(host, rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dv_008_dc_021_an_ipv6_network_counts_as_one_address() {
        for (address, counted) in [
            ("203.0.113.9", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:DB8:1:2::1", "2001:db8:1:2::"),
            ("unix", "unix"),
        ] {
            assert_eq!(network(address), counted);
        }
    }
}
