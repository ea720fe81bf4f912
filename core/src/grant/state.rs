//! The life of a grant, as pure transitions.
//!
//! ```text
//!                redeem               refresh (current generation)
//!   CodeIssued ---------> Live ----------------------------------+
//!       |                  | ^___________________________________|
//!       | (expires)        |   refresh (the one before, in its grace): the same successor again, no change
//!       v                  v
//!     over              Revoked   <- redeem again, refresh (any older generation), revoke
//! ```

use serde::{Deserialize, Serialize};

use crate::time::{Millis, Seconds};

/// Where a grant is in its life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum State {
    CodeIssued { until: Millis },
    Live { refresh: Option<Refresh>, until: Millis },
    Revoked { at: Millis, kept_until: Millis },
}

/// The family of refresh tokens: only the newest generation is live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refresh {
    /// The first refresh token is generation 1.
    pub(crate) generation: u32,
    /// When this generation replaced the one before.
    pub(crate) rotated_at: Millis,
}

/// What comes of presenting a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Redeemed {
    /// It was unspent; this is the state after.
    Now(State),
    /// It was spent before: whoever has it now may be a thief (RFC 9700 section 4.5). The grant must be revoked.
    Replayed,
    /// It is over, or the grant is revoked.
    Refused,
}

/// What comes of presenting a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refreshed {
    /// It was live; this is the state after.
    Rotated(State),
    /// It was just rotated, and nothing came of the successor yet: the successor is given again, nothing changes.
    Again { since: Millis },
    /// It was rotated long ago, or its successor is in use: somebody has a copy (RFC 9700 section 4.14.2). The grant must be
    /// revoked.
    Replayed,
    /// It is over, or the grant is revoked.
    Refused,
}

/// How long refreshing goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) grace: Seconds,
    pub(crate) lifetime: Seconds,
    /// The grant's own end.
    pub(crate) ends_at: Millis,
}

impl State {
    pub(crate) fn code_issued(until: Millis) -> Self {
        Self::CodeIssued { until }
    }

    /// A grant that begins with its tokens. `refreshable` says whether a refresh token is among them.
    pub(crate) fn live(now: Millis, refreshable: bool, terms: Terms) -> Self {
        Self::Live {
            refresh: refreshable.then_some(Refresh { generation: 1, rotated_at: now }),
            until: terms.lifetime.after(now).min(terms.ends_at),
        }
    }

    /// Spends the code. `refreshable` says whether a refresh token comes with it.
    pub(crate) fn redeem(self, now: Millis, refreshable: bool, terms: Terms) -> Redeemed {
        match self {
            Self::CodeIssued { until } if now < until => Redeemed::Now(Self::live(now, refreshable, terms)),
            Self::Live { .. } => Redeemed::Replayed,
            Self::CodeIssued { .. } | Self::Revoked { .. } => Redeemed::Refused,
        }
    }

    /// Spends a refresh token of this generation.
    pub(crate) fn refresh(self, generation: u32, now: Millis, terms: Terms) -> Refreshed {
        match self {
            Self::CodeIssued { .. } | Self::Revoked { .. } | Self::Live { refresh: None, .. } => Refreshed::Refused,
            Self::Live { until, .. } if until <= now => Refreshed::Refused,
            Self::Live { refresh: Some(ref live), .. } => match generation.cmp(&live.generation) {
                std::cmp::Ordering::Equal => Refreshed::Rotated(Self::Live {
                    refresh: Some(Refresh { generation: live.generation.saturating_add(1), rotated_at: now }),
                    until: terms.lifetime.after(now).min(terms.ends_at),
                }),
                std::cmp::Ordering::Less
                    if generation.saturating_add(1) == live.generation && now < terms.grace.after(live.rotated_at) =>
                {
                    Refreshed::Again { since: live.rotated_at }
                }
                std::cmp::Ordering::Less => Refreshed::Replayed,
                // Only a store that went back in time has not heard of it: refused, and nobody is punished.
                std::cmp::Ordering::Greater => Refreshed::Refused,
            },
        }
    }

    /// Ends the grant. The row stays as long as it would have, so that replays still meet it.
    pub(crate) fn revoke(self, now: Millis) -> Self {
        match self {
            Self::CodeIssued { until } | Self::Live { until, .. } => Self::Revoked { at: now, kept_until: until },
            Self::Revoked { .. } => self,
        }
    }

    /// When the state itself is over, whatever access tokens still say.
    pub(crate) fn over_at(&self) -> Millis {
        match self {
            Self::CodeIssued { until } | Self::Live { until, .. } => *until,
            Self::Revoked { kept_until, .. } => *kept_until,
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }

    pub(crate) fn is_revoked(&self) -> bool {
        matches!(self, Self::Revoked { .. })
    }

    /// Whether its code or its refresh token gets tokens.
    pub(crate) fn may_be_used(&self, now: Millis) -> bool {
        match self {
            Self::CodeIssued { until } | Self::Live { refresh: Some(_), until } => now < *until,
            Self::Live { refresh: None, .. } | Self::Revoked { .. } => false,
        }
    }

    /// When the live refresh token was given.
    pub(crate) fn rotated_at(&self) -> Option<Millis> {
        match self {
            Self::Live { refresh: Some(refresh), .. } => Some(refresh.rotated_at),
            _ => None,
        }
    }

    pub(crate) fn generation(&self) -> Option<u32> {
        match self {
            Self::Live { refresh: Some(refresh), .. } => Some(refresh.generation),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TERMS: Terms = Terms { grace: Seconds(10), lifetime: Seconds(100), ends_at: 1_000_000 };

    fn live(generation: u32, rotated_at: Millis) -> State {
        State::Live { refresh: Some(Refresh { generation, rotated_at }), until: rotated_at + 100_000 }
    }

    #[test]
    fn az_045_a_code_is_over_at_its_lifetime_exactly() {
        let code = State::code_issued(60_000);
        assert!(matches!(code.clone().redeem(59_999, true, TERMS), Redeemed::Now(_)));
        assert_eq!(code.clone().redeem(60_000, true, TERMS), Redeemed::Refused);
        assert_eq!(code.redeem(61_000, true, TERMS), Redeemed::Refused);
    }

    #[test]
    fn az_040_a_code_spent_again_ends_the_grant() {
        let Redeemed::Now(spent) = State::code_issued(60_000).redeem(0, true, TERMS) else { panic!() };
        assert_eq!(spent.clone().redeem(1000, true, TERMS), Redeemed::Replayed);
        let ended = spent.revoke(1000);
        assert!(matches!(ended, State::Revoked { at: 1000, .. }));
        assert_eq!(ended.redeem(2000, true, TERMS), Redeemed::Refused);
    }

    #[test]
    fn tk_044_the_generation_before_is_answered_again_inside_its_grace() {
        assert_eq!(live(3, 1000).refresh(2, 10_999, TERMS), Refreshed::Again { since: 1000 });
        assert_eq!(live(3, 1000).refresh(2, 11_000, TERMS), Refreshed::Replayed);
        let none = Terms { grace: Seconds(0), ..TERMS };
        assert_eq!(live(3, 1000).refresh(2, 1000, none), Refreshed::Replayed);
    }

    #[test]
    fn tk_045_a_generation_whose_successor_was_used_ends_the_grant() {
        assert_eq!(live(3, 1000).refresh(1, 1001, TERMS), Refreshed::Replayed);
    }

    #[test]
    fn a_revoked_grant_has_no_grace() {
        assert_eq!(live(3, 1000).revoke(1001).refresh(2, 1002, TERMS), Refreshed::Refused);
        assert_eq!(live(3, 1000).revoke(1001).refresh(3, 1002, TERMS), Refreshed::Refused);
    }

    #[test]
    fn a_generation_from_the_future_is_refused_without_punishment() {
        assert_eq!(live(3, 1000).refresh(4, 1001, TERMS), Refreshed::Refused);
    }

    #[test]
    fn refreshing_never_outlives_the_grant() {
        let terms = Terms { ends_at: 5000, ..TERMS };
        let Refreshed::Rotated(State::Live { until, .. }) = live(1, 1000).refresh(1, 2000, terms) else { panic!() };
        assert_eq!(until, 5000);
    }

    proptest! {
        /// However tokens are presented, at most one generation is live, generations only grow, and revoked stays revoked.
        #[test]
        fn the_family_never_forks(presented in prop::collection::vec((0_u32..6, 0_u64..15_000), 1..40)) {
            let mut state = live(1, 0);
            let mut now = 0;
            for (generation, later) in presented {
                now += later;
                let before = state.generation();
                match state.clone().refresh(generation, now, TERMS) {
                    Refreshed::Rotated(after) => {
                        prop_assert_eq!(Some(generation), before);
                        prop_assert_eq!(after.generation(), before.map(|old| old + 1));
                        state = after;
                    }
                    Refreshed::Replayed => {
                        prop_assert!(before.is_some_and(|live| generation < live));
                        state = state.revoke(now);
                    }
                    Refreshed::Again { .. } => prop_assert!(before == Some(generation + 1)),
                    Refreshed::Refused => {}
                }
            }
        }
    }
}
