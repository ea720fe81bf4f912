//! Replay markers: that something which may be used once was used, kept for as long as it could be used again.

use serde::{Deserialize, Serialize};

use crate::account;
use crate::change::Change;
use crate::config::Config;
use crate::device::Device;
use crate::grant::client_credentials::ServiceToken;
use crate::handle::Owner;
use crate::hash::{b64u, sha256};
use crate::host::Host;
use crate::record::{Record, Slot};
use crate::refusal::Stop;
use crate::time::Millis;

/// Something was used. Whoever uses it creates this row, in the commit of what it was used for or in one of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Marker {
    until: Millis,
}

impl Record for Marker {
    const KIND: &'static str = "marker";

    fn expires(&self) -> Option<Millis> {
        Some(self.until)
    }

    /// A row that the store still has is in the way of a new one: it counts.
    fn is_over(&self, _now: Millis) -> bool {
        false
    }
}

impl Marker {
    pub(crate) fn until(until: Millis) -> Self {
        Self { until }
    }

    /// Creates it by a commit of its own: for what is used in another partition. `false`: it was there already. A flow that decides
    /// anew has what it claimed. One trip, two when it was there.
    pub(crate) async fn claim(self, host: &Host, slot: Slot<Self>) -> Result<bool, Stop> {
        if host.has_claimed(&slot.key) {
            return Ok(true);
        }
        match host.commit(Change::create(slot.clone(), self)).await {
            Ok(()) => {
                host.note_claimed(slot.key);
                Ok(true)
            }
            // Stores say so of what they could not serialize too: only a row that is there was in the way.
            Err(Stop::Stale) if host.load(slot).await?.is_some() => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// The marker of one thing of a kind: what is unique comes from outside, so its digest stands for it.
    pub(crate) fn slot<'a>(config: &Config, place: impl Into<Place<'a>>, kind: &str, unique: &str) -> Slot<Self> {
        let Place { room, owner } = place.into();
        let name = format!("used.{kind}.{}", b64u(sha256(unique.as_bytes())));
        Slot::new(&config.tenant, room, owner, &name)
    }
}

/// The partition that a marker is in: that of the commit which it belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) room: &'static str,
    pub(crate) owner: &'a str,
}

impl<'a> From<&'a Owner> for Place<'a> {
    fn from(owner: &'a Owner) -> Self {
        let room = match owner {
            Owner::Subject(_) => account::ROOM,
            Owner::Client(_) => ServiceToken::ROOM,
            Owner::Device(_) => Device::ROOM,
        };
        Self { room, owner: owner.name() }
    }
}
