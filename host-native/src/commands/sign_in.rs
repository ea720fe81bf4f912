//! Signing in at pages, or at an API, of your own that no other application sent the browser to.

use http::HeaderMap;
use http::header::{COOKIE, USER_AGENT};
use serde::{Deserialize, Serialize};

use crate::claviger::Claviger;
use crate::error::Error;
use crate::web::byte_string;

impl Claviger {
    /// Signing in at pages of your own.
    #[must_use]
    pub fn sign_in(&self) -> SignIn<'_> {
        SignIn(self)
    }
}

/// Commands that sign somebody in. All are counted as at the built-in page.
#[derive(Debug, Clone, Copy)]
pub struct SignIn<'a>(&'a Claviger);

/// The browser in which somebody signs in, as its request tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Visit {
    cookie: String,
    remote: Option<String>,
    user_agent: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    remember: bool,
}

impl Visit {
    /// By the request's headers, and the peer's address where it is known.
    #[must_use]
    pub fn new(headers: &HeaderMap, remote: Option<std::net::IpAddr>) -> Self {
        let text = |value: &http::HeaderValue| byte_string(value.as_bytes());
        let cookies: Vec<String> = headers.get_all(COOKIE).iter().map(text).collect();
        Self {
            cookie: cookies.join("; "),
            remote: remote.map(|address| address.to_string()),
            user_agent: headers.get(USER_AGENT).map(text),
            remember: false,
        }
    }

    /// The person wishes to stay signed in: the browser begins sessions by itself, as long as the configuration's `signIn.rememberFor`.
    #[must_use]
    pub fn remembered(self) -> Self {
        Self { remember: true, ..self }
    }
}

/// How far somebody came. Set the headers in your response either way.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "stage", rename_all = "lowercase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Stage {
    /// Signed in.
    Full {
        /// Who.
        subject: String,
        /// In which session.
        session_id: String,
        /// To set.
        headers: Vec<(String, String)>,
    },
    /// A second factor is wanted: see [`SignIn::with_code`].
    Pending {
        /// What the code is to be sent with.
        pending: String,
        /// What would do: `totp`, `email_code`, `recovery_code`.
        kinds: Vec<String>,
        /// To set.
        headers: Vec<(String, String)>,
    },
}

/// A mail is on its way, if there is anybody to get it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SentMail {
    /// For [`SignIn::with_mail`]; it says nothing about whether there is such an account.
    pub waiting: String,
    /// To set.
    pub headers: Vec<(String, String)>,
}

impl SignIn<'_> {
    /// By a login and a password.
    ///
    /// # Errors
    /// `wrong_credentials`, `too_many_requests`, and faults.
    pub async fn with_password(&self, visit: &Visit, login: &str, password: &str) -> Result<Stage, Error> {
        let ask = serde_json::json!({ "visit": visit, "login": login, "password": password });
        self.0.command("signIn.withPassword", &ask).await
    }

    /// By the code of an authenticator app, or a recovery code, within ten minutes of the password and in the same browser.
    ///
    /// # Errors
    /// `wrong_code`, `too_many_requests`, `interaction_ended`, and faults.
    pub async fn with_code(&self, visit: &Visit, pending: &str, code: &str) -> Result<Stage, Error> {
        let ask = serde_json::json!({ "visit": visit, "pending": pending, "code": code });
        self.0.command("signIn.withCode", &ask).await
    }

    /// By the code that [`Self::send_code`] sent.
    ///
    /// # Errors
    /// As of [`Self::with_code`].
    pub async fn with_mailed_code(&self, visit: &Visit, pending: &str, code: &str) -> Result<Stage, Error> {
        let ask = serde_json::json!({ "visit": visit, "pending": pending, "code": code, "kind": "email_code" });
        self.0.command("signIn.withCode", &ask).await
    }

    /// Sends a code to the person's address, if that is a factor of theirs; answers whether it is.
    ///
    /// # Errors
    /// `interaction_ended`, and faults.
    pub async fn send_code(&self, visit: &Visit, pending: &str) -> Result<bool, Error> {
        #[derive(Deserialize)]
        struct Sent {
            sent: bool,
        }
        let ask = serde_json::json!({ "visit": visit, "pending": pending });
        let Sent { sent } = self.0.command("signIn.sendCode", &ask).await?;
        Ok(sent)
    }

    /// Mails a link or a code, as the configuration's `signIn.passwordless` says, to the address of whose `login` or address this is. The same
    /// comes of it where there is nobody. Both are good once, in this browser alone.
    ///
    /// # Errors
    /// `not_found` where nobody signs in by mail, `too_many_requests`, and faults.
    pub async fn send_mail(&self, visit: &Visit, login: &str) -> Result<SentMail, Error> {
        self.0.command("signIn.sendMail", &serde_json::json!({ "visit": visit, "login": login })).await
    }

    /// By the code that [`Self::send_mail`] sent.
    ///
    /// # Errors
    /// `wrong_credentials`, `link_ended`, `too_many_requests`, and faults.
    pub async fn with_mail(&self, visit: &Visit, waiting: &str, code: &str) -> Result<Stage, Error> {
        let ask = serde_json::json!({ "visit": visit, "waiting": waiting, "code": code });
        self.0.command("signIn.withMail", &ask).await
    }

    /// By the token of the link that [`Self::send_mail`] sent, which leads to the page `pages.signInLink`. Only for a POST: programs that look
    /// for viruses open links too.
    ///
    /// # Errors
    /// `link_ended`, `forbidden` in another browser, and faults.
    pub async fn with_link(&self, visit: &Visit, token: &str) -> Result<Stage, Error> {
        self.0.command("signIn.withLink", &serde_json::json!({ "visit": visit, "token": token })).await
    }

    /// You know that it is this person, and how (RFC 8176).
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn sign_in_as(&self, visit: &Visit, subject: &str, methods: &[&str]) -> Result<Stage, Error> {
        let ask = serde_json::json!({ "visit": visit, "subject": subject, "methods": methods });
        self.0.command("signIn.as", &ask).await
    }

    /// The browser's session ends: the headers to set.
    ///
    /// # Errors
    /// Faults.
    pub async fn out(&self, visit: &Visit) -> Result<Vec<(String, String)>, Error> {
        #[derive(Deserialize)]
        struct Out {
            headers: Vec<(String, String)>,
        }
        let Out { headers } = self.0.command("signIn.out", &serde_json::json!({ "visit": visit })).await?;
        Ok(headers)
    }
}
