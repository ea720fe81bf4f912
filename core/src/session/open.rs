//! The commands `sessions.open` and `sessions.save`: a session with its bag, of a person or of a visitor.
//!
//! ```text
//!   (nothing) --> a visitor, of whom nothing is stored --- something is put ---> a visitor's bag --- signs in ---> a person's bag
//! ```
//! A visitor's cookie is a handle of its own kind in the place of a session's: it is no session of anybody.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::bag::{Bag, Difference};
use super::begin::handle;
use super::presented::{Presented, SignedIn};
use super::{Session, end};
use crate::change::Change;
use crate::handle::{Handle, Kind, Owner};
use crate::hash::{b64u, sha256};
use crate::host::Host;
use crate::http::{Cookie, clear_cookie, find_cookie, set_cookie};
use crate::record::Stored;
use crate::redacted::redacted_debug;
use crate::refusal::{Refusal, Stop};
use crate::time::Millis;

/// `sessions.open`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Open {
    /// The request's whole `Cookie` header.
    pub cookie: String,
}

/// `sessions.save`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Save {
    /// As `sessions.open` gave it.
    pub handle: String,
    #[serde(default)]
    pub changes: Vec<Difference>,
    /// The cookie is another one from now on.
    #[serde(default)]
    pub regenerate: bool,
    /// The session ends.
    #[serde(default)]
    pub invalidate: bool,
}

redacted_debug!(Open Save);

/// A session as an application uses it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Opened {
    /// For `sessions.save`; the value of the session's cookie.
    handle: String,
    id: String,
    /// `None`: a visitor.
    subject: Option<String>,
    values: Map<String, Value>,
    flash: Map<String, Value>,
    /// For forms of the application's own: nobody else can know it.
    token: String,
    previous_url: Option<String>,
    /// What the response sets, if the session is to be kept.
    headers: Vec<(&'static str, String)>,
}

/// What came of it.
#[derive(Serialize)]
pub(crate) struct Saved {
    headers: Vec<(&'static str, String)>,
}

/// Whose a handle is.
enum Holder {
    Person(Box<SignedIn>, Presented),
    Visitor(Handle),
}

impl Holder {
    /// What the token of its forms is made of.
    fn token(&self, bag: Option<&Bag>) -> String {
        let secret = match self {
            Self::Person(_, presented) => presented.secret(),
            Self::Visitor(handle) => &handle.secret,
        };
        let turn = bag.map_or(0, |bag| bag.token).to_be_bytes();
        b64u(sha256(&[b"application form ", &secret[..], &turn].concat()))
    }

    fn slot(&self, host: &Host) -> crate::record::Slot<Bag> {
        match self {
            Self::Person(signed_in, _) => Bag::slot(host.config(), &signed_in.session.subject, &signed_in.session.id),
            Self::Visitor(handle) => Bag::of_visitor(host.config(), &handle.id),
        }
    }

    /// Until when what is put into the bag is kept.
    fn until(&self, host: &Host) -> Millis {
        match self {
            Self::Person(signed_in, _) => signed_in.session.expires_at,
            Self::Visitor(_) => host.config().lifetimes.session.after(host.now()),
        }
    }

    /// The same change, made in the session as it was read.
    fn hold(&self, change: Change) -> Change {
        match self {
            Self::Person(signed_in, _) => signed_in.required_by(change),
            Self::Visitor(_) => change,
        }
    }
}

/// One load; a commit when there was something for this read alone, so that no other sees it.
pub(crate) async fn open(host: &Host, ask: &Open) -> Result<Opened, Stop> {
    let cookie = find_cookie(host.config(), &ask.cookie, Cookie::Session);
    let (holder, stored) = find(host, cookie).await?;
    let (mut headers, id, subject, text) = match &holder {
        Holder::Person(signed_in, _) => {
            signed_in.note_seen(host).await?;
            let session = &signed_in.session;
            let text = cookie.unwrap_or_default().to_owned();
            (signed_in.renewed(host)?.into_iter().collect(), session.id.clone(), Some(session.subject.clone()), text)
        }
        Holder::Visitor(handle) => (Vec::new(), b64u(handle.id), None, visitor_text(host, handle)),
    };
    if subject.is_none() {
        headers = vec![set_cookie(host.config(), Cookie::Session, &text, host.config().lifetimes.session)];
    }
    let bag = stored.as_ref().map(|stored| stored.value.clone());
    if let Some(stored) = stored.filter(|stored| !stored.value.flash.is_empty()) {
        let read = Bag { flash: Map::new(), ..stored.value.clone() };
        host.commit(Change::replace(&stored, read)).await?;
    }
    let token = holder.token(bag.as_ref());
    let Bag { values, flash, previous_url, .. } = bag.unwrap_or_default();
    Ok(Opened { handle: text, id, subject, values, flash, token, previous_url, headers })
}

/// One load and one commit. Of two at once the slower one makes its changes on what the faster one left.
pub(crate) async fn save(host: &Host, ask: &Save) -> Result<Saved, Stop> {
    const OVER: Refusal = Refusal::NotFound("This session is over");
    let config = host.config();
    let (holder, stored) = find(host, Some(&ask.handle)).await?;
    if matches!(holder, Holder::Visitor(_)) && !ask.handle.starts_with(Kind::Visitor.prefix()) {
        return Err(OVER.into());
    }
    if ask.invalidate {
        invalidate(host, holder, stored).await?;
        return Ok(Saved { headers: vec![clear_cookie(config, Cookie::Session)] });
    }
    let before = stored.as_ref().map_or_else(Bag::default, |stored| stored.value.clone());
    let until = holder.until(host);
    let bag = Bag { until, ..before }.changed(&ask.changes)?;
    let changed = !ask.changes.is_empty();
    match holder {
        Holder::Visitor(_) if ask.regenerate => {
            let new = visitor(host);
            if changed || stored.is_some() {
                host.commit(Change::create(Bag::of_visitor(config, &new.id), bag)).await?;
            }
            if let Some(stored) = stored {
                host.commit(Change::delete(stored.key)).await?;
            }
            Ok(Saved { headers: vec![visitor_cookie(host, &new)] })
        }
        holder => {
            let slot = holder.slot(host);
            let mut change = match (&stored, changed) {
                (Some(stored), true) => holder.hold(Change::replace(stored, bag)),
                (None, true) => holder.hold(Change::create(slot, bag)),
                (_, false) => Change::default(),
            };
            let mut headers = Vec::new();
            match &holder {
                Holder::Visitor(handle) => headers.push(visitor_cookie(host, handle)),
                Holder::Person(signed_in, presented) if ask.regenerate => {
                    let row = signed_in.row().ok_or(Refusal::InvalidArgument(
                        "regenerate: a sealed session has another cookie when its person signs in again",
                    ))?;
                    let secret = host.random().bytes("session secret");
                    let session = Session { secret_sha256: b64u(sha256(&secret)), ..row.value.clone() };
                    headers.push(handle(host, &session, presented.id_bytes(), secret));
                    // The session's row is required by its being written.
                    change = match (stored, changed) {
                        (Some(stored), true) => Change::replace(&row, session)
                            .and_replace(&stored, Bag { until, ..stored.value.clone() }.changed(&ask.changes)?),
                        (None, true) => Change::replace(&row, session).and_create(
                            Bag::slot(config, &row.value.subject, &row.value.id),
                            Bag { until, ..Bag::default() }.changed(&ask.changes)?,
                        ),
                        (_, false) => Change::replace(&row, session),
                    };
                }
                Holder::Person(..) => {}
            }
            if !change.is_empty() {
                host.commit(change).await?;
            }
            Ok(Saved { headers })
        }
    }
}

async fn invalidate(host: &Host, holder: Holder, stored: Option<Stored<Bag>>) -> Result<(), Stop> {
    match (holder, stored) {
        (Holder::Person(signed_in, _), _) => {
            let row = signed_in.row();
            let Session { subject, id, .. } = signed_in.session;
            end(host, &subject, &id, row).await
        }
        (Holder::Visitor(_), Some(stored)) => host.commit(Change::delete(stored.key)).await,
        (Holder::Visitor(_), None) => Ok(()),
    }
}

/// Whose the cookie is, and their bag: a visitor's when it is good for nothing else.
async fn find(host: &Host, cookie: Option<&str>) -> Result<(Holder, Option<Stored<Bag>>), Stop> {
    let config = host.config();
    if let Some(presented) = Presented::read(config, cookie) {
        let slot = Bag::slot(config, presented.owner().name(), &presented.id());
        let (rows, bag) = host.load((Presented::slots(Some(&presented), host), slot)).await?;
        if let Some(signed_in) = Presented::check(Some(&presented), host, rows).await? {
            return Ok((Holder::Person(Box::new(signed_in), presented), bag));
        }
    }
    let known = cookie.and_then(|cookie| Handle::open(&config.roots, &config.tenant, Kind::Visitor, cookie));
    match known {
        Some(known) => {
            let bag = host.load(Bag::of_visitor(config, &known.handle.id)).await?;
            Ok((Holder::Visitor(known.handle), bag))
        }
        None => Ok((Holder::Visitor(visitor(host)), None)),
    }
}

fn visitor(host: &Host) -> Handle {
    Handle {
        owner: Owner::Subject(String::new()),
        id: host.random().id("visitor id"),
        serial: 0,
        secret: host.random().bytes("visitor secret"),
        client: String::new(),
    }
}

fn visitor_text(host: &Host, handle: &Handle) -> String {
    handle.seal(&host.config().roots, host.tenant(), Kind::Visitor)
}

fn visitor_cookie(host: &Host, handle: &Handle) -> (&'static str, String) {
    set_cookie(host.config(), Cookie::Session, &visitor_text(host, handle), host.config().lifetimes.session)
}
