//! An interaction: an authorization request on its way through the browser, sealed. Nothing is stored until the person
//! decides, so an unauthenticated request writes nothing; the grant's id is a PRF of the interaction's, so each person can allow it once. Who
//! signs in as another, in the one browser that it began in, may still answer it as that other.

use serde::{Deserialize, Serialize};

use super::request::AuthorizationRequest;
use crate::config::Config;
use crate::handle::Id;
use crate::hash::{b64u, from_b64u, sha256};
use crate::host::Host;
use crate::refusal::Refusal;
use crate::seal::{Purpose, RootIndex};
use crate::session::SignedIn;
use crate::ticket;
use crate::time::Millis;

/// The longest handle that is made or looked at: the address of a page must hold it.
const LONGEST: usize = 12_288;
const TICKET: ticket::Kind = ticket::Kind { prefix: "cvi_", context: "", nonce: "interaction nonce", longest: LONGEST };

/// An authorization request, the browser it began in, and when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Interaction {
    id: String,
    pub(crate) request: AuthorizationRequest,
    browser_sha256: String,
    pub(crate) began_at: Millis,
}

/// What the person must do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Next {
    SignIn,
    Consent,
    /// The person allowed all of it before.
    Nothing,
}

/// Who came with a pushed request first, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begun {
    pub(crate) browser_sha256: String,
    pub(crate) at: Millis,
}

/// What stands for a browser's cookie where it must not stand itself.
pub(crate) fn browser_digest(browser: &str) -> String {
    b64u(sha256(browser.as_bytes()))
}

/// What binds an interaction to a browser: the cookie that it has, or a new one.
pub(crate) fn browser_of(host: &Host, known: Option<&str>) -> String {
    // It goes back into a header: only what was made here, byte for byte.
    match known.filter(|value| from_b64u(value).is_some_and(|bytes| bytes.len() == 16)) {
        Some(known) => known.to_owned(),
        None => b64u(host.random().bytes::<16>("browser")),
    }
}

impl ticket::Bound for Interaction {
    fn browser_sha256(&self) -> &str {
        &self.browser_sha256
    }

    fn began_at(&self) -> Millis {
        self.began_at
    }
}

impl Interaction {
    pub(crate) fn begin(host: &Host, request: AuthorizationRequest, browser: &str) -> Self {
        Self {
            id: b64u(host.random().id("interaction id")),
            request,
            browser_sha256: browser_digest(browser),
            began_at: host.now(),
        }
    }

    /// The one interaction of a pushed request: the same whenever its browser comes with it again.
    pub(crate) fn of_pushed(id: &Id, request: AuthorizationRequest, begun: &Begun) -> Self {
        Self { id: b64u(id), request, browser_sha256: begun.browser_sha256.clone(), began_at: begun.at }
    }

    /// The text that goes through the browser, if it is short enough to go through an address.
    pub(crate) fn seal_bounded(&self, host: &Host) -> Result<String, Refusal> {
        let handle = self.seal(host);
        if handle.len() <= LONGEST { Ok(handle) } else { Err(Refusal::InvalidRequest("The request is too long")) }
    }

    /// The text that goes through the browser.
    pub(crate) fn seal(&self, host: &Host) -> String {
        TICKET.seal(host, self)
    }

    /// The interaction, if it is authentic, not over, and began in this very browser.
    pub(crate) fn open(host: &Host, handle: &str, browser: Option<&str>) -> Result<Self, Refusal> {
        let lifetime = host.config().lifetimes.interaction;
        TICKET.open(host, handle, browser, lifetime, "This sign-in was begun in another browser")
    }

    /// What comes next, whoever is signed in and whatever they allowed before.
    pub(crate) fn next(&self, signed_in: Option<&SignedIn>, allowed_before: bool, now: Millis) -> Next {
        let Some(signed_in) = signed_in else { return Next::SignIn };
        let auth_time = signed_in.session.auth_time;
        let too_old = self
            .request
            .max_age
            .is_some_and(|seconds| auth_time.saturating_add(seconds.saturating_mul(1000)) < self.began_at.min(now));
        let must_sign_in_anew = self.request.prompt.wants_sign_in() && auth_time < self.began_at;
        match () {
            () if too_old || must_sign_in_anew => Next::SignIn,
            () if allowed_before && !self.request.prompt.wants_consent() => Next::Nothing,
            () => Next::Consent,
        }
    }

    /// When nobody can answer it any more.
    pub(crate) fn over_at(&self, config: &Config) -> Millis {
        config.lifetimes.interaction.after(self.began_at)
    }

    /// The one grant that this interaction can make of one person's.
    pub(crate) fn grant_id(&self, config: &Config) -> Id {
        grant_id(config, &self.id)
    }

    /// The same for the interaction with this id.
    pub(crate) fn grant_of(config: &Config, id: &Id) -> Id {
        grant_id(config, &b64u(id))
    }
}

fn grant_id(config: &Config, interaction_id: &str) -> Id {
    config.roots.prf(RootIndex::CURRENT, Purpose::GrantId, &[interaction_id.as_bytes()])
}
