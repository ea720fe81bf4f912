//! Sessions of people who sign in at a server of their own, as the npm package's `createOAuthSessions` keeps them: its cookies are good here,
//! and those of here there.

mod cookie;
mod parameters;

use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderMap};
use serde_json::Value;

use crate::claviger::Claviger;
use crate::commands::{Arrived, CompletedJourney, NewJourney, Onward, SealPasswords};
use crate::error::{Error, Problem};
use crate::services::ServiceError;
use cookie::Sealed;
use parameters::{is_for_applications, is_web, only, with};

/// Who speaks with the other server. Write the methods as `async fn`.
pub trait OAuthClient: Send + Sync + 'static {
    /// Where the person signs in: an address that sends `state` along as it is.
    ///
    /// # Errors
    /// Whatever the log should say. Nobody is sent anywhere then.
    fn authorize(&self, handle: &str, state: &str) -> impl Future<Output = Result<String, ServiceError>> + Send;

    /// Redeems the code of a callback, whose query this is. It checks `iss`.
    ///
    /// # Errors
    /// Whatever the log should say. Nobody is signed in then.
    fn callback(&self, query: &str) -> impl Future<Output = Result<OAuthSession, ServiceError>> + Send;
}

/// A session at the other server.
#[derive(Clone)]
pub struct OAuthSession {
    /// Whose it is.
    pub did: String,
    /// What they are called there.
    pub handle: Option<String>,
    /// What the client wants to find again under `session:{did}`.
    pub data: Value,
}

impl std::fmt::Debug for OAuthSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OAuthSession").field("did", &self.did).finish_non_exhaustive()
    }
}

/// Where sessions at the other server are kept, as JSON. Write the methods as `async fn`.
pub trait SessionStorage: Send + Sync + 'static {
    /// What is kept under this key.
    ///
    /// # Errors
    /// Whatever the log should say. Nobody is let in then.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<String>, ServiceError>> + Send;

    /// Keeps it until it is deleted.
    ///
    /// # Errors
    /// Whatever the log should say. Nobody is signed in then.
    fn set(&self, key: &str, value: String) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// Forgets it.
    ///
    /// # Errors
    /// Whatever the log should say. The person is told that they are still signed in.
    fn delete(&self, key: &str) -> impl Future<Output = Result<(), ServiceError>> + Send;
}

/// Sessions of people who sign in at a server of their own.
#[derive(Debug)]
pub struct OAuthSessions<C, S> {
    auth: Claviger,
    client: C,
    storage: S,
    passwords: SealPasswords,
    mobile_scheme: String,
    ttl: Duration,
}

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Validated {
    /// Nobody, when there is no session.
    pub who: Option<Arrived>,
    /// For the response either way.
    pub headers: Vec<(String, String)>,
}

/// What a mobile application gets for its code.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MobileSession {
    /// Whose it is.
    pub who: Arrived,
    /// To be sent as `Authorization: Bearer <sid>`.
    pub sid: String,
}

impl std::fmt::Debug for MobileSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MobileSession").field("who", &self.who).finish_non_exhaustive()
    }
}

/// How long the seal of a mobile application lives: iron-session's own default.
const MOBILE_TTL: Duration = Duration::from_secs(14 * 86_400);
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// Seconds of use after which the cookie is set anew.
const REFRESH_AFTER: u64 = 3600;

impl<C: OAuthClient, S: SessionStorage> OAuthSessions<C, S> {
    /// With the passwords that seal cookies. A cookie lives for a week of disuse, and mobile applications are opened by `app://auth-callback`.
    #[must_use]
    pub fn new(auth: Claviger, client: C, storage: S, passwords: SealPasswords) -> Self {
        Self { auth, client, storage, passwords, mobile_scheme: "app://auth-callback".into(), ttl: WEEK }
    }

    /// The address that opens your application on a device.
    ///
    /// # Errors
    /// A configuration error for what a browser would run or show by itself.
    pub fn mobile_scheme(self, address: impl Into<String>) -> Result<Self, Error> {
        let mobile_scheme = address.into();
        if !is_for_applications(&mobile_scheme) {
            return Err(misconfigured("mobile_scheme: an address such as app://auth-callback"));
        }
        Ok(Self { mobile_scheme, ..self })
    }

    /// How long a session lives unused.
    ///
    /// # Errors
    /// A configuration error for a minute or less: a cookie ends a minute before its seal.
    pub fn ttl(self, ttl: Duration) -> Result<Self, Error> {
        if ttl <= cookie::SKEW {
            return Err(misconfigured("ttl: more than 60 seconds"));
        }
        Ok(Self { ttl, ..self })
    }

    /// Who speaks with the other server.
    pub const fn client(&self) -> &C {
        &self.client
    }

    /// Sends somebody to their server.
    ///
    /// # Errors
    /// `OAUTH_FLOW_ERROR` when the handle, the path or the challenge is none, or a link of another site leads here (whoever follows it would be
    /// signed in as whom that site likes): nothing was asked of anybody then. And faults.
    pub async fn start(&self, headers: &HeaderMap, journey: &NewJourney) -> Result<Onward, Error> {
        if headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
            return Err(flow_error("The sign-in was started by another site"));
        }
        let begun = self.auth.journeys().begin(headers, journey).await.map_err(flow)?;
        let handle = journey.handle.to_ascii_lowercase();
        let location = self.client.authorize(&handle, &begun.state).await;
        let location = location.map_err(|error| told(&error, "The other server could not be asked"))?;
        if !is_web(&location) {
            return Err(flow_error("The other server has no address to sign in"));
        }
        Ok(Onward::new(location, begun.headers))
    }

    /// Somebody comes back with this query: a browser gets its cookie and goes on; a mobile application is opened with a `code` for
    /// [`OAuthSessions::exchange`], and never with a token.
    ///
    /// # Errors
    /// `OAUTH_FLOW_ERROR`, `STORAGE_ERROR`, and faults.
    pub async fn callback(&self, query: &str, headers: &HeaderMap) -> Result<Onward, Error> {
        let (state, code, refusal) = (only(query, "state"), only(query, "code"), only(query, "error"));
        let Some(state) = state.filter(|_| code.is_some() != refusal.is_some()) else {
            return Err(flow_error("The answer of the other server is incomplete"));
        };
        // Spent before anything is asked of anybody: of two with one state, one goes on.
        let CompletedJourney { redirect_path, code_challenge, .. } =
            self.auth.journeys().complete(headers, &state).await.map_err(flow)?;
        let Some(challenge) = code_challenge else {
            let who = self.sign_in(query, refusal.is_some()).await?;
            return Ok(Onward::new(redirect_path, vec![self.fresh_cookie(&who).await?]));
        };
        // The application waits for an answer, whatever came of it.
        let parameter = match self.code_for(query, refusal.is_some(), &challenge).await {
            Ok(code) => ("code", code),
            Err(_) if refusal.as_deref() == Some("access_denied") => ("error", "access_denied".to_owned()),
            Err(error) => {
                tracing::error!(code = error.code(), %error, "a mobile application could not be signed in");
                ("error", "server_error".to_owned())
            }
        };
        Ok(Onward::new(with(&self.mobile_scheme, parameter.0, &parameter.1), Vec::new()))
    }

    /// What a mobile application gets for its code.
    ///
    /// # Errors
    /// `MOBILE_INTEGRATION_ERROR` when the code is over, was used, or is of another verifier; and faults.
    pub async fn exchange(&self, code: &str, code_verifier: &str) -> Result<MobileSession, Error> {
        let who = self.auth.journeys().redeem_code(code, code_verifier).await.map_err(mobile)?;
        let now = self.now();
        if !self.is_kept(&who.subject, now).await? {
            return Err(mobile_error());
        }
        let sid = self.seal_for_mobile(&who.subject, now).await?;
        Ok(MobileSession { who, sid })
    }

    /// Who sent this request.
    ///
    /// # Errors
    /// `STORAGE_ERROR` when that cannot be told, and faults.
    pub async fn validate(&self, headers: &HeaderMap) -> Result<Validated, Error> {
        let Some(seal) = cookie::find(headers) else { return Ok(Validated { who: None, headers: Vec::new() }) };
        let Some(session) = self.open(&seal).await? else {
            return Ok(Validated { who: None, headers: vec![cookie::cleared()] });
        };
        let now = self.now();
        let is_due = now.saturating_sub(session.last_accessed) >= REFRESH_AFTER * 1000;
        let who = Arrived { subject: session.did.clone(), handle: session.handle.clone() };
        let headers =
            if is_due { vec![self.cookie(Sealed { last_accessed: now, ..session }).await?] } else { Vec::new() };
        Ok(Validated { who: Some(who), headers })
    }

    /// Whose seal is in the `Authorization` header.
    ///
    /// # Errors
    /// `MOBILE_INTEGRATION_ERROR` when it is nobody's, and faults.
    pub async fn validate_mobile(&self, headers: &HeaderMap) -> Result<String, Error> {
        Ok(self.open_mobile(headers).await?.did)
    }

    async fn open_mobile(&self, headers: &HeaderMap) -> Result<Sealed, Error> {
        let seal =
            headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|text| text.split_once(' '));
        let Some((_, seal)) = seal.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) else {
            return Err(mobile_error());
        };
        self.open(seal).await?.ok_or_else(mobile_error)
    }

    /// A fresh seal of the same session for the one that a mobile application has.
    ///
    /// # Errors
    /// As of [`OAuthSessions::validate_mobile`].
    pub async fn refresh_mobile(&self, headers: &HeaderMap) -> Result<MobileSession, Error> {
        let Sealed { did: subject, created_at, .. } = self.open_mobile(headers).await?;
        let sid = self.seal_for_mobile(&subject, created_at).await?;
        Ok(MobileSession { who: Arrived { subject, handle: None }, sid })
    }

    /// Signs out, in all browsers and applications of theirs, for good (`ended:{did}` keeps when), and answers the headers that take the cookie away. A request without a session
    /// changes nothing. Call it for a POST alone.
    ///
    /// # Errors
    /// `STORAGE_ERROR`: they are still signed in. And faults.
    pub async fn logout(&self, headers: &HeaderMap) -> Result<Vec<(String, String)>, Error> {
        if let Some(who) = self.validate(headers).await?.who {
            let ended = self.storage.set(&end_of(&who.subject), self.now().to_string()).await;
            ended.map_err(|error| storage_error(&error))?;
            self.storage.delete(&key_of(&who.subject)).await.map_err(|error| storage_error(&error))?;
        }
        Ok(vec![cookie::cleared()])
    }

    async fn code_for(&self, query: &str, is_refused: bool, challenge: &str) -> Result<String, Error> {
        let who = self.sign_in(query, is_refused).await?;
        self.auth.journeys().issue_code(&who, challenge).await
    }

    /// Redeems the code at the other server, and keeps the session.
    async fn sign_in(&self, query: &str, is_refused: bool) -> Result<Arrived, Error> {
        if is_refused {
            return Err(flow_error("The other server refused"));
        }
        let session = self.client.callback(query).await;
        let OAuthSession { did, handle, data } =
            session.map_err(|error| told(&error, "The other server's answer was not accepted"))?;
        if !is_did(&did) {
            return Err(flow_error("The other server told of nobody"));
        }
        self.storage.set(&key_of(&did), data.to_string()).await.map_err(|error| storage_error(&error))?;
        Ok(Arrived { subject: did, handle })
    }

    /// Whether they are signed in, and have not signed out since then.
    async fn is_kept(&self, did: &str, began_at: u64) -> Result<bool, Error> {
        let is_there = self.storage.get(&key_of(did)).await.map_err(|error| storage_error(&error))?.is_some();
        let ended = self.storage.get(&end_of(did)).await.map_err(|error| storage_error(&error))?;
        // What cannot be read ended everything.
        let ended_at = ended.map_or(0, |text| text.parse().unwrap_or(u64::MAX));
        Ok(is_there && began_at >= ended_at)
    }

    fn now(&self) -> u64 {
        self.auth.inner().host.clock.now()
    }

    async fn open(&self, seal: &str) -> Result<Option<Sealed>, Error> {
        let opened = match self.auth.seals().unseal::<Value>(seal, &self.passwords).await {
            Err(Error::Refused(_)) => return Ok(None),
            opened => opened?,
        };
        let Ok(session) = serde_json::from_value::<Sealed>(opened) else { return Ok(None) };
        Ok(self.is_kept(&session.did, session.created_at).await?.then_some(session))
    }

    async fn fresh_cookie(&self, who: &Arrived) -> Result<(String, String), Error> {
        let now = self.now();
        let session =
            Sealed { did: who.subject.clone(), handle: who.handle.clone(), created_at: now, last_accessed: now };
        self.cookie(session).await
    }

    async fn cookie(&self, session: Sealed) -> Result<(String, String), Error> {
        let seal = self.auth.seals().seal(&session, &self.passwords, self.ttl).await?;
        cookie::set(&seal, self.ttl).ok_or_else(|| refused("SESSION_ERROR", 400, "The session is over 4096 bytes"))
    }

    async fn seal_for_mobile(&self, did: &str, created_at: u64) -> Result<String, Error> {
        self.auth
            .seals()
            .seal(&serde_json::json!({ "did": did, "createdAt": created_at }), &self.passwords, MOBILE_TTL)
            .await
    }
}

fn key_of(did: &str) -> String {
    format!("session:{did}")
}

/// When they signed out last.
fn end_of(did: &str) -> String {
    format!("ended:{did}")
}

/// DIDs are longer on paper; a subject has at most 255 characters.
fn is_did(did: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:%-".contains(&byte);
    let method = did.strip_prefix("did:").and_then(|rest| rest.split_once(':'));
    did.len() <= 255
        && method.is_some_and(|(method, id)| {
            let is_lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            !method.is_empty() && method.bytes().all(is_lower) && !id.is_empty() && id.bytes().all(is_plain)
        })
}

fn refused(code: &str, status: u16, message: &str) -> Error {
    Error::Refused(Problem::new(code, status, message, "Start the sign-in again."))
}

fn flow_error(message: &str) -> Error {
    refused("OAUTH_FLOW_ERROR", 400, message)
}

fn mobile_error() -> Error {
    refused("MOBILE_INTEGRATION_ERROR", 401, "The session is over")
}

fn flow(error: Error) -> Error {
    match error {
        Error::Refused(problem) => flow_error(&problem.message),
        other => other,
    }
}

fn mobile(error: Error) -> Error {
    match error {
        Error::Refused(problem) => refused("MOBILE_INTEGRATION_ERROR", 401, &problem.message),
        other => other,
    }
}

/// What the client says is for the log alone.
fn told(error: &ServiceError, message: &str) -> Error {
    tracing::warn!(%error, "{message}");
    flow_error(message)
}

fn storage_error(error: &ServiceError) -> Error {
    tracing::error!(%error, "the storage of sessions failed");
    Error::Fault(Problem::new("STORAGE_ERROR", 503, "The storage failed", "See the log: nobody was let in."))
}

fn misconfigured(message: &str) -> Error {
    Error::Configuration(Problem::new("configuration", 500, message, "Correct the options."))
}
