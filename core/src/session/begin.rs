//! The beginning of a session, in pieces, so that it shares its two trips with whatever proves who signs in:
//!
//! ```text
//!   load (.., Old) --> Former --> prepare: a change in the person's partition --> .. and theirs --> Prepared::commit: the cookie
//! ```
//! A person who is to be told of it is told there and nowhere else: by a mail that leaves if, and only if, the session has begun.

use super::agent::Agent;
use super::bag::Bag;
use super::epoch::{self, Epoch};
use super::remember::Remembered;
use super::sealed::Sealed;
use super::{Presented, Session, end, is_sealed, item_id};
use crate::account::Account;
use crate::ask::{Key, Row};
use crate::change::Change;
use crate::email;
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
pub(crate) enum Old {
    Nothing,
    Session {
        presented: Presented,
        session: Option<Slot<Session>>,
        ended: Option<Slot<Marker>>,
    },
    /// Somebody was here without signing in.
    Visitor(Slot<Bag>),
}

impl Old {
    /// By the value of the session cookie.
    pub(crate) fn read(host: &Host, cookie: Option<&str>) -> Self {
        let config = host.config();
        if let Some(presented) = Presented::read(config, cookie) {
            let session = presented.slot(host);
            let is_sealed = session.is_none();
            let ended = is_sealed.then(|| epoch::ended(config, presented.owner().name(), &presented.id()));
            return Self::Session { presented, session, ended };
        }
        let visitor = cookie.and_then(|cookie| Handle::open(&config.roots, &config.tenant, Kind::Visitor, cookie));
        visitor.map_or(Self::Nothing, |visitor| Self::Visitor(Bag::of_visitor(config, &visitor.handle.id)))
    }
}

impl Want for Old {
    type Got = Former;

    fn keys(&self, keys: &mut Vec<Key>) {
        match self {
            Self::Nothing => {}
            Self::Session { session, ended, .. } => {
                session.keys(keys);
                ended.keys(keys);
            }
            Self::Visitor(bag) => bag.keys(keys),
        }
    }

    fn take(self, host: &Host, rows: &mut impl Iterator<Item = Option<Row>>) -> Result<Former, Fault> {
        match self {
            Self::Nothing => Ok(Former::default()),
            Self::Session { presented, session, ended } => {
                let row = presented.own(session.take(host, rows)?);
                let has_ended = ended.take(host, rows)?.is_some();
                let is_live = |sealed: &Session| !has_ended && host.now() < sealed.over_at();
                Ok(Former { row, sealed: presented.into_sealed().filter(is_live), bag: None })
            }
            Self::Visitor(bag) => Ok(Former { bag: bag.take(host, rows)?, ..Former::default() }),
        }
    }
}

/// The session that the browser has had so far, whoever's it is: as a row, or in its cookie; or what a visitor put into a bag.
#[derive(Debug, Default)]
pub(crate) struct Former {
    row: Option<Stored<Session>>,
    sealed: Option<Session>,
    bag: Option<Stored<Bag>>,
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
    /// Whether the browser is to begin sessions by itself from now on.
    pub(crate) remember: bool,
}

/// A session about to begin. Whatever else is to happen with it, or not at all, is added to its change, whose rows are all of the
/// person's own partition.
pub(crate) struct Prepared {
    change: Change,
    /// Of somebody else, in the same browser.
    anothers: Former,
    /// The visitor's bag, which is the session's from now on.
    bag: Option<Stored<Bag>>,
    remembered: Option<Remembered>,
    /// Whether its owner is told of it by mail.
    told: bool,
    session: Session,
    id: Id,
    secret: Secret,
}

/// A session that has begun.
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
    let Former { bag, .. } = former;
    let former = Former { bag: None, ..former };
    let (own, anothers) = if is_own { (former, Former::default()) } else { (Former::default(), former) };
    let id: Id = match own.session() {
        Some(own) => item_id(&own.id)?,
        None => host.random().id("session id"),
    };
    let secret = host.random().bytes("session secret");
    let remembered =
        if new.remember { Remembered::begin(host, new.full.subject(), new.full.auth_time()) } else { None };
    let before = own.session().and_then(|own| own.remember.clone());
    let session = Session {
        clients: own.session().map(|own| own.clients.clone()).unwrap_or_default(),
        tokens: own.session().and_then(|own| own.tokens.clone()),
        remember: remembered.as_ref().map(|remembered| remembered.id.clone()).or_else(|| before.clone()),
        ..Session::new(host, new, &id, &secret)
    };
    let mut change = match own.row {
        _ if is_sealed(config) => Change::default(),
        Some(own) => Change::replace(&own, session.clone()),
        None => Change::create(Session::slot(config, &session.subject, &id), session.clone()),
    };
    if let Some(remembered) = &remembered {
        change = change
            .and_delete(before.map(|before| Remembered::slot(config, &session.subject, &before).key))
            .and_create(Remembered::slot(config, &session.subject, &remembered.id), remembered.clone());
    }
    if let Some(bag) = &bag {
        let kept = Bag { until: session.expires_at, ..bag.value.clone() };
        change = change.and_create(Bag::slot(config, &session.subject, &session.id), kept);
    }
    Ok(Prepared { change, anothers, bag, remembered, told: false, session, id, secret })
}

impl Session {
    /// It begins now.
    pub(super) fn new(host: &Host, new: New<'_>, id: &Id, secret: &Secret) -> Self {
        let lifetimes = &host.config().lifetimes;
        Self {
            id: b64u(id),
            subject: new.full.subject().to_owned(),
            secret_sha256: b64u(sha256(secret)),
            auth_time: new.full.auth_time(),
            methods: new.full.methods().to_vec(),
            created_at: host.now(),
            expires_at: lifetimes.session.after(host.now()),
            idle_until: lifetimes.session_idle.map(|idle| idle.after(host.now())),
            seen_at: None,
            clients: Vec::new(),
            agent: new.agent,
            remember: None,
            tokens: None,
            claims: serde_json::Map::new(),
        }
    }
}

impl Prepared {
    /// The same, and more happens in the same commit, in the same partition.
    pub(crate) fn with(self, more: impl FnOnce(Change) -> Change) -> Self {
        Self { change: more(self.change), ..self }
    }

    /// The same, and its owner is told of it by mail, where mail goes to them.
    pub(crate) fn telling(self, told: bool) -> Self {
        Self { told, ..self }
    }

    /// One commit. The session of somebody else is in another partition: ended first, by a commit of its own. A sealed session costs a
    /// load more, for its epoch, and a commit only where something else happens with it; who is told of it costs the same load.
    pub(crate) async fn commit(self, host: &Host) -> Result<Begun, Stop> {
        let Self { change, anothers, bag, remembered, told, session, id, secret } = self;
        if let Some(Session { id, subject, .. }) = anothers.session().cloned() {
            end(host, &subject, &id, anothers.row).await?;
        }
        let (config, sealed) = (host.config(), is_sealed(host.config()));
        let account = told.then(|| Account::slot(config, &session.subject));
        let (account, epoch) = host.load((account, sealed.then(|| Epoch::slot(config, &session.subject)))).await?;
        let mut mail = account.and_then(|account| email::of_new_browser(host, &account.value));
        let cookie = if sealed {
            Sealed::of(&session, epoch::number(epoch.as_ref()), host.now()).seal(host)?
        } else {
            handle(host, &session, id, secret)
        };
        // A row is a session from its commit on.
        if !sealed && let Some(mail) = mail.take() {
            host.send(mail);
        }
        if !change.is_empty() {
            host.commit(change).await?;
        }
        let mut begun = Begun { session_id: session.id, headers: vec![cookie] };
        host.tell(Event::SignInSucceeded { subject: session.subject, session_id: begun.session_id.clone() });
        if let Some(remembered) = remembered {
            begun.headers.push(remembered.cookie(host)?);
        }
        if let Some(bag) = bag {
            leave_visitor(host, &bag.key).await?;
        }
        // A sealed one is its cookie, and nothing keeps that from leaving any more.
        if let Some(mail) = mail {
            host.send_with_result(mail);
        }
        Ok(begun)
    }
}

/// The visitor's bag is in another partition, and the session has its own copy now. The sign-in is done: it is not decided anew because
/// a store was too busy for this.
async fn leave_visitor(host: &Host, bag: &Key) -> Result<(), Stop> {
    const TRIES: usize = 3;
    for _ in 0..TRIES {
        match host.commit(Change::delete(bag.clone())).await {
            Err(Stop::Stale) => {}
            left => return left,
        }
    }
    Err(Fault::Contended.into())
}

pub(super) fn handle(host: &Host, session: &Session, id: Id, secret: Secret) -> (&'static str, String) {
    let owner = Owner::Subject(session.subject.clone());
    let handle = Handle { owner, id, serial: 0, secret, client: String::new() };
    let text = handle.seal(&host.config().roots, host.tenant(), Kind::Session);
    set_cookie(host.config(), Cookie::Session, &text, host.config().lifetimes.session)
}
