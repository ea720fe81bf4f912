//! The client information response (RFC 7591 section 3.2.1, RFC 7592 section 3).

use serde::Serialize;

use crate::client::keys::Jwks;
use crate::client::{About, AuthMethod, Client, GrantType, OpenIdClient};
use crate::config::Config;
use crate::http::Response;
use crate::key::Algorithm;
use crate::metadata::REGISTER;
use crate::oidc::subject::SubjectType;
use crate::time::numeric_date;

/// What only the client may see.
pub(super) struct Credentials {
    /// Shown when it is made and at no other time: the store holds its digest.
    pub(super) secret: Option<String>,
    pub(super) registration_access_token: String,
}

#[derive(Serialize)]
struct ClientInformation<'a> {
    client_id: &'a str,
    client_id_issued_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    /// 0: it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<u64>,
    registration_access_token: &'a str,
    registration_client_uri: String,
    client_name: &'a str,
    redirect_uris: &'a [String],
    token_endpoint_auth_method: AuthMethod,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_endpoint_auth_signing_alg: Option<Algorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks: Option<Jwks>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_uri: Option<&'a str>,
    grant_types: &'a [GrantType],
    response_types: &'static [&'static str],
    scope: String,
    /// RFC 9449 section 5.2.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dpop_bound_access_tokens: bool,
    /// RFC 9126 section 6.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    require_pushed_authorization_requests: bool,
    #[serde(flatten)]
    openid: OpenIdInformation<'a>,
    #[serde(flatten)]
    about: Option<&'a About>,
}

/// OpenID Connect Dynamic Client Registration section 3.2.
#[derive(Serialize)]
struct OpenIdInformation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token_signed_response_alg: Option<Algorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    userinfo_signed_response_alg: Option<Algorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_type: Option<SubjectType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sector_identifier_uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_max_age: Option<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    post_logout_redirect_uris: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    backchannel_logout_uri: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    backchannel_logout_session_required: bool,
}

impl<'a> OpenIdInformation<'a> {
    fn of(config: &Config, client: &'a OpenIdClient) -> Self {
        let usual = config.openid.as_ref().and_then(|_| config.signing_algorithms().next());
        Self {
            id_token_signed_response_alg: client.id_token_alg.or(usual),
            userinfo_signed_response_alg: client.userinfo_alg,
            subject_type: config.openid.as_ref().map(|_| client.subject_type),
            sector_identifier_uri: client.sector_identifier_uri.as_deref(),
            default_max_age: client.default_max_age,
            post_logout_redirect_uris: &client.post_logout_redirect_uris,
            backchannel_logout_uri: client.backchannel_logout_uri.as_deref(),
            backchannel_logout_session_required: client.backchannel_logout_session_required,
        }
    }
}

pub(super) fn respond(config: &Config, status: u16, client: &Client, credentials: &Credentials) -> Response {
    let scopes: Vec<&str> =
        config.scopes.keys().filter(|name| client.may_have(config, name)).map(String::as_str).collect();
    let by_code = client.may_use(GrantType::AuthorizationCode);
    let information = ClientInformation {
        client_id: &client.id,
        client_id_issued_at: numeric_date(client.created_at),
        client_secret: credentials.secret.as_deref(),
        client_secret_expires_at: credentials.secret.as_ref().map(|_| 0),
        registration_access_token: &credentials.registration_access_token,
        registration_client_uri: format!("{}/{}", config.issuer.address(REGISTER), client.id),
        client_name: &client.name,
        redirect_uris: &client.redirect_uris,
        token_endpoint_auth_method: client.auth_method,
        token_endpoint_auth_signing_alg: client.keys.signing_alg,
        jwks: client.keys.to_jwks(),
        jwks_uri: client.keys.jwks_uri.as_deref(),
        grant_types: &client.grant_types,
        response_types: if by_code { &["code"] } else { &[] },
        scope: scopes.join(" "),
        dpop_bound_access_tokens: client.dpop_bound_access_tokens,
        require_pushed_authorization_requests: client.require_pushed_authorization_requests,
        openid: OpenIdInformation::of(config, &client.openid),
        about: client.about.as_deref(),
    };
    Response::json(status, &information)
}
