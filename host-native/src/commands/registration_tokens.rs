//! Initial access tokens (RFC 7591 section 1.2).

use serde::{Deserialize, Serialize};

use super::{ById, Items, Paging, Revoked};
use crate::claviger::Claviger;
use crate::error::Error;

impl Claviger {
    /// What lets clients register themselves where the configuration's `registration.mode` is `token`.
    #[must_use]
    pub fn registration_tokens(&self) -> RegistrationTokens<'_> {
        RegistrationTokens(self)
    }
}

/// Commands on initial access tokens.
#[derive(Debug, Clone, Copy)]
pub struct RegistrationTokens<'a>(&'a Claviger);

impl RegistrationTokens<'_> {
    /// Makes a token. It is shown here and never again.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn issue(&self, token: &NewRegistrationToken) -> Result<IssuedRegistrationToken, Error> {
        self.0.command("registrationTokens.issue", token).await
    }

    /// Lists all tokens that are not over.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn list(&self, paging: &Paging) -> Result<Items<RegistrationToken>, Error> {
        self.0.command("registrationTokens.list", paging).await
    }

    /// Ends a token; answers whether it was good for anything until now. What was registered with it stays.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn revoke(&self, id: &str) -> Result<bool, Error> {
        let Revoked { revoked } = self.0.command("registrationTokens.revoke", &ById { id }).await?;
        Ok(revoked)
    }
}

/// What a new token is good for. By default, one client within a day.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewRegistrationToken {
    /// How many clients it may register, 1 to 10 000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// For how many seconds, 60 to 34 560 000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
}

/// A token, without what makes it one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RegistrationToken {
    /// Its name, for revoking it.
    pub id: String,
    /// How many clients may still be registered with it.
    pub uses_left: u32,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// Milliseconds since 1970.
    pub expires_at: u64,
}

/// A token that was made just now.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IssuedRegistrationToken {
    /// What is known of it.
    #[serde(flatten)]
    pub about: RegistrationToken,
    /// Shown once.
    pub token: String,
}

impl std::fmt::Debug for IssuedRegistrationToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("IssuedRegistrationToken").field("about", &self.about).finish_non_exhaustive()
    }
}
