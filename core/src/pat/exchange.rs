//! A token is exchanged for a JWT of some minutes, which says by itself whose it is: at the token endpoint, by the client credentials grant
//! (RFC 6749 section 4.4) whose client is the token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::Pat;
use super::presented::examine;
use crate::config::{Pats, TokenForm};
use crate::event::Event;
use crate::hash::b64u;
use crate::host::Host;
use crate::http::{Form, Request, Response};
use crate::key::set::KeySet;
use crate::refusal::{Fault, Refusal, Stop};
use crate::resource;
use crate::time::{Seconds, numeric_date};
use crate::token::{ACCESS_TOKEN_TYPE, Audience};

/// What the `jti` of such a JWT begins with: it is no handle, and routes to the token's row.
pub(super) const JWT_ID: &str = "cvt_";

/// RFC 6749 section 5.1.
#[derive(Serialize)]
struct Exchanged<'a> {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
}

/// RFC 9068 section 2.2: the subject is the client, and both are the token.
#[derive(Serialize)]
struct PatClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: Audience,
    client_id: &'a str,
    owner: &'a str,
    admin: bool,
    roles: &'a [String],
    iat: u64,
    exp: u64,
    jti: &'a str,
}

/// What the request says: a form, or, which no other grant takes, a JSON object; or nothing, where a header says it all.
pub(crate) fn parameters(request: &Request) -> Result<Form, Refusal> {
    if request.is_json() {
        return Form::of_json(&request.json()?);
    }
    let nothing = request.header("content-type").is_none() && request.body.as_ref().is_none_or(String::is_empty);
    if nothing { Ok(Form::default()) } else { request.form() }
}

/// `None`: no such token is presented, and the request is another grant's. One load; a commit when use of the token is to be noted, at most
/// once in a minute.
pub(crate) async fn exchange(
    host: &Host,
    settings: &Pats,
    request: &Request,
    form: &Form,
) -> Result<Option<Response>, Stop> {
    let credential = match credential(request, form)? {
        // What is no form is for nobody else.
        Some(own) if own.token.starts_with(&settings.prefix) || !request.is_form() => own,
        _ if request.is_form() => return Ok(None),
        _ => return Err(MISSING.into()),
    };
    if form.one("grant_type")?.is_some_and(|grant_type| grant_type != "client_credentials") {
        return Err(Refusal::UnsupportedGrantType.into());
    }
    // It has roles: what it may is not for the request to say.
    if form.one("scope")?.is_some() {
        return Err(Refusal::InvalidScope.into());
    }
    let resources = resource::requested(host.config(), form)?;
    let lifetime = lifetime_at(host, settings, &resources)?;
    let (examined, keys) = examine(host, settings, &credential.token, KeySet::wanted(host)).await?;
    let pat = match examined {
        Ok(pat) => pat,
        Err(refused) => {
            refused.tell(host, request.remote.clone());
            return Err(credential.refused.into());
        }
    };
    let keys = KeySet::current(host, keys).await?;
    let jti = format!("{JWT_ID}{}", b64u(host.random().bytes::<16>("token's jti")));
    let (access_token, expires_in) = sign(host, &keys, &pat, &jti, lifetime, resources).await?;
    host.tell(Event::PatExchanged { token_id: pat.id, owner: pat.owner, jti, remote: request.remote.clone() });
    let exchanged = Exchanged { access_token, token_type: "Bearer", expires_in, state: form.one("state")? };
    Ok(Some(Response::json(200, &exchanged)))
}

const MISSING: Refusal = Refusal::InvalidRequest(
    "Present a personal access token: as client_secret, as the password of Basic authentication, or as a bearer token",
);

/// A credential, and what is said when it is not good.
struct Credential {
    token: String,
    refused: Refusal,
}

/// From the body; else the password of Basic authentication, whatever the user-id; else the bearer token.
fn credential(request: &Request, form: &Form) -> Result<Option<Credential>, Refusal> {
    if let Some(secret) = form.one("client_secret")? {
        return Ok(Some(Credential { token: secret.to_owned(), refused: Refusal::InvalidClient { challenge: false } }));
    }
    let mut headers = request.header_values("authorization");
    let Some(header) = headers.next() else { return Ok(None) };
    if headers.next().is_some() {
        return Err(Refusal::InvalidRequest("There is more than one Authorization header"));
    }
    let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
    let rest = rest.trim_start_matches(' ');
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Some(Credential { token: rest.to_owned(), refused: Refusal::InvalidToken }));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Ok(None);
    }
    let token = STANDARD.decode(rest).ok().and_then(|pair| {
        let pair = String::from_utf8(pair).ok()?;
        let (_, password) = pair.split_once(':')?;
        // Escaped (RFC 6749 section 2.3.1) or not: a plus stands for itself, since no token has a space.
        Some(percent_decode_str(password).decode_utf8().ok()?.into_owned())
    });
    let refused = Refusal::InvalidClient { challenge: true };
    Ok(Some(Credential { token: token.unwrap_or_default(), refused }))
}

/// The shortest that is configured. A resource that takes opaque tokens alone wants to ask about each, and this one is a JWT.
fn lifetime_at(host: &Host, settings: &Pats, resources: &[String]) -> Result<Seconds, Refusal> {
    let known = resources.iter().filter_map(|resource| host.config().resources.get(resource));
    known.map(|known| (known.access_token, known.lifetime)).try_fold(settings.lifetime, |shortest, at| match at {
        (Some(TokenForm::Opaque), _) => Err(Refusal::InvalidTarget),
        (_, lifetime) => Ok(lifetime.map_or(shortest, |lifetime| shortest.min(lifetime))),
    })
}

/// The JWT, and for how many seconds it is good: not longer than the token.
async fn sign(
    host: &Host,
    keys: &KeySet,
    pat: &Pat,
    jti: &str,
    lifetime: Seconds,
    resources: Vec<String>,
) -> Result<(String, u64), Fault> {
    let issuer = &host.config().issuer.text;
    let end = lifetime.after(host.now());
    let (iat, exp) = (numeric_date(host.now()), numeric_date(pat.expires_at.map_or(end, |own| own.min(end))));
    let claims = PatClaims {
        iss: issuer,
        sub: &pat.id,
        aud: Audience::of(if resources.is_empty() { vec![issuer.clone()] } else { resources }),
        client_id: &pat.id,
        owner: &pat.owner,
        admin: pat.admin,
        roles: &pat.roles,
        iat,
        exp,
        jti,
    };
    let claims = serde_json::to_vec(&claims).map_err(|_| Fault::Cryptography("claims cannot be written"))?;
    Ok((keys.sign(host, ACCESS_TOKEN_TYPE, &claims).await?, exp.saturating_sub(iat)))
}
