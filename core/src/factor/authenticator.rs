//! The life of an authenticator, as pure transitions.
//!
//! ```text
//!            begin                     confirm: a code                 spend: a code of a later step
//!   (none) ---------> Pending ------------------------> Confirmed ------+
//!                     |    ^                            |  |    ^       |
//!                     |    | a wrong code: refused      |  |    +-------+
//!                     |    +---                         |  | a wrong code, or one of this step or of an earlier one: refused
//!     15 minutes, or  |                          remove |  +---
//!     remove          +----------> (none) <-------------+  confirm: with the same code nothing changes, else refused
//! ```
//! A pending one signs nobody in, and asks nobody for a code: it says only who began.

use serde::{Deserialize, Serialize};

use super::keeper::Keeper;
use super::totp::{self, Algorithm, Digits, Step};
use crate::hash::same;
use crate::random::Random;
use crate::refusal::{Fault, Refusal};
use crate::time::{Millis, Seconds};

const CONFIRMED: Refusal = Refusal::AlreadyExists("This authenticator is confirmed already");

/// How long a pending one waits for its first code.
const WAITS: Seconds = Seconds(15 * 60);

/// Something that makes one-time passwords from the time, and its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Authenticator {
    pub(crate) id: String,
    /// What the person calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) digits: Digits,
    sealed_key: String,
    pub(crate) created_at: Millis,
    pub(crate) state: State,
}

/// Where an authenticator is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum State {
    /// Nobody has shown yet that they have the key.
    Pending { until: Millis },
    /// It is a factor. No code of the last step that was used, nor of one before, is good again (RFC 6238 section 5.2).
    Confirmed { last_step: Step },
}

impl State {
    /// The person types the first code. `step` is the one that it is of; none, and it is wrong. The same code again changes nothing:
    /// somebody did not hear the answer.
    fn confirm(self, step: Option<Step>, now: Millis) -> Result<Self, Refusal> {
        match (self, step) {
            (Self::Pending { until }, _) if until <= now => Err(super::NO_SUCH),
            (Self::Pending { .. }, Some(step)) => Ok(Self::Confirmed { last_step: step }),
            (Self::Pending { .. }, None) => Err(Refusal::WrongCode),
            (Self::Confirmed { last_step }, Some(step)) if step == last_step => Ok(self),
            (Self::Confirmed { .. }, Some(_) | None) => Err(CONFIRMED),
        }
    }

    /// A code is used.
    fn spend(self, step: Option<Step>) -> Result<Self, Refusal> {
        match (self, step) {
            (Self::Confirmed { last_step }, Some(step)) if step > last_step => Ok(Self::Confirmed { last_step: step }),
            (Self::Confirmed { .. }, Some(_) | None) => Err(Refusal::WrongCode),
            (Self::Pending { .. }, _) => Err(Refusal::WrongCode),
        }
    }

    /// The last step of which a code was used.
    fn last_step(self) -> Option<Step> {
        match self {
            Self::Confirmed { last_step } => Some(last_step),
            Self::Pending { .. } => None,
        }
    }
}

/// What a person wants of a new authenticator.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) name: Option<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) digits: Digits,
}

impl Wanted {
    /// A name that a page can show.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        match &self.name {
            Some(name) if !(1..=100).contains(&name.chars().count()) || name.contains(char::is_control) => {
                Err(Refusal::InvalidArgument("name: from 1 to 100 characters"))
            }
            _ => Ok(()),
        }
    }
}

impl Authenticator {
    /// A new one, pending, with a key of its own.
    pub(super) fn begin(keeper: &Keeper, random: &Random, wanted: Wanted, now: Millis) -> (Self, NewKey) {
        let Wanted { name, algorithm, digits } = wanted;
        let mut key = zeroize::Zeroizing::new(vec![0; algorithm.key_length()]);
        random.fill("authenticator key", &mut key);
        let id = crate::hash::b64u(random.id("authenticator id"));
        let sealed_key = keeper.seal(&id, random.bytes("authenticator nonce"), &key);
        let state = State::Pending { until: WAITS.after(now) };
        let new = NewKey { id: id.clone(), key, algorithm, digits, expires_at: WAITS.after(now) };
        (Self { id, name, algorithm, digits, sealed_key, created_at: now, state }, new)
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        matches!(self.state, State::Confirmed { .. })
    }

    /// Whether a pending one has waited too long.
    pub(super) fn is_over(&self, now: Millis) -> bool {
        matches!(self.state, State::Pending { until } if until <= now)
    }

    /// When a pending one will have waited too long.
    pub(super) fn until(&self) -> Option<Millis> {
        match self.state {
            State::Pending { until } => Some(until),
            State::Confirmed { .. } => None,
        }
    }

    /// When a code was used last, to the step.
    pub(crate) fn last_used_at(&self) -> Option<Millis> {
        self.state.last_step().map(|step| step.saturating_mul(totp::PERIOD * 1000))
    }

    /// The key again, while it waits for its first code.
    pub(super) fn waiting_key(&self, keeper: &Keeper) -> Result<Option<NewKey>, Fault> {
        let Some(expires_at) = self.until() else { return Ok(None) };
        let key = keeper.open(&self.id, &self.sealed_key)?;
        Ok(Some(NewKey { id: self.id.clone(), expires_at, key, algorithm: self.algorithm, digits: self.digits }))
    }

    /// The same, confirmed by its first code, which is used by that.
    pub(super) fn confirm(&self, keeper: &Keeper, code: &str, now: Millis) -> Result<Self, crate::refusal::Stop> {
        let state = self.state.confirm(self.step_of(keeper, code, now, None)?, now)?;
        Ok(Self { state, ..self.clone() })
    }

    /// The same, with this code used; `None` if it is none of its codes that are good now.
    pub(super) fn spend(&self, keeper: &Keeper, code: &str, now: Millis) -> Result<Option<Self>, Fault> {
        if !self.is_confirmed() {
            return Ok(None);
        }
        let state = self.state.spend(self.step_of(keeper, code, now, self.state.last_step())?);
        Ok(state.ok().map(|state| Self { state, ..self.clone() }))
    }

    /// Of which step a code is, out of the one that it is now, the one before and the one after (RFC 6238 section 5.2: one for the way,
    /// one for clocks that differ), but of none up to `used`; if of several, the first. Takes as long whatever it finds.
    fn step_of(&self, keeper: &Keeper, code: &str, now: Millis, used: Option<Step>) -> Result<Option<Step>, Fault> {
        let key = keeper.open(&self.id, &self.sealed_key)?;
        let current = totp::step_at(now);
        let mut found = None;
        for step in current.saturating_sub(1)..=current.saturating_add(1) {
            let expected = totp::code(self.algorithm, self.digits, &key, step);
            let is_code = same(expected.as_bytes(), code.as_bytes()) & !code.is_empty();
            let is_new = used.is_none_or(|used| step > used);
            found = found.or((is_code & is_new).then_some(step));
        }
        Ok(found)
    }
}

/// A key that nobody has seen yet: shown once.
pub(crate) struct NewKey {
    pub(crate) id: String,
    /// The first code must come before.
    pub(crate) expires_at: Millis,
    key: zeroize::Zeroizing<Vec<u8>>,
    algorithm: Algorithm,
    digits: Digits,
}

impl NewKey {
    /// As an app takes it that somebody types it into.
    pub(crate) fn base32(&self) -> String {
        super::base32::encode(&self.key)
    }

    /// As an app takes it that reads it with a camera.
    pub(crate) fn uri(&self, issuer: &str, account: &str) -> String {
        super::key_uri::write(issuer, account, &self.base32(), self.algorithm, self.digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_000_000;
    const PENDING: State = State::Pending { until: NOW + 1 };
    const OVER: State = State::Pending { until: NOW };
    const BEFORE: State = State::Confirmed { last_step: 33 };

    #[test]
    fn a_pending_one_alone_is_confirmed_and_only_by_a_code_in_time() {
        let confirmed = |state: State| [None, Some(33)].map(|step| state.confirm(step, NOW));
        assert_eq!(confirmed(PENDING), [Err(Refusal::WrongCode), Ok(State::Confirmed { last_step: 33 })]);
        assert_eq!(confirmed(OVER), [Err(super::super::NO_SUCH), Err(super::super::NO_SUCH)]);
        assert_eq!(confirmed(BEFORE), [Err(CONFIRMED), Ok(BEFORE)], "the same code again");
        assert_eq!(BEFORE.confirm(Some(34), NOW), Err(CONFIRMED));
    }

    #[test]
    fn rt_020_a_step_is_spent_once_and_takes_those_before_with_it() {
        let spent = |state: State| [None, Some(32), Some(33), Some(34)].map(|step| state.spend(step));
        let wrong = || Err(Refusal::WrongCode);
        assert_eq!(spent(BEFORE), [wrong(), wrong(), wrong(), Ok(State::Confirmed { last_step: 34 })]);
        assert_eq!(spent(PENDING), [wrong(), wrong(), wrong(), wrong()]);
        assert_eq!(spent(OVER), [wrong(), wrong(), wrong(), wrong()]);
    }
}
