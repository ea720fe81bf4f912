//! Remembered browsers: one that begins a session by itself, until a time, after a person signed in with it and wished so.
//!
//! ```text
//!   sign-in, "stay signed in" --> remembered, its cookie n --- no session, cookie n ---> a session, cookie n + 1
//!                                     |   ^                                                  |
//!                                     |   +--------------------------------------------------+
//!                                     +--- cookie n - 1, later: stolen ---> over, with the sessions that it made
//! ```
//! What such a session is worth is said honestly: it began now, but its person proved themselves when they signed in, and nothing since.

use serde::{Deserialize, Serialize};

use super::begin::Begun;
use super::end::remove;
use super::epoch::{self, Epoch};
use super::sealed::Sealed;
use super::series::{Met, Series};
use super::{Agent, Session, is_sealed, item_id};
use crate::account;
use crate::change::Change;
use crate::config::Config;
use crate::event::Event;
use crate::grant;
use crate::handle::{Handle, Id, Kind, Opened, Owner};
use crate::hash::{as_id, b64u, sha256};
use crate::host::Host;
use crate::http::{Cookie, Request, Response, clear_cookie, read_cookie, set_cookie};
use crate::record::{Record, Slot, Stored, partition};
use crate::refusal::{Refusal, Stop};
use crate::seal::{Purpose, RootIndex};
use crate::time::{Millis, Seconds};

/// What a session says of how it began (beside RFC 8176): nobody proved anything then.
pub(crate) const METHOD: &str = "remember";
const COOKIE: &str = "remember cookie";
const SESSION: &str = "remember session";

/// A remembered browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Remembered {
    pub(super) id: String,
    subject: String,
    series: Series,
    /// When the person proved who they are.
    auth_time: Millis,
    expires_at: Millis,
}

impl Record for Remembered {
    const KIND: &'static str = "remembered";

    fn expires(&self) -> Option<Millis> {
        Some(self.expires_at)
    }
}

impl Remembered {
    pub(super) fn slot(config: &Config, subject: &str, id: &str) -> Slot<Self> {
        Slot::new(&config.tenant, account::ROOM, subject, &format!("remember.{id}"))
    }

    /// Of a person who has just signed in; `None`: browsers are not remembered here.
    pub(super) fn begin(host: &Host, subject: &str, auth_time: Millis) -> Option<Self> {
        let lifetime = host.config().sign_in.remember_for?;
        Some(Self {
            id: b64u(host.random().id("remembered browser")),
            subject: subject.to_owned(),
            series: Series::begin(host),
            auth_time,
            expires_at: lifetime.after(host.now()),
        })
    }

    /// The cookie that is good now: always the same for the same row.
    pub(super) fn cookie(&self, host: &Host) -> Result<(&'static str, String), Refusal> {
        let serial = self.series.generation;
        let handle = Handle {
            owner: Owner::Subject(self.subject.clone()),
            id: item_id(&self.id)?,
            serial,
            secret: self.series.secret(host, RootIndex::CURRENT, COOKIE, serial),
            client: String::new(),
        };
        let text = handle.seal(&host.config().roots, host.tenant(), Kind::Remember);
        let left = Seconds(self.expires_at.saturating_sub(host.now()) / 1000);
        Ok(set_cookie(host.config(), Cookie::Remember, &text, left))
    }

    /// The session that this generation began.
    fn session(&self, host: &Host, agent: Agent) -> Session {
        let config = host.config();
        let secret = self.session_secret(host);
        Session {
            id: b64u(session_id(config, &self.id, self.series.generation)),
            subject: self.subject.clone(),
            secret_sha256: b64u(sha256(&secret)),
            auth_time: self.auth_time,
            methods: vec![METHOD.to_owned()],
            created_at: host.now(),
            expires_at: config.lifetimes.session.after(host.now()).min(self.expires_at),
            idle_until: config.lifetimes.session_idle.map(|idle| idle.after(host.now())),
            seen_at: None,
            clients: Vec::new(),
            agent,
            remember: Some(self.id.clone()),
            tokens: None,
            claims: serde_json::Map::new(),
        }
    }

    fn session_secret(&self, host: &Host) -> [u8; 16] {
        self.series.secret(host, RootIndex::CURRENT, SESSION, self.series.generation)
    }
}

/// Known from the cookie before it, so that it is loaded with the row.
fn session_id(config: &Config, series: &str, generation: u32) -> Id {
    let parts: [&[u8]; 3] = [b"remember session id", &generation.to_be_bytes(), series.as_bytes()];
    as_id(config.roots.prf(RootIndex::CURRENT, Purpose::TokenSecret, &parts))
}

/// What came of a remembered browser's cookie.
pub(crate) enum Revived {
    /// A session began, or one that began a moment ago goes on.
    In { subject: String, begun: Begun },
    /// The cookie is good for nothing any more.
    Nobody,
}

/// What a cookie claims; `None`: browsers are not remembered here, or it is not authentic.
pub(crate) fn presented(config: &Config, cookie: Option<&str>) -> Option<Opened> {
    config.sign_in.remember_for?;
    Handle::open(&config.roots, &config.tenant, Kind::Remember, cookie?)
}

/// Begins a session for a remembered browser: a load and a commit. Two tabs at once get the same one.
pub(crate) async fn revive(host: &Host, presented: &Opened, agent: Agent) -> Result<Revived, Stop> {
    let config = host.config();
    let Opened { handle: Handle { owner, id, serial, .. }, .. } = presented;
    let (subject, series) = (owner.name(), b64u(id));
    let next = session_id(config, &series, serial.saturating_add(1));
    let sealed = is_sealed(config);
    let (row, account, epoch, begun) = host
        .load((
            Remembered::slot(config, subject, &series),
            account::slot_of(host, owner),
            sealed.then(|| Epoch::slot(config, subject)),
            (!sealed).then(|| Session::slot(config, subject, &next)),
        ))
        .await?;
    let Some(row) = row else { return Ok(Revived::Nobody) };
    let met = row.value.series.meet(host, COOKIE, presented);
    if met == Met::Replayed {
        end_series(host, row).await?;
        return Ok(Revived::Nobody);
    }
    if met == Met::Foreign || account::active(host, account, subject).await?.is_none() {
        return Ok(Revived::Nobody);
    }
    let remembered = match met {
        Met::Current => Remembered { series: row.value.series.rotated(host.now()), ..row.value.clone() },
        _ => row.value.clone(),
    };
    let session = remembered.session(host, agent);
    if met == Met::Current {
        let change = Change::replace(&row, remembered.clone());
        let slot = Session::slot(config, subject, &next);
        host.commit(if sealed { change } else { change.and_create(slot, session.clone()) }).await?;
        host.tell(Event::SessionRemembered { subject: subject.to_owned(), session_id: session.id.clone() });
    } else if !sealed && begun.is_none_or(|begun| begun.value.secret_sha256 != session.secret_sha256) {
        // The session that the other tab began has ended since.
        return Ok(Revived::Nobody);
    }
    let cookie = if sealed {
        Sealed::of(&session, epoch::number(epoch.as_ref()), host.now()).seal(host)?
    } else {
        super::begin::handle(host, &session, next, remembered.session_secret(host))
    };
    let headers = vec![cookie, remembered.cookie(host)?];
    Ok(Revived::In { subject: subject.to_owned(), begun: Begun { session_id: session.id, headers } })
}

/// Before a page: a remembered browser without a session gets one, and comes again with it.
pub(crate) async fn before_page(host: &Host, request: &Request) -> Result<Option<Response>, Stop> {
    let config = host.config();
    let Some(presented) = presented(config, read_cookie(config, request, Cookie::Remember)) else { return Ok(None) };
    if super::find(host, read_cookie(config, request, Cookie::Session)).await?.is_some() {
        return Ok(None);
    }
    let headers =
        match revive(host, &presented, Agent::new(request.header("user-agent"), request.remote.as_deref())).await? {
            Revived::In { begun, .. } => begun.headers,
            Revived::Nobody => vec![clear_cookie(config, Cookie::Remember)],
        };
    let query = request.query();
    let again = format!("{}{}{query}", request.path(), if query.is_empty() { "" } else { "?" });
    Ok(Some(headers.into_iter().fold(Response::see_other(again), |again, (name, value)| again.with(name, value))))
}

/// Whoever signs out is not signed in again by itself: what this cookie is of is forgotten, and the cookie taken away, if there is one.
pub(crate) async fn leave(host: &Host, cookie: Option<&str>) -> Result<Option<(&'static str, String)>, Stop> {
    let Some(presented) = presented(host.config(), cookie) else { return Ok(None) };
    let Handle { owner, id, .. } = &presented.handle;
    let row = host.load(Remembered::slot(host.config(), owner.name(), &b64u(id))).await?;
    let own = row.filter(|row| matches!(row.value.series.meet(host, COOKIE, &presented), Met::Current | Met::Former));
    if let Some(row) = own {
        host.commit(Change::remove(row.key, row.version)).await?;
    }
    Ok(Some(clear_cookie(host.config(), Cookie::Remember)))
}

/// A cookie that was used before came again: whoever has it, the series is over, and so is every session that it made, in one commit as they
/// were read. What was given in them goes before as well as after: whoever could not finish is met here again.
async fn end_series(host: &Host, row: Stored<Remembered>) -> Result<(), Stop> {
    let Remembered { id, subject, .. } = row.value;
    let prefix = format!("{}/session.", partition(host.tenant(), account::ROOM, &subject));
    let mut made = host.scan_all::<Session>(prefix).await?;
    made.retain(|session| session.value.remember.as_ref() == Some(&id));
    if is_sealed(host.config()) {
        epoch::raise(host, &subject, None).await?;
    }
    let ids: Vec<String> = made.iter().map(|session| session.value.id.clone()).collect();
    grant::end_of_sessions(host, &subject, Some(&ids)).await?;
    host.tell(Event::RememberReplayed { subject: subject.clone(), remembered_id: id });
    if made.is_empty() {
        return host.commit(Change::remove(row.key, row.version)).await;
    }
    // The series goes with the sessions that are of it.
    remove(host, Change::default().and_require(row.key, row.version), made).await?;
    grant::end_of_sessions(host, &subject, Some(&ids)).await
}

/// The remembered browsers of a person, all of them or all but one, are forgotten. No trip where none are remembered.
pub(super) async fn forget(host: &Host, subject: &str, kept: Option<&str>) -> Result<(), Stop> {
    if host.config().sign_in.remember_for.is_none() {
        return Ok(());
    }
    let prefix = format!("{}/remember.", partition(host.tenant(), account::ROOM, subject));
    let mut all = host.scan_all::<Remembered>(prefix).await?;
    all.retain(|row| Some(row.value.id.as_str()) != kept);
    if all.is_empty() {
        return Ok(());
    }
    host.commit(all.into_iter().fold(Change::default(), |change, row| change.and_remove(row.key, row.version))).await
}
