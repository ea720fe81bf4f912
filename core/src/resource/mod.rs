//! Resource indicators (RFC 8707): which resources a token is for; and what each says of itself (RFC 9728).

mod metadata;

use crate::config::Config;
use crate::http::Form;
use crate::refusal::Refusal;

pub use metadata::Named;
pub(crate) use metadata::{WELL_KNOWN, address, describe, is_at, respond};

/// The most resources that one request may name.
const MOST: usize = 16;

/// The resources that a request names (section 2): each must be known.
pub(crate) fn requested(config: &Config, parameters: &Form) -> Result<Vec<String>, Refusal> {
    let resources = parameters.distinct("resource");
    all_known(config, &resources)?;
    if resources.len() <= MOST { Ok(resources) } else { Err(Refusal::InvalidTarget) }
}

/// Tokens are only for what is configured now, whatever was when it was allowed.
pub(crate) fn all_known(config: &Config, resources: &[String]) -> Result<(), Refusal> {
    if resources.iter().all(|resource| is_known(config, resource)) { Ok(()) } else { Err(Refusal::InvalidTarget) }
}

/// Whether tokens can be for it: it is configured, or it is the issuer, which a token is for when it names no other.
pub(crate) fn is_known(config: &Config, resource: &str) -> bool {
    config.resources.contains_key(resource) || resource == config.issuer.text
}

/// Whether a token for these resources may hold a scope: one of them must know it (section 2.2). Most know all.
pub(crate) fn takes(config: &Config, resources: &[String], scope: &String) -> bool {
    let knows = |resource: &String| {
        let own = config.resources.get(resource).and_then(|settings| settings.scopes.as_ref());
        own.is_none_or(|own| own.contains(scope))
    };
    resources.is_empty() || resources.iter().any(knows)
}
