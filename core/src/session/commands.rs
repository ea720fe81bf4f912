//! The typed commands on sessions.

use serde::{Deserialize, Serialize};

use super::remember::{self, Revived};
use super::{Agent, Session, end, end_all, end_others};
use crate::account;
use crate::call::{Items, OfSubject, SubjectItem, page};
use crate::config::Config;
use crate::handle::Id;
use crate::hash::from_b64u;
use crate::host::Host;
use crate::http::{Cookie, clear_cookie, find_cookie};
use crate::record::{Slot, partition};
use crate::redacted::redacted_debug;
use crate::refusal::{Refusal, Stop};
use crate::time::Millis;

/// A session as the host sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    id: String,
    subject: String,
    auth_time: Millis,
    methods: Vec<String>,
    created_at: Millis,
    last_seen_at: Millis,
    expires_at: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_until: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

impl From<Session> for View {
    fn from(session: Session) -> Self {
        let last_seen_at = session.last_seen_at();
        let Session { id, subject, auth_time, methods, created_at, expires_at, idle_until, agent, .. } = session;
        Self {
            id,
            subject,
            auth_time,
            methods,
            created_at,
            last_seen_at,
            expires_at,
            idle_until,
            user_agent: agent.user_agent,
            address: agent.address,
        }
    }
}

pub(crate) async fn list(host: &Host, ask: &OfSubject) -> Result<Items<View>, Stop> {
    let prefix = format!("{}/session.", partition(host.tenant(), account::ROOM, &ask.subject));
    let (sessions, next) = host.scan::<Session>(page(prefix, ask.after.as_ref(), ask.limit)?).await?;
    Ok(Items { items: sessions.into_iter().map(|session| session.value.into()).collect(), next: next.map(|key| key.0) })
}

/// Whether there was something to revoke.
#[derive(Debug, Serialize)]
pub(crate) struct Revoked {
    pub(crate) revoked: bool,
}

pub(crate) async fn revoke(host: &Host, ask: &SubjectItem) -> Result<Revoked, Stop> {
    let row = host.load(slot_of(host.config(), &ask.subject, &ask.id)?).await?;
    end(host, &ask.subject, &ask.id, row).await?;
    Ok(Revoked { revoked: super::end::count(host) > 0 })
}

/// `sessions.revokeAll`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeAll {
    /// Whose.
    pub subject: String,
}

/// How many there were.
#[derive(Debug, Serialize)]
pub(crate) struct RevokedAll {
    revoked: usize,
}

/// Signs a person out everywhere.
pub(crate) async fn revoke_all(host: &Host, ask: &RevokeAll) -> Result<RevokedAll, Stop> {
    end_all(host, &ask.subject).await?;
    Ok(RevokedAll { revoked: super::end::count(host) })
}

/// `sessions.revokeOthers`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeOthers {
    /// Whose.
    pub subject: String,
    /// The id of the one that goes on.
    pub keep: String,
}

/// Signs a person out everywhere but here.
pub(crate) async fn revoke_others(host: &Host, ask: &RevokeOthers) -> Result<RevokedAll, Stop> {
    item_id(&ask.keep).map_err(|_| Refusal::InvalidArgument("keep: the id of a session, as the list shows it"))?;
    end_others(host, &ask.subject, &ask.keep).await?;
    Ok(RevokedAll { revoked: super::end::count(host) })
}

/// `sessions.resume`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Resume {
    /// The request's whole `Cookie` header.
    pub cookie: String,
    #[serde(default)]
    pub user_agent: Option<String>,
    #[serde(default)]
    pub remote: Option<String>,
}

redacted_debug!(Resume);

/// Who is signed in now; nobody when `subject` is `None`.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Resumed {
    subject: Option<String>,
    session_id: Option<String>,
    headers: Vec<(&'static str, String)>,
}

/// A remembered browser without a session gets one. Nothing happens in any other.
pub(crate) async fn resume(host: &Host, ask: &Resume) -> Result<Resumed, Stop> {
    let cookie = |which| find_cookie(host.config(), &ask.cookie, which);
    let Some(presented) = remember::presented(host.config(), cookie(Cookie::Remember)) else {
        return Ok(Resumed::default());
    };
    if let Some(signed_in) = super::find(host, cookie(Cookie::Session)).await? {
        let headers = signed_in.renewed(host)?.into_iter().collect();
        let (subject, session_id) = (Some(signed_in.session.subject), Some(signed_in.session.id));
        return Ok(Resumed { subject, session_id, headers });
    }
    let agent = Agent::new(ask.user_agent.as_deref(), ask.remote.as_deref());
    Ok(match remember::revive(host, &presented, agent).await? {
        Revived::In { subject, begun } => {
            Resumed { subject: Some(subject), session_id: Some(begun.session_id), headers: begun.headers }
        }
        Revived::Nobody => {
            Resumed { headers: vec![clear_cookie(host.config(), Cookie::Remember)], ..Resumed::default() }
        }
    })
}

/// A session by its id.
pub(crate) fn slot_of(config: &Config, subject: &str, id: &str) -> Result<Slot<Session>, Refusal> {
    Ok(Session::slot(config, subject, &item_id(id)?))
}

/// The id of a session or a grant, as its list shows it.
pub(crate) fn item_id(text: &str) -> Result<Id, Refusal> {
    from_b64u(text).and_then(|bytes| bytes.try_into().ok()).ok_or(Refusal::InvalidArgument("id: as the list shows it"))
}
