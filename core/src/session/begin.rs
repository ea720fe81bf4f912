//! The beginning of a session, in pieces, so that it shares its two trips with whatever proves who signs in:
//!
//! ```text
//!   load (.., Old) --> Former --> prepare: a change in the person's partition --> .. and theirs --> Prepared::commit: the cookie
//! ```

use super::agent::Agent;
use super::{Presented, Session, end, item_id};
use crate::ask::{Key, Row};
use crate::change::Change;
use crate::event::Event;
use crate::handle::{Handle, Id, Kind, Owner, Secret};
use crate::hash::{b64u, sha256};
use crate::host::Host;
use crate::http::{Cookie, set_cookie};
use crate::record::{Slot, Stored};
use crate::refusal::{Fault, Refusal, Stop};
use crate::sign_in::Full;
use crate::want::Want;

/// What is loaded of the session that the browser has had so far; nothing when its cookie is not authentic.
pub(crate) struct Old(Option<(Presented, Slot<Session>)>);

impl Old {
    /// By the value of the session cookie.
    pub(crate) fn read(host: &Host, cookie: Option<&str>) -> Self {
        let presented = Presented::read(host.config(), cookie);
        Self(presented.map(|presented| {
            let slot = presented.slot(host);
            (presented, slot)
        }))
    }
}

impl Want for Old {
    type Got = Former;

    fn keys(&self, keys: &mut Vec<Key>) {
        if let Some((_, slot)) = &self.0 {
            slot.keys(keys);
        }
    }

    fn take(self, host: &Host, rows: &mut impl Iterator<Item = Option<Row>>) -> Result<Former, Fault> {
        let Some((presented, slot)) = self.0 else { return Ok(Former(None)) };
        Ok(Former(presented.own(slot.take(host, rows)?)))
    }
}

/// The session that the browser has had so far, whoever's it is.
#[derive(Debug, Default)]
pub(crate) struct Former(Option<Stored<Session>>);

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
    anothers: Option<Stored<Session>>,
    id: Id,
    secret: Secret,
    subject: String,
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
    let (own, anothers): (Option<_>, Option<_>) = match former.0 {
        Some(old) if old.value.subject == new.full.subject() => (Some(old), None),
        old => (None, old),
    };
    let id: Id = match &own {
        Some(own) => item_id(&own.value.id)?,
        None => host.random().id("session id"),
    };
    let secret = host.random().bytes("session secret");
    let subject = new.full.subject().to_owned();
    let session = Session {
        id: b64u(id),
        subject: subject.clone(),
        secret_sha256: b64u(sha256(&secret)),
        auth_time: new.full.auth_time(),
        methods: new.full.methods().to_vec(),
        created_at: host.now(),
        expires_at: host.config().lifetimes.session.after(host.now()),
        clients: own.as_ref().map(|own| own.value.clients.clone()).unwrap_or_default(),
        agent: new.agent,
    };
    let change = match &own {
        Some(own) => Change::replace(own, session),
        None => Change::create(Session::slot(host.config(), &subject, &id), session),
    };
    Ok(Prepared { change, anothers, id, secret, subject })
}

impl Prepared {
    /// The same, and more happens in the same commit, in the same partition.
    pub(crate) fn with(self, more: impl FnOnce(Change) -> Change) -> Self {
        Self { change: more(self.change), ..self }
    }

    /// One commit. The session of somebody else is in another partition: ended first, by a commit of its own.
    pub(crate) async fn commit(self, host: &Host) -> Result<Begun, Stop> {
        if let Some(row) = self.anothers {
            let Session { subject, id, .. } = row.value.clone();
            end(host, &subject, &id, Some(row)).await?;
        }
        host.commit(self.change).await?;
        let owner = Owner::Subject(self.subject.clone());
        let handle = Handle { owner, id: self.id, serial: 0, secret: self.secret, client: String::new() };
        let text = handle.seal(&host.config().roots, host.tenant(), Kind::Session);
        let headers = vec![set_cookie(host.config(), Cookie::Session, &text, host.config().lifetimes.session)];
        let begun = Begun { session_id: b64u(self.id), headers };
        host.tell(Event::SignInSucceeded { subject: self.subject, session_id: begun.session_id.clone() });
        Ok(begun)
    }
}

/// The same by itself: a load of the old session, and the commit.
pub(crate) async fn begin(host: &Host, old: Option<&str>, new: New<'_>) -> Result<Begun, Stop> {
    let former = host.load(Old::read(host, old)).await?;
    prepare(host, former, new)?.commit(host).await
}
