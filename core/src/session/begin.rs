//! The beginning of a session, in pieces, so that it shares its two trips with whatever proves who signs in:
//!
//! ```text
//!   load (.., Old) --> Former --> prepare: a change in the person's partition --> .. and theirs --> Prepared::commit: the cookie
//! ```

use super::agent::Agent;
use super::epoch::{self, Epoch};
use super::sealed::Sealed;
use super::{Presented, Session, end, is_sealed, item_id};
use crate::ask::{Key, Row};
use crate::change::Change;
use crate::event::Event;
use crate::handle::{Handle, Id, Kind, Owner, Secret};
use crate::hash::{b64u, sha256};
use crate::host::Host;
use crate::http::{Cookie, set_cookie};
use crate::marker::Marker;
use crate::record::{Slot, Stored};
use crate::refusal::{Fault, Refusal, Stop};
use crate::sign_in::Full;
use crate::want::Want;

/// What is loaded of the session that the browser has had so far; nothing when its cookie is not authentic.
pub(crate) struct Old(Option<OldSlots>);

struct OldSlots {
    presented: Presented,
    session: Option<Slot<Session>>,
    ended: Option<Slot<Marker>>,
}

impl Old {
    /// By the value of the session cookie.
    pub(crate) fn read(host: &Host, cookie: Option<&str>) -> Self {
        Self(Presented::read(host.config(), cookie).map(|presented| {
            let session = presented.slot(host);
            let is_sealed = session.is_none();
            let ended = || epoch::ended(host.config(), presented.owner().name(), &presented.id());
            OldSlots { ended: is_sealed.then(ended), session, presented }
        }))
    }
}

impl Want for Old {
    type Got = Former;

    fn keys(&self, keys: &mut Vec<Key>) {
        if let Some(OldSlots { session, ended, .. }) = &self.0 {
            session.keys(keys);
            ended.keys(keys);
        }
    }

    fn take(self, host: &Host, rows: &mut impl Iterator<Item = Option<Row>>) -> Result<Former, Fault> {
        let Some(OldSlots { presented, session, ended }) = self.0 else { return Ok(Former::default()) };
        let row = presented.own(session.take(host, rows)?);
        let has_ended = ended.take(host, rows)?.is_some();
        Ok(Former { row, sealed: presented.into_sealed().filter(|sealed| !has_ended && host.now() < sealed.over_at()) })
    }
}

/// The session that the browser has had so far, whoever's it is: as a row, or in its cookie.
#[derive(Debug, Default)]
pub(crate) struct Former {
    row: Option<Stored<Session>>,
    sealed: Option<Session>,
}

impl Former {
    fn session(&self) -> Option<&Session> {
        self.row.as_ref().map(|row| &row.value).or(self.sealed.as_ref())
    }
}

/// Somebody who proved who they are, and from where.
pub(crate) struct New<'a> {
    pub(crate) full: &'a Full,
    pub(crate) agent: Agent,
}

/// A session about to begin. Whatever else is to happen with it, or not at all, is added to its change, whose rows are all of the
/// person's own partition.
pub(crate) struct Prepared {
    change: Change,
    /// Of somebody else, in the same browser.
    anothers: Former,
    session: Session,
    id: Id,
    secret: Secret,
}

/// A session that has begun.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) session_id: String,
    /// What the response sets.
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// A person signs in. The browser's old session ends; if it is this person's own, it goes on with a new secret, and with the `sid` by
/// which applications know it.
pub(crate) fn prepare(host: &Host, former: Former, new: New<'_>) -> Result<Prepared, Refusal> {
    let config = host.config();
    let is_own = former.session().is_some_and(|old| old.subject == new.full.subject());
    let (own, anothers) = if is_own { (former, Former::default()) } else { (Former::default(), former) };
    let id: Id = match own.session() {
        Some(own) => item_id(&own.id)?,
        None => host.random().id("session id"),
    };
    let secret = host.random().bytes("session secret");
    let session = Session {
        id: b64u(id),
        subject: new.full.subject().to_owned(),
        secret_sha256: b64u(sha256(&secret)),
        auth_time: new.full.auth_time(),
        methods: new.full.methods().to_vec(),
        created_at: host.now(),
        expires_at: config.lifetimes.session.after(host.now()),
        idle_until: config.lifetimes.session_idle.map(|idle| idle.after(host.now())),
        seen_at: None,
        clients: own.session().map(|own| own.clients.clone()).unwrap_or_default(),
        agent: new.agent,
    };
    let change = match own.row {
        _ if is_sealed(config) => Change::default(),
        Some(own) => Change::replace(&own, session.clone()),
        None => Change::create(Session::slot(config, &session.subject, &id), session.clone()),
    };
    Ok(Prepared { change, anothers, session, id, secret })
}

impl Prepared {
    /// The same, and more happens in the same commit, in the same partition.
    pub(crate) fn with(self, more: impl FnOnce(Change) -> Change) -> Self {
        Self { change: more(self.change), ..self }
    }

    /// One commit. The session of somebody else is in another partition: ended first, by a commit of its own. A sealed session costs a
    /// load more, for its epoch, and a commit only where something else happens with it.
    pub(crate) async fn commit(self, host: &Host) -> Result<Begun, Stop> {
        let Self { change, anothers, session, id, secret } = self;
        if let Some(Session { id, subject, .. }) = anothers.session().cloned() {
            end(host, &subject, &id, anothers.row).await?;
        }
        let cookie =
            if is_sealed(host.config()) { seal(host, &session).await? } else { handle(host, &session, id, secret) };
        if !change.is_empty() {
            host.commit(change).await?;
        }
        let begun = Begun { session_id: session.id, headers: vec![cookie] };
        host.tell(Event::SignInSucceeded { subject: session.subject, session_id: begun.session_id.clone() });
        Ok(begun)
    }
}

fn handle(host: &Host, session: &Session, id: Id, secret: Secret) -> (&'static str, String) {
    let owner = Owner::Subject(session.subject.clone());
    let handle = Handle { owner, id, serial: 0, secret, client: String::new() };
    let text = handle.seal(&host.config().roots, host.tenant(), Kind::Session);
    set_cookie(host.config(), Cookie::Session, &text, host.config().lifetimes.session)
}

/// Nobody is shown a list of sealed sessions, nor told of their end: what a row keeps for that is left out.
async fn seal(host: &Host, session: &Session) -> Result<(&'static str, String), Stop> {
    let stored = host.load(Epoch::slot(host.config(), &session.subject)).await?;
    let session =
        Session { secret_sha256: String::new(), clients: Vec::new(), agent: Agent::default(), ..session.clone() };
    Ok(Sealed { session, epoch: epoch::number(stored.as_ref()), checked_at: host.now() }.seal(host)?)
}

/// The same by itself: a load of the old session, and the commit.
pub(crate) async fn begin(host: &Host, old: Option<&str>, new: New<'_>) -> Result<Begun, Stop> {
    let former = host.load(Old::read(host, old)).await?;
    prepare(host, former, new)?.commit(host).await
}
