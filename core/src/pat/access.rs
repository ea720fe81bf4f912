//! What a token stands for at a resource: presented as it is, or as the JWT that it was exchanged for.

use serde::Serialize;
use serde_json::Value;

use super::exchange::JWT_ID;
use super::presented::{Refused, examine};
use super::{Pat, is_id};
use crate::config::Config;
use crate::event::Event;
use crate::host::Host;
use crate::key::jwt::Claims;
use crate::refusal::Stop;
use crate::time::Millis;

/// Whose token it is, and what it may.
#[derive(Debug, Serialize)]
pub(crate) struct Holder {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) admin: bool,
    pub(crate) roles: Vec<String>,
    /// Since when it is said.
    #[serde(skip)]
    issued_at: Millis,
    /// Until when what is said here may be believed.
    #[serde(skip)]
    pub(crate) expires_at: Millis,
}

impl Holder {
    /// What the row says now; not to be believed for longer than a JWT would be.
    fn of(host: &Host, pat: Pat) -> Self {
        let lifetime = host.config().pats.as_ref().map(|pats| pats.lifetime.after(host.now()));
        let Pat { id, owner, admin, roles, expires_at, .. } = pat;
        let ends = [lifetime, expires_at].into_iter().flatten().min();
        Self { id, owner, admin, roles, issued_at: host.now(), expires_at: ends.unwrap_or_else(|| host.now()) }
    }

    /// What a JWT says whose signature was checked, if it is one of a personal access token.
    pub(crate) fn of_claims(claims: &Claims) -> Option<Self> {
        let text = |name: &str| claims.text(name).map(str::to_owned);
        text("jti").filter(|jti| jti.starts_with(JWT_ID))?;
        let roles = claims.get("roles").and_then(Value::as_array);
        Some(Self {
            id: text("sub")?,
            owner: text("owner")?,
            admin: claims.get("admin") == Some(&Value::Bool(true)),
            roles: roles.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
            issued_at: claims.time("iat")?,
            expires_at: claims.time("exp")?,
        })
    }

    /// The same as its row says it now: `None` when the token was revoked or deleted, has expired, or has another secret by now.
    pub(crate) async fn looked_up(self, host: &Host) -> Result<Option<Self>, Stop> {
        if !is_id(&self.id) {
            return Ok(None);
        }
        let row = host.load(Pat::slot(host.config(), &self.id)).await?;
        let is_good = |pat: &Pat| !pat.deleted && pat.amiss(host.now()).is_none() && pat.has_made(self.issued_at);
        let pat = row.map(|row| row.value).filter(is_good);
        Ok(pat.map(|pat| Self { expires_at: self.expires_at, ..Self::of(host, pat) }))
    }
}

/// Whether this is meant for a token, good or not.
pub(crate) fn is_presented(config: &Config, text: &str) -> bool {
    config.pats.as_ref().is_some_and(|pats| text.starts_with(&pats.prefix))
}

/// Whether an access token is said to be of a personal access token; it has not been believed.
pub(crate) fn is_access_token(jti: &str) -> bool {
    jti.starts_with(JWT_ID)
}

/// Whose token this is, if it is good: one load, and when use of it is to be noted a commit.
pub(crate) async fn find(host: &Host, text: &str) -> Result<Option<Holder>, Stop> {
    let Some(settings) = &host.config().pats else { return Ok(None) };
    match examine(host, settings, text, None).await?.0 {
        Ok(pat) => Ok(Some(Holder::of(host, pat))),
        Err(refused) => {
            refused.tell(host, None);
            Ok(None)
        }
    }
}

impl Refused {
    /// The reason is for the host alone: whoever presented the token is told that it is not good.
    pub(super) fn tell(self, host: &Host, remote: Option<String>) {
        host.tell(Event::PatRefused { token_id: self.id, reason: self.reason, remote });
    }
}
