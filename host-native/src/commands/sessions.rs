//! Where people are signed in.

use serde::{Deserialize, Serialize};

use super::{Items, OfSubject, Paging, Revoked, SubjectItem};
use crate::claviger::Claviger;
use crate::error::Error;

impl Claviger {
    /// Where people are signed in.
    #[must_use]
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }
}

/// Commands on sessions.
#[derive(Debug, Clone, Copy)]
pub struct Sessions<'a>(&'a Claviger);

impl Sessions<'_> {
    /// Lists where somebody is signed in.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn list(&self, subject: &str, paging: Paging) -> Result<Items<Session>, Error> {
        self.0.command("sessions.list", &OfSubject { subject, paging }).await
    }

    /// Signs somebody out of one browser; answers whether there was such a session.
    ///
    /// # Errors
    /// `not_found`, and faults.
    pub async fn revoke(&self, subject: &str, id: &str) -> Result<bool, Error> {
        let Revoked { revoked } = self.0.command("sessions.revoke", &SubjectItem { subject, id }).await?;
        Ok(revoked)
    }

    /// Signs somebody out everywhere; answers how many sessions there were.
    ///
    /// # Errors
    /// Faults.
    pub async fn revoke_all(&self, subject: &str) -> Result<u32, Error> {
        let Count { revoked } =
            self.0.command("sessions.revokeAll", &serde_json::json!({ "subject": subject })).await?;
        Ok(revoked)
    }

    /// Signs somebody out everywhere but in the session with the id `keep`; answers how many sessions ended.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn revoke_others(&self, subject: &str, keep: &str) -> Result<u32, Error> {
        let others = serde_json::json!({ "subject": subject, "keep": keep });
        let Count { revoked } = self.0.command("sessions.revokeOthers", &others).await?;
        Ok(revoked)
    }
}

#[derive(Deserialize)]
struct Count {
    revoked: u32,
}

/// A browser that somebody is signed in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Session {
    /// Names the session among its subject's.
    pub id: String,
    /// Whose it is.
    pub subject: String,
    /// When its owner last proved who they are, in milliseconds since 1970.
    pub auth_time: u64,
    /// By what (RFC 8176).
    pub methods: Vec<String>,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// When it was last seen in use, as fine as a tenth of the idle time, in milliseconds since 1970.
    pub last_seen_at: u64,
    /// Milliseconds since 1970.
    pub expires_at: u64,
    /// When it is over unless it is used before, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_until: Option<u64>,
    /// What the browser said of itself when its person signed in; at most 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Where it was then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}
