//! Signing in: one way from a name to a session, whatever is proved on it.
//!
//! A first factor (`password`, or a link or a code that was sent) gives [`Proved`]; [`first_factor`] makes of it a session, or asks for
//! the second factor. Nothing else makes a session, but the host's word (`interactions.complete`).

mod attempts;
mod door;
mod known;
mod pages;
mod password;
mod pending;
mod second;
mod stage;

pub(crate) use attempts::Attempts;
pub(crate) use door::Place;
pub(crate) use pages::{post_sign_in, sign_in_page};
pub(crate) use second::{SECOND, post_second_factor};
pub(crate) use stage::{First, Full};

use known::Known;
use pending::Pending;

use crate::change::Change;
use crate::factor::Factors;
use crate::host::Host;
use crate::http::{Cookie, Request, read_cookie};
use crate::record::Stored;
use crate::refusal::{Refusal, Stop};
use crate::session::{self, Agent, Former, Old};

/// A browser in which somebody is signing in.
pub(crate) struct Visitor<'a> {
    request: &'a Request,
    known: Option<Known>,
}

impl<'a> Visitor<'a> {
    pub(crate) fn of(host: &Host, request: &'a Request) -> Self {
        Self { request, known: Known::read(host, request) }
    }

    /// The counters of an attempt at this person.
    pub(crate) fn attempts(&self, host: &Host, subject: &str) -> Attempts {
        Attempts::of(host, subject, self.request.remote.as_deref(), self.known.as_ref())
    }

    /// What binds what is begun here to this browser.
    fn browser(&self, host: &Host) -> Option<&'a str> {
        read_cookie(host.config(), self.request, Cookie::Browser)
    }

    /// What is to be loaded of the session that the browser has had so far.
    pub(crate) fn old(&self, host: &Host) -> Old {
        Old::read(host, read_cookie(host.config(), self.request, Cookie::Session))
    }
}

/// Somebody proved one thing; nothing of that is told yet.
pub(crate) struct Proved {
    pub(crate) first: First,
    /// The counters that a right answer is held to, in the person's partition; `None`: it was held to others.
    pub(crate) attempts: Option<Attempts>,
    pub(crate) factors: Option<Stored<Factors>>,
    pub(crate) former: Former,
    /// What else happens with it, in the person's partition: a link is spent, a hash renewed.
    pub(crate) change: Option<Box<dyn FnOnce(Change) -> Change>>,
}

/// How far they came.
pub(crate) enum Came {
    /// A session began. What the response sets.
    In(Vec<(&'static str, String)>),
    /// A second factor is wanted: the handle for its page.
    Halfway(String, Stored<Factors>),
}

/// One commit: the answer counts, whatever goes with it happens, and the session begins, unless there is more to prove.
pub(crate) async fn first_factor(
    host: &Host,
    visitor: &Visitor<'_>,
    place: &Place,
    proved: Proved,
) -> Result<Came, Stop> {
    let Proved { first, attempts, factors, former, change } = proved;
    let also = |with: Change| {
        let with = attempts.iter().fold(with, |with, attempts| attempts.passed(with));
        change.into_iter().fold(with, |with, more| more(with))
    };
    match factors.filter(|factors| factors.value.wants_second()) {
        Some(factors) => {
            let browser = visitor.browser(host).ok_or(Refusal::InteractionEnded)?;
            let pending = Pending::new(&place.handle, first, browser, host.now());
            host.commit(also(Change::default())).await?;
            Ok(Came::Halfway(pending.seal(host), factors))
        }
        None => Ok(Came::In(begin(host, visitor, former, &first.full(host.now()), also).await?)),
    }
}

/// Begins a session, with whatever else happens in the same commit, and remembers the browser as the person's.
async fn begin(
    host: &Host,
    visitor: &Visitor<'_>,
    former: Former,
    full: &Full,
    also: impl FnOnce(Change) -> Change,
) -> Result<Vec<(&'static str, String)>, Stop> {
    let known = Known::cookie(host, visitor.known.as_ref(), full.subject());
    let new = session::New { full, agent: Agent::of(visitor.request) };
    let begun = session::prepare(host, former, new)?.with(also).commit(host).await?;
    Ok(begun.headers.into_iter().chain(known).collect())
}
