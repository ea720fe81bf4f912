//! Clients: what is registered about an application, and how it proves to be itself.

mod assertion;
mod authenticate;
mod document;
mod fetched_keys;
mod keys;
mod manage;
mod metadata;
mod openid;
mod origin;
mod redirect_uri;
mod registration;
mod rules;

use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, Serialize};

pub(crate) use authenticate::{Credentials, authenticate};
pub(crate) use document::current;
pub(crate) use fetched_keys::{FetchedKeys, verified_at};
pub(crate) use keys::{ClientKeys, may_be_fetched};
pub use manage::{Create, RotateSecret, Update};
pub(crate) use manage::{create, delete, find, list, rotate_secret, update};
pub(crate) use metadata::About;
pub use openid::OpenIdClient;
pub(crate) use openid::check_sector;
pub(crate) use origin::{Origin, mark_used, unused};
pub(crate) use redirect_uri::matches as redirect_uri_matches;
pub use registration::{IssueToken, RevokeToken};
pub(crate) use registration::{client_configuration_endpoint, registration_endpoint};
pub(crate) use registration::{issue_token, list_tokens, revoke_token};

use crate::config::{Config, TokenForm};
use crate::hash::{b64u, same, sha256};
use crate::record::{Record, Slot};
use crate::time::Millis;

/// A registered client.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) redirect_uris: Vec<String>,
    /// `None`: every scope that is configured.
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) grant_types: Vec<GrantType>,
    pub(crate) auth_method: AuthMethod,
    pub(crate) secrets: Vec<SecretHash>,
    pub(crate) access_token: TokenForm,
    /// Of a client that authenticates by `private_key_jwt`.
    #[serde(default, skip_serializing_if = "ClientKeys::is_none")]
    pub(crate) keys: ClientKeys,
    /// RFC 9449 section 5.2: the client gets no other tokens.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) dpop_bound_access_tokens: bool,
    /// The resources that it serves: it may introspect access tokens for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) resources: Vec<String>,
    /// The resources for which it may exchange the tokens that it receives (RFC 8693).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) exchange_for: Vec<String>,
    /// RFC 9126 section 6.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) require_pushed_authorization_requests: bool,
    #[serde(default, skip_serializing_if = "OpenIdClient::is_default")]
    pub(crate) openid: OpenIdClient,
    pub(crate) disabled: bool,
    pub(crate) created_at: Millis,
    #[serde(default)]
    pub(crate) origin: Origin,
    /// What it says of itself beside that; not of a client that the operator made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<Box<About>>,
}

/// The grant types of RFC 7591 section 2 that the engine knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 section 4.1.
    AuthorizationCode,
    /// RFC 6749 section 6.
    RefreshToken,
    /// RFC 6749 section 4.4.
    ClientCredentials,
    /// RFC 8628 section 3.4.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// RFC 8693 section 2.1.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
}

/// The `token_endpoint_auth_method` of RFC 7591 section 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// A public client.
    None,
    /// The secret in the `Authorization` header.
    #[default]
    ClientSecretBasic,
    /// The secret in the body.
    ClientSecretPost,
    /// An assertion, signed by a key whose public half is registered (RFC 7523 section 2.2).
    PrivateKeyJwt,
}

impl AuthMethod {
    /// Whether client and server share one.
    pub(crate) const fn has_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

/// The digest of a client secret. A secret is 32 random bytes, so a plain hash is enough.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SecretHash {
    sha256: String,
    /// `None`: until it is rotated.
    expires: Option<Millis>,
}

impl SecretHash {
    fn of(secret: &str, expires: Option<Millis>) -> Self {
        Self { sha256: b64u(sha256(secret.as_bytes())), expires }
    }

    fn accepts(&self, secret: &str, now: Millis) -> bool {
        let right = same(self.sha256.as_bytes(), b64u(sha256(secret.as_bytes())).as_bytes());
        right & self.expires.is_none_or(|expires| now < expires)
    }
}

impl Record for Client {
    const KIND: &'static str = "client";

    fn expires(&self) -> Option<Millis> {
        self.origin.unused_until()
    }
}

impl Client {
    pub(crate) const ROOM: &'static str = "client";

    pub(crate) fn slot(config: &Config, id: &str) -> Slot<Self> {
        Slot::new(&config.tenant, Self::ROOM, id, "client")
    }

    /// Whether it was there then. What is older was another's, which had the same id and was deleted: it dies with that one.
    pub(crate) const fn made_before(&self, instant: Millis) -> bool {
        self.created_at <= instant
    }

    /// When that begins which begins with it now: not before it was made, however far the clocks of instances are apart.
    pub(crate) fn since(&self, now: Millis) -> Millis {
        now.max(self.created_at)
    }

    pub(crate) fn is_public(&self) -> bool {
        self.auth_method == AuthMethod::None
    }

    pub(crate) fn may_use(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    /// Whether it may have a scope: one of its own, and still configured.
    pub(crate) fn may_have(&self, config: &Config, scope: &String) -> bool {
        let bounds = [self.scopes.as_ref(), config.registration.scopes.as_ref().filter(|_| self.is_self_made())];
        config.scopes.contains_key(scope) && bounds.into_iter().flatten().all(|allowed| allowed.contains(scope))
    }
}

fn of_text(name: &str) -> StrDeserializer<'_, serde::de::value::Error> {
    name.into_deserializer()
}

/// The registered names (RFC 7591 section 2).
impl GrantType {
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::deserialize(of_text(name)).ok()
    }
}

impl AuthMethod {
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::deserialize(of_text(name)).ok()
    }
}
