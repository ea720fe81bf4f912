//! The cookie of a session, as hono-oauth-sessions sets it.

use std::time::Duration;

use http::header::{COOKIE, HeaderMap};
use serde::{Deserialize, Serialize};

use super::parameters::decoded;

/// By which a cookie ends before its seal does, as iron-session counts.
pub(super) const SKEW: Duration = Duration::from_secs(60);
const NAME: &str = "sid";
/// What browsers keep of a cookie's name and value together (RFC 6265bis section 5.6).
const LONGEST: usize = 4096;

/// What a session's cookie holds, sealed.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sealed {
    pub(super) did: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) handle: Option<String>,
    #[serde(default)]
    pub(super) created_at: u64,
    #[serde(default)]
    pub(super) last_accessed: u64,
}

/// The cookie of a request. One that stands there twice with different values is not trusted. Those of iron-session may be percent-encoded.
pub(super) fn find(headers: &HeaderMap) -> Option<String> {
    let texts = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(name, _)| *name == NAME).map(|(_, value)| value);
    let first = values.next().filter(|value| !value.is_empty())?;
    if values.all(|value| value == first) { decoded(first, false) } else { None }
}

/// `None` when no browser would keep it.
pub(super) fn set(seal: &str, ttl: Duration) -> Option<(String, String)> {
    let age = ttl.saturating_sub(SKEW).as_secs();
    let cookie = format!("{NAME}={seal}; Max-Age={age}; Path=/; HttpOnly; Secure; SameSite=Lax");
    (NAME.len() + seal.len() <= LONGEST).then(|| ("set-cookie".to_owned(), cookie))
}

pub(super) fn cleared() -> (String, String) {
    ("set-cookie".to_owned(), format!("{NAME}=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"))
}
