//! Journeys: a person is sent to another server to sign in there, and comes back.
//!
//! ```text
//!   begin --state, cookie--> the other server --state--> complete --> a session, in a cookie
//!     sealed, not stored                        spent once    |
//!                                                             +-----> issue_code --> the mobile application --> redeem_code
//!                                                                       sealed, for a minute                      spent once
//! ```
//! The `state` (RFC 6749 section 10.12) holds all there is to know of the journey, so that nothing is stored before somebody comes back with
//! it, in the browser that it began in. What goes to a mobile application by an address is never a token: any other application may have
//! claimed the same scheme (RFC 8252 section 8.1). It is a code, and only who began the journey has what redeems it.

mod code;
mod return_path;

use serde::{Deserialize, Serialize};

pub use code::{IssueCode, RedeemCode};
pub(crate) use code::{issue as issue_code, redeem as redeem_code};

use crate::atproto::read_handle;
use crate::authorize::pkce::is_challenge;
use crate::authorize::{browser_digest, browser_of};
use crate::config::Config;
use crate::hash::b64u;
use crate::host::Host;
use crate::http::{Cookie, find_cookie, set_cookie};
use crate::marker::{Marker, Place};
use crate::record::Slot;
use crate::redacted::redacted_debug;
use crate::refusal::{Refusal, Stop};
use crate::throttle::Throttle;
use crate::ticket;
use crate::time::{Millis, Seconds};

const ROOM: &str = "journey";
const TICKET: ticket::Kind =
    ticket::Kind { prefix: "cvy_", context: "journey ", nonce: "journey nonce", longest: 4096 };
/// How long somebody may be away.
const LIFETIME: Seconds = Seconds(600);
/// How many may leave from one address in an hour: several people may share it, and nobody is disturbed by it.
const MOST_OF_AN_ADDRESS: u64 = 300;
/// What the clocks of two hosts may differ by: markers outlive what they are of by as much.
const SKEW: Seconds = Seconds(60);
const NO_HANDLE: Refusal = Refusal::InvalidArgument("handle: a domain name, such as ada.bsky.social");
const NO_CHALLENGE: Refusal = Refusal::InvalidArgument(
    "codeChallenge: base64url of a SHA-256 digest (RFC 7636, S256), with mobile and not without",
);

/// `journeys.begin`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Begin {
    /// The request's whole `Cookie` header.
    pub cookie: String,
    pub handle: String,
    #[serde(default)]
    pub redirect_path: Option<String>,
    #[serde(default)]
    pub mobile: bool,
    #[serde(default)]
    pub code_challenge: Option<String>,
    /// The peer's address, which is counted; without it nobody is.
    #[serde(default)]
    pub remote: Option<String>,
}

/// `journeys.complete`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Complete {
    pub cookie: String,
    pub state: String,
}

redacted_debug!(Begin Complete);

/// What goes to the other server and comes back as `state`.
#[derive(Serialize, Deserialize)]
struct Journey {
    id: String,
    handle: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    redirect_path: Option<String>,
    /// Of a mobile application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code_challenge: Option<String>,
    browser_sha256: String,
    began_at: Millis,
}

impl ticket::Bound for Journey {
    fn browser_sha256(&self) -> &str {
        &self.browser_sha256
    }

    fn began_at(&self) -> Millis {
        self.began_at
    }
}

#[derive(Serialize)]
pub(crate) struct Begun {
    state: String,
    headers: Vec<(&'static str, String)>,
}

/// Who came back, and where they go on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Completed {
    handle: String,
    redirect_path: String,
    code_challenge: Option<String>,
}

/// No trip, or one that counts for the address that asks: what follows has the host ask a server that anybody may name.
pub(crate) async fn begin(host: &Host, ask: &Begin) -> Result<Begun, Stop> {
    let config = host.config();
    let handle = read_handle(&ask.handle).ok_or(NO_HANDLE)?;
    return_path::check(ask.redirect_path.as_deref())?;
    let challenge_fits = match &ask.code_challenge {
        Some(challenge) => ask.mobile && is_challenge(challenge),
        None => !ask.mobile,
    };
    if !challenge_fits {
        return Err(NO_CHALLENGE.into());
    }
    if let Some(remote) = &ask.remote {
        Throttle::from_address(host, remote, "journey", MOST_OF_AN_ADDRESS, Seconds(3600)).admit(host).await?;
    }
    let browser = browser_of(host, find_cookie(config, &ask.cookie, Cookie::Browser));
    let journey = Journey {
        id: b64u(host.random().id("journey id")),
        handle,
        redirect_path: ask.redirect_path.clone(),
        code_challenge: ask.code_challenge.clone(),
        browser_sha256: browser_digest(&browser),
        began_at: host.now(),
    };
    let lifetime = LIFETIME.max(config.lifetimes.interaction);
    Ok(Begun {
        state: TICKET.seal(host, &journey),
        headers: vec![set_cookie(config, Cookie::Browser, &browser, lifetime)],
    })
}

/// Spends the state, before anything is asked of the other server. One trip, two when it was spent already.
pub(crate) async fn complete(host: &Host, ask: &Complete) -> Result<Completed, Stop> {
    let browser = find_cookie(host.config(), &ask.cookie, Cookie::Browser);
    let journey: Journey =
        TICKET.open(host, &ask.state, browser, LIFETIME, "This sign-in was begun in another browser")?;
    if !spend(host, "state", &journey.id, LIFETIME.after(journey.began_at)).await? {
        return Err(Refusal::InteractionEnded.into());
    }
    Ok(Completed {
        handle: journey.handle,
        redirect_path: journey.redirect_path.unwrap_or_else(|| "/".to_owned()),
        code_challenge: journey.code_challenge,
    })
}

/// Whether this is the one use of something that is good until then.
async fn spend(host: &Host, what: &str, id: &str, until: Millis) -> Result<bool, Stop> {
    Marker::until(SKEW.after(until)).claim(host, slot(host.config(), what, id)).await
}

fn slot(config: &Config, what: &str, id: &str) -> Slot<Marker> {
    Marker::slot(config, Place { room: ROOM, owner: id }, what, id)
}
