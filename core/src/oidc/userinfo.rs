//! The userinfo endpoint (OpenID Connect Core section 5.3).

use super::id_token::TYPE;
use super::{OPENID, claims, is_openid, subject};
use crate::account;
use crate::dpop::Possession;
use crate::host::Host;
use crate::http::{Request, Response};
use crate::key::set::KeySet;
use crate::metadata;
use crate::refusal::{Fault, Refusal, Stop};
use crate::time::numeric_date;
use crate::token::{OfPerson, Requirement, Scheme, challenged, credentials, resolve_person};

/// Tells what the token may learn of its person: one trip, and one more where a proof is to be spent.
pub(crate) async fn userinfo_endpoint(host: &Host, request: &Request) -> Result<Response, Stop> {
    let scopes = [OPENID.to_owned()];
    let mut scheme = Scheme::Bearer;
    match answer(host, request, &mut scheme).await {
        Err(Stop::Refused(refusal)) => {
            let needed = Requirement::of_issuer(&scopes, scheme);
            Ok(Response::told(challenged(host.config(), &needed, &refusal)))
        }
        other => other,
    }
}

async fn answer(host: &Host, request: &Request, scheme: &mut Scheme) -> Result<Response, Stop> {
    let body = if request.method == "POST" && request.is_form() { Some(request.form()?) } else { None };
    let mut headers = request.header_values("authorization");
    let in_header = headers.next();
    let in_body = body.as_ref().map(|form| form.one("access_token")).transpose()?.flatten();
    // RFC 6750 section 2: one way at a time.
    let token = match (in_header, headers.next(), in_body) {
        (Some(header), None, None) => {
            let (presented, token) = credentials(header)?;
            *scheme = presented;
            token
        }
        (None, None, Some(token)) => token,
        (None, None, None) => return Err(Refusal::TokenMissing.into()),
        _ => return Err(Refusal::InvalidRequest("The access token is presented more than once").into()),
    };
    let possession = match scheme {
        Scheme::Bearer => Possession::default(),
        Scheme::Dpop => Possession::with_token(host, request, metadata::USERINFO, token).await?,
    };
    let found = resolve_person(host, token).await?.ok_or(Refusal::InvalidToken)?;
    let OfPerson { client, grant, token, person } = &found;
    let meaning = grant.meaning(token);
    let of_issuer = meaning.audience(host.config()).contains(&host.config().issuer.text);
    if !of_issuer || meaning.jkt.as_deref() != possession.jkt() {
        return Err(Refusal::InvalidToken.into());
    }
    if !is_openid(&meaning.scopes) {
        return Err(Refusal::InsufficientScope.into());
    }
    let asked = grant.openid.as_ref().map_or(&[][..], |sign_in| &sign_in.claims.userinfo);
    let names = claims::names(host.config(), meaning.scopes.iter(), asked);
    let mut told = account::claims(host, person, &names).await?;
    told.insert("sub".to_owned(), subject::sub(host.config(), client, &person.id).into());
    possession.spend_at_resource(host).await?;
    match client.openid.userinfo_alg.filter(|chosen| host.config().signs_with(*chosen)) {
        None => Ok(Response::json(200, &told)),
        Some(algorithm) => {
            told.insert("iss".to_owned(), host.config().issuer.text.as_str().into());
            told.insert("aud".to_owned(), client.id.as_str().into());
            told.insert("iat".to_owned(), numeric_date(host.now()).into());
            let told = serde_json::to_vec(&told).map_err(|_| Fault::Cryptography("claims cannot be written"))?;
            let keys = KeySet::current(host, host.load(KeySet::wanted(host)).await?).await?;
            Ok(Response::jwt("application/jwt", keys.sign_by(host, Some(algorithm), TYPE, &told).await?))
        }
    }
}
