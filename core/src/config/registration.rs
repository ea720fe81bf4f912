//! Which clients may register themselves, and as what.

use serde::Deserialize;

use super::check::ensure;
use super::{Capability, Written};
use crate::client::GrantType;
use crate::refusal::Fault;
use crate::time::Seconds;

/// Clients that nobody at the operator's has looked at.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Registration {
    pub(crate) mode: RegistrationMode,
    /// Client id metadata documents.
    pub(crate) documents: bool,
    /// What they may ask for; `None`: all that is configured.
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) grant_types: Vec<GrantType>,
    /// From one address.
    pub(crate) per_hour: u32,
    /// One that was never used is purged after this.
    pub(crate) unused_for: Seconds,
}

/// Who may register (RFC 7591 section 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RegistrationMode {
    #[default]
    Off,
    /// Whoever has an initial access token.
    Token,
    /// Anybody.
    Open,
}

impl Default for Registration {
    fn default() -> Self {
        Self {
            mode: RegistrationMode::Off,
            documents: false,
            scopes: None,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            per_hour: 60,
            unused_for: Seconds(30 * 86_400),
        }
    }
}

pub(super) fn check(written: &Written) -> Result<(), Fault> {
    let registration = &written.registration;
    ensure(
        !registration.documents || written.capabilities.contains(&Capability::Fetch),
        "registration.documents: the host must offer the capability fetch",
    )?;
    ensure(
        registration.scopes.iter().flatten().all(|name| written.scopes.contains_key(name)),
        "registration.scopes: each must be in scopes",
    )?;
    ensure((1..=8).contains(&registration.grant_types.len()), "registration.grantTypes: from 1 to 8")?;
    ensure((1..=1_000_000).contains(&registration.per_hour), "registration.perHour: from 1 to 1000000")?;
    ensure(
        (3600..=3650 * 86_400).contains(&registration.unused_for.0),
        "registration.unusedFor: from 1 hour to 3650 days",
    )
}
