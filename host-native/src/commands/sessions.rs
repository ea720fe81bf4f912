//! Where people are signed in.

use http::HeaderMap;
use http::header::USER_AGENT;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::interactions::cookie_of;
use super::{Items, OfSubject, Paging, Revoked, SubjectItem};
use crate::claviger::Claviger;
use crate::error::Error;
use crate::web::byte_string;

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

    /// The session of a request with values of the application's own: of a person, or of a visitor, whose values go along when they sign in.
    ///
    /// # Errors
    /// Faults.
    pub async fn open(&self, headers: &HeaderMap) -> Result<OpenSession, Error> {
        self.0.command("sessions.open", &json!({ "cookie": cookie_of(headers) })).await
    }

    /// Writes what changed; answers the headers for the response.
    ///
    /// # Errors
    /// `not_found` when the session is over, `invalid_argument` when it would hold more than 16 kB, and faults.
    pub async fn save(
        &self,
        session: &OpenSession,
        changes: &[Difference],
        then: Then,
    ) -> Result<Vec<(String, String)>, Error> {
        let (regenerate, invalidate) = (then == Then::Regenerate, then == Then::Invalidate);
        let save = json!({
            "handle": session.handle, "changes": changes, "regenerate": regenerate, "invalidate": invalidate,
        });
        let Saved { headers } = self.0.command("sessions.save", &save).await?;
        Ok(headers)
    }

    /// Who is signed in; a remembered browser that has no session gets one.
    ///
    /// # Errors
    /// Faults.
    pub async fn resume(&self, headers: &HeaderMap, remote: Option<std::net::IpAddr>) -> Result<Resumed, Error> {
        let user_agent = headers.get(USER_AGENT).map(|value| byte_string(value.as_bytes()));
        let resume = json!({ "cookie": cookie_of(headers), "userAgent": user_agent, "remote": remote.map(|address| address.to_string()) });
        self.0.command("sessions.resume", &resume).await
    }

    /// Tokens for an application without cookies, of a session that begins: you say who signed in, and how (RFC 8176).
    ///
    /// # Errors
    /// `not_found` for somebody unknown or disabled, `invalid_argument`, and faults.
    pub async fn begin_with_tokens(&self, subject: &str, methods: &[&str]) -> Result<SessionTokens, Error> {
        self.0.command("sessions.issueTokens", &json!({ "subject": subject, "methods": methods })).await
    }

    /// Tokens of a session that is there; those that it had before are over.
    ///
    /// # Errors
    /// `not_found`, and faults.
    pub async fn issue_tokens(&self, subject: &str, session_id: &str) -> Result<SessionTokens, Error> {
        self.0.command("sessions.issueTokens", &json!({ "subject": subject, "sessionId": session_id })).await
    }

    /// The same as [`Sessions::begin_with_tokens`], with claims of the application's own (at most 4 kB as JSON, none of the engine's
    /// names) in every access token of the session.
    ///
    /// # Errors
    /// `invalid_argument`, `not_found`, and faults.
    pub async fn begin_with_claims(
        &self,
        subject: &str,
        methods: &[&str],
        claims: &Map<String, Value>,
    ) -> Result<SessionTokens, Error> {
        let ask = json!({ "subject": subject, "methods": methods, "claims": claims });
        self.0.command("sessions.issueTokens", &ask).await
    }

    /// The next tokens.
    ///
    /// # Errors
    /// `invalid_grant` when the session is over, or ended by a token that was used before, and faults.
    pub async fn refresh_tokens(&self, refresh_token: &str) -> Result<SessionTokens, Error> {
        self.0.command("sessions.refreshTokens", &json!({ "refreshToken": refresh_token })).await
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

/// A session with values of the application's own, as [`Sessions::open`] gives it.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OpenSession {
    handle: String,
    /// Names the session; a visitor has another one once they sign in.
    pub id: String,
    /// Who is signed in; `None`: a visitor.
    pub subject: Option<String>,
    /// What was put.
    pub values: Map<String, Value>,
    /// What was for this read alone.
    pub flash: Map<String, Value>,
    /// For a hidden field of forms: no other site can know it.
    pub token: String,
    /// The address that was noted last.
    pub previous_url: Option<String>,
    /// For the response, if the session is to be kept.
    pub headers: Vec<(String, String)>,
}

impl std::fmt::Debug for OpenSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenSession").field("id", &self.id).field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// One change of what an application keeps with a session. Of two requests at once both count.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Difference {
    /// In place of what was there.
    Put {
        /// From 1 to 128 characters.
        key: String,
        /// Any JSON.
        value: Value,
    },
    /// At the end of a list.
    Push {
        /// As of [`Difference::Put`].
        key: String,
        /// Any JSON.
        value: Value,
    },
    /// To a whole number.
    Add {
        /// As of [`Difference::Put`].
        key: String,
        /// How much; may be negative.
        by: i64,
    },
    /// Takes it away.
    Forget {
        /// As of [`Difference::Put`].
        key: String,
    },
    /// Takes everything away but the token.
    Flush {},
    /// For the next read alone.
    Flash {
        /// As of [`Difference::Put`].
        key: String,
        /// Any JSON.
        value: Value,
    },
    /// Where the browser was, such as to go on there after a sign-in.
    PreviousUrl {
        /// At most 2048 characters.
        url: String,
    },
    /// Another token from the next read on.
    RegenerateToken {},
}

/// What else happens to a session when its changes are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Then {
    /// Nothing.
    #[default]
    Keep,
    /// It has another cookie.
    Regenerate,
    /// It ends; the changes are not made.
    Invalidate,
}

/// Who is signed in in a browser.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Resumed {
    /// `None`: nobody.
    pub subject: Option<String>,
    /// In which session.
    pub session_id: Option<String>,
    /// For the response.
    pub headers: Vec<(String, String)>,
}

/// The tokens of one session.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionTokens {
    /// A JWT for [`Claviger::authenticate`], as long as its session lives.
    pub access_token: String,
    /// Good once.
    pub refresh_token: String,
    /// The session.
    pub session_id: String,
    /// Of the access token, in milliseconds since 1970.
    pub expires_at: u64,
}

impl std::fmt::Debug for SessionTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionTokens").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Saved {
    headers: Vec<(String, String)>,
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
