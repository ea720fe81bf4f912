//! Second factors: authenticator apps (TOTP) and recovery codes. One row for a person, in their own partition, whoever keeps the accounts.
//!
//! Whoever signs somebody in loads the row with everything else, asks [`Factors::wants_second`], and commits what [`Factors::check`] gives
//! together with what the code was for: a code that is good twice cannot be, since the row is changed by the first.

mod authenticator;
mod base32;
mod commands;
mod keeper;
mod key_uri;
mod own;
mod qr;
mod recovery;
mod totp;

use serde::{Deserialize, Serialize};

pub(crate) use authenticator::{Authenticator, NewKey, Wanted};
pub use commands::{BeginTotp, ConfirmTotp, Remove, SetEmail, Verify, Whose};
pub(crate) use commands::{begin_totp, confirm_totp, list, regenerate, remove, set_email, verify};
pub(crate) use keeper::Keeper;
pub(crate) use own::Own;
pub(crate) use qr::Qr;
pub use totp::{Algorithm, Digits};

use crate::account;
use crate::change::Change;
use crate::config::Config;
use crate::hash::same;
use crate::random::Random;
use crate::record::{Record, Slot, Stored};
use crate::refusal::{Refusal, Stop};
use crate::time::Millis;

/// How many authenticators a person may have, pending ones included: it bounds the row, and what a guess may hit.
const MOST: usize = 5;

const NO_SUCH: Refusal = Refusal::NotFound("There is no such authenticator, or it waited too long for its first code");

const STANDS_FOR_NOTHING: Refusal = Refusal::NotFound("There is no second factor that recovery codes could stand for");

/// What a person has beside what they sign in with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Factors {
    /// In the order in which they were begun.
    authenticators: Vec<Authenticator>,
    /// The digests of the codes that are not used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recovery: Vec<String>,
    /// Whether a code by mail is one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    email: bool,
}

impl Record for Factors {
    const KIND: &'static str = "factors";

    /// Where nothing is confirmed, with the last one that waits.
    fn expires(&self) -> Option<Millis> {
        if self.wants_second() {
            return None;
        }
        Some(self.authenticators.iter().filter_map(Authenticator::until).max().unwrap_or_default())
    }

    /// What waited too long is left out where it matters; the row itself is read as long as it is there, so that commits know it.
    fn is_over(&self, _: Millis) -> bool {
        false
    }
}

/// What somebody proves themselves with.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Proof {
    Totp(zeroize::Zeroizing<String>),
    Recovery(recovery::Code),
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proof({:?})", self.kind())
    }
}

/// The kinds of factors that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A code of an authenticator app.
    Totp,
    /// A code that is sent to the person's verified address.
    EmailCode,
    /// One of those for the day on which the app is gone.
    RecoveryCode,
}

impl Proof {
    /// What was typed, by its shape. `None`: it cannot be any code, and is wrong.
    pub(crate) fn read(typed: &str) -> Option<Self> {
        /// Longer than anything that people type around a code.
        const LONGEST: usize = 64;
        if typed.len() > LONGEST {
            return None;
        }
        let digits: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
        if matches!(digits.len(), 6 | 8) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Totp(zeroize::Zeroizing::new(digits)));
        }
        recovery::Code::read(typed).map(Self::Recovery)
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Totp(_) => Kind::Totp,
            Self::Recovery(_) => Kind::RecoveryCode,
        }
    }
}

impl Factors {
    pub(crate) fn slot(config: &Config, subject: &str) -> Slot<Self> {
        Slot::new(&config.tenant, account::ROOM, subject, "factors")
    }

    /// Whether whoever signs in must prove more than the first factor.
    pub(crate) fn wants_second(&self) -> bool {
        self.has_app() || self.email
    }

    pub(crate) fn has_app(&self) -> bool {
        self.authenticators.iter().any(Authenticator::is_confirmed)
    }

    /// Whether a code by mail is a factor.
    pub(crate) const fn is_by_mail(&self) -> bool {
        self.email
    }

    /// The same with a code by mail as a factor, or without.
    fn with_mail(self, email: bool) -> Self {
        Self { email, ..self }.without_idle_codes()
    }

    /// Recovery codes go with the last factor: there is nothing that they could stand for.
    fn without_idle_codes(mut self) -> Self {
        if !self.wants_second() {
            self.recovery.clear();
        }
        self
    }

    /// Whether this authenticator is a factor.
    fn is_confirmed(&self, id: &str) -> bool {
        self.authenticators.iter().any(|authenticator| authenticator.id == id && authenticator.is_confirmed())
    }

    /// By what they can.
    pub(crate) fn kinds(&self) -> Vec<Kind> {
        let all = [
            (Kind::Totp, self.has_app()),
            (Kind::EmailCode, self.email),
            (Kind::RecoveryCode, self.wants_second() && !self.recovery.is_empty()),
        ];
        all.into_iter().filter(|(_, has)| *has).map(|(kind, _)| kind).collect()
    }

    /// The same for whoever came by these methods: the mailbox is not proved twice.
    pub(crate) fn kinds_after(&self, methods: &[String]) -> Vec<Kind> {
        let by_mail = methods.iter().any(|method| method == "email");
        self.kinds().into_iter().filter(|kind| !(by_mail && *kind == Kind::EmailCode)).collect()
    }

    /// The authenticators, those that wait among them.
    pub(crate) fn authenticators(&self, now: Millis) -> impl Iterator<Item = &Authenticator> {
        self.authenticators.iter().filter(move |authenticator| !authenticator.is_over(now))
    }

    /// How many recovery codes are not used.
    pub(crate) fn recovery_codes_left(&self) -> usize {
        self.recovery.len()
    }

    /// The same with an authenticator that waits for its first code, and its key. Where there is no room, the oldest that waits makes it.
    pub(crate) fn begin_totp(
        self,
        keeper: &Keeper,
        random: &Random,
        wanted: Wanted,
        now: Millis,
    ) -> Result<(Self, NewKey), Refusal> {
        let mut factors = self.without_over(now);
        if factors.authenticators.len() >= MOST {
            let oldest = factors.authenticators.iter().position(|authenticator| !authenticator.is_confirmed());
            let oldest = oldest.ok_or(Refusal::AlreadyExists("There are five authenticators, which is the most"))?;
            factors.authenticators.remove(oldest);
        }
        let (authenticator, key) = Authenticator::begin(keeper, random, wanted, now);
        factors.authenticators.push(authenticator);
        Ok((factors, key))
    }

    /// The same with this authenticator confirmed by its first code; of the first one, new recovery codes too.
    pub(crate) fn confirm_totp(
        self,
        keeper: &Keeper,
        random: &Random,
        id: &str,
        typed: &str,
        now: Millis,
    ) -> Result<(Self, Option<Vec<String>>), Stop> {
        let is_first = !self.wants_second();
        let mut factors = self.without_over(now);
        let authenticator = factors.find(id).ok_or(NO_SUCH)?;
        let code = match Proof::read(typed) {
            Some(Proof::Totp(code)) => code,
            Some(Proof::Recovery(_)) | None => zeroize::Zeroizing::default(),
        };
        *authenticator = authenticator.confirm(keeper, &code, now)?;
        if !is_first {
            return Ok((factors, None));
        }
        let (factors, codes) = factors.regenerate_recovery(keeper, random)?;
        Ok((factors, Some(codes)))
    }

    /// The same without an authenticator.
    pub(crate) fn remove(self, id: &str, now: Millis) -> Result<Self, Refusal> {
        let mut factors = self.without_over(now);
        factors.find(id).ok_or(NO_SUCH)?;
        factors.authenticators.retain(|authenticator| authenticator.id != id);
        Ok(factors.without_idle_codes())
    }

    /// The same with new recovery codes; those before are good no more.
    pub(crate) fn regenerate_recovery(self, keeper: &Keeper, random: &Random) -> Result<(Self, Vec<String>), Refusal> {
        if !self.wants_second() {
            return Err(STANDS_FOR_NOTHING);
        }
        let (shown, recovery) = recovery::draw(keeper, random);
        Ok((Self { recovery, ..self }, shown))
    }

    /// The same with this code used. Wrong, used, and of an authenticator that waits look the same; at most fifteen codes are computed.
    pub(crate) fn check(self, keeper: &Keeper, proof: &Proof, now: Millis) -> Result<Self, Stop> {
        match proof {
            Proof::Totp(code) => self.spend_totp(keeper, code, now),
            Proof::Recovery(code) => Ok(self.spend_recovery(keeper, code)?),
        }
    }

    fn spend_totp(mut self, keeper: &Keeper, code: &str, now: Millis) -> Result<Self, Stop> {
        let mut spent = None;
        for (at, authenticator) in self.authenticators.iter().enumerate() {
            let used = authenticator.spend(keeper, code, now)?;
            spent = spent.or(used.map(|used| (at, used)));
        }
        let (at, used) = spent.ok_or(Refusal::WrongCode)?;
        if let Some(authenticator) = self.authenticators.get_mut(at) {
            *authenticator = used;
        }
        Ok(self)
    }

    fn spend_recovery(mut self, keeper: &Keeper, code: &recovery::Code) -> Result<Self, Refusal> {
        let mut spent = None;
        for digest in self.recovery.iter().filter(|_| self.wants_second()) {
            if keeper.is_digest_of(digest, code) {
                spent = Some(digest.clone());
            }
        }
        let spent = spent.ok_or(Refusal::WrongCode)?;
        self.recovery.retain(|digest| *digest != spent);
        Ok(self)
    }

    fn find(&mut self, id: &str) -> Option<&mut Authenticator> {
        self.authenticators.iter_mut().find(|authenticator| same(authenticator.id.as_bytes(), id.as_bytes()))
    }

    fn without_over(mut self, now: Millis) -> Self {
        self.authenticators.retain(|authenticator| !authenticator.is_over(now));
        self
    }
}

/// The same change, if the row is as it was read.
pub(crate) fn unchanged(change: Change, slot: Slot<Factors>, stored: Option<&Stored<Factors>>) -> Change {
    match stored {
        Some(stored) => change.and_require(stored.key.clone(), stored.version.clone()),
        None => change.and_require_none(slot.key),
    }
}

/// The row as it will be: made, replaced, or gone when nothing is left in it.
pub(crate) fn put(change: Change, stored: Option<&Stored<Factors>>, slot: Slot<Factors>, factors: Factors) -> Change {
    match stored {
        Some(stored) if factors == Factors::default() => change.and_remove(stored.key.clone(), stored.version.clone()),
        Some(stored) => change.and_replace(stored, factors),
        None => change.and_create(slot, factors),
    }
}

#[cfg(test)]
mod tests;
