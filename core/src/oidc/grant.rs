//! What a grant keeps for the ID tokens that come of it.

use serde::{Deserialize, Serialize};

use super::request::{ClaimsRequest, OpenIdRequest};
use crate::config::Config;

/// How the person signed in, and what the client asked to be told of it. Of a grant with the scope `openid`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignIn {
    /// For the ID token that comes with the code's tokens; not for later ones (OpenID Connect Core section 12.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<String>,
    #[serde(default, skip_serializing_if = "ClaimsRequest::is_empty")]
    pub(crate) claims: ClaimsRequest,
    /// RFC 8176.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) methods: Vec<String>,
    /// What the client is told that this is, where it asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) acr: Option<String>,
}

impl SignIn {
    /// `allowed` are the scopes that the person allowed, those for claims that were asked for by name among them.
    pub(crate) fn new(config: &Config, request: &OpenIdRequest, methods: &[String], allowed: &[String]) -> Self {
        Self {
            nonce: request.nonce.clone(),
            claims: request.claims.given_by(config, allowed),
            methods: methods.to_vec(),
            acr: request.acr.as_ref().and_then(|wanted| wanted.met_by(config, methods)),
        }
    }
}
