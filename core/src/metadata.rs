//! Authorization server metadata (RFC 8414), and the paths that it names.

use serde_json::json;

use crate::config::Config;
use crate::http::Response;

pub(crate) const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";
pub(crate) const AUTHORIZE: &str = "/authorize";
pub(crate) const TOKEN: &str = "/token";
pub(crate) const INTROSPECT: &str = "/introspect";
pub(crate) const REVOKE: &str = "/revoke";
pub(crate) const JWKS: &str = "/jwks";

/// How long anyone may keep it, in seconds.
const FRESH: u32 = 300;

pub(crate) fn respond(config: &Config) -> Response {
    let at = |path: &str| config.issuer.address(path);
    let methods = ["none", "client_secret_basic", "client_secret_post"];
    let document = json!({
        "issuer": config.issuer.text,
        "authorization_endpoint": at(AUTHORIZE),
        "token_endpoint": at(TOKEN),
        "introspection_endpoint": at(INTROSPECT),
        "revocation_endpoint": at(REVOKE),
        "jwks_uri": at(JWKS),
        "scopes_supported": config.scopes.keys().collect::<Vec<_>>(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "revocation_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    Response::public_json("application/json", FRESH, &document)
}
