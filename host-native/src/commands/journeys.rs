//! People who are sent to another server to sign in there, and come back.
//!
//! [`OAuthSessions`](crate::OAuthSessions) does all of it; these are its steps, for a flow of your own.

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::interactions::cookie_of;
use crate::claviger::Claviger;
use crate::error::Error;

impl Claviger {
    /// People who sign in at another server.
    #[must_use]
    pub fn journeys(&self) -> Journeys<'_> {
        Journeys(self)
    }
}

/// Commands on people who sign in at another server.
#[derive(Debug, Clone, Copy)]
pub struct Journeys<'a>(&'a Claviger);

impl Journeys<'_> {
    /// The `state` to send along: good once, for ten minutes, and in the browser of these request headers, which must get those of the answer.
    ///
    /// # Errors
    /// `invalid_argument` for a handle that is no domain name, a path that is not of this site, or a challenge that is none;
    /// `too_many_requests` when too many began from `remote`; and faults.
    pub async fn begin(&self, headers: &HeaderMap, journey: &NewJourney) -> Result<BegunJourney, Error> {
        self.0.command("journeys.begin", &Begin { cookie: cookie_of(headers), journey }).await
    }

    /// Somebody came back: spends the state. Call it before the other server is asked for anything.
    ///
    /// # Errors
    /// `interaction_ended`, `forbidden` for another browser's, and faults.
    pub async fn complete(&self, headers: &HeaderMap, state: &str) -> Result<CompletedJourney, Error> {
        self.0.command("journeys.complete", &Complete { cookie: cookie_of(headers), state }).await
    }

    /// A code for the mobile application that began with this challenge: an address may carry it, as it may no token.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn issue_code(&self, who: &Arrived, code_challenge: &str) -> Result<String, Error> {
        let Issued { code } = self.0.command("journeys.issueCode", &Issue { who, code_challenge }).await?;
        Ok(code)
    }

    /// Whose code this is: once, within a minute, and with the verifier of the challenge.
    ///
    /// # Errors
    /// `invalid_grant`, and faults.
    pub async fn redeem_code(&self, code: &str, code_verifier: &str) -> Result<Arrived, Error> {
        self.0.command("journeys.redeemCode", &Redeem { code, code_verifier }).await
    }
}

/// How somebody leaves to sign in at another server.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewJourney {
    /// What they are called there: a domain name.
    pub handle: String,
    /// Where on this site they go on; `None`: `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_path: Option<String>,
    /// For an application on their device, which must give a `code_challenge`.
    pub mobile: bool,
    /// Of a verifier that the application keeps to itself (RFC 7636, S256).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<String>,
    /// The peer's address, from which at most 300 may begin in an hour. Without it nobody is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
}

/// What leaves with them.
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct BegunJourney {
    /// For the authorization request.
    pub state: String,
    /// For the response to the browser.
    pub headers: Vec<(String, String)>,
}

impl std::fmt::Debug for BegunJourney {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BegunJourney(..)")
    }
}

/// Who came back: what they left with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CompletedJourney {
    /// What they are called there.
    pub handle: String,
    /// Where on this site they go on.
    pub redirect_path: String,
    /// Of a mobile application.
    pub code_challenge: Option<String>,
}

/// Who signed in at the other server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// Their id there.
    pub subject: String,
    /// What they are called there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
}

#[derive(Serialize)]
struct Begin<'a> {
    cookie: String,
    #[serde(flatten)]
    journey: &'a NewJourney,
}

#[derive(Serialize)]
struct Complete<'a> {
    cookie: String,
    state: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Issue<'a> {
    #[serde(flatten)]
    who: &'a Arrived,
    code_challenge: &'a str,
}

#[derive(Deserialize)]
struct Issued {
    code: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Redeem<'a> {
    code: &'a str,
    code_verifier: &'a str,
}
