//! Who makes a request.

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::claviger::Claviger;
use crate::error::Error;
use crate::web::byte_strings;

impl Claviger {
    /// Says who makes a request: by its access token, or else by its session cookie.
    ///
    /// # Errors
    /// `unauthenticated` when it presents nothing, `invalid_token`, and faults. [`Error::into_response`] makes the 401.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, Error> {
        self.authenticate_for(headers, &Requirement::default()).await
    }

    /// The same, and refuses a token that is not good for the requirement.
    ///
    /// # Errors
    /// As of [`Claviger::authenticate`], and `insufficient_scope`.
    pub async fn authenticate_for(&self, headers: &HeaderMap, requirement: &Requirement) -> Result<Principal, Error> {
        let headers = byte_strings(headers);
        self.command("authenticate", &Authenticate { headers, requirement }).await
    }
}

#[derive(Serialize)]
struct Authenticate<'a> {
    headers: Vec<(&'a str, String)>,
    #[serde(flatten)]
    requirement: &'a Requirement,
}

/// Who makes a request, and what it may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Principal {
    /// How the request showed who it is from.
    pub kind: PrincipalKind,
    /// Who it is from; `None`: a client that acts for itself (`client_credentials`).
    pub subject: Option<String>,
    /// The application that acts.
    pub client_id: Option<String>,
    /// What it may do.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub scopes: Vec<String>,
    /// Whom the token is for.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub audience: Vec<String>,
    /// The browser that the subject is signed in with.
    pub session_id: Option<String>,
    /// What the subject has allowed the application.
    pub grant_id: Option<String>,
    /// Milliseconds since 1970.
    pub expires_at: Option<u64>,
}

/// How a request showed who it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum PrincipalKind {
    /// By an access token.
    Token,
    /// By a session cookie.
    Session,
}

/// What a token must be good for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Requirement {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) scopes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) audience: Option<String>,
}

impl Requirement {
    /// It must cover a scope.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// It must be for this resource (RFC 8707).
    #[must_use]
    pub fn audience(self, audience: impl Into<String>) -> Self {
        Self { audience: Some(audience.into()), ..self }
    }
}

fn null_is_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
