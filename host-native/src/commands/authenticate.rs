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
    /// `unauthenticated` when it presents nothing, `invalid_request`, `invalid_token`, and faults. [`Error::into_response`] makes
    /// the 400 or 401.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, Error> {
        self.authenticate_for(headers, &Requirement::default()).await
    }

    /// The same, and refuses a token that is not good for the requirement.
    ///
    /// # Errors
    /// As of [`Claviger::authenticate`], and `insufficient_scope`.
    pub async fn authenticate_for(&self, headers: &HeaderMap, requirement: &Requirement) -> Result<Principal, Error> {
        self.ask_who(headers, None, requirement).await
    }

    /// The same for a whole request, which a token that is bound to a key needs: its proof is of the method and the path too (RFC 9449).
    /// The path must be the one that the client used: an outer router must not have taken a part of it away. A proof is good once,
    /// so ask once for each request.
    ///
    /// # Errors
    /// As of [`Claviger::authenticate_for`], and `invalid_dpop_proof` and `use_dpop_nonce`.
    pub async fn authenticate_request(
        &self,
        request: &http::request::Parts,
        requirement: &Requirement,
    ) -> Result<Principal, Error> {
        let seen = Seen { method: request.method.to_string(), url: request.uri.to_string() };
        self.ask_who(&request.headers, Some(&seen), requirement).await
    }

    pub(crate) async fn ask_who(
        &self,
        headers: &HeaderMap,
        seen: Option<&Seen>,
        requirement: &Requirement,
    ) -> Result<Principal, Error> {
        let headers = byte_strings(headers);
        self.command(
            "authenticate",
            &Authenticate {
                headers,
                seen,
                requirement,
                only: requirement.only,
                basic: requirement.basic,
                remote: requirement.remote.as_deref(),
            },
        )
        .await
    }

    /// What else the token of a request must be good for, once its key was proven.
    pub(crate) async fn verify_with_key(
        &self,
        headers: &HeaderMap,
        jkt: &str,
        requirement: &Requirement,
    ) -> Result<Principal, Error> {
        let authorization = headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = authorization.and_then(|value| value.split_once(' ')).map_or("", |(_, token)| token.trim());
        self.command("tokens.verify", &VerifyWithKey { token, jkt, requirement }).await
    }
}

/// What the engine must know of a request beside its headers, to check a proof.
#[derive(Debug, Serialize)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) url: String,
}

#[derive(Serialize)]
struct VerifyWithKey<'a> {
    token: &'a str,
    jkt: &'a str,
    #[serde(flatten)]
    requirement: &'a Requirement,
}

#[derive(Serialize)]
struct Authenticate<'a> {
    headers: Vec<(&'a str, String)>,
    #[serde(flatten)]
    seen: Option<&'a Seen>,
    #[serde(flatten)]
    requirement: &'a Requirement,
    #[serde(skip_serializing_if = "Option::is_none")]
    only: Option<&'static str>,
    basic: bool,
    remote: Option<&'a str>,
}

/// Who makes a request, and what it may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Principal {
    /// How the request showed who it is from.
    pub kind: PrincipalKind,
    /// Who it is from; `None`: a client that acts for itself (`client_credentials`), or a personal access token.
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
    /// Who acts for the subject, where a token was exchanged.
    #[serde(default)]
    pub actor: Option<Actor>,
    /// The thumbprint of the key that the token is bound to (RFC 9449 section 6).
    pub jkt: Option<String>,
    /// Milliseconds since 1970.
    pub expires_at: Option<u64>,
    /// When the person signed in; milliseconds since 1970.
    #[serde(default)]
    pub auth_time: Option<u64>,
    /// How they did (RFC 8176), where a session tells it.
    #[serde(default)]
    pub methods: Vec<String>,
    /// The personal access token that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pat: Option<PatHolder>,
    /// For the response, when the session goes on with another cookie.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
}

/// What a personal access token may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PatHolder {
    /// The token's id.
    pub id: String,
    /// A name, and nobody's account.
    pub owner: String,
    /// Whether it may administer the others.
    pub admin: bool,
    /// What it may, in order.
    pub roles: Vec<String>,
}

/// Who acts for somebody else (RFC 8693 section 4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Actor {
    /// A person's subject, or a client's id.
    pub sub: String,
    /// Who acted before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Actor>>,
}

impl Principal {
    /// Whether it may do what takes this scope. A person who is signed in may do anything: scopes bound what applications do.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.kind == PrincipalKind::Session || self.scopes.iter().any(|own| own == scope)
    }

    /// Whether it has one of these scopes at least.
    #[must_use]
    pub fn has_any_scope(&self, scopes: &[&str]) -> bool {
        scopes.iter().any(|scope| self.has_scope(scope))
    }
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
    /// By a login and a password in the request itself (RFC 7617), where [`Requirement::basic`] lets them.
    Password,
    /// By a personal access token, or the JWT that one was exchanged for: [`Principal::pat`] says whose.
    Pat,
}

/// What a token must be good for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Requirement {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    any_scopes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<String>,
    revocation: Revocation,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    require_verified_email: bool,
    /// Of `authenticate` alone.
    #[serde(skip)]
    only: Option<&'static str>,
    /// Of `authenticate` alone.
    #[serde(skip)]
    basic: bool,
    /// Of `authenticate` alone.
    #[serde(skip)]
    remote: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    methods: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    admin: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
}

/// What becomes of a JWT that was revoked before it expired.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Revocation {
    #[default]
    Expiry,
    Check,
}

impl Requirement {
    /// It must cover a scope.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// It must cover one of these scopes at least.
    #[must_use]
    pub fn any_scope<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.any_scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// It must not have been revoked, even if it is a JWT, which otherwise is good until it expires: one trip to the store.
    #[must_use]
    pub fn not_revoked(self) -> Self {
        Self { revocation: Revocation::Check, ..self }
    }

    /// It must be an access token: a session is not let through.
    #[must_use]
    pub fn token_only(self) -> Self {
        Self { only: Some("token"), ..self }
    }

    /// A login and a password in the request itself do, too (RFC 7617), hashed and counted as at the sign-in page, and at the peer's
    /// address where it is known. Whoever has a second factor is refused.
    #[must_use]
    pub fn basic(self, remote: Option<std::net::IpAddr>) -> Self {
        Self { basic: true, remote: remote.map(|address| address.to_string()), ..self }
    }

    /// The person must have signed in at most so long ago; otherwise `insufficient_user_authentication` (RFC 9470 section 3).
    #[must_use]
    pub fn max_age(self, age: std::time::Duration) -> Self {
        Self { max_age: Some(age.as_secs()), ..self }
    }

    /// The person's email address must be verified: one trip to the store more. Otherwise `email_not_verified`, as for a client that acts for
    /// itself.
    #[must_use]
    pub fn verified_email(self) -> Self {
        Self { require_verified_email: true, ..self }
    }

    /// The person must have signed in by this (RFC 8176), such as `mfa`. Only a session tells how.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.methods.push(method.into());
        self
    }

    /// It must be an administrator's personal access token.
    #[must_use]
    pub fn admin(self) -> Self {
        Self { admin: true, ..self }
    }

    /// It must be a personal access token with this role.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
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
