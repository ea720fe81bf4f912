//! How people sign in, and how often it may be tried.

use serde::Deserialize;

use super::Written;
use super::check::ensure;
use crate::refusal::Fault;
use crate::time::Seconds;

/// Signing in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct SignIn {
    pub(crate) attempts: Attempts,
    /// How long after a sign-in somebody may change what they sign in with.
    pub(crate) recent: Seconds,
    /// Whether the other sessions end when a factor is added or removed.
    pub(crate) end_sessions_on_factor_change: bool,
}

impl Default for SignIn {
    fn default() -> Self {
        Self { attempts: Attempts::default(), recent: Seconds(600), end_sessions_on_factor_change: true }
    }
}

/// How many wrong answers are looked at in each window.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Attempts {
    /// For one person; for each browser that they signed in with before, as many of its own.
    pub(crate) account: u32,
    /// From one address.
    pub(crate) address: u32,
    pub(crate) window: Seconds,
}

impl Default for Attempts {
    fn default() -> Self {
        Self { account: 10, address: 100, window: Seconds(900) }
    }
}

pub(super) fn check(written: &Written) -> Result<(), Fault> {
    let SignIn { attempts, recent, .. } = &written.sign_in;
    ensure((3..=1000).contains(&attempts.account), "signIn.attempts.account: from 3 to 1000")?;
    ensure((3..=1_000_000).contains(&attempts.address), "signIn.attempts.address: from 3 to 1000000")?;
    ensure((60..=86_400).contains(&attempts.window.0), "signIn.attempts.window: from 1 minute to 1 day")?;
    ensure((60..=86_400).contains(&recent.0), "signIn.recent: from 1 minute to 1 day")
}
