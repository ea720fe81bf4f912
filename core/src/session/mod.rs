//! Sessions: a person who is signed in, in one browser. One row in the person's partition; the cookie is a handle.

use serde::{Deserialize, Serialize};

use crate::account::{self, Account, Subject};
use crate::ask::Key;
use crate::call::{Items, OfSubject, SubjectItem, page};
use crate::change::Change;
use crate::config::Config;
use crate::event::Event;
use crate::handle::{Handle, Id, Kind, Owner};
use crate::hash::{b64u, from_b64u, same, sha256};
use crate::host::Host;
use crate::http::{Cookie, set_cookie};
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

    fn key(&self, host: &Host) -> Key {
        Session::slot(host.config(), self.0.owner.name(), &self.0.id).key
    }

    /// What to load for whoever is presented, if anybody is.
    pub(crate) fn slots(presented: Option<&Self>, host: &Host) -> (Option<Slot<Session>>, Option<Slot<Account>>) {
        let Some(Self(handle)) = presented else { return (None, None) };
        (Some(Session::slot(host.config(), handle.owner.name(), &handle.id)), account::slot_of(host, &handle.owner))
    }

    /// The session, if its row is there, the secret is right, and the person may still act.
    pub(crate) async fn check(
        presented: Option<&Self>,
        host: &Host,
        session: Option<Stored<Session>>,
        account: Option<Stored<Account>>,
    ) -> Result<Option<SignedIn>, Stop> {
        let (Some(Self(handle)), Some(session)) = (presented, session) else { return Ok(None) };
        if !same(session.value.secret_sha256.as_bytes(), b64u(sha256(&handle.secret)).as_bytes()) {
            return Ok(None);
        }
        let subject = account::active(host, account, &session.value.subject).await?;
        Ok(subject.map(|subject| SignedIn { session: session.value, subject }))
    }
}

/// A live session and its person.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    pub(crate) session: Session,
    pub(crate) subject: Subject,
}

/// The session of the browser that sent this cookie: one trip, none when the cookie is not authentic.
pub(crate) async fn find(host: &Host, cookie: Option<&str>) -> Result<Option<SignedIn>, Stop> {
    let presented = Presented::read(host.config(), cookie);
    let (session, account) = host.load(Presented::slots(presented.as_ref(), host)).await?;
    Presented::check(presented.as_ref(), host, session, account).await
}

/// Signs a person in: a new session in the place of the browser's old one, and the cookie that holds it.
pub(crate) async fn begin(
    host: &Host,
    old: Option<&str>,
    subject: &str,
    methods: &[&str],
) -> Result<(&'static str, String), Stop> {
    // Another person's is in another partition: ended first, by a commit of its own.
    let (own, anothers) = match Presented::read(host.config(), old) {
        Some(old) if old.owner().name() == subject => (Some(old), None),
        old => (None, old),
    };
    end(host, anothers).await?;
    let id: Id = host.random().bytes("session id");
    let secret = host.random().bytes("session secret");
    let lifetime = host.config().lifetimes.session;
    let session = Session {
        id: b64u(id),
        subject: subject.to_owned(),
        secret_sha256: b64u(sha256(&secret)),
        auth_time: host.now(),
        methods: methods.iter().map(|&method| method.to_owned()).collect(),
        created_at: host.now(),
        expires_at: lifetime.after(host.now()),
    };
    let create = Change::create(Session::slot(host.config(), subject, &id), session);
    host.commit(create.and_delete(own.map(|old| old.key(host)))).await?;
    host.tell(Event::SignInSucceeded { subject: subject.to_owned(), session_id: b64u(id) });
    let handle = Handle { owner: Owner::Subject(subject.to_owned()), id, serial: 0, secret, client: String::new() };
    let text = handle.seal(&host.config().roots, host.tenant(), Kind::Session);
    Ok(set_cookie(host.config(), Cookie::Session, &text, lifetime))
}

/// Ends the session that a browser leaves behind.
pub(crate) async fn end(host: &Host, left: Option<Presented>) -> Result<(), Stop> {
    match left {
        Some(left) => host.commit(Change::delete(left.key(host))).await,
        None => Ok(()),
    }
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
}

impl From<Session> for View {
    fn from(session: Session) -> Self {
        let Session { id, subject, auth_time, methods, created_at, expires_at, .. } = session;
        Self { id, subject, auth_time, methods, created_at, expires_at }
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
    let id = item_id(&ask.id)?;
    let Some(stored) = host.load(Session::slot(host.config(), &ask.subject, &id)).await? else {
        return Ok(Revoked { revoked: false });
    };
    end_found(host, vec![stored], None).await?;
    Ok(Revoked { revoked: true })
}

/// Ends sessions of one person as they were read, together; where another session of theirs asks for it, while that one is there.
pub(crate) async fn end_found(
    host: &Host,
    ended: Vec<Stored<Session>>,
    by: Option<&Stored<Session>>,
) -> Result<(), Stop> {
    let by = by.filter(|by| ended.iter().all(|session| session.key != by.key));
    let mut change =
        by.map_or_else(Change::default, |by| Change::default().and_require(by.key.clone(), by.version.clone()));
    for Stored { key, version, value: Session { id: session_id, subject, .. } } in ended {
        host.tell(Event::SessionRevoked { subject, session_id });
        change = change.and_remove(key, version);
    }
    host.commit(change).await
}

/// The id of a session or a grant, as its list shows it.
pub(crate) fn item_id(text: &str) -> Result<Id, Refusal> {
    from_b64u(text).and_then(|bytes| bytes.try_into().ok()).ok_or(Refusal::InvalidArgument("id: as the list shows it"))
}
