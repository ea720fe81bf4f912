//! Authorization server metadata (RFC 8414), and the paths that it names.

use serde::Serialize;

use crate::authorize::{Prompt, ResponseMode};
use crate::config::{Capability, Config, RegistrationMode};
use crate::dpop;
use crate::http::Response;
use crate::key::Algorithm;
use crate::oidc::{acr, claims};

pub(crate) const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";
/// OpenID Connect Discovery section 4.
pub(crate) const OPENID_WELL_KNOWN: &str = "/.well-known/openid-configuration";
pub(crate) const AUTHORIZE: &str = "/authorize";
pub(crate) const PUSHED: &str = "/par";
pub(crate) const FORM_POST: &str = "/form-post";
pub(crate) const TOKEN: &str = "/token";
pub(crate) const INTROSPECT: &str = "/introspect";
pub(crate) const REVOKE: &str = "/revoke";
pub(crate) const DEVICE_AUTHORIZATION: &str = "/device_authorization";
pub(crate) const JWKS: &str = "/jwks";
/// OpenID Connect Core section 5.3.
pub(crate) const USERINFO: &str = "/userinfo";
/// OpenID Connect RP-Initiated Logout section 2.
pub(crate) const LOGOUT: &str = "/logout";
/// RFC 7591; the client configuration endpoints of RFC 7592 are under it.
pub(crate) const REGISTER: &str = "/register";

/// How long anyone may keep it, in seconds.
const FRESH: u32 = 300;

const ALL_METHODS: &[&str] = &["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];
const CONFIDENTIAL_METHODS: &[&str] = &["client_secret_basic", "client_secret_post", "private_key_jwt"];
/// Of `private_key_jwt` (RFC 7523 section 2.2).
const ASSERTION_ALGORITHMS: &[&str] =
    &["ES256", "ES384", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const GRANT_TYPES: &[&str] = &[
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
];

/// RFC 8414 section 2, RFC 8628 section 4, RFC 9207 section 3 and RFC 9449 section 5.1.
#[derive(Serialize)]
struct Metadata<'a> {
    issuer: &'a str,
    authorization_endpoint: String,
    pushed_authorization_request_endpoint: String,
    require_pushed_authorization_requests: bool,
    token_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    device_authorization_endpoint: String,
    jwks_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<String>,
    scopes_supported: Vec<&'a str>,
    response_types_supported: &'static [&'static str],
    response_modes_supported: &'static [&'static str],
    grant_types_supported: &'static [&'static str],
    token_endpoint_auth_methods_supported: &'static [&'static str],
    token_endpoint_auth_signing_alg_values_supported: &'static [&'static str],
    introspection_endpoint_auth_methods_supported: &'static [&'static str],
    introspection_endpoint_auth_signing_alg_values_supported: &'static [&'static str],
    /// RFC 9701 section 7.
    introspection_signing_alg_values_supported: [&'static str; 1],
    revocation_endpoint_auth_methods_supported: &'static [&'static str],
    revocation_endpoint_auth_signing_alg_values_supported: &'static [&'static str],
    code_challenge_methods_supported: &'static [&'static str],
    prompt_values_supported: &'static [&'static str],
    authorization_response_iss_parameter_supported: bool,
    dpop_signing_alg_values_supported: [&'static str; 2],
    /// Client id metadata documents, section 5.1.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    client_id_metadata_document_supported: bool,
    #[serde(flatten)]
    openid: Option<OpenIdMetadata<'a>>,
}

/// OpenID Connect Discovery section 3.
#[derive(Serialize)]
struct OpenIdMetadata<'a> {
    userinfo_endpoint: String,
    /// RP-Initiated Logout section 2.1.
    end_session_endpoint: String,
    /// Back-Channel Logout section 2.1.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    backchannel_logout_supported: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    backchannel_logout_session_supported: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    acr_values_supported: Vec<&'a String>,
    subject_types_supported: Vec<&'static str>,
    id_token_signing_alg_values_supported: Vec<&'static str>,
    userinfo_signing_alg_values_supported: Vec<&'static str>,
    claim_types_supported: [&'static str; 1],
    claims_supported: Vec<&'a str>,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
}

impl<'a> OpenIdMetadata<'a> {
    fn of(config: &'a Config) -> Option<Self> {
        let openid = config.openid.as_ref()?;
        let algorithms: Vec<&str> = config.signing_algorithms().map(Algorithm::name).collect();
        let pairwise = openid.pairwise_salt.as_ref().map(|_| "pairwise");
        Some(Self {
            userinfo_endpoint: config.issuer.address(USERINFO),
            end_session_endpoint: config.issuer.address(LOGOUT),
            backchannel_logout_supported: config.offers(Capability::Fetch),
            backchannel_logout_session_supported: config.offers(Capability::Fetch),
            acr_values_supported: acr::supported(config).collect(),
            subject_types_supported: std::iter::once("public").chain(pairwise).collect(),
            id_token_signing_alg_values_supported: algorithms.clone(),
            userinfo_signing_alg_values_supported: algorithms,
            claim_types_supported: ["normal"],
            claims_supported: claims::supported(config),
            claims_parameter_supported: true,
            request_parameter_supported: false,
            // Where it is not said, it is supported.
            request_uri_parameter_supported: false,
        })
    }
}

pub(crate) fn respond(config: &Config) -> Response {
    let at = |path: &str| config.issuer.address(path);
    let document = Metadata {
        issuer: &config.issuer.text,
        authorization_endpoint: at(AUTHORIZE),
        pushed_authorization_request_endpoint: at(PUSHED),
        require_pushed_authorization_requests: config.require_pushed_authorization_requests,
        token_endpoint: at(TOKEN),
        introspection_endpoint: at(INTROSPECT),
        revocation_endpoint: at(REVOKE),
        device_authorization_endpoint: at(DEVICE_AUTHORIZATION),
        jwks_uri: at(JWKS),
        registration_endpoint: (config.registration.mode != RegistrationMode::Off).then(|| at(REGISTER)),
        scopes_supported: config.scopes.keys().map(String::as_str).collect(),
        response_types_supported: &["code"],
        response_modes_supported: &ResponseMode::NAMES,
        grant_types_supported: GRANT_TYPES,
        token_endpoint_auth_methods_supported: ALL_METHODS,
        token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
        introspection_endpoint_auth_methods_supported: CONFIDENTIAL_METHODS,
        introspection_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
        introspection_signing_alg_values_supported: [config.usual_algorithm().name()],
        revocation_endpoint_auth_methods_supported: ALL_METHODS,
        revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
        code_challenge_methods_supported: &["S256"],
        prompt_values_supported: &Prompt::NAMES,
        authorization_response_iss_parameter_supported: true,
        dpop_signing_alg_values_supported: dpop::ALGORITHMS,
        client_id_metadata_document_supported: config.registration.documents,
        openid: OpenIdMetadata::of(config),
    };
    Response::public_json("application/json", FRESH, &document)
}
