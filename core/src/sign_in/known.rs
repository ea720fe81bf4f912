//! A browser that somebody signed in with before: a sealed cookie, which says so and nothing else. It signs nobody in.

use crate::handle::{Handle, Kind, Owner};
use crate::hash::b64u;
use crate::host::Host;
use crate::http::{Cookie, set_cookie};
use crate::time::Seconds;

/// How long a browser is known: 400 days, the longest that browsers keep a cookie (RFC 6265bis section 5.5).
const LIFETIME: Seconds = Seconds(400 * 86_400);

/// Whose browser it is, and which of theirs.
#[derive(Clone, Debug)]
pub(crate) struct Known(Handle);

impl Known {
    /// By the value of the cookie.
    pub(crate) fn open(host: &Host, cookie: &str) -> Option<Self> {
        Handle::open(&host.config().roots, host.tenant(), Kind::KnownBrowser, cookie).map(|opened| Self(opened.handle))
    }

    pub(crate) fn is_of(&self, subject: &str) -> bool {
        self.0.owner.subject() == Some(subject)
    }

    /// Which of the person's browsers.
    fn id(&self) -> String {
        b64u(self.0.id)
    }

    /// The name of a counter at this person: a browser of theirs has one of its own, which strangers do not fill.
    pub(crate) fn counter(known: Option<&Self>, subject: &str, name: &str) -> String {
        let own = known.filter(|known| known.is_of(subject));
        own.map_or_else(|| name.to_owned(), |known| format!("{name}-{}", known.id()))
    }

    /// The cookie for a browser in which this person has just signed in; `None`: it has it.
    pub(crate) fn cookie(host: &Host, known: Option<&Self>, subject: &str) -> Option<(&'static str, String)> {
        if known.is_some_and(|known| known.is_of(subject)) {
            return None;
        }
        let handle = Handle {
            owner: Owner::Subject(subject.to_owned()),
            id: host.random().id("known browser"),
            serial: 0,
            secret: [0; 16],
            client: String::new(),
        };
        let text = handle.seal(&host.config().roots, host.tenant(), Kind::KnownBrowser);
        Some(set_cookie(host.config(), Cookie::Known, &text, LIFETIME))
    }
}
