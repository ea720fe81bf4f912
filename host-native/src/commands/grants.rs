//! What people have allowed applications to do.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Items, OfSubject, Paging, Revoked, SubjectItem};
use crate::claviger::Claviger;
use crate::error::Error;

impl Claviger {
    /// What people have allowed applications to do.
    #[must_use]
    pub fn grants(&self) -> Grants<'_> {
        Grants(self)
    }
}

/// Commands on grants.
#[derive(Debug, Clone, Copy)]
pub struct Grants<'a>(&'a Claviger);

impl Grants<'_> {
    /// Lists what somebody has allowed.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn list(&self, subject: &str, paging: Paging) -> Result<Items<Grant>, Error> {
        self.0.command("grants.list", &OfSubject { subject, paging }).await
    }

    /// Takes one grant back, and with it all its tokens; answers whether there was such a grant.
    ///
    /// # Errors
    /// `not_found`, and faults.
    pub async fn revoke(&self, subject: &str, id: &str) -> Result<bool, Error> {
        let Revoked { revoked } = self.0.command("grants.revoke", &SubjectItem { subject, id }).await?;
        Ok(revoked)
    }

    /// Keeps any JSON of at most 4 kB with a grant, in place of what was there.
    ///
    /// # Errors
    /// `not_found`, `invalid_argument`, and faults.
    pub async fn update(&self, subject: &str, id: &str, context: Option<&Value>) -> Result<Grant, Error> {
        self.0.command("grants.update", &Update { subject, id, context }).await
    }

    /// Takes back all that somebody allowed, or all that they allowed one client; answers how many grants were live.
    ///
    /// # Errors
    /// Faults.
    pub async fn revoke_all(&self, subject: &str, client_id: Option<&str>) -> Result<u32, Error> {
        let RevokedAll { revoked } = self.0.command("grants.revokeAll", &RevokeAll { subject, client_id }).await?;
        Ok(revoked)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RevokeAll<'a> {
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Update<'a> {
    subject: &'a str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'a Value>,
}

#[derive(Deserialize)]
struct RevokedAll {
    revoked: u32,
}

/// What somebody has allowed an application to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Grant {
    /// Names the grant among its subject's.
    pub id: String,
    /// Who allowed it.
    pub subject: String,
    /// To which application.
    pub client_id: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// With which resources (RFC 8707); empty: this server itself.
    pub resources: Vec<String>,
    /// What your application keeps with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Value>,
    /// How far it has come.
    pub state: GrantState,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// Milliseconds since 1970.
    pub expires_at: u64,
}

/// How far a grant has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum GrantState {
    /// The code has not been redeemed yet.
    Code,
    /// There are tokens.
    Live,
    /// Taken back.
    Revoked,
}
