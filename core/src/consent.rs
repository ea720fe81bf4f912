//! Remembered consent: what a person allowed a client before, so that they are not asked the same again. One row in the person's
//! partition, written by the commit that makes a grant, and gone with the commit by which a grant of it is taken back.

use serde::{Deserialize, Serialize};

use crate::account;
use crate::change::Change;
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
    scopes: Vec<String>,
    resources: Vec<String>,
    /// As long as a grant of that day may live.
    until: Millis,
}

impl Record for Consent {
    const KIND: &'static str = "consent";

    fn expires(&self) -> Option<Millis> {
        Some(self.until)
    }
}

impl Consent {
    /// The most scopes and resources that are remembered together: a row stays small.
    const MOST: usize = 256;

    pub(crate) fn slot(config: &Config, subject: &str, client_id: &str) -> Slot<Self> {
        // A client id may be as long as an address.
        let name = format!("consent.{}", b64u(sha256(client_id.as_bytes())));
        Slot::new(&config.tenant, account::ROOM, subject, &name)
    }

    pub(crate) fn covers(&self, scopes: &[String], resources: &[String]) -> bool {
        scope::covers(&self.scopes, scopes) && scope::covers(&self.resources, resources)
    }

    /// The change that makes a grant, which also remembers what was allowed with it. What is known already is not written again.
    pub(crate) fn remember(
        host: &Host,
        change: Change,
        known: Option<&Stored<Self>>,
        subject: &str,
        client_id: &str,
        allowed: (&[String], &[String]),
    ) -> Change {
        let (scopes, resources) = allowed;
        if !host.config().remember_consent || known.is_some_and(|known| known.value.covers(scopes, resources)) {
            return change;
        }
        let before = known.map(|known| &known.value);
        let consent = Self {
            client_id: client_id.to_owned(),
            scopes: union(before.map(|before| &before.scopes), scopes),
            resources: union(before.map(|before| &before.resources), resources),
            until: host.config().lifetimes.grant.after(host.now()),
        };
        match known {
            Some(known) => change.and_replace(known, consent),
            None => change.and_create(Self::slot(host.config(), subject, client_id), consent),
        }
    }
}

/// The new ones first: when there are too many, the oldest are forgotten.
fn union(before: Option<&Vec<String>>, now: &[String]) -> Vec<String> {
    let older = before.into_iter().flatten().filter(|old| !now.contains(old));
    now.iter().chain(older).take(Consent::MOST).cloned().collect()
}
