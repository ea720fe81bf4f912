//! From a cookie to who is signed in.

use super::epoch::{self, Epoch};
use super::sealed::Sealed;
use super::{Session, is_sealed, item_id, seen};
use crate::account::{self, Account, Subject};
use crate::ask::{Key, Row};
use crate::change::Change;
use crate::client::Client;
use crate::config::Config;
use crate::handle::{Handle, Id, Kind, Owner, Secret};
use crate::hash::{b64u, same, sha256};
use crate::host::Host;
use crate::http::{Cookie, set_cookie};
use crate::marker::Marker;
use crate::record::{Slot, Stored};
use crate::refusal::{Fault, Refusal, Stop};
use crate::seal::RootIndex;
use crate::time::Seconds;
use crate::want::Want;

/// What a cookie claims: authentic, not yet compared with what is stored.
#[derive(Clone, Debug)]
pub(crate) struct Presented {
    owner: Owner,
    id: Id,
    /// What the tokens of its forms are made of.
    secret: Secret,
    /// The root secret that made it.
    root: RootIndex,
    /// All of the session, where the browser keeps it.
    sealed: Option<Box<Sealed>>,
}

impl Presented {
    pub(crate) fn read(config: &Config, cookie: Option<&str>) -> Option<Self> {
        let cookie = cookie?;
        if is_sealed(config)
            && let Some((root, sealed)) = Sealed::open(config, cookie)
        {
            return Some(Self {
                owner: Owner::Subject(sealed.session.subject.clone()),
                id: item_id(&sealed.session.id).ok()?,
                secret: sealed.form_secret(config),
                root,
                sealed: Some(Box::new(sealed)),
            });
        }
        let opened = Handle::open(&config.roots, &config.tenant, Kind::Session, cookie)?;
        let Handle { owner, id, secret, .. } = opened.handle;
        Some(Self { owner, id, secret, root: opened.root, sealed: None })
    }

    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The id of the session, which may be over.
    pub(crate) fn id(&self) -> String {
        b64u(self.id)
    }

    /// What stands in the forms of this session's pages: nobody else can know it, and the cookie does not follow from it.
    pub(crate) fn form_token(&self) -> String {
        b64u(sha256(&[b"form ", &self.secret[..]].concat()))
    }

    pub(crate) fn is_form_token(&self, token: &str) -> bool {
        same(self.form_token().as_bytes(), token.as_bytes())
    }

    /// Whether what is presented is the row's cookie, whoever may act.
    fn is_of(&self, row: &Stored<Session>) -> bool {
        same(row.value.secret_sha256.as_bytes(), b64u(sha256(&self.secret)).as_bytes())
    }

    /// The row, if what is presented is still its cookie.
    pub(super) fn own(&self, row: Option<Stored<Session>>) -> Option<Stored<Session>> {
        row.filter(|row| self.is_of(row))
    }

    /// Whether the session goes on with another cookie: what is presented was its own before, and may end nothing of it.
    pub(crate) fn is_former(&self, rows: &Rows) -> bool {
        rows.session.as_ref().is_some_and(|row| !self.is_of(row))
    }

    pub(super) fn slot(&self, host: &Host) -> Option<Slot<Session>> {
        self.sealed.is_none().then(|| Session::slot(host.config(), self.owner.name(), &self.id))
    }

    pub(super) fn secret(&self) -> &Secret {
        &self.secret
    }

    pub(super) const fn id_bytes(&self) -> Id {
        self.id
    }

    pub(super) fn into_sealed(self) -> Option<Session> {
        self.sealed.map(|sealed| sealed.session)
    }

    /// What to load for whoever is presented, if anybody is.
    pub(crate) fn slots(presented: Option<&Self>, host: &Host) -> Slots {
        let Some(presented) = presented else { return Slots::default() };
        let config = host.config();
        let subject = presented.owner.name();
        let sealed = presented.sealed.as_ref();
        Slots {
            session: presented.slot(host),
            account: account::slot_of(host, &presented.owner),
            epoch: sealed.map(|_| Epoch::slot(config, subject)),
            ended: sealed.map(|_| epoch::ended(config, subject, &presented.id())),
        }
    }

    /// What a sealed cookie says by itself, without a trip: who is signed in, or that it is over. `None`: it is to be looked at.
    pub(super) fn says_it_all(&self, host: &Host) -> Option<Option<SignedIn>> {
        let sealed = self.sealed.as_ref()?;
        if sealed.is_over(host.now()) {
            return Some(None);
        }
        let signed_in = || {
            let seen = sealed.session.seen_again(host.config(), host.now());
            let is_due = seen.is_some() || self.root != RootIndex::CURRENT;
            let session = seen.unwrap_or_else(|| sealed.session.clone());
            let renewal = is_due
                .then(|| Renewal::Sealed(Box::new(Sealed { session: session.clone(), ..sealed.as_ref().clone() })));
            SignedIn { subject: Subject::unknown(&session.subject), session, ground: Ground::Unseen, renewal }
        };
        sealed.is_fresh(host).then(signed_in).map(Some)
    }

    /// The session, if it is good by what is stored, the secret is right, and the person may still act.
    pub(crate) async fn check(presented: Option<&Self>, host: &Host, rows: Rows) -> Result<Option<SignedIn>, Stop> {
        let Some(presented) = presented else { return Ok(None) };
        let Rows { session, account, epoch, ended } = rows;
        let (session, ground, renewal) = match &presented.sealed {
            Some(sealed) if sealed.is_over(host.now()) || ended.is_some() || !sealed.stands(epoch.as_ref()) => {
                return Ok(None);
            }
            Some(sealed) => {
                let seen = sealed.session.seen_again(host.config(), host.now());
                let session = seen.unwrap_or_else(|| sealed.session.clone());
                let number = epoch::number(epoch.as_ref());
                let renewed = Sealed { session: session.clone(), epoch: number, checked_at: host.now() };
                let ground = Ground::of_sealed(host, &session, sealed.epoch, epoch.as_ref());
                (session, ground, Some(Renewal::Sealed(Box::new(renewed))))
            }
            None => {
                let Some(row) = presented.own(session) else { return Ok(None) };
                let renewal = (presented.root != RootIndex::CURRENT).then(|| Renewal::Handle(presented.handle()));
                (row.value, Ground::Row { key: row.key, version: row.version }, renewal)
            }
        };
        let subject = account::active(host, account, &session.subject).await?;
        Ok(subject.map(|subject| SignedIn { session, ground, renewal, subject }))
    }

    /// The session of a row that something else than a cookie is of, if its person may still act.
    pub(super) async fn of_row(
        host: &Host,
        row: Stored<Session>,
        account: Option<Stored<Account>>,
    ) -> Result<Option<SignedIn>, Stop> {
        let subject = account::active(host, account, &row.value.subject).await?;
        let Stored { key, version, value: session } = row;
        Ok(subject.map(|subject| SignedIn { session, ground: Ground::Row { key, version }, renewal: None, subject }))
    }

    fn handle(&self) -> Handle {
        Handle { owner: self.owner.clone(), id: self.id, serial: 0, secret: self.secret, client: String::new() }
    }
}

/// What to load for a session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots {
    session: Option<Slot<Session>>,
    account: Option<Slot<Account>>,
    epoch: Option<Slot<Epoch>>,
    ended: Option<Slot<Marker>>,
}

/// What is stored of a session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    session: Option<Stored<Session>>,
    account: Option<Stored<Account>>,
    epoch: Option<Stored<Epoch>>,
    ended: Option<Stored<Marker>>,
}

impl Rows {
    /// The account, where the engine keeps it.
    pub(crate) fn account(&self) -> Option<&Stored<Account>> {
        self.account.as_ref()
    }

    pub(super) fn into_session(self) -> Option<Stored<Session>> {
        self.session
    }
}

impl Want for Slots {
    type Got = Rows;

    fn keys(&self, keys: &mut Vec<Key>) {
        self.session.keys(keys);
        self.account.keys(keys);
        self.epoch.keys(keys);
        self.ended.keys(keys);
    }

    fn take(self, host: &Host, rows: &mut impl Iterator<Item = Option<Row>>) -> Result<Rows, Fault> {
        Ok(Rows {
            session: self.session.take(host, rows)?,
            account: self.account.take(host, rows)?,
            epoch: self.epoch.take(host, rows)?,
            ended: self.ended.take(host, rows)?,
        })
    }
}

/// A live session and its person.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    pub(crate) session: Session,
    ground: Ground,
    /// What the browser is to keep in place of what it presented.
    renewal: Option<Renewal>,
    pub(crate) subject: Subject,
}

/// What a session stands on, as it was read.
#[derive(Clone, Debug)]
enum Ground {
    Row {
        key: Key,
        version: String,
    },
    /// The person's epoch admits it, and no mark says that it ended.
    Sealed {
        sealed_in: u64,
        epoch: Key,
        /// `None`: there is no such row.
        version: Option<String>,
        ended: Key,
    },
    /// It was taken at its own word, without a look at anything that is stored.
    Unseen,
}

impl Ground {
    fn of_sealed(host: &Host, session: &Session, sealed_in: u64, epoch: Option<&Stored<Epoch>>) -> Self {
        let config = host.config();
        Self::Sealed {
            sealed_in,
            epoch: Epoch::slot(config, &session.subject).key,
            version: epoch.map(|epoch| epoch.version.clone()),
            ended: epoch::ended(config, &session.subject, &session.id).key,
        }
    }
}

#[derive(Clone, Debug)]
enum Renewal {
    /// The same handle, sealed with the secret of today.
    Handle(Handle),
    Sealed(Box<Sealed>),
}

impl SignedIn {
    /// The same change, by which a client gets something: in use, the session is noted to be. Where the client signs in (`client`),
    /// nothing is made in a session that has ended since it was read, and a row notes whom to tell of its end.
    pub(crate) fn hold(&self, host: &Host, change: Change, client: Option<&Client>) -> Change {
        let Some(row) = self.row() else {
            return if client.is_some() { self.required_by(change) } else { change };
        };
        let seen = self.session.seen_again(host.config(), host.now());
        let told = client.and_then(|client| seen.as_ref().unwrap_or(&self.session).with_client(client));
        match told.or(seen) {
            Some(session) => change.and_replace(&row, session),
            None if client.is_some() => change.and_require(row.key, row.version),
            None => change,
        }
    }

    /// The same change, made only if the session has not ended since it was read.
    pub(crate) fn required_by(&self, change: Change) -> Change {
        match self.ground.clone() {
            Ground::Row { key, version } => change.and_require(key, version),
            Ground::Sealed { epoch, version, ended, .. } => {
                let change = change.and_require_none(ended);
                match version {
                    Some(version) => change.and_require(epoch, version),
                    None => change.and_require_none(epoch),
                }
            }
            Ground::Unseen => change,
        }
    }

    /// The same as it stands once this flow has ended the person's other sessions, which raises the epoch of sealed ones: a load for such a
    /// one. Stale when it has ended itself.
    pub(crate) async fn after_others(self, host: &Host) -> Result<Self, Stop> {
        let Ground::Sealed { sealed_in, .. } = self.ground else { return Ok(self) };
        let Session { subject, id, .. } = &self.session;
        let slots = (Epoch::slot(host.config(), subject), epoch::ended(host.config(), subject, id));
        let (epoch, ended) = host.load(slots).await?;
        if ended.is_some() || !epoch::admits(epoch.as_ref(), &self.session, sealed_in) {
            return Err(Stop::Stale);
        }
        let ground = Ground::of_sealed(host, &self.session, sealed_in, epoch.as_ref());
        Ok(Self { ground, ..self })
    }

    /// Writes that the session is in use, if that is due and no other request of this instance does. Of several instances one does.
    pub(crate) async fn note_seen(&self, host: &Host) -> Result<(), Stop> {
        let (Some(row), Some(seen)) = (self.row(), self.session.seen_again(host.config(), host.now())) else {
            return Ok(());
        };
        let interval = host.config().lifetimes.session_idle.map_or(Seconds(1), seen::interval);
        if !host.seen().claim(&seen.id, host.now(), interval) {
            return Ok(());
        }
        match host.commit(Change::replace(&row, seen)).await {
            // Another instance was faster, or the session has ended since it was read.
            Err(Stop::Stale) => Ok(()),
            other => other.inspect_err(|_| host.seen().release(&self.session.id)),
        }
    }

    /// What the response sets, if the browser is to keep another cookie.
    pub(crate) fn renewed(&self, host: &Host) -> Result<Option<(&'static str, String)>, Refusal> {
        match &self.renewal {
            None => Ok(None),
            Some(Renewal::Sealed(sealed)) => sealed.seal(host).map(Some),
            Some(Renewal::Handle(handle)) => {
                let text = handle.seal(&host.config().roots, host.tenant(), Kind::Session);
                let left = Seconds(self.session.expires_at.saturating_sub(host.now()) / 1000);
                Ok(Some(set_cookie(host.config(), Cookie::Session, &text, left)))
            }
        }
    }

    /// The session's row, as it was read, if it has one.
    pub(crate) fn row(&self) -> Option<Stored<Session>> {
        match self.ground.clone() {
            Ground::Row { key, version } => Some(Stored { key, version, value: self.session.clone() }),
            Ground::Sealed { .. } | Ground::Unseen => None,
        }
    }
}
