use serde::Serialize;

use crate::refusal::{Refusal, Told};

/// RFC 9449 section 8.
pub(crate) const DPOP_NONCE: &str = "dpop-nonce";

/// An HTTP response for the host to send.
#[derive(Serialize)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case; `set-cookie` may be repeated.
    pub headers: Vec<(&'static str, String)>,
    /// Text, sent as UTF-8.
    pub body: String,
}

impl std::fmt::Debug for Response {
    /// Without the values of headers and the body: they hold codes, cookies and tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| *name).collect();
        f.debug_struct("Response").field("status", &self.status).field("headers", &names).finish_non_exhaustive()
    }
}

impl Response {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// JSON that no cache keeps (RFC 6749 section 5.1).
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).unwrap_or_default();
        Self { status, headers: Vec::new(), body }
            .with("content-type", "application/json")
            .with("cache-control", "no-store")
            .with("pragma", "no-cache")
    }

    /// JSON that anyone may keep for some seconds: metadata and public keys.
    pub(crate) fn public_json(media_type: &'static str, seconds: u32, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).unwrap_or_default();
        Self { status: 200, headers: Vec::new(), body }
            .with("content-type", media_type)
            .with("cache-control", format!("public, max-age={seconds}"))
    }

    /// A signed answer that no cache keeps.
    pub(crate) fn jwt(media_type: &'static str, body: String) -> Self {
        Self { status: 200, headers: Vec::new(), body }
            .with("content-type", media_type)
            .with("cache-control", "no-store")
    }

    /// 303: the browser goes on with GET (RFC 9700 section 4.12).
    pub(crate) fn see_other(location: String) -> Self {
        Self::empty(303)
            .with("location", location)
            .with("cache-control", "no-store")
            .with("referrer-policy", "no-referrer")
    }

    /// The JSON error of RFC 6749 section 5.2.
    pub(crate) fn error(status: u16, error: &'static str, error_description: &'static str) -> Self {
        #[derive(Serialize)]
        struct Error {
            error: &'static str,
            error_description: &'static str,
        }
        Self::json(status, &Error { error, error_description })
    }

    /// What was told of a refusal, with the headers that belong to it.
    pub(crate) fn told(told: Told) -> Self {
        #[derive(Serialize)]
        struct Error {
            error: &'static str,
            error_description: String,
        }
        let response = Self::json(told.status, &Error { error: told.code, error_description: told.message });
        told.headers.into_iter().fold(response, |response, (name, value)| response.with(name, value))
    }

    /// The same, with the challenge or hint that the status calls for.
    pub(crate) fn refusal(refusal: &Refusal) -> Self {
        let response = Self::error(refusal.status(), refusal.code(), refusal.message()).retry_after(refusal);
        match refusal {
            Refusal::TokenMissing => response.with("www-authenticate", "Bearer"),
            Refusal::InvalidToken => response.with("www-authenticate", "Bearer error=\"invalid_token\""),
            Refusal::InvalidClient { challenge: true } => {
                response.with("www-authenticate", "Basic realm=\"claviger\", charset=\"UTF-8\"")
            }
            Refusal::UseDpopNonce(nonce) => response.with(DPOP_NONCE, nonce.as_str()),
            Refusal::MethodNotAllowed(allow) => response.with("allow", *allow),
            _ => response,
        }
    }

    /// The nonce for the next DPoP proof (RFC 9449 section 8.2), unless the response has one already.
    pub(crate) fn with_dpop_nonce(self, nonce: String) -> Self {
        if self.headers.iter().any(|(name, _)| *name == DPOP_NONCE) { self } else { self.with(DPOP_NONCE, nonce) }
    }

    /// With the header that tells when to come again, where that is known.
    pub(crate) fn retry_after(self, refusal: &Refusal) -> Self {
        match refusal.retry_after() {
            Some(seconds) => self.with("retry-after", seconds.to_string()),
            None => self,
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn with_all(self, headers: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        headers.into_iter().fold(self, |response, (name, value)| response.with(name, value))
    }

    /// Readable by scripts of any origin, without credentials (RFC 9700 section 2.6).
    pub(crate) fn for_any_origin(self) -> Self {
        self.with("access-control-allow-origin", "*")
            .with("access-control-expose-headers", "dpop-nonce, www-authenticate")
    }
}
