//! Initial access tokens (RFC 7591 section 1.2): whoever has one may register as many clients as it is good for. A token is a
//! handle, so a forged one costs no trip; its row holds a digest of the secret and what is left of it.

use serde::{Deserialize, Serialize};

use crate::call::{Items, Paging, page};
use crate::change::Change;
use crate::config::Config;
use crate::event::Event;
use crate::handle::{Handle, Id, Kind, Owner};
use crate::hash::{b64u, same, sha256};
use crate::host::Host;
use crate::record::{Record, Slot, Stored};
use crate::refusal::{Refusal, Stop};
use crate::session::{Revoked, item_id};
use crate::time::{Millis, Seconds};

const DAY: u64 = 86_400;

/// `registrationTokens.issue`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct IssueToken {
    /// How many clients it may register, 1 to 10 000; 1 when absent.
    #[serde(default)]
    pub uses: Option<u32>,
    /// How long it is good for, 1 minute to 400 days; a day when absent.
    #[serde(default)]
    pub expires_in: Option<Seconds>,
}

/// `registrationTokens.revoke`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct RevokeToken {
    pub id: String,
}

/// A token as the store knows it. A spent one stays until it would have been over: a row that is gone could not say that it was spent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RegistrationToken {
    id: String,
    secret_sha256: String,
    uses_left: u32,
    created_at: Millis,
    expires_at: Millis,
}

impl Record for RegistrationToken {
    const KIND: &'static str = "registration";

    fn expires(&self) -> Option<Millis> {
        Some(self.expires_at)
    }
}

impl RegistrationToken {
    pub(crate) const ROOM: &'static str = "registration";

    fn slot(config: &Config, id: &Id) -> Slot<Self> {
        Slot::new(&config.tenant, Self::ROOM, &b64u(id), "token")
    }
}

/// A token as the host sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    id: String,
    uses_left: u32,
    created_at: Millis,
    expires_at: Millis,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Issued {
    #[serde(flatten)]
    about: View,
    /// Shown this once.
    token: String,
}

impl From<RegistrationToken> for View {
    fn from(token: RegistrationToken) -> Self {
        let RegistrationToken { id, uses_left, created_at, expires_at, .. } = token;
        Self { id, uses_left, created_at, expires_at }
    }
}

pub(crate) async fn issue(host: &Host, ask: &IssueToken) -> Result<Issued, Stop> {
    let uses_left = ask.uses.unwrap_or(1);
    if !(1..=10_000).contains(&uses_left) {
        return Err(Refusal::InvalidArgument("uses: from 1 to 10000").into());
    }
    let lifetime = ask.expires_in.unwrap_or(Seconds(DAY));
    if !(60..=400 * DAY).contains(&lifetime.0) {
        return Err(Refusal::InvalidArgument("expiresIn: from 1 minute to 400 days").into());
    }
    let id: Id = host.random().id("registration token id");
    let secret = host.random().bytes("registration token secret");
    let handle = Handle { owner: Owner::Client(String::new()), id, serial: 0, secret, client: String::new() };
    let token = RegistrationToken {
        id: b64u(id),
        secret_sha256: b64u(sha256(&secret)),
        uses_left,
        created_at: host.now(),
        expires_at: lifetime.after(host.now()),
    };
    let about = View::from(token.clone());
    host.commit(Change::create(RegistrationToken::slot(host.config(), &id), token)).await?;
    host.tell(Event::RegistrationTokenIssued { id: b64u(id) });
    Ok(Issued { about, token: handle.seal(&host.config().roots, host.tenant(), Kind::RegistrationToken) })
}

pub(crate) async fn list(host: &Host, ask: &Paging) -> Result<Items<View>, Stop> {
    let prefix = format!("{}.{}.", host.tenant(), RegistrationToken::ROOM);
    let (tokens, next) = host.scan::<RegistrationToken>(page(prefix, ask.after.as_ref(), ask.limit)?).await?;
    Ok(Items { items: tokens.into_iter().map(|token| token.value.into()).collect(), next: next.map(|key| key.0) })
}

/// What was registered with it stays.
pub(crate) async fn revoke(host: &Host, ask: &RevokeToken) -> Result<Revoked, Stop> {
    let slot = RegistrationToken::slot(host.config(), &item_id(&ask.id)?);
    let Some(token) = host.load(slot).await?.filter(|token| token.value.uses_left > 0) else {
        return Ok(Revoked { revoked: false });
    };
    host.commit(Change::replace(&token, RegistrationToken { uses_left: 0, ..token.value.clone() })).await?;
    host.tell(Event::RegistrationTokenRevoked { id: ask.id.clone() });
    Ok(Revoked { revoked: true })
}

/// The token that is presented, if it is good for one client more.
pub(super) async fn find(host: &Host, text: &str) -> Result<Stored<RegistrationToken>, Stop> {
    let config = host.config();
    let opened = Handle::open(&config.roots, &config.tenant, Kind::RegistrationToken, text);
    let handle = opened.ok_or(Refusal::InvalidToken)?.handle;
    let found = host.load(RegistrationToken::slot(config, &handle.id)).await?;
    let authentic = |token: &Stored<RegistrationToken>| {
        same(token.value.secret_sha256.as_bytes(), b64u(sha256(&handle.secret)).as_bytes())
    };
    let found = found.filter(|token| token.value.uses_left > 0 && authentic(token));
    found.ok_or_else(|| Refusal::InvalidToken.into())
}

/// Takes one use from it: whoever else read the same row must read it again.
pub(super) async fn spend(host: &Host, token: Stored<RegistrationToken>) -> Result<(), Stop> {
    let uses_left = token.value.uses_left.saturating_sub(1);
    host.commit(Change::replace(&token, RegistrationToken { uses_left, ..token.value.clone() })).await
}
