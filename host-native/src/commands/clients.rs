//! The applications that may ask for tokens.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ById, Items, Paging};
use crate::claviger::Claviger;
use crate::error::Error;

impl Claviger {
    /// The applications that may ask for tokens.
    #[must_use]
    pub fn clients(&self) -> Clients<'_> {
        Clients(self)
    }
}

/// Commands on clients.
#[derive(Debug, Clone, Copy)]
pub struct Clients<'a>(&'a Claviger);

impl Clients<'_> {
    /// Registers a client. Its secret is shown here and never again.
    ///
    /// # Errors
    /// `invalid_argument`, `already_exists`, and faults.
    pub async fn create(&self, client: &NewClient) -> Result<ClientWithSecret, Error> {
        self.0.command("clients.create", client).await
    }

    /// Looks a client up.
    ///
    /// # Errors
    /// Faults only.
    pub async fn find(&self, id: &str) -> Result<Option<Client>, Error> {
        self.0.command("clients.find", &ById { id }).await
    }

    /// Lists all clients.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn list(&self, paging: &Paging) -> Result<Items<Client>, Error> {
        self.0.command("clients.list", paging).await
    }

    /// Changes a client; what is absent from the change stays.
    ///
    /// # Errors
    /// `not_found`, `invalid_argument`, and faults.
    pub async fn update(&self, id: &str, change: &ClientChange) -> Result<Client, Error> {
        self.0.command("clients.update", &Update { id, change }).await
    }

    /// Removes a client for good; answers whether there was one.
    ///
    /// # Errors
    /// `not_found`, and faults.
    pub async fn delete(&self, id: &str) -> Result<bool, Error> {
        let Deleted { deleted } = self.0.command("clients.delete", &ById { id }).await?;
        Ok(deleted)
    }

    /// Gives a client a new secret. The old one works for `overlap` seconds more.
    ///
    /// # Errors
    /// `not_found`, and faults.
    pub async fn rotate_secret(&self, id: &str, overlap: u64) -> Result<ClientWithSecret, Error> {
        self.0.command("clients.rotateSecret", &RotateSecret { id, overlap }).await
    }
}

/// A registered application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Client {
    /// What it calls itself in requests.
    pub id: String,
    /// What people are shown.
    pub name: String,
    /// Where browsers may be sent back to, compared byte for byte.
    pub redirect_uris: Vec<String>,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// How it may ask.
    pub grant_types: Vec<String>,
    /// How it proves who it is.
    pub auth_method: AuthMethod,
    /// What its access tokens look like.
    pub access_token: AccessTokenFormat,
    /// Whether it gets only tokens that are bound to a key of its own (RFC 9449 section 5.2).
    pub dpop_bound_access_tokens: bool,
    /// The public keys that its assertions are verified with: a JWK Set, as the engine writes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Where these keys are instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The only algorithm of its assertions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_signing_alg: Option<String>,
    /// The resources that it serves: it may introspect access tokens for them.
    pub resources: Vec<String>,
    /// The resources for which it may exchange the tokens that it receives (RFC 8693).
    pub exchange_for: Vec<String>,
    /// Whether it must push its authorization requests (RFC 9126 section 6).
    pub require_pushed_authorization_requests: bool,
    /// What was said of OpenID Connect.
    #[serde(default)]
    pub openid: OpenIdClient,
    /// Whether it is refused everything.
    pub disabled: bool,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// Where its registration is from.
    pub origin: ClientOrigin,
    /// What a client that registered itself says of itself, in the words of RFC 7591 section 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
}

/// How a client wants to be told of people (OpenID Connect Dynamic Client Registration section 2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OpenIdClient {
    /// What its ID tokens are signed with: `signing.algorithm` of the configuration, or one of `signing.alternatives`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_alg: Option<String>,
    /// What answers of the userinfo endpoint are signed with; plain JSON when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_alg: Option<String>,
    /// How it knows people.
    pub subject_type: SubjectType,
    /// The host of this address is its sector; needed where its redirect URIs have several hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// How old a sign-in may be, in seconds, where a request does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u64>,
    /// Where a browser may go after signing out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// Who is told that somebody signed out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether it needs the `sid` in what it is told then; it is always there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub backchannel_logout_session_required: bool,
}

/// OpenID Connect Core section 8.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SubjectType {
    /// All clients know a person by the same name.
    #[default]
    Public,
    /// Clients of one sector know a person by a name that no other sector knows; needs `openid.pairwiseSalt`.
    Pairwise,
}

/// Where a client's registration is from. Nobody has checked any but the operator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientOrigin {
    /// The operator made it.
    Operator,
    /// It registered itself (RFC 7591).
    Registered,
    /// It is what the metadata document at the address that is its id says.
    Document,
}

/// A client and, if it has one, its secret.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClientWithSecret {
    /// The client.
    pub client: Client,
    /// Shown once. Public clients have none, nor have those with a key.
    pub secret: Option<String>,
}

impl std::fmt::Debug for ClientWithSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ClientWithSecret").field("client", &self.client).finish_non_exhaustive()
    }
}

/// How a client proves who it is at the token endpoint (RFC 6749 section 2.3.1, RFC 7523 section 2.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuthMethod {
    /// Not at all: a public client, such as an application in a browser or on a phone.
    None,
    /// By a secret in the `Authorization` header.
    #[default]
    ClientSecretBasic,
    /// By a secret in the form.
    ClientSecretPost,
    /// By an assertion that a key of its own has signed.
    PrivateKeyJwt,
}

/// What access tokens look like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum AccessTokenFormat {
    /// RFC 9068: anyone with the key set can check them, and they live until they expire.
    #[default]
    Jwt,
    /// Only the server can check them, and they end when they are revoked.
    Opaque,
}

/// What to register. Everything but the name has a default.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewClient {
    /// What people are shown.
    pub name: String,
    /// Where browsers may be sent back to.
    pub redirect_uris: Vec<String>,
    /// What it may ask for. Default: all scopes that are configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// How it may ask: `authorization_code`, `refresh_token`, `client_credentials`. Default: the first two;
    /// none for what serves resources and has no redirect URIs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<String>>,
    /// How it proves who it is.
    pub auth_method: AuthMethod,
    /// What its access tokens look like.
    pub access_token: AccessTokenFormat,
    /// Whether it gets only tokens that are bound to a key of its own (RFC 9449 section 5.2).
    pub dpop_bound_access_tokens: bool,
    /// Its public keys, for [`AuthMethod::PrivateKeyJwt`]: a JWK Set of at most 8 (RFC 7517 section 5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Where its public keys are instead: https. The engine asks your [`Fetch`](crate::Fetch) for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The only algorithm of its assertions. Default: any that its keys are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_signing_alg: Option<String>,
    /// The resources that it serves: it may introspect access tokens for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The resources for which it may exchange the tokens that it receives (RFC 8693).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exchange_for: Vec<String>,
    /// How it is told of people.
    pub openid: OpenIdClient,
    /// Whether it must push its authorization requests (RFC 9126 section 6).
    pub require_pushed_authorization_requests: bool,
    /// An id of your choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// What to change of a client; `None` leaves it.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientChange {
    /// What people are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where browsers may be sent back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uris: Option<Vec<String>>,
    /// What it may ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// How it may ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<String>>,
    /// What its access tokens look like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<AccessTokenFormat>,
    /// Whether it gets only tokens that are bound to a key of its own (RFC 9449 section 5.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpop_bound_access_tokens: Option<bool>,
    /// Its public keys, in the place of `jwks_uri` if that was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Where its public keys are, in the place of `jwks` if that was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The only algorithm of its assertions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_signing_alg: Option<String>,
    /// The resources that it serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Vec<String>>,
    /// The resources for which it may exchange the tokens that it receives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange_for: Option<Vec<String>>,
    /// The whole of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openid: Option<OpenIdClient>,
    /// Whether it must push its authorization requests (RFC 9126 section 6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_pushed_authorization_requests: Option<bool>,
    /// Whether it is refused everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

#[derive(Serialize)]
struct Update<'a> {
    id: &'a str,
    #[serde(flatten)]
    change: &'a ClientChange,
}

#[derive(Serialize)]
struct RotateSecret<'a> {
    id: &'a str,
    overlap: u64,
}

#[derive(Deserialize)]
struct Deleted {
    deleted: bool,
}
