//! Remembered consent: what a person allowed a client before, so that they are not asked the same again. One row in the person's
//! partition, written by the commit that makes a grant, and gone with the commit by which a grant of it is taken back.

use serde::{Deserialize, Serialize};

use crate::account;
use crate::change::Change;
use crate::client::Client;
use crate::config::Config;
use crate::hash::{b64u, sha256};
use crate::host::Host;
use crate::record::{Record, Slot, Stored};
use crate::scope;
use crate::time::Millis;

/// What one person allowed one client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub(crate) client_id: String,
    /// The newest first.
    #[serde(default)]
    given: Vec<Given>,
}

/// What was allowed at once: each of the scopes at each of the resources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Given {
    scopes: Vec<String>,
    /// RFC 8707; never none: without a resource, the issuer itself.
    resources: Vec<String>,
    /// When it was allowed.
    #[serde(default)]
    since: Millis,
    /// As long as a grant of that day may live.
    until: Millis,
}

impl Record for Consent {
    const KIND: &'static str = "consent";

    const SCHEMA: u32 = 2;

    fn expires(&self) -> Option<Millis> {
        Some(self.given.iter().map(|given| given.until).max().unwrap_or_default())
    }

    /// Where the store still has the row, it must be written over: each part of it says whether it is over.
    fn is_over(&self, _: Millis) -> bool {
        false
    }
}

impl Consent {
    /// How many bytes of it are remembered: the oldest is forgotten for the newest, which always fits (16 resources of 1024
    /// characters and 64 scopes of 128 are the most that one request names). A row may have 60 KiB.
    const MOST_BYTES: usize = 40 * 1024;

    pub(crate) fn slot(config: &Config, subject: &str, client_id: &str) -> Slot<Self> {
        // A client id may be as long as an address.
        let name = format!("consent.{}", b64u(sha256(client_id.as_bytes())));
        Slot::new(&config.tenant, account::ROOM, subject, &name)
    }

    /// Whether each of these scopes was allowed at each of these resources.
    pub(crate) fn covers(&self, host: &Host, client: &Client, scopes: &[String], resources: &[String]) -> bool {
        at(host.config(), resources).iter().all(|resource| {
            let still = self.given.iter().filter(|given| host.now() < given.until && given.is_to(client));
            let there: Vec<&Given> = still.filter(|given| given.resources.contains(resource)).collect();
            let is_allowed = |scope: &String| there.iter().any(|given| given.scopes.contains(scope));
            !there.is_empty() && scopes.iter().all(is_allowed)
        })
    }

    /// What is allowed still: scopes, and since when.
    pub(crate) fn allowed(&self, now: Millis) -> impl Iterator<Item = (&[String], Millis)> {
        self.given.iter().filter(move |given| now < given.until).map(|given| (given.scopes.as_slice(), given.since))
    }

    /// The change that makes a grant, which also remembers what was allowed with it. What is known already is not written again.
    pub(crate) fn remember(
        host: &Host,
        change: Change,
        known: Option<&Stored<Self>>,
        subject: &str,
        client: &Client,
        allowed: (&[String], &[String]),
    ) -> Change {
        let (scopes, resources) = allowed;
        if !host.config().remember_consent
            || known.is_some_and(|known| known.value.covers(host, client, scopes, resources))
        {
            return change;
        }
        let newest = Given {
            scopes: scopes.to_vec(),
            resources: at(host.config(), resources),
            since: client.since(host.now()),
            until: host.config().lifetimes.grant.after(host.now()),
        };
        let before = known.iter().flat_map(|known| &known.value.given);
        let before: Vec<Given> = before.filter(|given| given.is_to(client)).cloned().collect();
        let consent = Self { client_id: client.id.clone(), given: newest.before(host.now(), &before) };
        match known {
            Some(known) => change.and_replace(known, consent),
            None => change.and_create(Self::slot(host.config(), subject, &client.id), consent),
        }
    }
}

impl Given {
    /// Whether it was allowed to this client, and not to one that had its id before.
    fn is_to(&self, client: &Client) -> bool {
        client.made_before(self.since)
    }

    /// This and those of the older ones that are not over and say more, as far as there is room.
    fn before(self, now: Millis, older: &[Self]) -> Vec<Self> {
        let still = older.iter().filter(|old| now < old.until && !self.says_all_of(old)).cloned().collect::<Vec<_>>();
        let mut room = Consent::MOST_BYTES;
        let mut fits = |given: &Self| {
            room = room.saturating_sub(given.bytes());
            room > 0
        };
        std::iter::once(self).chain(still).take_while(|given| fits(given)).collect()
    }

    fn says_all_of(&self, other: &Self) -> bool {
        scope::covers(&self.scopes, &other.scopes) && scope::covers(&self.resources, &other.resources)
    }

    /// As they stand in the row.
    fn bytes(&self) -> usize {
        serde_json::to_vec(self).map_or(usize::MAX, |text| text.len())
    }
}

/// Where a request asks for something.
fn at(config: &Config, resources: &[String]) -> Vec<String> {
    if resources.is_empty() { vec![config.issuer.text.clone()] } else { resources.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(scopes: usize, resources: usize, until: Millis) -> Given {
        let long = |n: usize, length: usize| format!("{n:0>length$}");
        Given {
            scopes: (0..scopes).map(|n| long(n, 128)).collect(),
            resources: (0..resources).map(|n| long(n + scopes, 1024)).collect(),
            since: 0,
            until,
        }
    }

    #[test]
    fn the_newest_always_fits_and_a_row_never_has_more_than_a_store_takes() {
        let mut all = Vec::new();
        for n in 1..=64 {
            all = given(n, 16, 10).before(0, &all);
            assert_eq!(all[0], given(n, 16, 10));
            let row = Consent { client_id: "c".repeat(512), given: all.clone() };
            let text = crate::record::write(&"t".repeat(32), "a", &row).unwrap();
            assert!(text.len() < 60 * 1024, "{}", text.len());
        }
        assert_eq!(given(1, 1, 10).before(0, &all), [given(1, 1, 10), all[0].clone()]);
    }

    #[test]
    fn what_is_over_or_said_again_is_forgotten() {
        let older = [given(1, 1, 10), Given { scopes: vec!["x".into()], ..given(1, 1, 20) }];
        assert_eq!(given(1, 1, 30).before(10, &older), [given(1, 1, 30), older[1].clone()]);
        assert_eq!(given(1, 1, 30).before(0, &older).len(), 2, "the same again");
        assert_eq!(given(2, 2, 30).before(0, &older).len(), 3, "elsewhere");
        assert_eq!(given(1, 1, 30).before(20, &older).len(), 1);
    }
}
