//! Introspection (RFC 7662): what a token stands for, now.

use serde::Serialize;

use super::issue::{Audience, OwnedAudience};
use super::resolve::{Resolved, What, resolve};
use crate::client::{self, Credentials};
use crate::host::Host;
use crate::http::{Form, Request, Response};
use crate::refusal::{Refusal, Stop};
use crate::time::{Millis, numeric_date};

/// RFC 7662 section 2.2. A token that is not active says nothing else.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Introspection {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<OwnedAudience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
}

/// What the token stands for, to the host itself. Any answer but a live token is `active: false`.
pub(crate) async fn introspect(host: &Host, token: &str) -> Result<Introspection, Stop> {
    let (_, resolved) = resolve(host, token, None).await?;
    Ok(resolved.map_or_else(Introspection::default, |resolved| Introspection::of(host, &resolved)))
}

/// The endpoint: a confidential client asks about tokens that were issued to it. One trip.
pub(super) async fn introspect_for_client(host: &Host, request: &Request, form: &Form) -> Result<Response, Stop> {
    let credentials = Credentials::read(request, form)?;
    let token = form.one("token")?.ok_or(Refusal::InvalidRequest("The parameter token is missing"))?;
    let (caller, resolved) = resolve(host, token, Some(&credentials.client_id)).await?;
    let caller = client::authenticate(host, caller, &credentials)?.value;
    if caller.is_public() {
        return Err(Refusal::InvalidClient { challenge: false }.into());
    }
    let own = resolved.filter(|resolved| resolved.grant.value.client_id == caller.id);
    let body = own.map_or_else(Introspection::default, |resolved| Introspection::of(host, &resolved));
    Ok(Response::json(200, &body))
}

impl Introspection {
    fn of(host: &Host, resolved: &Resolved) -> Self {
        let grant = &resolved.grant.value;
        let common = |scopes: &[String], token_type, issued: Millis, expires: Millis| Self {
            active: true,
            scope: Some(scopes.join(" ")),
            client_id: Some(grant.client_id.clone()),
            token_type: Some(token_type),
            exp: Some(numeric_date(expires)),
            iat: Some(numeric_date(issued)),
            sub: Some(grant.subject.clone()),
            aud: None,
            iss: Some(host.config().issuer.text.clone()),
        };
        match &resolved.what {
            What::Access(token) => Self {
                aud: Some(Audience::of(host, &token.resources.pick(&grant.resources)).to_owned()),
                ..common(&token.scopes.pick(&grant.scopes), "Bearer", token.issued_at, token.expires_at)
            },
            What::RotatedRefresh => Self::default(),
            What::Refresh => common(&grant.scopes, "refresh_token", grant.created_at, grant.state.over_at()),
        }
    }
}
