//! Sessions: a person who is signed in, in one browser. One row in the person's partition; the cookie is a handle.

mod agent;
pub(crate) mod begin;
mod end;

use serde::{Deserialize, Serialize};

pub(crate) use agent::Agent;
pub(crate) use begin::{Former, New, Old, begin, prepare};
pub(crate) use end::{end, end_all, end_found, end_others};

use crate::account::{self, Account, Subject};
use crate::ask::Key;
use crate::call::{Items, OfSubject, SubjectItem, page};
use crate::change::Change;
use crate::client::Client;
use crate::config::Config;
use crate::handle::{Handle, Id, Kind, Owner};
use crate::hash::{b64u, from_b64u, same, sha256};
use crate::host::Host;
use crate::record::{Record, Slot, Stored};
use crate::refusal::{Refusal, Stop};
use crate::time::Millis;

/// A signed-in browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) subject: String,
    secret_sha256: String,
    /// When the person proved who they are.
    pub(crate) auth_time: Millis,
    /// How (RFC 8176).
    pub(crate) methods: Vec<String>,
    pub(crate) created_at: Millis,
    pub(crate) expires_at: Millis,
    /// The clients that are told when it ends, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    clients: Vec<String>,
    #[serde(flatten)]
    agent: Agent,
}

impl Session {
    /// How many bytes of clients it remembers: the oldest is forgotten for the newest. A row may have 60 KiB.
    const MOST_BYTES: usize = 40 * 1024;

    /// The same with a client that is to be told; `None`: it is known, or does not want to be.
    fn with_client(&self, client: &Client) -> Option<Self> {
        client.openid.backchannel_logout_uri.as_ref().filter(|_| !self.clients.contains(&client.id))?;
        let mut session = self.clone();
        session.clients.push(client.id.clone());
        while session.clients.iter().map(|id| id.len() + 3).sum::<usize>() > Self::MOST_BYTES {
            session.clients.remove(0);
        }
        Some(session)
    }
}

impl Record for Session {
    const KIND: &'static str = "session";

    fn expires(&self) -> Option<Millis> {
        Some(self.expires_at)
    }
}

impl Session {
    pub(crate) fn slot(config: &Config, subject: &str, id: &Id) -> Slot<Self> {
        Slot::new(&config.tenant, account::ROOM, subject, &format!("session.{}", b64u(id)))
    }
}

/// What a cookie claims: an authentic handle, not yet compared with its row.
#[derive(Debug)]
pub(crate) struct Presented(Handle);

impl Presented {
    pub(crate) fn read(config: &Config, cookie: Option<&str>) -> Option<Self> {
        Handle::open(&config.roots, &config.tenant, Kind::Session, cookie?).map(|opened| Self(opened.handle))
    }

    pub(crate) fn owner(&self) -> &Owner {
        &self.0.owner
    }

    /// What stands in the forms of this session's pages: nobody else can know it, and the cookie does not follow from it.
    pub(crate) fn form_token(&self) -> String {
        b64u(sha256(&[b"form ", &self.0.secret[..]].concat()))
    }

    pub(crate) fn is_form_token(&self, token: &str) -> bool {
        same(self.form_token().as_bytes(), token.as_bytes())
    }

    /// The id of the session, which may be over.
    pub(crate) fn id(&self) -> String {
        b64u(self.0.id)
    }

    fn slot(&self, host: &Host) -> Slot<Session> {
        Session::slot(host.config(), self.0.owner.name(), &self.0.id)
    }

    /// Whether what is presented is the row's cookie, whoever may act.
    fn is_of(&self, row: &Stored<Session>) -> bool {
        same(row.value.secret_sha256.as_bytes(), b64u(sha256(&self.0.secret)).as_bytes())
    }

    /// The row, if what is presented is still its cookie.
    fn own(&self, row: Option<Stored<Session>>) -> Option<Stored<Session>> {
        row.filter(|row| self.is_of(row))
    }

    /// Whether the session goes on with another cookie: what is presented was its own before, and may end nothing of it.
    pub(crate) fn is_former(&self, row: Option<&Stored<Session>>) -> bool {
        row.is_some_and(|row| !self.is_of(row))
    }

    /// What to load for whoever is presented, if anybody is.
    pub(crate) fn slots(presented: Option<&Self>, host: &Host) -> (Option<Slot<Session>>, Option<Slot<Account>>) {
        let Some(presented) = presented else { return (None, None) };
        (Some(presented.slot(host)), account::slot_of(host, presented.owner()))
    }

    /// The session, if its row is there, the secret is right, and the person may still act.
    pub(crate) async fn check(
        presented: Option<&Self>,
        host: &Host,
        session: Option<Stored<Session>>,
        account: Option<Stored<Account>>,
    ) -> Result<Option<SignedIn>, Stop> {
        let Some(row) = presented.and_then(|presented| presented.own(session)) else { return Ok(None) };
        let subject = account::active(host, account, &row.value.subject).await?;
        Ok(subject.map(|subject| SignedIn { session: row.value, key: row.key, version: row.version, subject }))
    }
}

/// A live session and its person.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    pub(crate) session: Session,
    /// Of the session's row.
    key: Key,
    version: String,
    pub(crate) subject: Subject,
}

impl SignedIn {
    /// The same change, by which the client signs in: nothing is made in a session that has ended since it was read, and it notes whom to
    /// tell of its end.
    pub(crate) fn hold(&self, change: Change, client: &Client) -> Change {
        match self.session.with_client(client) {
            Some(session) => change.and_replace(&self.clone().into_row(), session),
            None => change.and_require(self.key.clone(), self.version.clone()),
        }
    }

    /// The session's row, as it was read.
    pub(crate) fn into_row(self) -> Stored<Session> {
        Stored { key: self.key, version: self.version, value: self.session }
    }
}

/// A session by its id.
pub(crate) fn slot_of(config: &Config, subject: &str, id: &str) -> Result<Slot<Session>, Refusal> {
    Ok(Session::slot(config, subject, &item_id(id)?))
}

/// The session of the browser that sent this cookie: one trip, none when the cookie is not authentic.
pub(crate) async fn find(host: &Host, cookie: Option<&str>) -> Result<Option<SignedIn>, Stop> {
    let presented = Presented::read(host.config(), cookie);
    let (session, account) = host.load(Presented::slots(presented.as_ref(), host)).await?;
    Presented::check(presented.as_ref(), host, session, account).await
}

/// Ends the session that a browser leaves behind.
pub(crate) async fn leave(host: &Host, left: Option<Presented>) -> Result<(), Stop> {
    let Some(left) = left else { return Ok(()) };
    let row = host.load(left.slot(host)).await?;
    if left.is_former(row.as_ref()) {
        return Ok(());
    }
    end(host, left.owner().name(), &left.id(), row).await
}

/// A session as the host sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    id: String,
    subject: String,
    auth_time: Millis,
    methods: Vec<String>,
    created_at: Millis,
    expires_at: Millis,
    #[serde(flatten)]
    agent: Agent,
}

impl From<Session> for View {
    fn from(session: Session) -> Self {
        let Session { id, subject, auth_time, methods, created_at, expires_at, agent, .. } = session;
        Self { id, subject, auth_time, methods, created_at, expires_at, agent }
    }
}

pub(crate) async fn list(host: &Host, ask: &OfSubject) -> Result<Items<View>, Stop> {
    let prefix = format!("{}/session.", crate::record::partition(host.tenant(), account::ROOM, &ask.subject));
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
    Ok(Revoked { revoked: end::count(host) > 0 })
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
    Ok(RevokedAll { revoked: end::count(host) })
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
    Ok(RevokedAll { revoked: end::count(host) })
}

/// The id of a session or a grant, as its list shows it.
pub(crate) fn item_id(text: &str) -> Result<Id, Refusal> {
    from_b64u(text).and_then(|bytes| bytes.try_into().ok()).ok_or(Refusal::InvalidArgument("id: as the list shows it"))
}
