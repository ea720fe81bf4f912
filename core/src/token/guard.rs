//! The resource server's half: is this request allowed, and who is behind it?

use super::meaning::Meaning;
use super::principal::Principal;
use super::requirement::{Authenticate, Only, Requirement, Revocation, Scheme, VerifyToken, credentials};
use super::resolve::{self, Resolved, What, resolve, signed_claims};
use crate::dpop::{Possession, ResourceRequest};
use crate::event::Event;
use crate::host::Host;
use crate::http::{Cookie, find_cookie};
use crate::key::jwt::Claims;
use crate::key::set::KeySet;
use crate::pat::{self, Holder};
use crate::refusal::{Refusal, Stop};
use crate::session;
use crate::sign_in::basic;

/// A JWT access token takes the trip for the keys only; an opaque one takes one trip for its grant.
pub(crate) async fn verify(host: &Host, ask: &VerifyToken) -> Result<Principal, Stop> {
    let needed = ask.requirement();
    needed.check(host.config())?;
    let principal = examine(host, &ask.token, &needed, ask.jkt.as_deref()).await?;
    needed.check_principal(host, principal).await
}

/// `jkt` is the key that was shown. A token is good only as what it was issued as: whoever stole one that is bound may not use it as if
/// nothing had to be proven (RFC 9449 section 7.2), and a proof makes no bearer token better.
async fn examine(host: &Host, token: &str, needed: &Requirement<'_>, jkt: Option<&str>) -> Result<Principal, Stop> {
    let audience = needed.audience(host.config());
    let says_it_all = token.contains('.') && needed.revocation == Revocation::Expiry;
    let principal = match () {
        () if pat::is_presented(host.config(), token) => {
            // It is good wherever the host asks about it: only the host can.
            let holder = pat::find(host, token).await?;
            holder.map(|holder| Principal::of_pat(holder, vec![audience.to_owned()]))
        }
        () if says_it_all => of_jwt(host, token).await?,
        () if resolve::unverified_jti(token).is_some_and(|jti| pat::is_access_token(&jti)) => {
            of_pat_row(host, token).await?
        }
        () => of_row(host, token).await?,
    };
    let principal = principal
        .filter(|principal| principal.audience.iter().any(|one| one == audience))
        .filter(|principal| principal.jkt.as_deref() == jkt)
        .ok_or(Refusal::InvalidToken)?;
    if needed.is_met_by(&principal.scopes) { Ok(principal) } else { Err(Refusal::InsufficientScope.into()) }
}

async fn of_jwt(host: &Host, token: &str) -> Result<Option<Principal>, Stop> {
    let keys = KeySet::for_verifying(host, token).await?;
    let Some(claims) = signed_claims(host, &keys, token).await? else { return Ok(None) };
    Ok(Some(match Holder::of_claims(&claims) {
        Some(holder) => Principal::of_pat(holder, audience_of(&claims)),
        None => Principal::of(host, Meaning::of(&claims), None),
    }))
}

fn audience_of(claims: &Claims) -> Vec<String> {
    claims.audience().map(str::to_owned).collect()
}

/// A JWT that a personal access token was exchanged for, as the row of that says now: one trip.
async fn of_pat_row(host: &Host, token: &str) -> Result<Option<Principal>, Stop> {
    let keys = KeySet::for_verifying(host, token).await?;
    let Some(claims) = signed_claims(host, &keys, token).await? else { return Ok(None) };
    let Some(holder) = Holder::of_claims(&claims) else { return Ok(None) };
    let holder = holder.looked_up(host).await?;
    Ok(holder.map(|holder| Principal::of_pat(holder, audience_of(&claims))))
}

/// Whether a token is an administrator's personal access token, or a JWT for the issuer that one was exchanged for: one trip.
pub(crate) async fn administrator(host: &Host, token: &str) -> Result<(), Stop> {
    let needed = Requirement { admin: true, ..Requirement::of_issuer(&[], Scheme::Bearer) };
    needed.check_roles(examine(host, token, &needed, None).await?)?;
    Ok(())
}

async fn of_row(host: &Host, token: &str) -> Result<Option<Principal>, Stop> {
    Ok(resolve(host, token, None).await?.1.and_then(|resolved| match resolved {
        Resolved::Granted(grant, What::Access(token)) => {
            Some(Principal::of(host, grant.value.meaning(&token), Some(grant.value.id)))
        }
        Resolved::Granted(..) => None,
        Resolved::Service { meaning, .. } => Some(Principal::of(host, meaning, None)),
    }))
}

/// Who makes a request, and an event that says so.
pub(crate) async fn authenticate(host: &Host, ask: &Authenticate) -> Result<Principal, Stop> {
    ask.requirement().check(host.config())?;
    let found = let_through(host, ask).await;
    match &found {
        Ok(Principal { subject, client_id, session_id, pat, .. }) => host.tell(Event::AuthenticationSucceeded {
            subject: subject.clone(),
            client_id: client_id.clone(),
            session_id: session_id.clone(),
            token_id: pat.as_ref().map(|pat| pat.id.clone()),
        }),
        Err(Stop::Refused(refusal)) => host.tell(Event::AuthenticationFailed { code: refusal.code() }),
        Err(_) => {}
    }
    found
}

async fn let_through(host: &Host, ask: &Authenticate) -> Result<Principal, Stop> {
    let needed = ask.requirement();
    needed.check_principal(host, find(host, ask).await?).await
}

/// By the `Authorization` header; without one, by the session cookie. A token that is bad is not made good by a cookie.
async fn find(host: &Host, ask: &Authenticate) -> Result<Principal, Stop> {
    let mut authorization = ask.headers("authorization");
    if let Some(header) = authorization.next() {
        if authorization.next().is_some() {
            return Err(Refusal::InvalidRequest("There is more than one Authorization header").into());
        }
        if ask.basic
            && let Some(credentials) = basic::credentials(header)
        {
            return by_password(host, ask, credentials?).await;
        }
        if let Some(token) = pat_in(host, header) {
            return examine(host, token, &ask.requirement(), None).await;
        }
        return match credentials(header)? {
            (Scheme::Bearer, token) if session::tokens::is_token(token) && ask.only != Some(Only::Token) => {
                let signed_in = session::tokens::find(host, token).await?.ok_or(Refusal::InvalidToken)?;
                Ok(Principal::of_session(signed_in, Vec::new()))
            }
            (Scheme::Bearer, token) => examine(host, token, &ask.requirement(), None).await,
            (Scheme::Dpop, token) => with_proof(host, ask, token).await,
        };
    }
    if ask.only == Some(Only::Token) {
        return Err(Refusal::TokenMissing.into());
    }
    // HTTP/2 may send each pair in a header of its own (RFC 9113 section 8.2.3).
    let cookies = ask.headers("cookie").collect::<Vec<_>>().join(";");
    let cookie = find_cookie(host.config(), &cookies, Cookie::Session);
    let signed_in = session::find(host, cookie).await?.ok_or(Refusal::TokenMissing)?;
    let headers = signed_in.renewed(host)?.into_iter().collect();
    Ok(Principal::of_session(signed_in, headers))
}

/// A personal access token, whatever became of it on its way: what is not its own is no header's fault.
fn pat_in<'h>(host: &Host, header: &'h str) -> Option<&'h str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && pat::is_presented(host.config(), token)).then_some(token)
}

/// The person itself, for this one request.
async fn by_password(host: &Host, ask: &Authenticate, (login, password): (String, String)) -> Result<Principal, Stop> {
    if ask.only == Some(Only::Token) {
        return Err(Refusal::TokenMissing.into());
    }
    let subject = basic::subject(host, ask.remote.as_deref(), &login, &password).await?;
    Ok(Principal {
        kind: "password",
        subject: Some(subject),
        auth_time: Some(host.now()),
        methods: vec!["pwd".to_owned()],
        expires_at: host.now(),
        ..Principal::default()
    })
}

/// RFC 9449 section 7.1: the token and a proof of its key. The proof is spent last, by a commit of its own, so that a request that is
/// refused spends nothing.
async fn with_proof(host: &Host, ask: &Authenticate, token: &str) -> Result<Principal, Stop> {
    let needed = ask.requirement();
    let (Some(method), Some(url)) = (&ask.method, &ask.url) else {
        return Err(Refusal::InvalidArgument("method, url: those of the request, to check its DPoP proof").into());
    };
    let request = ResourceRequest { method, url, audience: needed.audience(host.config()) };
    let possession = Possession::at_resource(host, ask.headers("dpop"), request, token).await?;
    let principal = examine(host, token, &needed, possession.jkt()).await?;
    possession.spend_at_resource(host).await?;
    Ok(principal)
}
