//! One person's factors, about to change: what the typed commands and the page have in common.

use super::{Factors, Keeper, NO_SUCH, NewKey, STANDS_FOR_NOTHING, Wanted, put};
use crate::account::Account;
use crate::change::Change;
use crate::event::Event;
use crate::host::Host;
use crate::mail::{self, Mail, Recipient};
use crate::record::Stored;
use crate::refusal::{Fault, Refusal, Stop};
use crate::session::{self, SignedIn};

/// The row as it was read, and by whom it changes.
pub(crate) struct Own<'a> {
    pub(crate) host: &'a Host,
    pub(crate) subject: &'a str,
    /// Whose address is told of it, and codes may be sent to; `None`: the host keeps the accounts, or sends no mail to any.
    pub(crate) account: Option<Stored<Account>>,
    pub(crate) stored: Option<Stored<Factors>>,
    /// The session that asks, which must still be there; `None`: the host asks.
    pub(crate) by: Option<SignedIn>,
    /// The session that goes on when the others end.
    pub(crate) keep: Option<&'a str>,
}

/// The id by which events name codes by mail.
const MAIL: &str = "email";

impl<'a> Own<'a> {
    /// By the host's word: one trip.
    pub(super) async fn load(host: &'a Host, subject: &'a str, keep: Option<&'a str>) -> Result<Self, Stop> {
        let config = host.config();
        let account = config.mails_to_accounts().then(|| Account::slot(config, subject));
        let (stored, account) = host.load((Factors::slot(config, subject), account)).await?;
        Ok(Self { host, subject, account, stored, by: None, keep })
    }
}

impl Own<'_> {
    /// One commit.
    pub(crate) async fn begin_totp(self, wanted: Wanted) -> Result<NewKey, Stop> {
        wanted.check()?;
        let (factors, key) = self.factors().begin_totp(&self.keeper(), self.host.random(), wanted, self.host.now())?;
        self.commit(Change::default(), factors).await?;
        Ok(key)
    }

    /// One commit, and those that end the other sessions, which are last: from the commit on, nobody signs in without the new factor,
    /// so that none is missed.
    pub(crate) async fn confirm_totp(self, id: &str, code: &str) -> Result<Option<Vec<String>>, Stop> {
        let stored = self.stored.as_ref().ok_or(NO_SUCH)?;
        let (factors, codes) =
            self.factors().confirm_totp(&self.keeper(), self.host.random(), id, code, self.host.now())?;
        if factors != stored.value {
            self.tell_of(mail::Kind::FactorAdded);
            self.host.tell(Event::FactorAdded { subject: self.subject.to_owned(), factor_id: id.to_owned() });
            self.commit(Change::default(), factors).await?;
        }
        self.end_others_for_good().await?;
        Ok(codes)
    }

    /// One commit.
    pub(crate) async fn regenerate(self) -> Result<Vec<String>, Stop> {
        self.stored.as_ref().ok_or(STANDS_FOR_NOTHING)?;
        let (factors, codes) = self.factors().regenerate_recovery(&self.keeper(), self.host.random())?;
        self.tell_of(mail::Kind::RecoveryCodesRegenerated);
        self.host.tell(Event::RecoveryCodesRegenerated { subject: self.subject.to_owned() });
        self.commit(Change::default(), factors).await?;
        Ok(codes)
    }

    /// One commit, and those that end the other sessions, which are first: whoever could not finish may try again.
    pub(crate) async fn remove(mut self, id: &str) -> Result<(), Stop> {
        let factors = self.factors().remove(id, self.host.now())?;
        if self.factors().is_confirmed(id) {
            self.end_others().await?;
            if self.ends_others()
                && let Some(by) = self.by.take()
            {
                self.by = Some(by.after_others(self.host).await?);
            }
            self.tell_of(mail::Kind::FactorRemoved);
        }
        self.host.tell(Event::FactorRemoved { subject: self.subject.to_owned(), factor_id: id.to_owned() });
        self.commit(Change::default(), factors).await
    }

    /// Whether codes by mail are a factor from now on: one commit, and those that end the other sessions. Only whose address is verified can be
    /// asked for what is sent there.
    pub(crate) async fn set_mail(self, enabled: bool) -> Result<(), Stop> {
        if !self.host.config().mails_to_accounts() {
            return Err(Refusal::NotFound("This server sends no mail to accounts of its own").into());
        }
        let account = self.account.as_ref().ok_or(Refusal::NotFound("There is no account with this id"))?;
        if enabled && !account.value.is_address_verified() {
            return Err(Refusal::InvalidArgument("enabled: the person's address must be verified first").into());
        }
        let factors = self.factors();
        // Whoever signs in by mail alone would be asked for the same once more, which is nothing.
        if enabled && account.value.password.is_none() && !factors.has_app() {
            return Err(Refusal::InvalidArgument(
                "enabled: the person has neither a password nor an app to sign in with before",
            )
            .into());
        }
        if factors.is_by_mail() != enabled {
            let (subject, factor_id) = (self.subject.to_owned(), MAIL.to_owned());
            let (kind, event) = match enabled {
                true => (mail::Kind::FactorAdded, Event::FactorAdded { subject, factor_id }),
                false => (mail::Kind::FactorRemoved, Event::FactorRemoved { subject, factor_id }),
            };
            self.tell_of(kind);
            self.host.tell(event);
            // Of the very address that was looked at.
            let same_address = Change::default().and_require(account.key.clone(), account.version.clone());
            self.commit(same_address, factors.with_mail(enabled)).await?;
        }
        self.end_others_for_good().await
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

    /// By mail, with the commit that is about to be made.
    fn tell_of(&self, kind: mail::Kind) {
        let account = self.account.as_ref().filter(|_| self.host.config().mails_to_accounts());
        if let Some(to) = account.and_then(|account| Recipient::of(&account.value)) {
            self.host.send(Mail::new(kind, to));
        }
    }

    async fn commit(&self, change: Change, factors: Factors) -> Result<(), Stop> {
        let change = self.by.iter().fold(change, |change, by| by.required_by(change));
        let slot = Factors::slot(self.host.config(), self.subject);
        self.host.commit(put(change, self.stored.as_ref(), slot, factors)).await
    }

    fn ends_others(&self) -> bool {
        self.host.config().sign_in.end_sessions_on_factor_change
    }

    /// Whoever is signed in elsewhere proves themselves again.
    async fn end_others(&self) -> Result<(), Stop> {
        match self.keep {
            _ if !self.ends_others() => Ok(()),
            Some(id) => session::end_others(self.host, self.subject, id).await,
            None => session::end_all(self.host, self.subject).await,
        }
    }

    /// The same where the decision stands already: no session that changes while it is ended makes it anew.
    async fn end_others_for_good(&self) -> Result<(), Stop> {
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
