//! How a request for a resource is refused: the challenge that tells the client what to bring (RFC 6750 section 3), and where to
//! learn who gives it (RFC 9728 section 5.1).

use super::requirement::{Requirement, Scheme};
use crate::config::Config;
use crate::dpop::ALGORITHMS;
use crate::http::DPOP_NONCE;
use crate::refusal::{Refusal, Told};
use crate::resource;

/// What is told of the refusal of such a request.
pub(crate) fn challenged(config: &Config, needed: &Requirement, refusal: &Refusal) -> Told {
    let told = refusal.told();
    // RFC 9449 sections 7.1 and 9: a resource asks for another proof as for another token.
    let status = match refusal {
        Refusal::InvalidDpopProof(_) | Refusal::UseDpopNonce(_) => 401,
        _ => told.status,
    };
    Told { headers: challenge(config, needed, refusal), status, ..told }
}

/// The same where a login and a password would do, too (RFC 7617 section 2).
pub(crate) fn challenged_for_password(config: &Config, needed: &Requirement, refusal: &Refusal) -> Told {
    let mut told = challenged(config, needed, refusal);
    if matches!(refusal, Refusal::TokenMissing | Refusal::WrongCredentials) {
        let name: String =
            config.name.chars().filter(|letter| letter.is_ascii() && !"\"\\".contains(*letter)).collect();
        told.headers.push(("www-authenticate", format!("Basic realm=\"{name}\", charset=\"UTF-8\"")));
    }
    told
}

/// The response headers that belong to the refusal of a request that had to be good for this.
fn challenge(config: &Config, needed: &Requirement, refusal: &Refusal) -> Vec<(&'static str, String)> {
    let with_error = match refusal {
        // RFC 6750 section 3.1: who presented nothing is told of no error.
        Refusal::TokenMissing => false,
        Refusal::InvalidDpopProof(_) | Refusal::UseDpopNonce(_) => true,
        Refusal::InvalidToken | Refusal::InsufficientScope | Refusal::InvalidRequest(_) => true,
        Refusal::InsufficientUserAuthentication => true,
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
    // RFC 9470 section 3.
    if let (Refusal::InsufficientUserAuthentication, Some(seconds)) = (refusal, needed.max_age) {
        add("max_age", &seconds.0.to_string());
    }
    let scheme = match needed.scheme {
        Scheme::Bearer => "Bearer",
        // RFC 9449 section 7.1.
        Scheme::Dpop => {
            parameters.push(format!("algs=\"{}\"", ALGORITHMS.join(" ")));
            "DPoP"
        }
    };
    let mut headers = vec![("www-authenticate", format!("{scheme} {}", parameters.join(", ")).trim_end().to_owned())];
    if let Refusal::UseDpopNonce(nonce) = refusal {
        headers.push((DPOP_NONCE, nonce.clone()));
    }
    headers
}
