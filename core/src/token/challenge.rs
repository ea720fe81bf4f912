//! How a request for a resource is refused: the challenge that tells the client what to bring (RFC 6750 section 3), and where to
//! learn who gives it (RFC 9728 section 5.1).

use super::guard::Requirement;
use crate::config::Config;
use crate::refusal::Refusal;
use crate::resource;

/// The response headers that belong to the refusal of a request that had to be good for this.
pub(crate) fn challenge(config: &Config, needed: &Requirement, refusal: &Refusal) -> Vec<(&'static str, String)> {
    let with_error = match refusal {
        // RFC 6750 section 3.1: who presented nothing is told of no error.
        Refusal::TokenMissing => false,
        Refusal::InvalidToken | Refusal::InsufficientScope | Refusal::InvalidRequest(_) => true,
        _ => return Vec::new(),
    };
    let mut parameters = Vec::new();
    let mut add = |name: &str, value: &str| parameters.push(format!("{name}=\"{value}\""));
    if let Some(address) = resource::address(needed.audience(config)) {
        add("resource_metadata", &address);
    }
    if with_error {
        add("error", refusal.code());
        add("error_description", refusal.message());
    }
    let scopes: Vec<&str> = needed.scopes.iter().chain(needed.any_scopes).map(String::as_str).collect();
    if !scopes.is_empty() {
        add("scope", &scopes.join(" "));
    }
    vec![("www-authenticate", format!("Bearer {}", parameters.join(", ")).trim_end().to_owned())]
}
