//! The token, introspection and revocation endpoints.

use super::introspect::introspect_for_client;
use super::revoke::revoke_for_client;
use crate::grant::{authorization_code, client_credentials, device_code, refresh_token, token_exchange};
use crate::host::Host;
use crate::http::{Request, Response};
use crate::pat;
use crate::refusal::{Refusal, Stop};

/// RFC 6749 section 3.2.
pub(crate) async fn token_endpoint(host: &Host, request: &Request) -> Result<Response, Stop> {
    let pats = host.config().pats.as_ref();
    let form = if pats.is_some() { pat::parameters(request)? } else { request.form()? };
    if let Some(pats) = pats
        && let Some(exchanged) = pat::exchange(host, pats, request, &form).await?
    {
        return Ok(exchanged);
    }
    let grant_type = form.one("grant_type")?.ok_or(Refusal::InvalidRequest("The parameter grant_type is missing"))?;
    let tokens = match grant_type {
        "authorization_code" => authorization_code::redeem(host, request, &form).await?,
        "refresh_token" => refresh_token::refresh(host, request, &form).await?,
        "client_credentials" => client_credentials::issue(host, request, &form).await?,
        "urn:ietf:params:oauth:grant-type:device_code" => device_code::redeem(host, request, &form).await?,
        "urn:ietf:params:oauth:grant-type:token-exchange" => token_exchange::exchange(host, request, &form).await?,
        _ => return Err(Refusal::UnsupportedGrantType.into()),
    };
    Ok(Response::json(200, &tokens))
}

/// RFC 7662 section 2.
pub(crate) async fn introspection_endpoint(host: &Host, request: &Request) -> Result<Response, Stop> {
    introspect_for_client(host, request, &request.form()?).await
}

/// RFC 7009 section 2.
pub(crate) async fn revocation_endpoint(host: &Host, request: &Request) -> Result<Response, Stop> {
    revoke_for_client(host, request, &request.form()?).await
}
