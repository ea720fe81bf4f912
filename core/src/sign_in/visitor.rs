//! The browser in which somebody signs in, whichever door they came by.

use serde::Deserialize;

use super::attempts::Attempts;
use super::known::Known;
use crate::host::Host;
use crate::http::{Cookie, Request, find_cookie, read_cookie};
use crate::redacted::redacted_debug;
use crate::session::{Agent, Old};

/// What a host with pages of its own tells of a browser.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Visit {
    /// The request's whole `Cookie` header.
    #[serde(default)]
    pub cookie: String,
    #[serde(default)]
    pub remote: Option<String>,
    #[serde(default)]
    pub user_agent: Option<String>,
    /// Whether the browser is to be remembered, where it may be.
    #[serde(default)]
    pub remember: bool,
}

redacted_debug!(Visit);

/// A browser in which somebody is signing in.
#[derive(Clone)]
pub(crate) struct Visitor<'a> {
    session: Option<&'a str>,
    remembered: Option<&'a str>,
    browser: Option<&'a str>,
    known: Option<Known>,
    remote: Option<&'a str>,
    pub(super) agent: Agent,
    /// Whether the person wishes to stay signed in.
    pub(super) remember: bool,
}

impl<'a> Visitor<'a> {
    pub(crate) fn of(host: &Host, request: &'a Request) -> Self {
        let cookie = |which| read_cookie(host.config(), request, which);
        Self::new(host, cookie, request.remote.as_deref(), request.header("user-agent"))
    }

    /// The same by the host's word.
    pub(crate) fn at_host(host: &Host, visit: &'a Visit) -> Self {
        let cookie = |which| find_cookie(host.config(), &visit.cookie, which);
        let visitor = Self::new(host, cookie, visit.remote.as_deref(), visit.user_agent.as_deref());
        Self { remember: visit.remember, ..visitor }
    }

    /// One of which nothing is known but where it is.
    pub(super) fn unknown(host: &Host, remote: Option<&'a str>) -> Self {
        Self::new(host, |_| None, remote, None)
    }

    fn new(
        host: &Host,
        cookie: impl Fn(Cookie) -> Option<&'a str>,
        remote: Option<&'a str>,
        user_agent: Option<&str>,
    ) -> Self {
        Self {
            session: cookie(Cookie::Session),
            remembered: cookie(Cookie::Remember),
            browser: cookie(Cookie::Browser),
            known: cookie(Cookie::Known).and_then(|text| Known::open(host, text)),
            remote,
            agent: Agent::new(user_agent, remote),
            remember: false,
        }
    }

    /// The same of a person who wishes to stay signed in, unless they said so before.
    pub(crate) fn wishing(self, remember: bool) -> Self {
        Self { remember: self.remember || remember, ..self }
    }

    /// The counters of an attempt at this person.
    pub(crate) fn attempts(&self, host: &Host, subject: &str) -> Attempts {
        Attempts::of(host, subject, self.remote, self.known.as_ref())
    }

    /// The same, for a person of whom the address is counted already.
    pub(super) fn attempts_there(&self, host: &Host, subject: &str) -> Attempts {
        Attempts::of(host, subject, None, self.known.as_ref())
    }

    /// What binds what is begun here to this browser.
    pub(crate) const fn browser(&self) -> Option<&'a str> {
        self.browser
    }

    /// The cookie that begins sessions by itself.
    pub(super) const fn remembered(&self) -> Option<&'a str> {
        self.remembered
    }

    pub(super) const fn session(&self) -> Option<&'a str> {
        self.session
    }

    /// What is to be loaded of the session that the browser has had so far.
    pub(crate) fn old(&self, host: &Host) -> Old {
        Old::read(host, self.session)
    }

    /// Whose browser it is known to be.
    pub(crate) const fn known(&self) -> Option<&Known> {
        self.known.as_ref()
    }

    /// Whether this person signed in here before.
    pub(super) fn is_known_to(&self, subject: &str) -> bool {
        self.known.as_ref().is_some_and(|known| known.is_of(subject))
    }

    /// The cookie by which the browser is known as this person's from now on; `None`: it is.
    pub(super) fn become_known(&self, host: &Host, subject: &str) -> Option<(&'static str, String)> {
        Known::cookie(host, self.known.as_ref(), subject)
    }
}
