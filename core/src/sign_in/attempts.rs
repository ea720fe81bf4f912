//! How often somebody may answer wrongly: counted for the person, in their own partition, and for the address that it comes from.
//!
//! Whatever proves who somebody is (a password, a code, a link) shares the person's counter. An answer leaves only after it was counted:
//! a wrong one raises the counter, a right one is held to it, so that of any crowd of guesses at one instant no more are answered than
//! one by one would have been. A browser that the person signed in with before has a counter of its own: strangers who fill the other
//! one do not lock it out.

use super::known::Known;
use crate::account;
use crate::ask::{Key, Row};
use crate::change::Change;
use crate::event::Event;
use crate::host::Host;
use crate::refusal::{Fault, Refusal, Stop};
use crate::throttle::Throttle;
use crate::want::Want;

/// The counters of one attempt.
#[derive(Clone, Debug)]
pub(crate) struct Attempts {
    person: Throttle,
    /// `None`: the host does not say where requests come from.
    address: Option<Throttle>,
}

/// What they stood at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    person: u64,
    address: u64,
}

impl Attempts {
    /// At this person, from this address (`remote`), in a browser that may be known to be theirs.
    pub(crate) fn of(host: &Host, subject: &str, remote: Option<&str>, known: Option<&Known>) -> Self {
        let rules = host.config().sign_in.attempts;
        let name = Known::counter(known, subject, "sign-in");
        Self {
            person: Throttle::new(host, account::ROOM, subject, &name, rules.account.into(), rules.window),
            address: remote
                .map(|remote| Throttle::from_address(host, remote, "sign-in", rules.address.into(), rules.window)),
        }
    }

    /// The same address's at another person, by what was counted there.
    pub(super) fn at_other(self, other: Self) -> Self {
        Self { person: other.person, ..self }
    }

    /// Refuses when either is full, whatever the answer is.
    pub(crate) fn check(&self, host: &Host, counted: Counted, subject: Option<&str>) -> Result<(), Refusal> {
        let address = self.address.as_ref().map_or(Ok(()), |address| address.check(host, counted.address));
        self.person.check(host, counted.person).and(address).inspect_err(|_| {
            host.tell(Event::SignInThrottled { subject: subject.map(str::to_owned) });
        })
    }

    /// The same change, of a right answer: stale when others have filled the counter meanwhile.
    pub(crate) fn passed(&self, change: Change) -> Change {
        change.and_hold(&self.person)
    }

    /// Counts a wrong answer. Only then may it be told.
    pub(crate) async fn failed(&self, host: &Host) -> Result<(), Stop> {
        host.commit(Change::default().and_count(&self.person)).await?;
        match &self.address {
            Some(address) => address.admit(host).await,
            None => Ok(()),
        }
    }
}

impl Want for Attempts {
    type Got = Counted;

    fn keys(&self, keys: &mut Vec<Key>) {
        (&self).keys(keys);
    }

    fn take(self, host: &Host, rows: &mut impl Iterator<Item = Option<Row>>) -> Result<Counted, Fault> {
        (&self).take(host, rows)
    }
}

impl Counted {
    /// See [`Attempts::at_other`].
    pub(super) const fn at_other(self, other: Self) -> Self {
        Self { person: other.person, ..self }
    }
}

impl Want for &Attempts {
    type Got = Counted;

    fn keys(&self, keys: &mut Vec<Key>) {
        self.person.keys(keys);
        if let Some(address) = &self.address {
            address.keys(keys);
        }
    }

    fn take(self, host: &Host, rows: &mut impl Iterator<Item = Option<Row>>) -> Result<Counted, Fault> {
        let person = (&self.person).take(host, rows)?;
        let address = self.address.as_ref().map_or(Ok(0), |address| address.take(host, rows))?;
        Ok(Counted { person, address })
    }
}
