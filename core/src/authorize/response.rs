//! The authorization response (RFC 6749 sections 4.1.2 and 4.1.2.1), with `iss` (RFC 9207) always.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::request::ReturnTo;
use crate::config::Config;
use crate::refusal::Refusal;

const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Where the browser goes with a code.
pub(crate) fn with_code(config: &Config, return_to: &ReturnTo, code: &str) -> String {
    location(config, return_to, &[("code", code)])
}

/// Where the browser goes with an error.
pub(crate) fn with_error(config: &Config, return_to: &ReturnTo, refusal: &Refusal) -> String {
    location(config, return_to, &[("error", refusal.code()), ("error_description", refusal.message())])
}

fn location(config: &Config, return_to: &ReturnTo, parameters: &[(&str, &str)]) -> String {
    let state = return_to.state.as_deref().map(|state| ("state", state));
    let all = parameters.iter().copied().chain(state).chain([("iss", config.issuer.text.as_str())]);
    let query: Vec<String> = all.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let uri = &return_to.redirect_uri;
    format!("{uri}{}{}", if uri.contains('?') { '&' } else { '?' }, query.join("&"))
}

/// A value for a query.
pub(crate) fn encoded(value: &str) -> String {
    utf8_percent_encode(value, PLAIN).to_string()
}
