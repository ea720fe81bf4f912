//! Tokens as they arrive from outside.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Principal, Requirement, Revoked};
use crate::claviger::Claviger;
use crate::error::Error;

impl Claviger {
    /// Tokens as they arrive from outside.
    #[must_use]
    pub fn tokens(&self) -> Tokens<'_> {
        Tokens(self)
    }
}

/// Commands on tokens.
#[derive(Debug, Clone, Copy)]
pub struct Tokens<'a>(&'a Claviger);

impl Tokens<'_> {
    /// Says whose an access token is, if it is good for the requirement. A JWT takes no trip to the store, unless
    /// [`Requirement::not_revoked`] asks for one.
    ///
    /// # Errors
    /// `invalid_token`, `insufficient_scope`, and faults.
    pub async fn verify(&self, token: &str, requirement: &Requirement) -> Result<Principal, Error> {
        self.0.command("tokens.verify", &Verify { token, requirement }).await
    }

    /// Says all about a token (RFC 7662), and of a bad one only that it is not active.
    ///
    /// # Errors
    /// Faults only.
    pub async fn introspect(&self, token: &str) -> Result<Introspection, Error> {
        self.0.command("tokens.introspect", &Token { token }).await
    }

    /// Ends a token (RFC 7009); answers whether it was live.
    ///
    /// # Errors
    /// Faults only.
    pub async fn revoke(&self, token: &str) -> Result<bool, Error> {
        let Revoked { revoked } = self.0.command("tokens.revoke", &Token { token }).await?;
        Ok(revoked)
    }
}

/// What there is to say about a token (RFC 7662 section 2.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Introspection {
    /// Whether the token is good now.
    pub active: bool,
    /// `scope`, `client_id`, `sub`, `exp` and the rest, if it is active.
    #[serde(flatten)]
    pub claims: Map<String, Value>,
}

#[derive(Serialize)]
struct Verify<'a> {
    token: &'a str,
    #[serde(flatten)]
    requirement: &'a Requirement,
}

#[derive(Serialize)]
struct Token<'a> {
    token: &'a str,
}
