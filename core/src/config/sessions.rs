//! How sessions are kept.

use serde::Deserialize;

use super::Written;
use super::check::ensure;
use crate::refusal::Fault;
use crate::time::Seconds;

/// Where sessions are.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Sessions {
    pub(crate) form: SessionForm,
    /// How long a sealed one is good without being looked at.
    pub(crate) revalidate: Seconds,
    /// Whether a refresh token of a session is good once.
    pub(crate) rotate_tokens: bool,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { form: SessionForm::Row, revalidate: Seconds(60), rotate_tokens: true }
    }
}

/// What a session cookie is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SessionForm {
    /// A handle: the session is a row, and over the moment that it is gone.
    Row,
    /// All of the session, sealed: no trip, but for one each time that it is looked at.
    Sealed,
}

pub(super) fn check(written: &Written) -> Result<(), Fault> {
    ensure(written.sessions.revalidate.0 <= 3600, "sessions.revalidate: from 0 to 1 hour")?;
    let idle = written.lifetimes.session_idle;
    ensure(
        idle.is_none_or(|idle| (60..=400 * 86_400).contains(&idle.0)),
        "lifetimes.sessionIdle: from 1 minute to 400 days",
    )
}
