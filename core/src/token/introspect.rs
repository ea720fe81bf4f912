//! Introspection (RFC 7662): what a token stands for, now. As a signed JWT (RFC 9701) for whoever asks for one.

use serde::Serialize;

use super::issue::Audience;
use super::meaning::{Actor, Confirmation, Meaning};
use super::resolve::{Resolved, What, resolve};
use crate::client::{self, Credentials};
use crate::grant::Grant;
use crate::host::Host;
use crate::http::{Form, Request, Response};
use crate::key::set::KeySet;
use crate::oidc::subject;
use crate::refusal::{Fault, Refusal, Stop};
use crate::scope;
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
    aud: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Actor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
}

/// RFC 9701 section 4. It is no access token, whoever takes `typ` for nothing: it has neither `sub` nor `exp`, and is for the caller alone.
#[derive(Serialize)]
struct Statement<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: u64,
    token_introspection: &'a Introspection,
}

const STATEMENT_TYPE: &str = "token-introspection+jwt";
const STATEMENT_MEDIA_TYPE: &str = "application/token-introspection+jwt";

/// What the token stands for, to the host itself. Any answer but a live token is `active: false`.
pub(crate) async fn introspect(host: &Host, token: &str) -> Result<Introspection, Stop> {
    let (_, resolved) = resolve(host, token, None).await?;
    Ok(resolved.map_or_else(Introspection::default, |resolved| Introspection::of(host, &resolved)))
}

/// The endpoint: a confidential client asks about tokens that were issued to it, and a resource server about access tokens for its
/// resources. One trip; another for a signed answer while the keys are not remembered.
pub(super) async fn introspect_for_client(host: &Host, request: &Request, form: &Form) -> Result<Response, Stop> {
    let credentials = Credentials::read(request, form)?;
    let token = form.one("token")?.ok_or(Refusal::InvalidRequest("The parameter token is missing"))?;
    let (caller, resolved) = resolve(host, token, Some(&credentials.client_id)).await?;
    let caller = client::authenticate(host, caller, &credentials).await?.value;
    if caller.is_public() {
        return Err(Refusal::InvalidClient { challenge: false }.into());
    }
    let told = resolved.filter(|resolved| resolved.client_id() == caller.id || resolved.is_for(host.config(), &caller));
    let body = told.map_or_else(Introspection::default, |resolved| {
        let told = Introspection::of(host, &resolved);
        match resolved.person().filter(|_| !resolved.is_for(host.config(), &caller)) {
            // A client learns of a person what its ID tokens say.
            Some(person) if told.active => {
                Introspection { sub: Some(subject::sub(host.config(), &caller, person)), ..told }
            }
            _ => told,
        }
    });
    if request.names_in_accept(STATEMENT_MEDIA_TYPE) {
        return signed(host, &caller.id, &body).await;
    }
    Ok(Response::json(200, &body))
}

async fn signed(host: &Host, caller: &str, told: &Introspection) -> Result<Response, Stop> {
    let iss = &host.config().issuer.text;
    let statement = Statement { iss, aud: caller, iat: numeric_date(host.now()), token_introspection: told };
    let statement = serde_json::to_vec(&statement).map_err(|_| Fault::Cryptography("claims cannot be written"))?;
    let keys = KeySet::current(host, host.load(KeySet::wanted(host)).await?).await?;
    Ok(Response::jwt(STATEMENT_MEDIA_TYPE, keys.sign(host, STATEMENT_TYPE, &statement).await?))
}

impl Introspection {
    fn of(host: &Host, resolved: &Resolved) -> Self {
        let access_token = |meaning: &Meaning| Self {
            scope: scope::text(&meaning.scopes),
            aud: Some(Audience::of(meaning.audience(host.config()))),
            act: meaning.act.clone(),
            cnf: meaning.confirmation(),
            ..Self::active(
                host,
                meaning.token_type(),
                &meaning.client_id,
                meaning.sub(),
                meaning.issued_at,
                meaning.expires_at,
            )
        };
        match resolved {
            Resolved::Service { meaning, .. } => access_token(meaning),
            Resolved::Granted(grant, What::Access(token)) => access_token(&grant.value.meaning(token)),
            Resolved::Granted(_, What::RotatedRefresh) => Self::default(),
            Resolved::Granted(grant, What::Refresh) => {
                let Grant { client_id, subject, scopes, created_at, state, .. } = &grant.value;
                Self {
                    scope: scope::text(scopes),
                    ..Self::active(host, "refresh_token", client_id, subject, *created_at, state.over_at())
                }
            }
        }
    }

    fn active(host: &Host, kind: &'static str, client_id: &str, sub: &str, issued: Millis, expires: Millis) -> Self {
        Self {
            active: true,
            client_id: Some(client_id.to_owned()),
            token_type: Some(kind),
            exp: Some(numeric_date(expires)),
            iat: Some(numeric_date(issued)),
            sub: Some(sub.to_owned()),
            iss: Some(host.config().issuer.text.clone()),
            ..Self::default()
        }
    }
}
