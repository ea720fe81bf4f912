//! Sign-ins and consents that pages of your own serve.
//!
//! The browser arrives at your page with `?interaction=<handle>`. Every command takes that handle and the request's
//! headers, whose cookie proves that it is the browser which began.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, COOKIE, LOCATION, REFERRER_POLICY, USER_AGENT};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ClientOrigin;
use crate::claviger::Claviger;
use crate::engine::EngineError;
use crate::error::Error;
use crate::web::{append_headers, byte_string};

impl Claviger {
    /// Sign-ins and consents that pages of your own serve.
    #[must_use]
    pub fn interactions(&self) -> Interactions<'_> {
        Interactions(self)
    }
}

/// Commands on interactions.
#[derive(Debug, Clone, Copy)]
pub struct Interactions<'a>(&'a Claviger);

impl Interactions<'_> {
    /// What the page must ask.
    ///
    /// # Errors
    /// `interaction_ended`, `forbidden` for another browser's, and faults.
    pub async fn get(&self, handle: &str, headers: &HeaderMap) -> Result<Interaction, Error> {
        self.0.command("interactions.get", &At::new(handle, headers)).await
    }

    /// Somebody has signed in, by these methods (RFC 8176, such as `pwd`).
    ///
    /// # Errors
    /// As of [`Interactions::get`].
    pub async fn complete(
        &self,
        handle: &str,
        headers: &HeaderMap,
        subject: &str,
        methods: &[&str],
    ) -> Result<Onward, Error> {
        let user_agent = headers.get(USER_AGENT).map(|value| byte_string(value.as_bytes()));
        let complete = Complete { at: At::new(handle, headers), subject, methods, user_agent };
        self.0.command("interactions.complete", &complete).await
    }

    /// The person agrees.
    ///
    /// # Errors
    /// As of [`Interactions::get`].
    pub async fn consent(&self, handle: &str, headers: &HeaderMap, allowed: &Allowed) -> Result<Onward, Error> {
        self.0.command("interactions.consent", &Consent { at: At::new(handle, headers), allowed }).await
    }

    /// The person does not agree.
    ///
    /// # Errors
    /// As of [`Interactions::get`].
    pub async fn deny(&self, handle: &str, headers: &HeaderMap) -> Result<Onward, Error> {
        self.0.command("interactions.deny", &At::new(handle, headers)).await
    }
}

/// What the person allows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Allowed {
    /// Of what was asked for; `None`: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// Whom the page asked: somebody else may have signed in since. `None`: whoever is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Any JSON to keep with the grant, of at most 4 kB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<serde_json::Value>,
}

/// What the page must ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Interaction {
    /// To sign in, or to agree.
    pub prompt: Prompt,
    /// Which application asks; `None` when a person signs in to enter the code of a device.
    pub client: Option<InteractionClient>,
    /// Where the browser will be sent back to.
    pub redirect_host: Option<String>,
    /// What it asks for.
    pub scopes: Vec<InteractionScope>,
    /// Who is signed in.
    pub subject: Option<String>,
    /// Whom the application expects.
    pub login_hint: Option<String>,
}

/// What a person is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Prompt {
    /// Prove who they are.
    SignIn,
    /// Agree to what the application asks for.
    Consent,
    /// Nothing: they agreed before. [`Interactions::consent`] sends the browser on.
    Nothing,
}

/// The application that asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InteractionClient {
    /// Its id.
    pub id: String,
    /// What people are shown.
    pub name: String,
    /// Where its registration is from; tell people when it is not the operator.
    pub origin: ClientOrigin,
    /// What a client that registered itself says of itself, in the words of RFC 7591 section 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
}

/// Something that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InteractionScope {
    /// The scope.
    pub name: String,
    /// What people are told of it.
    pub description: String,
}

/// Where to send the browser, and what to set on the way.
#[derive(Debug, Clone, Deserialize)]
pub struct Onward {
    location: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
}

impl Onward {
    pub(crate) const fn new(location: String, headers: Vec<(String, String)>) -> Self {
        Self { location, headers }
    }

    /// Where to send the browser.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The response that sends it there, and tells nobody from which page: that has the interaction in its address.
    ///
    /// # Errors
    /// A fault, if the engine's headers are none.
    pub fn into_response(self) -> Result<Response<Full<Bytes>>, Error> {
        let contract = |what: String| Error::from(EngineError::Contract(what));
        let location = HeaderValue::try_from(self.location).map_err(|error| contract(error.to_string()))?;
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::SEE_OTHER;
        response.headers_mut().insert(LOCATION, location);
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        append_headers(response.headers_mut(), &self.headers).map_err(contract)?;
        Ok(response)
    }
}

#[derive(Serialize)]
pub(super) struct At<'a> {
    handle: &'a str,
    cookie: String,
}

impl<'a> At<'a> {
    pub(super) fn new(handle: &'a str, headers: &HeaderMap) -> Self {
        Self { handle, cookie: cookie_of(headers) }
    }
}

/// The request's cookies as one header.
pub(super) fn cookie_of(headers: &HeaderMap) -> String {
    let cookies: Vec<_> = headers.get_all(COOKIE).iter().map(|value| byte_string(value.as_bytes())).collect();
    cookies.join("; ")
}

#[derive(Serialize)]
struct Complete<'a> {
    #[serde(flatten)]
    at: At<'a>,
    subject: &'a str,
    methods: &'a [&'a str],
    #[serde(rename = "userAgent", skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

#[derive(Serialize)]
struct Consent<'a> {
    #[serde(flatten)]
    at: At<'a>,
    #[serde(flatten)]
    allowed: &'a Allowed,
}
