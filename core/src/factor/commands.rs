//! The typed commands on second factors. They work by the subject's id alone, whoever keeps the accounts.

use serde::{Deserialize, Serialize};

use super::own::whether_removed;
use super::{Algorithm, Authenticator, Digits, Factors, Keeper, Kind, Own, Proof, Wanted};
use crate::account;
use crate::change::Change;
use crate::event::Event;
use crate::handle::Owner;
use crate::host::Host;
use crate::record::Stored;
use crate::refusal::{Refusal, Stop};
use crate::sign_in::Attempts;
use crate::time::Millis;

/// `factors.list`, `factors.regenerateRecoveryCodes`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Whose {
    pub subject: String,
}

/// `factors.beginTotp`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct BeginTotp {
    pub subject: String,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub algorithm: Option<Algorithm>,
    #[serde(default)]
    pub digits: Option<Digits>,
}

/// `factors.confirmTotp`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct ConfirmTotp {
    pub subject: String,
    pub id: String,
    pub code: String,
    /// The session that does it, and goes on.
    #[serde(default)]
    pub keep_session: Option<String>,
}

/// `factors.remove`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Remove {
    pub subject: String,
    pub id: String,
    /// The session that does it, and goes on.
    #[serde(default)]
    pub keep_session: Option<String>,
}

/// `factors.verify`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Verify {
    pub subject: String,
    pub code: String,
    /// Where the code comes from, whose wrong ones are counted too.
    #[serde(default)]
    pub remote: Option<String>,
}

/// `factors.setEmail`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct SetEmail {
    pub subject: String,
    pub enabled: bool,
    #[serde(default)]
    pub keep_session: Option<String>,
}

impl std::fmt::Debug for ConfirmTotp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfirmTotp").field("subject", &self.subject).field("id", &self.id).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Verify {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verify").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// A person's second factors, as the host sees them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    /// What a sign-in may be asked for, beside the first factor; none, and it is not.
    kinds: Vec<Kind>,
    authenticators: Vec<AuthenticatorView>,
    recovery_codes_left: usize,
}

/// An authenticator, as the host sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthenticatorView {
    id: String,
    name: Option<String>,
    /// Whether it is a factor; until then it waits for its first code.
    confirmed: bool,
    created_at: Millis,
    /// When a code of it was good last, to 30 seconds.
    last_used_at: Option<Millis>,
}

impl From<&Authenticator> for AuthenticatorView {
    fn from(authenticator: &Authenticator) -> Self {
        Self {
            id: authenticator.id.clone(),
            name: authenticator.name.clone(),
            confirmed: authenticator.is_confirmed(),
            created_at: authenticator.created_at,
            last_used_at: authenticator.last_used_at(),
        }
    }
}

/// What a new authenticator needs, shown once.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Begun {
    id: String,
    secret: String,
    uri: String,
    /// The first code must come before.
    expires_at: Millis,
}

/// Recovery codes, shown once; `null` where those before go on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Codes {
    recovery_codes: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Removed {
    removed: bool,
}

/// What is so now.
#[derive(Debug, Serialize)]
pub(crate) struct Enabled {
    enabled: bool,
}

/// By what somebody proved themselves.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verified {
    kind: Kind,
    recovery_codes_left: usize,
}

/// One trip.
pub(crate) async fn list(host: &Host, ask: &Whose) -> Result<View, Stop> {
    let factors = load(host, &ask.subject).await?.map(|stored| stored.value).unwrap_or_default();
    Ok(View {
        kinds: factors.kinds(),
        authenticators: factors.authenticators(host.now()).map(AuthenticatorView::from).collect(),
        recovery_codes_left: factors.recovery_codes_left(),
    })
}

/// Two trips. An authenticator that is not confirmed changes nothing about how the person signs in.
pub(crate) async fn begin_totp(host: &Host, ask: &BeginTotp) -> Result<Begun, Stop> {
    let config = host.config();
    let owner = Owner::Subject(ask.subject.clone());
    let wanted = (Factors::slot(config, &ask.subject), account::slot_of(host, &owner));
    let (stored, account) = host.load(wanted).await?;
    let person = account::active(host, account, &ask.subject).await?;
    let person = person.ok_or(Refusal::NotFound("There is no account with this id, or it is disabled"))?;
    let wanted = Wanted {
        name: ask.name.clone(),
        algorithm: ask.algorithm.unwrap_or_default(),
        digits: ask.digits.unwrap_or_default(),
    };
    // Nobody is told of what is no factor yet.
    let own = Own { host, subject: &ask.subject, account: None, stored, by: None, keep: None };
    let key = own.begin_totp(wanted).await?;
    Ok(Begun {
        secret: key.base32(),
        uri: key.uri(&config.name, person.login()),
        expires_at: key.expires_at,
        id: key.id,
    })
}

/// Two trips, and those that end the other sessions.
pub(crate) async fn confirm_totp(host: &Host, ask: &ConfirmTotp) -> Result<Codes, Stop> {
    let own = Own::load(host, &ask.subject, ask.keep_session.as_deref()).await?;
    Ok(Codes { recovery_codes: own.confirm_totp(&ask.id, &ask.code).await? })
}

/// Two trips.
pub(crate) async fn regenerate(host: &Host, ask: &Whose) -> Result<Codes, Stop> {
    let own = Own::load(host, &ask.subject, None).await?;
    Ok(Codes { recovery_codes: Some(own.regenerate().await?) })
}

/// Two trips, and those that end the other sessions.
pub(crate) async fn remove(host: &Host, ask: &Remove) -> Result<Removed, Stop> {
    let own = Own::load(host, &ask.subject, ask.keep_session.as_deref()).await?;
    Ok(Removed { removed: whether_removed(own.remove(&ask.id).await)? })
}

/// Two trips, and those that end the other sessions.
pub(crate) async fn set_email(host: &Host, ask: &SetEmail) -> Result<Enabled, Stop> {
    Own::load(host, &ask.subject, ask.keep_session.as_deref()).await?.set_mail(ask.enabled).await?;
    Ok(Enabled { enabled: ask.enabled })
}

/// Two trips. A right code is used by it, and held to the counter of the person's attempts; a wrong one is counted before it is told.
pub(crate) async fn verify(host: &Host, ask: &Verify) -> Result<Verified, Stop> {
    let config = host.config();
    let attempts = Attempts::of(host, &ask.subject, ask.remote.as_deref(), None);
    let (stored, counted) = host.load((Factors::slot(config, &ask.subject), &attempts)).await?;
    attempts.check(host, counted, Some(&ask.subject))?;
    let checked = match (&stored, Proof::read(&ask.code)) {
        (Some(stored), Some(proof)) => {
            let factors = stored.value.clone().check(&Keeper::of(config, &ask.subject), &proof, host.now());
            factors.map(|factors| (stored, proof.kind(), factors))
        }
        (None, _) | (_, None) => Err(Refusal::WrongCode.into()),
    };
    let (stored, kind, factors) = match checked {
        Err(Stop::Refused(refusal)) => {
            host.tell(Event::FactorRefused { subject: ask.subject.clone() });
            attempts.failed(host).await?;
            return Err(refusal.into());
        }
        other => other?,
    };
    let verified = Verified { kind, recovery_codes_left: factors.recovery_codes_left() };
    host.tell(Event::FactorUsed { subject: ask.subject.clone(), kind });
    host.commit(attempts.passed(Change::replace(stored, factors))).await?;
    Ok(verified)
}

async fn load(host: &Host, subject: &str) -> Result<Option<Stored<Factors>>, Stop> {
    host.load(Factors::slot(host.config(), subject)).await
}
