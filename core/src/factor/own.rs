//! One person's factors, about to change: what the typed commands and the page have in common.

use super::{Factors, Keeper, NO_SUCH, NewKey, STANDS_FOR_NOTHING, Wanted, put};
use crate::change::Change;
use crate::event::Event;
use crate::host::Host;
use crate::record::Stored;
use crate::refusal::{Fault, Refusal, Stop};
use crate::session::{self, Session};

/// The row as it was read, and by whom it changes.
pub(crate) struct Own<'a> {
    pub(crate) host: &'a Host,
    pub(crate) subject: &'a str,
    pub(crate) stored: Option<Stored<Factors>>,
    /// The session that asks, which must still be there; `None`: the host asks.
    pub(crate) by: Option<&'a Stored<Session>>,
    /// The session that goes on when the others end.
    pub(crate) keep: Option<&'a str>,
}

impl Own<'_> {
    /// One commit.
    pub(crate) async fn begin_totp(self, wanted: Wanted) -> Result<NewKey, Stop> {
        let (factors, key) = self.factors().begin_totp(&self.keeper(), self.host.random(), wanted, self.host.now())?;
        self.commit(factors).await?;
        Ok(key)
    }

    /// One commit, and those that end the other sessions, which are last: from the commit on, nobody signs in without the new factor,
    /// so that none is missed.
    pub(crate) async fn confirm_totp(self, id: &str, code: &str) -> Result<Option<Vec<String>>, Stop> {
        let stored = self.stored.as_ref().ok_or(NO_SUCH)?;
        let (factors, codes) =
            self.factors().confirm_totp(&self.keeper(), self.host.random(), id, code, self.host.now())?;
        if factors != stored.value {
            self.host.tell(Event::FactorAdded { subject: self.subject.to_owned(), factor_id: id.to_owned() });
            self.commit(factors).await?;
        }
        self.end_others_for_good().await?;
        Ok(codes)
    }

    /// One commit.
    pub(crate) async fn regenerate(self) -> Result<Vec<String>, Stop> {
        self.stored.as_ref().ok_or(STANDS_FOR_NOTHING)?;
        let (factors, codes) = self.factors().regenerate_recovery(&self.keeper(), self.host.random())?;
        self.host.tell(Event::RecoveryCodesRegenerated { subject: self.subject.to_owned() });
        self.commit(factors).await?;
        Ok(codes)
    }

    /// One commit, and those that end the other sessions, which are first: whoever could not finish may try again.
    pub(crate) async fn remove(self, id: &str) -> Result<(), Stop> {
        let factors = self.factors().remove(id, self.host.now())?;
        if self.factors().is_confirmed(id) {
            self.end_others().await?;
        }
        self.host.tell(Event::FactorRemoved { subject: self.subject.to_owned(), factor_id: id.to_owned() });
        self.commit(factors).await
    }

    /// The key of an authenticator that waits for its first code, for whoever typed a wrong one.
    pub(crate) fn waiting_key(&self, id: &str) -> Result<NewKey, Stop> {
        let factors = self.factors();
        let found = factors.authenticators(self.host.now()).find(|authenticator| authenticator.id == id);
        let key = found.map(|authenticator| authenticator.waiting_key(&self.keeper())).transpose()?;
        Ok(key.flatten().ok_or(NO_SUCH)?)
    }

    fn factors(&self) -> Factors {
        self.stored.as_ref().map(|stored| stored.value.clone()).unwrap_or_default()
    }

    fn keeper(&self) -> Keeper<'_> {
        Keeper::of(self.host.config(), self.subject)
    }

    async fn commit(&self, factors: Factors) -> Result<(), Stop> {
        let change = self
            .by
            .map_or_else(Change::default, |by| Change::default().and_require(by.key.clone(), by.version.clone()));
        let slot = Factors::slot(self.host.config(), self.subject);
        self.host.commit(put(change, self.stored.as_ref(), slot, factors)).await
    }

    /// Whoever is signed in elsewhere proves themselves again.
    async fn end_others(&self) -> Result<(), Stop> {
        match self.keep {
            _ if !self.host.config().sign_in.end_sessions_on_factor_change => Ok(()),
            Some(id) => session::end_others(self.host, self.subject, id).await,
            None => session::end_all(self.host, self.subject).await,
        }
    }

    /// The same where the decision stands already: no session that changes while it is ended makes it anew.
    pub(super) async fn end_others_for_good(&self) -> Result<(), Stop> {
        const TRIES: usize = 3;
        for _ in 0..TRIES {
            match self.end_others().await {
                Err(Stop::Stale) => {}
                ended => return ended,
            }
        }
        Err(Fault::Contended.into())
    }
}

/// Whether there was such an authenticator.
pub(super) fn whether_removed(removed: Result<(), Stop>) -> Result<bool, Stop> {
    match removed {
        Ok(()) => Ok(true),
        Err(Stop::Refused(Refusal::NotFound(_))) => Ok(false),
        Err(stop) => Err(stop),
    }
}
