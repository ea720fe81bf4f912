//! Signing in: one way from a name to a session, whatever is proved on it.
//!
//! A first factor (`password`, or a link or a code that was sent) gives [`Proved`]; [`first_factor`] makes of it a session, or asks for
//! the second factor. Nothing else makes a session, but the host's word (`interactions.complete`).

mod attempts;
pub(crate) mod basic;
mod commands;
mod door;
mod known;
mod pages;
mod password;
mod pending;
mod second;
mod stage;
mod visitor;

pub(crate) use attempts::{Attempts, Counted};
pub use commands::{As, Out, SendCode, WithCode, WithPassword};
pub(crate) use commands::{View, by_host, out, send_code, sign_in_as, with_code, with_password};
pub(crate) use door::{Door, Place};
pub(crate) use known::Known;
pub(crate) use pages::{arrived, post_second_factor, post_sign_in, sign_in_page};
pub(crate) use second::SECOND;
pub(crate) use stage::{First, Full};
pub(crate) use visitor::{Visit, Visitor};

use pending::Pending;

use crate::change::Change;
use crate::email;
use crate::factor::{self, Factors, Kind};
use crate::host::Host;
use crate::record::Stored;
use crate::refusal::{Refusal, Stop};
use crate::session::{self, Former};

/// Somebody proved one thing; nothing of that is told yet.
pub(crate) struct Proved {
    pub(crate) first: First,
    /// The counters that a right answer is held to, in the person's partition; `None`: it was held to others.
    pub(crate) attempts: Option<Attempts>,
    pub(crate) factors: Option<Stored<Factors>>,
    pub(crate) former: Former,
    /// What else happens with it, in the person's partition: a link is spent, a hash renewed.
    pub(crate) change: Option<Box<dyn FnOnce(Change) -> Change>>,
    /// Of the account, once this has happened; `None`: the host keeps the accounts.
    pub(crate) password_digest: Option<String>,
}

/// A session that has begun.
pub(crate) struct SignedIn {
    pub(crate) subject: String,
    pub(crate) session_id: String,
    /// What the response sets.
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// How far they came.
pub(crate) enum Came {
    In(SignedIn),
    /// A second factor is wanted.
    Halfway {
        /// The handle for its page.
        pending: String,
        subject: String,
        /// What would do.
        kinds: Vec<Kind>,
    },
}

/// One commit: the answer counts, whatever goes with it happens, and the session begins, unless there is more to prove. That is bound to
/// `browser`, the value of its cookie, and goes on at `interaction`.
pub(crate) async fn first_factor(
    host: &Host,
    visitor: &Visitor<'_>,
    interaction: Option<&str>,
    browser: &str,
    proved: Proved,
) -> Result<Came, Stop> {
    let Proved { first, attempts, factors, former, change, password_digest } = proved;
    let also = |with| happens(attempts.as_ref(), change, with);
    match factors {
        Some(factors) if factors.value.wants_second() => {
            let subject = first.subject.clone();
            let kinds = factors.value.kinds_after(&first.methods);
            if kinds.is_empty() {
                return Err(Refusal::InsufficientUserAuthentication.into());
            }
            let pending = Pending::new(interaction, first, browser, password_digest, host.now());
            let pending = pending.remembering(visitor.remember);
            host.commit(also(Change::default())).await?;
            Ok(Came::Halfway { pending: pending.seal(host), subject, kinds })
        }
        // Whoever adds a second factor meanwhile is not passed by.
        without => {
            let slot = Factors::slot(host.config(), &first.subject);
            let also = |with| factor::unchanged(also(with), slot, without.as_ref());
            Ok(Came::In(begin(host, visitor, (former, visitor.remember), &first.full(host.now()), also).await?))
        }
    }
}

/// The same change with all that a right answer causes, whatever comes of it.
fn happens(attempts: Option<&Attempts>, change: Option<Box<dyn FnOnce(Change) -> Change>>, with: Change) -> Change {
    let with = attempts.into_iter().fold(with, |with, attempts| attempts.passed(with));
    change.into_iter().fold(with, |with, more| more(with))
}

/// Begins a session, with whatever else happens in the same commit, and remembers the browser as the person's.
async fn begin(
    host: &Host,
    visitor: &Visitor<'_>,
    (former, remember): (Former, bool),
    full: &Full,
    also: impl FnOnce(Change) -> Change,
) -> Result<SignedIn, Stop> {
    let new = session::New { full, agent: visitor.agent.clone(), remember };
    let told = email::tells_of_new_browser(host, full, visitor.is_known_to(full.subject()));
    let begun = session::prepare(host, former, new)?.with(also).telling(told).commit(host).await?;
    let known = visitor.become_known(host, full.subject());
    let headers = begun.headers.into_iter().chain(known).collect();
    Ok(SignedIn { subject: full.subject().to_owned(), session_id: begun.session_id, headers })
}
