//! The configuration: every knob, its bounds and its default, in one table. Read once, by `open`.

mod check;
mod issuer;
mod openid;
mod pats;
mod registration;
mod secret;
mod sessions;
mod sign_in;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use check::ensure;
pub(crate) use issuer::Issuer;
pub(crate) use openid::OpenId;
pub(crate) use pats::Pats;
pub(crate) use registration::{Registration, RegistrationMode};
pub(crate) use secret::{OneOrMany, check_secret, read_secrets};
pub(crate) use sessions::{SessionForm, Sessions};
pub(crate) use sign_in::{Passwordless, SignIn};

use crate::key::Algorithm;
use crate::page::theme::{self, Theme};
use crate::password::{self, Passwords};
use crate::refusal::Fault;
use crate::seal::Roots;
use crate::time::Seconds;

/// What the host gives to `open` (`docs/contract.md` section 6).
///
/// | member | bounds | default |
/// |---|---|---|
/// | `issuer` | https, or http on a loopback host; no query, no fragment; at most 1024 characters | required |
/// | `secret` | one, or a list of at most 8; each of 32 to 1024 characters, at least 10 different ones, not a well-known word | required |
/// | `tenant` | 1 to 32 of `a-z 0-9 -` | `main` |
/// | `name` | 1 to 100 characters | the issuer's host |
/// | `scopes` | at most 1000 scope tokens (RFC 6749 section 3.3) of at most 128 characters | none |
/// | `defaultScopes` | at most 64 of `scopes` | none |
/// | `lifetimes.code` | 1 s to 10 min | 60 s |
/// | `lifetimes.accessToken` | 10 s to 1 d | 15 min |
/// | `lifetimes.refreshToken` | 1 min to 400 d, from the last rotation | 30 d |
/// | `lifetimes.grant` | 1 min to 3650 d, from consent | 180 d |
/// | `lifetimes.interaction` | 1 min to 1 h | 15 min |
/// | `lifetimes.pushedRequest` | 5 s to 10 min | 60 s |
/// | `lifetimes.session` | 1 min to 400 d, from the sign-in | 14 d |
/// | `lifetimes.sessionIdle` | 1 min to 400 d, from the last use | none: use makes no difference |
/// | `sessions.form` | `row`, or `sealed`: the cookie holds all of the session | `row` |
/// | `sessions.rotateTokens` | `true` or `false`: a refresh token of a session is good once | `true` |
/// | `sessions.revalidate` | 0 to 1 h: how long a sealed session is good without being looked at | 60 s |
/// | `lifetimes.idToken` | 1 min to 1 d | 1 h |
/// | `lifetimes.deviceCode` | 1 min to 30 min | 10 min |
/// | `lifetimes.jwt` | 10 s to 400 d: of the application's own JWTs, the longest and the usual one | `lifetimes.accessToken` |
/// | `refreshGrace` | 0 to 2 min | 10 s |
/// | `resources` | at most 1000 absolute URIs of at most 1024 characters | none |
/// | `resources.<uri>.accessToken` | `jwt` or `opaque`; a token for several resources is opaque if one of them wants that | the client's |
/// | `resources.<uri>.lifetime` | 10 s to 1 d; a token for several resources has the shortest of theirs | `lifetimes.accessToken` |
/// | `resources.<uri>.scopes` | of `scopes`: those that mean something there | all |
/// | `resources.<uri>.name` | 1 to 100 characters | none |
/// | `signing.algorithm` | `EdDSA`, `ES256`, `ES384`, `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512` | `EdDSA` |
/// | `signing.alternatives` | at most 3 further algorithms that a client may choose for its ID tokens, each with keys of its own | none |
/// | `signing.rotateEvery` | 1 h to 3650 d | 90 d |
/// | `signing.hostKeys` | at most 16, each with a `kid` of its own; the first signs; needs `sign` | none |
/// | `openid` | an object: the issuer is an OpenID provider, with the scopes `openid`, `profile`, `email`, `address`, `phone` and `offline_access` | absent |
/// | `openid.claims` | at most 1000 scopes, each with at most 64 names of claims that it gives, beside the standard ones | none |
/// | `openid.acr` | at most 32 values of `acr`, each with at most 8 methods (RFC 8176) that a sign-in must all have; told to clients that ask | none |
/// | `openid.pkceOptional` | `true` or `false`: clients that authenticate may leave PKCE out of requests with the scope `openid` | `false` |
/// | `openid.pairwiseSalt` | 32 to 1024 characters, never changed: what pairwise subjects are made with | none, and no such subjects |
/// | `openid.claimsInIdToken` | `true` or `false`: ID tokens hold the claims of scopes as well; otherwise the userinfo endpoint tells them | `false` |
/// | `dpop.requireNonce` | `true` or `false`: every DPoP proof must hold a nonce of the server | `false` |
/// | `password.algorithm` | `argon2id`, `bcrypt`, `scrypt` or `pbkdf2-sha256`: what new hashes are made with | `argon2id` |
/// | `password.memory` | of argon2id: 7168 to 1048576 KiB, and times `passes` at most 4194304 | 19456 |
/// | `password.passes` | of argon2id: 1 to 16 | 2 |
/// | `password.lanes` | of argon2id: 1 to 4 | 1 |
/// | `password.cost` | of bcrypt: 10 to 16 | 12 |
/// | `password.ln`, `password.r`, `password.p` | of scrypt: 14 to 20, 8 to 32 and 1 to 16, at most 1 GiB together | 17, 8, 1 |
/// | `password.iterations` | of pbkdf2-sha256: 100000 to 10000000 | 600000 |
/// | `password.shortest` | 8 to 64 characters that a new password has at least | 8 |
/// | `password.peppers` | at most 8, each with an `id` of 1 to 32 of `a-z A-Z 0-9 - _` and a `secret` as `secret` is; the first is for new hashes, the others verify | none |
/// | `password.legacy` | at most 2, each an `algorithm` (also `argon2i`, `argon2d`, `pbkdf2-sha512`) with its costs: what hashes that were imported cost, so that every attempt costs it too | none |
/// | `theme.accent` | `#rrggbb`: the colour of buttons and links on built-in pages. One that cannot be read on white is refused (WCAG 2.2, a contrast of 4.5) | green |
/// | `theme.accentDark` | `#rrggbb`: the same where a browser asks for dark pages | `theme.accent`, lighter where it must be |
/// | `theme.logo` | a path, an https address, or a `data:` URL of an image with at most 8 kB: in place of the letter before the name | the letter |
/// | `pages.signIn`, `pages.consent`, `pages.device`, `pages.account`, `pages.forgot`, `pages.reset`, `pages.signUp`, `pages.verifyEmail`, `pages.signInLink` | a path, or an absolute URL | the built-in pages |
/// | `signIn.attempts.account` | 3 to 1000 wrong answers for one person in each window; as many from each browser that they signed in with before | 10 |
/// | `signIn.attempts.address` | 3 to 1000000 wrong answers from one address (an IPv6 network of 64 bits) in each window | 100 |
/// | `signIn.attempts.window` | 1 min to 1 d | 15 min |
/// | `signIn.recent` | 1 min to 1 d: how long after a sign-in somebody may change what they sign in with | 10 min |
/// | `signIn.endSessionsOnFactorChange` | `true` or `false`: the other sessions of a person end when a second factor is added or removed | `true` |
/// | `signIn.signUp` | `true` or `false`: people make accounts for themselves; needs `mail` | `false` |
/// | `signIn.passwordless` | of `link` and `code`: what is mailed to sign in with; needs `mail` | none |
/// | `registration.mode` | `off`, `token` (an initial access token is needed) or `open` | `off` |
/// | `registration.documents` | whether a client id may be the address of a metadata document; needs `fetch` | `false` |
/// | `registration.scopes` | what such clients may ask for; each in `scopes` | all |
/// | `registration.grantTypes` | what they may register for, of the grant types there are | `authorization_code`, `refresh_token` |
/// | `registration.perHour` | 1 to 1000000 registrations, and documents read, for one address | 60 |
/// | `registration.unusedFor` | 1 h to 3650 d, after which `purge` removes one that nobody ever used | 30 d |
/// | `pats` | an object: there are personal access tokens | absent |
/// | `pats.prefix` | 2 to 32 of `a-z A-Z 0-9 - _`, ending with `_`, not beginning with `cv`: what each token begins with | `pat_` |
/// | `pats.lifetime` | 10 s to 1 h, of the JWT that a token is exchanged for | 5 min |
/// | `pats.imported` | `true` or `false`: tokens that another system made (with scrypt) are taken | `false` |
/// | `pats.admin` | a path of letters, digits, `-` and `_`, under which they are administered over HTTP; `null`: nowhere | `/admin` |
/// | `pats.bootstrap` | `{ id, hash }` as `pats.generate` gives it: the first time that this token is presented it becomes an administrator's | none |
/// | `limits.flows` | 1 to 1000000 | 4096 |
/// | `requirePushedAuthorizationRequests` | `true` or `false`: RFC 9126 section 5 | `false` |
/// | `signIn.rememberFor` | 1 d to 400 d from the sign-in: how long a browser begins sessions by itself, for a person who wished so | none: it does not |
/// | `trustedHops` | 0 to 10: how many proxies of the operator's own add to `x-forwarded-for`; without one, the peer's address counts | 0 |
/// | `rememberConsent` | `true` or `false`: what a person allowed a client before, each scope at each resource, is not asked again, as long as a grant of that day could live | `true` |
/// | `limits.pushedPerMinute` | 1 to 1000000, for each client; of one that does not authenticate, for each client and address | 1000 |
/// | `limits.body` | 1 kB to 1 MB | 64 kB |
/// | `issuers` | at most 1000 further ones: each a configuration like this one with its own `issuer`, `tenant`, `secret` and so on, without `issuers` and `capabilities`. The engine, its flows and the store are shared; `limits.flows` is the first's | none |
/// | `capabilities` | `derive`, `sign`, `verify`, `fetch`, `subject`, `mail` | none |
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    issuer: String,
    secret: OneOrMany,
    #[serde(default = "main_tenant")]
    tenant: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    theme: theme::Written,
    #[serde(default)]
    scopes: BTreeMap<String, String>,
    #[serde(default)]
    default_scopes: Vec<String>,
    #[serde(default)]
    lifetimes: Lifetimes,
    #[serde(default = "ten_seconds")]
    refresh_grace: Seconds,
    #[serde(default)]
    resources: BTreeMap<String, Resource>,
    #[serde(default)]
    signing: Signing,
    #[serde(default)]
    openid: Option<OpenId>,
    #[serde(default)]
    dpop: Dpop,
    #[serde(default)]
    pages: Pages,
    #[serde(default)]
    password: password::Written,
    #[serde(default)]
    sign_in: SignIn,
    #[serde(default)]
    sessions: Sessions,
    #[serde(default)]
    registration: Registration,
    #[serde(default)]
    pats: Option<Pats>,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    require_pushed_authorization_requests: bool,
    #[serde(default)]
    trusted_hops: u32,
    #[serde(default = "yes")]
    remember_consent: bool,
    #[serde(default)]
    capabilities: Vec<Capability>,
    #[serde(default)]
    issuers: Vec<Written>,
}

/// A checked configuration.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) issuer: Issuer,
    pub(crate) roots: Roots,
    pub(crate) tenant: String,
    pub(crate) name: String,
    pub(crate) theme: Option<Theme>,
    pub(crate) scopes: BTreeMap<String, String>,
    pub(crate) default_scopes: Vec<String>,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) refresh_grace: Seconds,
    pub(crate) resources: BTreeMap<String, Resource>,
    pub(crate) signing: Signing,
    /// `None`: this is no OpenID provider.
    pub(crate) openid: Option<OpenId>,
    pub(crate) dpop: Dpop,
    pub(crate) pages: Pages,
    pub(crate) password: Passwords,
    pub(crate) sign_in: SignIn,
    pub(crate) sessions: Sessions,
    pub(crate) registration: Registration,
    /// `None`: there are no personal access tokens.
    pub(crate) pats: Option<Pats>,
    pub(crate) limits: Limits,
    /// RFC 9126 section 5.
    pub(crate) require_pushed_authorization_requests: bool,
    /// Proxies of the operator's own.
    pub(crate) trusted_hops: u32,
    pub(crate) remember_consent: bool,
    capabilities: Vec<Capability>,
}

/// How long things live.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Lifetimes {
    pub(crate) code: Seconds,
    pub(crate) access_token: Seconds,
    pub(crate) refresh_token: Seconds,
    pub(crate) grant: Seconds,
    pub(crate) interaction: Seconds,
    pub(crate) pushed_request: Seconds,
    pub(crate) session: Seconds,
    /// After its last use; `None`: use makes no difference.
    pub(crate) session_idle: Option<Seconds>,
    pub(crate) device_code: Seconds,
    pub(crate) id_token: Seconds,
    /// Of the application's own JWTs.
    jwt: Option<Seconds>,
}

impl Lifetimes {
    /// The longest life of the application's own JWTs, and the usual one.
    pub(crate) fn own_jwt(&self) -> Seconds {
        self.jwt.unwrap_or(self.access_token)
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            code: Seconds(60),
            access_token: Seconds(900),
            refresh_token: Seconds(30 * 86_400),
            grant: Seconds(180 * 86_400),
            interaction: Seconds(900),
            pushed_request: Seconds(60),
            session: Seconds(14 * 86_400),
            session_idle: None,
            device_code: Seconds(600),
            id_token: Seconds(3600),
            jwt: None,
        }
    }
}

/// A resource server (RFC 8707), and how its access tokens look.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Resource {
    #[serde(default)]
    pub(crate) access_token: Option<TokenForm>,
    #[serde(default)]
    pub(crate) lifetime: Option<Seconds>,
    /// The scopes that mean something there; `None`: all.
    #[serde(default)]
    pub(crate) scopes: Option<Vec<String>>,
    /// What people call it (RFC 9728 section 2).
    #[serde(default)]
    pub(crate) name: Option<String>,
}

/// The form of access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenForm {
    /// RFC 9068: verified without a storage trip, revoked by expiry.
    #[default]
    Jwt,
    /// A handle: verified by introspection, revoked at once.
    Opaque,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Signing {
    pub(crate) algorithm: Algorithm,
    pub(crate) alternatives: Vec<Algorithm>,
    pub(crate) rotate_every: Seconds,
    pub(crate) host_keys: Vec<HostKey>,
}

impl Default for Signing {
    fn default() -> Self {
        let rotate_every = Seconds(90 * 86_400);
        Self { algorithm: Algorithm::EdDSA, alternatives: Vec::new(), rotate_every, host_keys: Vec::new() }
    }
}

impl Signing {
    /// All that something is signed with, the usual one first.
    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        let others = self.alternatives.iter().copied().filter(|other| *other != self.algorithm);
        std::iter::once(self.algorithm).chain(others)
    }
}

/// A key that only the host has; it signs through the `sign` ask. The first one listed is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HostKey {
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) public_jwk: Value,
}

/// DPoP (RFC 9449).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Dpop {
    /// Section 8: every proof must hold a nonce of the server, so that none can be made in advance.
    pub(crate) require_nonce: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Pages {
    pub(crate) sign_in: String,
    pub(crate) consent: String,
    pub(crate) device: String,
    pub(crate) account: String,
    pub(crate) forgot: String,
    pub(crate) reset: String,
    pub(crate) sign_up: String,
    pub(crate) verify_email: String,
    pub(crate) sign_in_link: String,
}

impl Pages {
    pub(crate) const SIGN_IN: &'static str = "/sign-in";
    pub(crate) const CONSENT: &'static str = "/consent";
    pub(crate) const DEVICE: &'static str = "/device";
    pub(crate) const ACCOUNT: &'static str = "/account";
    pub(crate) const FORGOT: &'static str = "/forgot";
    pub(crate) const RESET: &'static str = "/reset";
    pub(crate) const SIGN_UP: &'static str = "/sign-up";
    pub(crate) const VERIFY_EMAIL: &'static str = "/verify-email";
    pub(crate) const SIGN_IN_BY_MAIL: &'static str = "/sign-in-by-mail";
    pub(crate) const SIGN_IN_LINK: &'static str = "/sign-in-link";
}

impl Default for Pages {
    fn default() -> Self {
        Self {
            sign_in: Self::SIGN_IN.to_owned(),
            consent: Self::CONSENT.to_owned(),
            device: Self::DEVICE.to_owned(),
            account: Self::ACCOUNT.to_owned(),
            forgot: Self::FORGOT.to_owned(),
            reset: Self::RESET.to_owned(),
            sign_up: Self::SIGN_UP.to_owned(),
            verify_email: Self::VERIFY_EMAIL.to_owned(),
            sign_in_link: Self::SIGN_IN_LINK.to_owned(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Limits {
    pub(crate) flows: u32,
    pub(crate) body: u32,
    pub(crate) pushed_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { flows: 4096, body: 65_536, pushed_per_minute: 1000 }
    }
}

/// What a host may offer beyond storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Capability {
    Derive,
    Sign,
    Verify,
    Fetch,
    Subject,
    /// It sends what is in `done.mail`.
    Mail,
}

impl Config {
    /// The first issuer's, and those of the others.
    pub(crate) fn read(json: &[u8]) -> Result<(Self, Vec<Self>), Fault> {
        let mut first: Written =
            crate::json::read(json).map_err(|error| Fault::Configuration(without_place(&error)))?;
        let others = std::mem::take(&mut first.issuers);
        check::check_together(&first, &others)?;
        let capabilities = first.capabilities.clone();
        let of_host = |other| Self::of(Written { capabilities: capabilities.clone(), ..other });
        Ok((Self::of(first)?, others.into_iter().map(of_host).collect::<Result<_, _>>()?))
    }

    fn of(written: Written) -> Result<Self, Fault> {
        let issuer = Issuer::parse(&written.issuer)?;
        check::check(&written)?;
        let name = written.name.unwrap_or_else(|| issuer.host().to_owned());
        check::ensure((1..=100).contains(&name.chars().count()), "name: from 1 to 100 characters")?;
        Ok(Self {
            roots: read_secrets(&written.secret)?,
            tenant: written.tenant,
            name,
            theme: Theme::of(&written.theme).map_err(|told| Fault::Configuration(told.to_owned()))?,
            scopes: match &written.openid {
                Some(_) => openid::with_standard_scopes(written.scopes),
                None => written.scopes,
            },
            openid: written.openid,
            default_scopes: written.default_scopes,
            lifetimes: written.lifetimes,
            refresh_grace: written.refresh_grace,
            resources: written.resources,
            signing: written.signing,
            dpop: written.dpop,
            pages: written.pages,
            password: written.password.checked()?,
            sign_in: written.sign_in,
            sessions: written.sessions,
            registration: written.registration,
            pats: written.pats,
            limits: written.limits,
            require_pushed_authorization_requests: written.require_pushed_authorization_requests,
            trusted_hops: written.trusted_hops,
            remember_consent: written.remember_consent,
            capabilities: written.capabilities,
            issuer,
        })
    }

    /// What is signed with, the usual one first.
    pub(crate) fn signing_algorithms(&self) -> impl Iterator<Item = Algorithm> {
        let usual = self.usual_algorithm();
        let others = self.signing.alternatives.iter().copied().filter(move |other| *other != usual);
        std::iter::once(usual).chain(others)
    }

    /// What is signed with where nobody chooses.
    pub(crate) fn usual_algorithm(&self) -> Algorithm {
        self.signing.host_keys.first().map_or(self.signing.algorithm, |key| key.algorithm)
    }

    /// Whether something can be signed with this.
    pub(crate) fn signs_with(&self, algorithm: Algorithm) -> bool {
        self.signing_algorithms().any(|known| known == algorithm)
    }

    /// Whether people do things by way of their mailbox: the host sends mail, and the engine keeps the accounts.
    pub(crate) fn mails_to_accounts(&self) -> bool {
        mails_to_accounts(&self.capabilities)
    }

    pub(crate) fn offers(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }
}

fn mails_to_accounts(capabilities: &[Capability]) -> bool {
    capabilities.contains(&Capability::Mail) && !capabilities.contains(&Capability::Subject)
}

/// What is wrong with a member. Where it stands is left out: hosts write this JSON themselves, from other files and from code.
fn without_place(error: &serde_json::Error) -> String {
    let told = error.to_string();
    match told.rsplit_once(" at line ") {
        Some((what, _)) if error.is_data() => what.to_owned(),
        _ => told,
    }
}

/// The tenant where none is configured.
pub(crate) const MAIN_TENANT: &str = "main";

fn main_tenant() -> String {
    MAIN_TENANT.to_owned()
}

const fn yes() -> bool {
    true
}

fn ten_seconds() -> Seconds {
    Seconds(10)
}
