//! Protected resource metadata (RFC 9728): which server the tokens of a resource come from, and what they may hold.

use serde::{Deserialize, Serialize};

use super::is_known;
use crate::config::Config;
use crate::dpop;
use crate::http::{Request, Response};
use crate::refusal::Refusal;
use crate::uri::Uri;

pub(crate) const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// How long anyone may keep it, in seconds.
const FRESH: u32 = 300;

/// It asks for a longer life of the grant, and says nothing about what may be done at a resource.
const OFFLINE_ACCESS: &str = "offline_access";

/// `resources.metadata`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Named {
    pub resource: String,
}

/// RFC 9728 section 2.
#[derive(Serialize)]
pub(crate) struct Document<'a> {
    resource: &'a str,
    authorization_servers: [&'a str; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<&'a str>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<&'a str>,
    dpop_signing_alg_values_supported: [&'static str; 2],
}

/// The document of a resource. Those on other origins serve it themselves.
pub(crate) fn describe<'a>(config: &'a Config, resource: &'a str) -> Result<Document<'a>, Refusal> {
    if !is_known(config, resource) {
        return Err(Refusal::NotFound("There is no such resource"));
    }
    let settings = config.resources.get(resource);
    let scopes: Vec<&String> = match settings.and_then(|settings| settings.scopes.as_ref()) {
        Some(own) => own.iter().collect(),
        None => config.scopes.keys().collect(),
    };
    Ok(Document {
        resource,
        authorization_servers: [&config.issuer.text],
        scopes_supported: scopes.into_iter().map(String::as_str).filter(|name| *name != OFFLINE_ACCESS).collect(),
        bearer_methods_supported: ["header"],
        resource_name: settings.and_then(|settings| settings.name.as_deref()),
        dpop_signing_alg_values_supported: dpop::ALGORITHMS,
    })
}

/// The document of the resource on the issuer's origin that a well-known address is of.
pub(crate) fn respond(config: &Config, request: &Request) -> Result<Response, Refusal> {
    let resource = resource_at(config, request).ok_or(Refusal::NoSuchEndpoint)?;
    Ok(Response::public_json("application/json", FRESH, &describe(config, &resource)?))
}

/// Whether a well-known address is of a resource of this issuer.
pub(crate) fn is_at(config: &Config, request: &Request) -> bool {
    resource_at(config, request).is_some()
}

fn resource_at(config: &Config, request: &Request) -> Option<String> {
    let path = request.path().strip_prefix(WELL_KNOWN)?;
    let mark = if request.query().is_empty() { "" } else { "?" };
    // Section 3.1 drops the slash of a resource that has no other path.
    let slashes: &[&str] = if path.is_empty() { &["", "/"] } else { &[""] };
    let resources =
        slashes.iter().map(|slash| format!("{}{slash}{path}{mark}{}", config.issuer.origin, request.query()));
    resources.into_iter().find(|resource| is_known(config, resource))
}

/// Where a resource's document stands (section 3.1): the well-known part goes between the host and the path. `None` when nothing
/// could be fetched there.
pub(crate) fn address(resource: &str) -> Option<String> {
    let origin = Uri::parse(resource).filter(Uri::is_web)?.origin();
    let rest = resource.strip_prefix(&origin)?;
    let rest = rest.strip_prefix('/').filter(|after| after.is_empty() || after.starts_with('?')).unwrap_or(rest);
    Some(format!("{origin}{WELL_KNOWN}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_part_goes_between_the_host_and_the_path() {
        for (resource, well_known) in [
            ("https://api.example.com", "https://api.example.com/.well-known/oauth-protected-resource"),
            ("https://api.example.com/", "https://api.example.com/.well-known/oauth-protected-resource"),
            (
                "https://api.example.com:8443/mcp",
                "https://api.example.com:8443/.well-known/oauth-protected-resource/mcp",
            ),
            ("https://api.example.com/a/", "https://api.example.com/.well-known/oauth-protected-resource/a/"),
            ("https://api.example.com/a?b=c", "https://api.example.com/.well-known/oauth-protected-resource/a?b=c"),
            ("https://api.example.com/?b=c", "https://api.example.com/.well-known/oauth-protected-resource?b=c"),
        ] {
            assert_eq!(address(resource).as_deref(), Some(well_known));
        }
        assert_eq!(address("urn:example:api"), None);
    }
}
