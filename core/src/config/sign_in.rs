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
    /// How long a browser stays remembered whose person wished so; `None`: none does.
    pub(crate) remember_for: Option<Seconds>,
    /// Whether people make accounts for themselves.
    pub(crate) sign_up: bool,
    /// What is mailed to sign in with, in place of a password.
    pub(crate) passwordless: Vec<Passwordless>,
}

/// What somebody who has the mailbox signs in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Passwordless {
    /// A link, opened in the browser that asked for it.
    Link,
    /// A code, typed there.
    Code,
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            attempts: Attempts::default(),
            recent: Seconds(600),
            end_sessions_on_factor_change: true,
            sign_up: false,
            passwordless: Vec::new(),
            remember_for: None,
        }
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
    let SignIn { attempts, recent, sign_up, passwordless, remember_for, .. } = &written.sign_in;
    let by_mail = *sign_up || !passwordless.is_empty();
    let offered = super::mails_to_accounts(&written.capabilities);
    ensure(
        !by_mail || offered,
        "signIn.signUp, signIn.passwordless: the host must offer the capability mail, and the engine keep the accounts",
    )?;
    ensure((3..=1000).contains(&attempts.account), "signIn.attempts.account: from 3 to 1000")?;
    ensure((3..=1_000_000).contains(&attempts.address), "signIn.attempts.address: from 3 to 1000000")?;
    ensure((60..=86_400).contains(&attempts.window.0), "signIn.attempts.window: from 1 minute to 1 day")?;
    ensure(
        remember_for.is_none_or(|lifetime| (86_400..=400 * 86_400).contains(&lifetime.0)),
        "signIn.rememberFor: from 1 day to 400 days",
    )?;
    ensure((60..=86_400).contains(&recent.0), "signIn.recent: from 1 minute to 1 day")
}
