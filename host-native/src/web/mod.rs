//! The engine on the web: a service for its own endpoints and pages, and a guard for yours.

mod body;
mod guard;
mod service;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body_util::Full;

use crate::error::Error;

pub use guard::{Guard, Guarded};
pub use service::{Remote, Service};

/// An error as a response, and in the log where it is nobody's refusal.
pub(crate) fn rendered(error: Error) -> Response<Full<Bytes>> {
    if !matches!(error, Error::Refused(_)) {
        tracing::error!(code = error.code(), help = error.help(), %error, "a request failed");
    }
    error.into_response()
}

/// A string whose characters are bytes, as the Fetch standard's ByteString.
pub(crate) fn byte_string(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The other way round; `None` for a character that is no byte.
pub(crate) fn from_byte_string(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(character).ok()).collect()
}

/// Headers as the engine takes them; the names of `http` are in lower case already.
pub(crate) fn byte_strings(headers: &HeaderMap) -> Vec<(&str, String)> {
    headers.iter().map(|(name, value)| (name.as_str(), byte_string(value.as_bytes()))).collect()
}

/// Headers as the engine gives them. Answers what is wrong with the first that is none.
pub(crate) fn append_headers(headers: &mut HeaderMap, from: &[(String, String)]) -> Result<(), String> {
    for (name, value) in from {
        let name = HeaderName::try_from(name).map_err(|error| error.to_string())?;
        let bytes = from_byte_string(value).ok_or_else(|| format!("the header {name} is no byte string"))?;
        headers.append(name, HeaderValue::from_bytes(&bytes).map_err(|error| error.to_string())?);
    }
    Ok(())
}
