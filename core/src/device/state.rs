//! The life of a device code (RFC 8628), as pure transitions.
//!
//! ```text
//!             view               approve                 poll
//!   Pending ---------> Claimed -----------> Approved ---------> redeemed: the grant's row, which can be made once, says so
//!      ^   release      | ^  \
//!      +----------------+ |   \  deny
//!                       +-+    +----------> Denied
//!        view by the same
//!        person               each of them, when its time is up ---> expired: the row is no row any more
//! ```
//! Only the session that claimed the code decides (CVE-2026-45337): a code that somebody else is looking at cannot be approved.

use serde::{Deserialize, Serialize};

use crate::grant::Context;
use crate::refusal::Refusal;
use crate::time::Millis;

/// Where a device code is in its life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum State {
    Pending,
    Claimed(Viewer),
    Approved(Approval),
    Denied,
}

/// Who looks at a code: a person, in one signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Viewer {
    pub(crate) subject: String,
    pub(crate) session_id: String,
}

/// What a person allowed, and as whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Approval {
    pub(crate) by: Viewer,
    pub(crate) auth_time: Millis,
    pub(crate) scopes: Vec<String>,
    /// What the host keeps with the grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<Context>,
    /// The version of the account's row at the approval; `None`: the host keeps the accounts.
    pub(crate) account_version: Option<String>,
}

/// What the device is told (RFC 8628 section 3.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    Pending,
    Approved(Approval),
    Denied,
}

impl State {
    /// A person enters the code. The first one claims it; the same person may go on in another session.
    pub(crate) fn view(self, viewer: Viewer) -> Result<Self, Refusal> {
        match self {
            Self::Pending => Ok(Self::Claimed(viewer)),
            Self::Claimed(claimant) if claimant.subject == viewer.subject => Ok(Self::Claimed(viewer)),
            Self::Claimed(_) | Self::Approved(_) | Self::Denied => Err(Refusal::UnknownUserCode),
        }
    }

    /// The claimant allows it.
    pub(crate) fn approve(self, approval: Approval) -> Result<Self, Refusal> {
        match self {
            Self::Claimed(claimant) if claimant == approval.by => Ok(Self::Approved(approval)),
            Self::Pending | Self::Claimed(_) | Self::Approved(_) | Self::Denied => Err(Refusal::InteractionEnded),
        }
    }

    /// The claimant refuses.
    pub(crate) fn deny(self, viewer: &Viewer) -> Result<Self, Refusal> {
        match self {
            Self::Claimed(claimant) if claimant == *viewer => Ok(Self::Denied),
            Self::Pending | Self::Claimed(_) | Self::Approved(_) | Self::Denied => Err(Refusal::InteractionEnded),
        }
    }

    /// The claimant leaves the decision to somebody else, who will sign in.
    pub(crate) fn release(self, viewer: &Viewer) -> Result<Self, Refusal> {
        match self {
            Self::Claimed(claimant) if claimant == *viewer => Ok(Self::Pending),
            Self::Pending | Self::Claimed(_) | Self::Approved(_) | Self::Denied => Err(Refusal::InteractionEnded),
        }
    }

    /// The device asks.
    pub(crate) fn poll(self) -> Polled {
        match self {
            Self::Pending | Self::Claimed(_) => Polled::Pending,
            Self::Approved(approval) => Polled::Approved(approval),
            Self::Denied => Polled::Denied,
        }
    }

    pub(crate) fn is_claimed_by(&self, viewer: &Viewer) -> bool {
        matches!(self, Self::Claimed(claimant) if claimant == viewer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn viewer(subject: &str, session_id: &str) -> Viewer {
        Viewer { subject: subject.into(), session_id: session_id.into() }
    }

    fn approval(by: Viewer) -> Approval {
        Approval { by, auth_time: 1, scopes: vec!["read".into()], context: None, account_version: Some("7".into()) }
    }

    fn states() -> [State; 4] {
        let ada = viewer("ada", "1");
        [State::Pending, State::Claimed(ada.clone()), State::Approved(approval(ada)), State::Denied]
    }

    #[test]
    fn dv_012_only_a_pending_code_or_ones_own_can_be_claimed() {
        let viewed = |by: Viewer| states().map(|state| state.view(by.clone()));
        let unknown = || Err(Refusal::UnknownUserCode);
        for session in ["1", "2"] {
            let ada = viewer("ada", session);
            let claimed = || Ok(State::Claimed(ada.clone()));
            assert_eq!(viewed(ada.clone()), [claimed(), claimed(), unknown(), unknown()]);
        }
        let grace = viewer("grace", "1");
        assert_eq!(viewed(grace.clone()), [Ok(State::Claimed(grace)), unknown(), unknown(), unknown()]);
    }

    #[test]
    fn cve_2026_45337_only_the_session_that_claimed_it_decides() {
        let ada = viewer("ada", "1");
        let ended = || Err(Refusal::InteractionEnded);
        let approved = Ok(State::Approved(approval(ada.clone())));
        assert_eq!(states().map(|state| state.approve(approval(ada.clone()))), [ended(), approved, ended(), ended()]);
        assert_eq!(states().map(|state| state.deny(&ada)), [ended(), Ok(State::Denied), ended(), ended()]);
        assert_eq!(states().map(|state| state.release(&ada)), [ended(), Ok(State::Pending), ended(), ended()]);
        for other in [viewer("ada", "2"), viewer("grace", "1")] {
            for state in states() {
                assert_eq!(state.clone().approve(approval(other.clone())), ended());
                assert_eq!(state.clone().deny(&other), ended());
                assert_eq!(state.release(&other), ended());
            }
        }
    }

    #[test]
    fn dv_004_a_denied_code_stays_denied() {
        let polled = states().map(State::poll);
        let approved = Polled::Approved(approval(viewer("ada", "1")));
        assert_eq!(polled, [Polled::Pending, Polled::Pending, approved, Polled::Denied]);
        let denied = State::Denied;
        assert!(denied.clone().view(viewer("ada", "1")).is_err());
        assert!(denied.clone().approve(approval(viewer("ada", "1"))).is_err());
        assert!(denied.deny(&viewer("ada", "1")).is_err());
    }
}
