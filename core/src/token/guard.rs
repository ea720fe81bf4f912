//! The resource server's half: is this request allowed, and who is behind it?

use serde::{Deserialize, Serialize};

use super::meaning::Meaning;
use super::resolve::{Resolved, What, resolve, signed_claims};
use crate::host::Host;
use crate::http::{Cookie, find_cookie};
use crate::key::set::KeySet;
use crate::refusal::{Refusal, Stop};
use crate::scope;
use crate::session;
use crate::time::Millis;

/// `tokens.verify`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct VerifyToken {
    pub token: String,
    /// The resource that is being used; the issuer itself when absent.
    #[serde(default)]
    pub audience: Option<String>,
    #[serde(default)]
    pub scopes: Vec<String>,
}

impl std::fmt::Debug for VerifyToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifyToken").field("audience", &self.audience).finish_non_exhaustive()
    }
}

/// `authenticate`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Authenticate {
    pub headers: Vec<(String, String)>,
    #[serde(default)]
    pub audience: Option<String>,
    #[serde(default)]
    pub scopes: Vec<String>,
}

impl std::fmt::Debug for Authenticate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticate").field("audience", &self.audience).finish_non_exhaustive()
    }
}

/// Who is behind a request.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Principal {
    kind: &'static str,
    /// `None`: the client acts for itself.
    subject: Option<String>,
    client_id: Option<String>,
    scopes: Vec<String>,
    audience: Vec<String>,
    session_id: Option<String>,
    grant_id: Option<String>,
    /// The key that the token is bound to (RFC 9449 section 6).
    jkt: Option<String>,
    expires_at: Millis,
}

/// A JWT access token takes the trip for the keys only; an opaque one takes one trip for its grant.
pub(crate) async fn verify(host: &Host, ask: &VerifyToken) -> Result<Principal, Stop> {
    let principal =
        if ask.token.contains('.') { of_jwt(host, &ask.token).await? } else { of_handle(host, &ask.token).await? };
    let audience = ask.audience.as_deref().unwrap_or(&host.config().issuer.text);
    let principal = principal
        .filter(|principal| principal.audience.iter().any(|one| one == audience))
        // RFC 9449 section 7.2: whoever stole it may not use it as if nothing had to be proven.
        .filter(|principal| principal.jkt.is_none())
        .ok_or(Refusal::InvalidToken)?;
    if !scope::covers(&principal.scopes, &ask.scopes) {
        return Err(Refusal::InsufficientScope(ask.scopes.join(" ")).into());
    }
    Ok(principal)
}

async fn of_jwt(host: &Host, token: &str) -> Result<Option<Principal>, Stop> {
    let keys = KeySet::for_verifying(host, token).await?;
    let Some(claims) = signed_claims(host, &keys, token).await? else { return Ok(None) };
    Ok(Some(Principal::of(host, Meaning::of(&claims), None)))
}

async fn of_handle(host: &Host, token: &str) -> Result<Option<Principal>, Stop> {
    Ok(resolve(host, token, None).await?.1.and_then(|resolved| match resolved {
        Resolved::Granted(grant, What::Access(token)) => {
            Some(Principal::of(host, grant.value.meaning(&token), Some(grant.value.id)))
        }
        Resolved::Granted(..) => None,
        Resolved::Service { meaning, .. } => Some(Principal::of(host, meaning, None)),
    }))
}

impl Principal {
    fn of(host: &Host, token: Meaning, grant_id: Option<String>) -> Self {
        Self {
            kind: "token",
            audience: token.audience(host.config()),
            subject: token.subject,
            client_id: Some(token.client_id),
            scopes: token.scopes,
            grant_id,
            jkt: token.jkt,
            expires_at: token.expires_at,
            ..Self::default()
        }
    }
}

/// By the `Authorization` header; without one, by the session cookie. A token that is bad is not made good by a cookie.
pub(crate) async fn authenticate(host: &Host, ask: &Authenticate) -> Result<Principal, Stop> {
    let values = |name: &'static str| {
        ask.headers.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    };
    let mut authorization = values("authorization");
    if let Some(header) = authorization.next() {
        if authorization.next().is_some() {
            return Err(Refusal::InvalidRequest("There is more than one Authorization header").into());
        }
        let token = bearer(header).ok_or(Refusal::InvalidToken)?;
        let ask = VerifyToken { token: token.to_owned(), audience: ask.audience.clone(), scopes: ask.scopes.clone() };
        return verify(host, &ask).await;
    }
    // HTTP/2 may send each pair in a header of its own (RFC 9113 section 8.2.3).
    let cookies = values("cookie").collect::<Vec<_>>().join(";");
    let cookie = find_cookie(host.config(), &cookies, Cookie::Session);
    let signed_in = session::find(host, cookie).await?.ok_or(Refusal::TokenMissing)?;
    // A session is the person itself; scopes bound what clients may do for it.
    Ok(Principal {
        kind: "session",
        subject: Some(signed_in.subject.id),
        session_id: Some(signed_in.session.id),
        expires_at: signed_in.session.expires_at,
        ..Principal::default()
    })
}

/// RFC 6750 section 2.1; the scheme's case does not matter (RFC 9110 section 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    let plain =
        !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte));
    (scheme.eq_ignore_ascii_case("bearer") && plain).then_some(token)
}
