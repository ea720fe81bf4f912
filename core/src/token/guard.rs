//! The resource server's half: is this request allowed, and who is behind it?

use serde::{Deserialize, Serialize};

use super::meaning::{Actor, Meaning};
use super::resolve::{self, Resolved, What, resolve, signed_claims};
use crate::config::Config;
use crate::dpop::{Possession, ResourceRequest};
use crate::event::Event;
use crate::host::Host;
use crate::http::{Cookie, find_cookie};
use crate::key::jwt::Claims;
use crate::key::set::KeySet;
use crate::pat::{self, Holder};
use crate::refusal::{Refusal, Stop};
use crate::session::SignedIn;
use crate::sign_in::basic;
use crate::time::{Millis, Seconds};
use crate::{email, resource, scope, session};

/// `tokens.verify`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct VerifyToken {
    pub token: String,
    #[serde(default)]
    pub audience: Option<String>,
    #[serde(default)]
    pub scopes: Vec<String>,
    #[serde(default)]
    pub any_scopes: Vec<String>,
    #[serde(default)]
    pub revocation: Revocation,
    /// The key of a token whose proof `authenticate` checked with the same request.
    #[serde(default)]
    pub jkt: Option<String>,
    /// How long ago the person may have signed in (RFC 9470 section 3).
    #[serde(default)]
    pub max_age: Option<Seconds>,
    /// How they must have (RFC 8176): no token tells it, so with any of them all are refused.
    #[serde(default)]
    pub methods: Vec<String>,
    /// Whether the person's address must be verified.
    #[serde(default)]
    pub require_verified_email: bool,
    /// Whether it must be of an administrator's personal access token.
    #[serde(default)]
    pub admin: bool,
    /// The roles that a personal access token must have, all of these.
    #[serde(default)]
    pub roles: Vec<String>,
}

impl std::fmt::Debug for VerifyToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifyToken").field("audience", &self.audience).finish_non_exhaustive()
    }
}

/// `authenticate`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Authenticate {
    pub headers: Vec<(String, String)>,
    #[serde(default)]
    pub audience: Option<String>,
    #[serde(default)]
    pub scopes: Vec<String>,
    #[serde(default)]
    pub any_scopes: Vec<String>,
    #[serde(default)]
    pub revocation: Revocation,
    /// Of the request, for DPoP (RFC 9449 section 4.3): as they reached the host.
    #[serde(default)]
    pub method: Option<String>,
    #[serde(default)]
    pub url: Option<String>,
    /// Refuses sessions, for an API that only clients call.
    #[serde(default)]
    pub only: Option<Only>,
    /// How long ago the person may have signed in (RFC 9470 section 3).
    #[serde(default)]
    pub max_age: Option<Seconds>,
    /// How they must have (RFC 8176), all of these: what only a session can tell.
    #[serde(default)]
    pub methods: Vec<String>,
    /// Takes a login and a password in each request, too (RFC 7617).
    #[serde(default)]
    pub basic: bool,
    /// The peer's address, at which wrong passwords are counted.
    #[serde(default)]
    pub remote: Option<String>,
    /// Whether the person's address must be verified.
    #[serde(default)]
    pub require_verified_email: bool,
    /// Whether it must be an administrator's personal access token.
    #[serde(default)]
    pub admin: bool,
    /// The roles that a personal access token must have, all of these.
    #[serde(default)]
    pub roles: Vec<String>,
}

impl std::fmt::Debug for Authenticate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticate").field("audience", &self.audience).finish_non_exhaustive()
    }
}

/// What is done about JWT access tokens that were revoked before they expired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Revocation {
    /// Nothing: they are good until they expire, and cost no trip.
    #[default]
    Expiry,
    /// The row is read, as for an opaque token: one trip.
    Check,
}

/// The one kind of principal that is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Only {
    /// Who presents an access token.
    Token,
}

/// What a request must be good for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requirement<'a> {
    /// The resource that is being used; the issuer itself when absent.
    audience: Option<&'a str>,
    /// All of them.
    pub(super) scopes: &'a [String],
    /// One of them.
    pub(super) any_scopes: &'a [String],
    revocation: Revocation,
    pub(super) scheme: Scheme,
    pub(super) max_age: Option<Seconds>,
    methods: &'a [String],
    verified_email: bool,
    admin: bool,
    roles: &'a [String],
}

/// How the access token is presented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scheme {
    #[default]
    Bearer,
    /// RFC 9449 section 7.1.
    Dpop,
}

impl VerifyToken {
    pub(crate) fn requirement(&self) -> Requirement<'_> {
        let Self { audience, scopes, any_scopes, revocation, max_age, methods, admin, roles, .. } = self;
        Requirement {
            audience: audience.as_deref(),
            scopes,
            any_scopes,
            revocation: *revocation,
            scheme: if self.jkt.is_some() { Scheme::Dpop } else { Scheme::Bearer },
            max_age: *max_age,
            methods,
            verified_email: self.require_verified_email,
            admin: *admin,
            roles,
        }
    }
}

impl Authenticate {
    fn headers<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn requirement(&self) -> Requirement<'_> {
        let Self { audience, scopes, any_scopes, revocation, max_age, methods, admin, roles, .. } = self;
        let scheme = self.headers("authorization").find_map(|header| credentials(header).ok());
        Requirement {
            audience: audience.as_deref(),
            scopes,
            any_scopes,
            revocation: *revocation,
            scheme: scheme.map_or(Scheme::Bearer, |(scheme, _)| scheme),
            max_age: *max_age,
            methods,
            verified_email: self.require_verified_email,
            admin: *admin,
            roles,
        }
    }
}

impl<'a> Requirement<'a> {
    /// For an endpoint of the issuer's own.
    pub(crate) const fn of_issuer(scopes: &'a [String], scheme: Scheme) -> Self {
        let revocation = Revocation::Check;
        Self {
            audience: None,
            scopes,
            any_scopes: &[],
            revocation,
            scheme,
            max_age: None,
            methods: &[],
            verified_email: false,
            admin: false,
            roles: &[],
        }
    }

    pub(super) fn audience(&self, config: &'a Config) -> &'a str {
        self.audience.unwrap_or(&config.issuer.text)
    }

    /// A requirement that no token could meet is a mistake of the host, and better told than answered with 401 for ever.
    fn check(&self, config: &Config) -> Result<(), Refusal> {
        if !resource::is_known(config, self.audience(config)) {
            return Err(Refusal::InvalidArgument("audience: one of the configured resources"));
        }
        if !self.scopes.iter().chain(self.any_scopes).all(|name| scope::is_token(name)) {
            return Err(Refusal::InvalidArgument("scopes, anyScopes: each a scope token (RFC 6749 section 3.3)"));
        }
        Ok(())
    }

    /// RFC 9470 section 3: the person signed in recently enough, and by what is wanted.
    fn check_sign_in(&self, host: &Host, principal: Principal) -> Result<Principal, Refusal> {
        let is_recent = |seconds: Seconds| principal.auth_time.is_some_and(|then| host.now() < seconds.after(then));
        let by_all = self.methods.iter().all(|method| principal.methods.contains(method));
        if self.max_age.is_none_or(is_recent) && by_all {
            return Ok(principal);
        }
        Err(Refusal::InsufficientUserAuthentication)
    }

    /// What only a personal access token has.
    fn check_roles(&self, principal: Principal) -> Result<Principal, Refusal> {
        let held = principal.pat.as_ref();
        let admin = !self.admin || held.is_some_and(|pat| pat.admin);
        let all = self.roles.iter().all(|role| held.is_some_and(|pat| pat.roles.contains(role)));
        if admin && all { Ok(principal) } else { Err(Refusal::InsufficientScope) }
    }

    /// The person's address is verified, where that is wanted: one trip more. A client that acts for itself is no person.
    async fn check_email(&self, host: &Host, principal: Principal) -> Result<Principal, Stop> {
        if self.verified_email && !email::is_verified(host, principal.subject.as_deref()).await? {
            return Err(Refusal::EmailNotVerified.into());
        }
        Ok(principal)
    }

    fn is_met_by(&self, scopes: &[String]) -> bool {
        let one_of = self.any_scopes.is_empty() || self.any_scopes.iter().any(|name| scopes.contains(name));
        scope::covers(scopes, self.scopes) && one_of
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
    /// Who acts for the subject (RFC 8693 section 4.1).
    actor: Option<Actor>,
    /// The key that the token is bound to (RFC 9449 section 6).
    jkt: Option<String>,
    expires_at: Millis,
    /// When the person signed in.
    auth_time: Option<Millis>,
    /// How they did (RFC 8176), where a session tells it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    methods: Vec<String>,
    /// The personal access token that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pat: Option<Holder>,
    /// What the response sets: another cookie for the same session.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<(&'static str, String)>,
}

/// A JWT access token takes the trip for the keys only; an opaque one takes one trip for its grant.
pub(crate) async fn verify(host: &Host, ask: &VerifyToken) -> Result<Principal, Stop> {
    let needed = ask.requirement();
    needed.check(host.config())?;
    let principal = examine(host, &ask.token, &needed, ask.jkt.as_deref()).await?;
    let principal = needed.check_roles(needed.check_sign_in(host, principal)?)?;
    needed.check_email(host, principal).await
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

impl Principal {
    fn of(host: &Host, token: Meaning, grant_id: Option<String>) -> Self {
        Self {
            kind: "token",
            audience: token.audience(host.config()),
            subject: token.subject,
            client_id: Some(token.client_id),
            scopes: token.scopes,
            grant_id,
            actor: token.act,
            jkt: token.jkt,
            expires_at: token.expires_at,
            auth_time: token.auth_time,
            ..Self::default()
        }
    }
}

impl Principal {
    /// A personal access token is nobody but itself: its owner is a name.
    fn of_pat(holder: Holder, audience: Vec<String>) -> Self {
        Self { kind: "pat", audience, expires_at: holder.expires_at, pat: Some(holder), ..Self::default() }
    }

    /// A session is the person itself; scopes bound what clients may do for it.
    fn of_session(signed_in: SignedIn, headers: Vec<(&'static str, String)>) -> Self {
        Self {
            kind: "session",
            expires_at: signed_in.session.over_at(),
            subject: Some(signed_in.subject.id),
            session_id: Some(signed_in.session.id),
            auth_time: Some(signed_in.session.auth_time),
            methods: signed_in.session.methods,
            headers,
            ..Self::default()
        }
    }
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
    let found = needed.check_roles(needed.check_sign_in(host, find(host, ask).await?)?)?;
    needed.check_email(host, found).await
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

/// RFC 6750 section 2.1 and RFC 9449 section 7.1; the scheme's case does not matter (RFC 9110 section 11.1). Another scheme is as good as nothing, and a
/// malformed header is no token at all (RFC 6750 section 3.1).
pub(crate) fn credentials(header: &str) -> Result<(Scheme, &str), Refusal> {
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    let schemes = [("bearer", Scheme::Bearer), ("dpop", Scheme::Dpop)];
    let known = schemes.into_iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name));
    let (_, scheme) = known.ok_or(Refusal::TokenMissing)?;
    let token = token.trim_start_matches(' ');
    let plain =
        !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte));
    if plain { Ok((scheme, token)) } else { Err(Refusal::InvalidRequest("The Authorization header is malformed")) }
}
