//! What a request must be good for, as the host says it.

use serde::Deserialize;

use super::principal::Principal;
use crate::config::Config;
use crate::host::Host;
use crate::refusal::{Refusal, Stop};
use crate::time::Seconds;
use crate::{email, resource, scope};

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
    pub(super) audience: Option<&'a str>,
    /// All of them.
    pub(super) scopes: &'a [String],
    /// One of them.
    pub(super) any_scopes: &'a [String],
    pub(super) revocation: Revocation,
    pub(super) scheme: Scheme,
    pub(super) max_age: Option<Seconds>,
    pub(super) methods: &'a [String],
    pub(super) verified_email: bool,
    pub(super) admin: bool,
    pub(super) roles: &'a [String],
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
    pub(super) fn headers<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a str> {
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
    pub(super) fn check(&self, config: &Config) -> Result<(), Refusal> {
        if !resource::is_known(config, self.audience(config)) {
            return Err(Refusal::InvalidArgument("audience: one of the configured resources"));
        }
        if !self.scopes.iter().chain(self.any_scopes).all(|name| scope::is_token(name)) {
            return Err(Refusal::InvalidArgument("scopes, anyScopes: each a scope token (RFC 6749 section 3.3)"));
        }
        Ok(())
    }

    /// Of whoever was found, all that no token and no session tells by itself.
    pub(super) async fn check_principal(&self, host: &Host, principal: Principal) -> Result<Principal, Stop> {
        let principal = self.check_roles(self.check_sign_in(host, principal)?)?;
        self.check_email(host, principal).await
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
    pub(super) fn check_roles(&self, principal: Principal) -> Result<Principal, Refusal> {
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

    pub(super) fn is_met_by(&self, scopes: &[String]) -> bool {
        let one_of = self.any_scopes.is_empty() || self.any_scopes.iter().any(|name| scopes.contains(name));
        scope::covers(scopes, self.scopes) && one_of
    }
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
