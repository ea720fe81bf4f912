//! Back-channel logout (OpenID Connect Back-Channel Logout 1.0): clients that a person signed in to are told when the session ends.
//!
//! The session's row says which clients. When it ends, an event for each asks the host to run `logout.deliver`, which makes a fresh token
//! each time and says when to try again; nobody waits for it.

use serde::{Deserialize, Serialize};

use super::{id_token, subject};
use crate::ask::{Fetch, FetchLimits};
use crate::client::Client;
use crate::event::Event;
use crate::hash::b64u;
use crate::host::Host;
use crate::key::set::KeySet;
use crate::refusal::{Fault, Refusal, Stop};
use crate::session;
use crate::time::{Seconds, numeric_date};

/// Section 2.4.
const TYPE: &str = "logout+jwt";
const LIFETIME: Seconds = Seconds(120);
/// An answer has nothing to say but its status (section 2.8).
const LIMITS: FetchLimits = FetchLimits { bytes: 65_536, millis: 5000, redirects: 0, public_only: true };
/// Seconds after each attempt but the last.
const PAUSES: [u32; 2] = [5, 60];

/// `logout.deliver`: what the event `logout.due` says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Deliver {
    pub subject: String,
    pub session_id: String,
    pub client_id: String,
    /// From 1, which it is when absent.
    #[serde(default)]
    pub attempt: Option<u8>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Delivered {
    delivered: bool,
    /// Seconds; `None`: not again.
    retry_in: Option<u32>,
}

/// Section 2.4. Never with a `nonce`, so that it is no ID token.
#[derive(Serialize)]
struct LogoutClaims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    iat: u64,
    exp: u64,
    jti: String,
    events: Events,
    sid: String,
}

#[derive(Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    logout: Empty,
}

#[derive(Serialize)]
struct Empty {}

/// Why a client was not told, and whether another attempt may fare better.
struct Failure {
    reason: String,
    is_final: bool,
}

/// Tells one client that one session is over: a trip and a request.
pub(crate) async fn deliver(host: &Host, ask: &Deliver) -> Result<Delivered, Stop> {
    let attempts = PAUSES.len() + 1;
    let attempt = usize::from(ask.attempt.unwrap_or(1));
    if !(1..=attempts).contains(&attempt) {
        return Err(Refusal::InvalidArgument("attempt: from 1 to 3").into());
    }
    let Deliver { subject, session_id, client_id, .. } = ask;
    let (client, session, keys) = host
        .load((
            Client::slot(host.config(), client_id),
            session::slot_of(host.config(), subject, session_id)?,
            KeySet::wanted(host),
        ))
        .await?;
    if session.is_some() {
        return Err(Refusal::InvalidArgument("sessionId: this session is not over").into());
    }
    let keys = KeySet::current(host, keys).await?;
    let client = client.map(|client| client.value).filter(|client| !client.disabled);
    let (subject, client_id, session_id) = (subject.clone(), client_id.clone(), session_id.clone());
    match send(host, ask, client.as_ref(), &keys).await? {
        Ok(()) => {
            host.tell(Event::LogoutDelivered { subject, client_id, session_id });
            Ok(Delivered { delivered: true, retry_in: None })
        }
        Err(failure) => {
            let retry_in = PAUSES.get(attempt - 1).copied().filter(|_| !failure.is_final);
            if retry_in.is_none() {
                host.tell(Event::LogoutNotDelivered { subject, client_id, session_id, reason: failure.reason });
            }
            Ok(Delivered { delivered: false, retry_in })
        }
    }
}

/// Section 2.5.
async fn send(
    host: &Host,
    ask: &Deliver,
    client: Option<&Client>,
    keys: &KeySet,
) -> Result<Result<(), Failure>, Fault> {
    let Some((client, uri)) = client.and_then(|client| Some((client, client.openid.backchannel_logout_uri.as_ref()?)))
    else {
        return Ok(Err(Failure { reason: "the client is gone, or wants to be told no more".into(), is_final: true }));
    };
    let fetch = Fetch {
        method: "POST".into(),
        url: uri.clone(),
        headers: vec![("content-type".into(), "application/x-www-form-urlencoded".into())],
        body: Some(format!("logout_token={}", sign(host, ask, client, keys).await?)),
        limits: LIMITS,
    };
    let failure = match host.fetch(fetch).await {
        Ok(answer) if matches!(answer.status, 200..=299) => return Ok(Ok(())),
        Ok(answer) => Failure {
            reason: format!("status {}", answer.status),
            is_final: answer.status < 500 && ![408, 429].contains(&answer.status),
        },
        Err(Fault::HostFailed(reason)) => Failure { reason, is_final: false },
        Err(other) => return Err(other),
    };
    Ok(Err(failure))
}

async fn sign(host: &Host, ask: &Deliver, client: &Client, keys: &KeySet) -> Result<String, Fault> {
    let config = host.config();
    let claims = LogoutClaims {
        iss: &config.issuer.text,
        sub: subject::sub(config, client, &ask.subject),
        aud: &client.id,
        iat: numeric_date(host.now()),
        exp: numeric_date(LIFETIME.after(host.now())),
        jti: b64u(host.random().bytes::<16>("logout token id")),
        events: Events { logout: Empty {} },
        sid: subject::sid(&client.id, &ask.session_id),
    };
    let claims = serde_json::to_vec(&claims).map_err(|_| Fault::Cryptography("claims cannot be written"))?;
    keys.sign_by(host, Some(id_token::algorithm(config, client)), TYPE, &claims).await
}
