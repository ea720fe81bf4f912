//! Resource indicators (RFC 8707).

use crate::config::Config;
use crate::http::Form;
use crate::refusal::Refusal;

/// The most resources that one request may name.
const MOST: usize = 16;

/// The resources that a request names (section 2): each must be known.
pub(crate) fn requested(config: &Config, parameters: &Form) -> Result<Vec<String>, Refusal> {
    let resources = parameters.distinct("resource");
    let own = |resource: &String| config.resources.contains_key(resource) || *resource == config.issuer.text;
    if resources.len() <= MOST && resources.iter().all(own) { Ok(resources) } else { Err(Refusal::InvalidTarget) }
}
