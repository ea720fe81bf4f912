//! Pushed authorization requests (RFC 9126): the client sends its request itself, and the browser carries only a reference.
//!
//! ```text
//!            the first browser that comes
//!   Pushed -------------------------------> Begun   (the same browser may come again: the same interaction)
//!      |  (expires)                           |  (expires with the interaction)
//!      v                                      v
//!    over                                   over
//! ```
//! The interaction's id is the pushed request's, and the grant's id a PRF of that: one pushed request makes one grant.

use serde::{Deserialize, Serialize};

use super::interaction::{Begun, browser_digest};
use super::request::{AuthorizationRequest, ReturnTo};
use crate::change::Change;
use crate::client::{self, Client, Credentials};
use crate::config::Config;
use crate::dpop::Possession;
use crate::grant::client_credentials::ServiceToken;
use crate::handle::{Handle, Id, Kind, Owner};
use crate::hash::{b64u, same, sha256};
use crate::host::Host;
use crate::http::{Request, Response};
use crate::metadata;
use crate::oidc::hint;
use crate::record::{Record, Slot, Stored};
use crate::refusal::{Refusal, Stop};
use crate::throttle::{Throttle, network_of};
use crate::time::{Millis, Seconds};

/// The client's own partition, where the marker of its DPoP proof is too.
const ROOM: &str = ServiceToken::ROOM;
const MINUTE: Seconds = Seconds(60);

/// A request that a client pushed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PushedRequest {
    pub(super) request: AuthorizationRequest,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum State {
    Pushed {
        until: Millis,
    },
    Begun {
        #[serde(flatten)]
        by: Begun,
        until: Millis,
    },
}

impl Record for PushedRequest {
    const KIND: &'static str = "pushed";

    fn expires(&self) -> Option<Millis> {
        let (State::Pushed { until } | State::Begun { until, .. }) = self.state;
        Some(until)
    }
}

impl State {
    /// A browser comes with the reference at `now`; an interaction that begins now is over at `until`.
    fn begin(self, browser_sha256: String, now: Millis, until: Millis) -> Result<Self, Refusal> {
        match self {
            Self::Pushed { .. } => Ok(Self::Begun { by: Begun { browser_sha256, at: now }, until }),
            Self::Begun { ref by, .. } if same(by.browser_sha256.as_bytes(), browser_sha256.as_bytes()) => Ok(self),
            Self::Begun { .. } => Err(Refusal::InvalidRequestUri),
        }
    }
}

/// RFC 9126 section 2.2.
#[derive(Serialize)]
struct PushedResponse {
    request_uri: String,
    /// Seconds.
    expires_in: u64,
}

/// The endpoint (RFC 9126 section 2): everything that the authorization endpoint would refuse is refused here, as JSON.
pub(crate) async fn push(host: &Host, request: &Request) -> Result<Response, Stop> {
    let config = host.config();
    let form = request.form()?;
    let credentials = Credentials::read(request, &form)?;
    let possession = Possession::read(host, request, metadata::PUSHED).await?;
    let owner = Owner::Client(credentials.client_id.clone());
    let throttle = throttle(host, request, &credentials);
    let client_slot = Client::slot(config, &credentials.client_id);
    let (client, pushed, used) = host.load((client_slot, &throttle, possession.slot(config, &owner))).await?;
    let client = client::current(host, request.remote.as_deref(), &credentials.client_id, client).await?;
    let client = client::authenticate(host, client, &credentials).await?.value;
    throttle.check(host, pushed)?;
    Possession::check_unused(used.as_ref())?;
    // Section 2.1: a reference must not refer to another.
    if form.one("request_uri")?.is_some() {
        return Err(Refusal::InvalidRequest("A pushed request has no request_uri").into());
    }
    let hint = hint::subject_for(host, form.one("id_token_hint")?, &client.id).await?;
    let mut request =
        AuthorizationRequest::read(config, &client, ReturnTo::read(config, &form, &client)?, &form, hint)?;
    request.dpop_jkt = possession.bind_code(request.dpop_jkt)?;
    let id: Id = host.random().bytes("pushed request id");
    let lifetime = config.lifetimes.pushed_request;
    let record = PushedRequest { request, state: State::Pushed { until: lifetime.after(host.now()) } };
    let create = Change::create(slot(config, &client.id, &id), record).and_count(&throttle);
    host.commit(possession.spend(create, config, &owner)).await?;
    let handle = Handle { owner, id, serial: 0, secret: Default::default(), client: String::new() };
    let request_uri = handle.seal(&config.roots, &config.tenant, Kind::RequestUri);
    Ok(Response::json(201, &PushedResponse { request_uri, expires_in: lifetime.0 }))
}

/// How much a client may push. Anybody can push in the name of one that does not authenticate, so its counter is for each address:
/// strangers take nothing from its honest users. In the client's own partition, it is counted by the same commit.
fn throttle(host: &Host, request: &Request, credentials: &Credentials) -> Throttle {
    let most = u64::from(host.config().limits.pushed_per_minute);
    let name = if credentials.prove_nothing() {
        format!("pushed.{}", b64u(sha256(network_of(request.remote.as_deref()).as_bytes())))
    } else {
        "pushed".to_owned()
    };
    Throttle::new(host, ROOM, &credentials.client_id, &name, most, MINUTE)
}

fn slot(config: &Config, client_id: &str, id: &Id) -> Slot<PushedRequest> {
    Slot::new(&config.tenant, ROOM, client_id, &format!("pushed.{}", b64u(id)))
}

/// A reference as the browser brings it, authentic and the client's own (RFC 9126 section 4).
pub(super) struct Reference {
    pub(super) id: Id,
    client_id: String,
}

impl Reference {
    /// Whether it is one at all, and not the address of a request object elsewhere.
    pub(super) fn is_ours(request_uri: &str) -> bool {
        request_uri.starts_with(Kind::RequestUri.prefix())
    }

    pub(super) fn read(config: &Config, request_uri: &str, client_id: &str) -> Result<Self, Refusal> {
        Handle::open(&config.roots, &config.tenant, Kind::RequestUri, request_uri)
            .filter(|opened| opened.handle.client() == client_id)
            .map(|opened| Self { id: opened.handle.id, client_id: client_id.to_owned() })
            .ok_or(Refusal::InvalidRequestUri)
    }

    pub(super) fn slot(&self, config: &Config) -> Slot<PushedRequest> {
        slot(config, &self.client_id, &self.id)
    }

    /// Whose browser it is from now on. The first one that comes is written down; after that, only it may come.
    pub(super) async fn begin(
        &self,
        host: &Host,
        stored: Stored<PushedRequest>,
        browser: &str,
    ) -> Result<(AuthorizationRequest, Begun), Stop> {
        let PushedRequest { request, state } = stored.value.clone();
        let over = host.config().lifetimes.interaction.after(host.now());
        let begun = state.clone().begin(browser_digest(browser), host.now(), over)?;
        let State::Begun { by, .. } = begun.clone() else { return Err(Refusal::InvalidRequestUri.into()) };
        if begun != state {
            host.commit(Change::replace(&stored, PushedRequest { request: request.clone(), state: begun })).await?;
        }
        Ok((request, by))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_browser_begins_and_may_come_again_and_no_other() {
        let begun = State::Pushed { until: 60 }.begin("a".into(), 10, 1000).unwrap();
        assert_eq!(begun, State::Begun { by: Begun { browser_sha256: "a".into(), at: 10 }, until: 1000 });
        assert_eq!(begun.clone().begin("a".into(), 20, 2000), Ok(begun.clone()));
        assert_eq!(begun.begin("b".into(), 20, 2000), Err(Refusal::InvalidRequestUri));
    }
}
