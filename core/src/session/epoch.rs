//! What ends sealed sessions, which no row stands for: the person's epoch, raised to end all of them or all but one, and a mark on each
//! that was ended by itself. Both are loaded together when a sealed cookie is looked at anew.

use serde::{Deserialize, Serialize};

use super::Session;
use crate::account;
use crate::change::Change;
use crate::config::Config;
use crate::event::Event;
use crate::host::Host;
use crate::marker::Marker;
use crate::record::{Record, Slot, Stored};
use crate::refusal::Stop;
use crate::time::Millis;

/// How often a person's sealed sessions were all ended; no row: never.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Epoch {
    pub(super) number: u64,
    /// The one session that went on from the epochs before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kept: Option<String>,
    /// The first of those epochs.
    #[serde(default)]
    kept_since: u64,
}

impl Record for Epoch {
    const KIND: &'static str = "epoch";

    fn expires(&self) -> Option<Millis> {
        None
    }
}

impl Epoch {
    pub(super) fn slot(config: &Config, subject: &str) -> Slot<Self> {
        Slot::new(&config.tenant, account::ROOM, subject, "epoch")
    }

    /// Whether a session that was sealed in an epoch is good in this one.
    fn admits(&self, session: &Session, sealed_in: u64) -> bool {
        let goes_on = || self.kept.as_ref() == Some(&session.id) && (self.kept_since..self.number).contains(&sealed_in);
        sealed_in == self.number || goes_on()
    }
}

/// Whether a session that was sealed in an epoch is good by what is stored.
pub(super) fn admits(stored: Option<&Stored<Epoch>>, session: &Session, sealed_in: u64) -> bool {
    stored.map_or_else(Epoch::default, |stored| stored.value.clone()).admits(session, sealed_in)
}

/// Ends all of a person's sealed sessions, or all but one: a load and a commit.
pub(super) async fn raise(host: &Host, subject: &str, kept: Option<&str>) -> Result<(), Stop> {
    let slot = Epoch::slot(host.config(), subject);
    let stored = host.load(slot.clone()).await?;
    let before = stored.as_ref().map(|epoch| epoch.value.clone()).unwrap_or_default();
    // All others are often ended twice: before a change and after it.
    let is_kept_again = kept.is_some() && before.kept.as_deref() == kept;
    let kept_since = if is_kept_again { before.kept_since } else { before.number };
    let raised = Epoch { number: before.number.saturating_add(1), kept: kept.map(str::to_owned), kept_since };
    host.commit(match &stored {
        Some(stored) => Change::replace(stored, raised),
        None => Change::create(slot, raised),
    })
    .await
}

/// That one sealed session has ended; kept for as long as any could live.
pub(super) fn ended(config: &Config, subject: &str, id: &str) -> Slot<Marker> {
    Slot::new(&config.tenant, account::ROOM, subject, &format!("ended.{id}"))
}

/// Ends one sealed session: a commit, once.
pub(super) async fn end(host: &Host, subject: &str, id: &str) -> Result<(), Stop> {
    let slot = ended(host.config(), subject, id);
    let until = host.config().lifetimes.session.after(host.now());
    if Marker::until(until).claim(host, slot).await? {
        host.tell(Event::SessionRevoked { subject: subject.to_owned(), session_id: id.to_owned() });
    }
    Ok(())
}

/// The epoch that something is sealed in now.
pub(super) fn number(epoch: Option<&Stored<Epoch>>) -> u64 {
    epoch.map_or(0, |epoch| epoch.value.number)
}
