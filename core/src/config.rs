//! The configuration: every knob, its bounds and its default, in one table. Read once, by `open`.

use std::collections::BTreeMap;
use std::fmt;

use crate::key::Algorithm;
use crate::refusal::Fault;
use crate::seal::Roots;
use crate::time::Seconds;
use crate::uri::Uri;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// What the host gives to `open` (`docs/contract.md` section 6).
///
/// | member | bounds | default |
/// |---|---|---|
/// | `issuer` | https, or http on a loopback host; no query, no fragment | required |
/// | `secret` | each of 32 to 1024 characters, at least 10 different ones, not a well-known word | required |
/// | `tenant` | 1 to 32 of `a-z 0-9 -` | `main` |
/// | `name` | 1 to 100 characters | the issuer's host |
/// | `scopes` | at most 1000 scope tokens (RFC 6749 section 3.3) | none |
/// | `defaultScopes` | a part of `scopes` | none |
/// | `lifetimes.code` | 1 s to 10 min | 60 s |
/// | `lifetimes.accessToken` | 10 s to 1 d | 15 min |
/// | `lifetimes.refreshToken` | 1 min to 400 d, from the last rotation | 30 d |
/// | `lifetimes.grant` | 1 min to 3650 d, from consent | 180 d |
/// | `lifetimes.interaction` | 1 min to 1 h | 15 min |
/// | `lifetimes.session` | 1 min to 400 d | 14 d |
/// | `refreshGrace` | 0 to 2 min | 10 s |
/// | `resources` | at most 1000 absolute URIs | none |
/// | `signing.algorithm` | `EdDSA`, `ES256`, `RS256` | `EdDSA` |
/// | `signing.rotateEvery` | 1 h to 3650 d | 90 d |
/// | `signing.hostKeys` | at most 16 | none |
/// | `pages.signIn`, `pages.consent` | a path, or an absolute URL | the built-in pages |
/// | `password.memory` | 7168 to 1048576 KiB | 19456 |
/// | `password.passes` | 1 to 16 | 2 |
/// | `password.lanes` | 1 to 4 | 1 |
/// | `limits.flows` | 1 to 1000000 | 4096 |
/// | `limits.body` | 1 kB to 1 MB | 64 kB |
/// | `capabilities` | `derive`, `sign`, `verify`, `fetch`, `subject` | none |
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
    pages: Pages,
    #[serde(default)]
    password: PasswordCosts,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    capabilities: Vec<Capability>,
}

/// One secret, or several: the newest first.
pub(crate) struct OneOrMany(Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> Visitor<'de> for Written {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a secret, or a list of secrets")
            }

            fn visit_str<E: de::Error>(self, one: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![one.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany, A::Error> {
                let mut many = Vec::new();
                while let Some(one) = list.next_element()? {
                    many.push(one);
                }
                Ok(OneOrMany(many))
            }
        }
        deserializer.deserialize_any(Written)
    }
}

/// A checked configuration.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) issuer: Issuer,
    pub(crate) roots: Roots,
    pub(crate) tenant: String,
    pub(crate) name: String,
    pub(crate) scopes: BTreeMap<String, String>,
    pub(crate) default_scopes: Vec<String>,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) refresh_grace: Seconds,
    pub(crate) resources: BTreeMap<String, Resource>,
    pub(crate) signing: Signing,
    pub(crate) pages: Pages,
    pub(crate) password: PasswordCosts,
    pub(crate) limits: Limits,
    capabilities: Vec<Capability>,
}

/// The issuer, as text for comparison and in parts for building addresses.
#[derive(Debug)]
pub(crate) struct Issuer {
    /// Byte for byte what `iss` says (RFC 9207 section 2).
    pub(crate) text: String,
    /// Scheme, host and port, as browsers send them in `Origin`.
    pub(crate) origin: String,
    /// The path without a trailing slash; empty for most.
    pub(crate) path: String,
    pub(crate) secure: bool,
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
    pub(crate) session: Seconds,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            code: Seconds(60),
            access_token: Seconds(900),
            refresh_token: Seconds(30 * 86_400),
            grant: Seconds(180 * 86_400),
            interaction: Seconds(900),
            session: Seconds(14 * 86_400),
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
    pub(crate) rotate_every: Seconds,
    pub(crate) host_keys: Vec<HostKey>,
}

impl Default for Signing {
    fn default() -> Self {
        Self { algorithm: Algorithm::EdDSA, rotate_every: Seconds(90 * 86_400), host_keys: Vec::new() }
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

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Pages {
    pub(crate) sign_in: String,
    pub(crate) consent: String,
}

impl Pages {
    pub(crate) const SIGN_IN: &'static str = "/sign-in";
    pub(crate) const CONSENT: &'static str = "/consent";
}

impl Default for Pages {
    fn default() -> Self {
        Self { sign_in: Self::SIGN_IN.to_owned(), consent: Self::CONSENT.to_owned() }
    }
}

/// Argon2id costs (RFC 9106 section 3.1); the default is OWASP's second choice.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct PasswordCosts {
    pub(crate) memory: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

impl Default for PasswordCosts {
    fn default() -> Self {
        Self { memory: 19_456, passes: 2, lanes: 1 }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Limits {
    pub(crate) flows: u32,
    pub(crate) body: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { flows: 4096, body: 65_536 }
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
}

impl Config {
    pub(crate) fn read(json: &[u8]) -> Result<Self, Fault> {
        let written: Written = crate::json::read(json).map_err(|error| Fault::Configuration(error.to_string()))?;
        let issuer = Issuer::parse(&written.issuer)?;
        check_lifetimes(&written.lifetimes, written.refresh_grace)?;
        check_scopes(&written.scopes, &written.default_scopes)?;
        check_resources(&written.resources)?;
        check_costs(&written)?;
        check_signing(&written.signing, &written.capabilities)?;
        check_pages(&written.pages)?;
        check_tenant(&written.tenant)?;
        let name = written.name.unwrap_or_else(|| issuer.host().to_owned());
        ensure((1..=100).contains(&name.chars().count()), "name: from 1 to 100 characters")?;
        Ok(Self {
            roots: read_secrets(&written.secret)?,
            tenant: written.tenant,
            name,
            scopes: written.scopes,
            default_scopes: written.default_scopes,
            lifetimes: written.lifetimes,
            refresh_grace: written.refresh_grace,
            resources: written.resources,
            signing: written.signing,
            pages: written.pages,
            password: written.password,
            limits: written.limits,
            capabilities: written.capabilities,
            issuer,
        })
    }

    pub(crate) fn offers(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }
}

impl Issuer {
    /// RFC 9207 compares issuers byte for byte: only the normal form can be compared safely.
    fn parse(text: &str) -> Result<Self, Fault> {
        let uri = Uri::parse(text).filter(Uri::is_web).ok_or_else(|| {
            Fault::Configuration(
                "issuer: an absolute URL in its normal form (lower case, no default port, no user, no dot segments)"
                    .into(),
            )
        })?;
        let secure = uri.scheme == "https";
        ensure(secure || uri.is_loopback(), "issuer: must be https (http only on a loopback host)")?;
        ensure(
            uri.query.is_none() && uri.fragment.is_none(),
            "issuer: has no query and no fragment (RFC 8414 section 2)",
        )?;
        let path = uri.path.trim_end_matches('/').to_owned();
        Ok(Self { text: text.to_owned(), origin: uri.origin(), path, secure })
    }

    fn host(&self) -> &str {
        self.origin.split_once("://").map_or("", |(_, host)| host)
    }

    /// An address under the issuer.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.path)
    }
}

fn main_tenant() -> String {
    "main".to_owned()
}

fn ten_seconds() -> Seconds {
    Seconds(10)
}

fn ensure(holds: bool, rule: &str) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault::Configuration(rule.to_owned())) }
}

/// What the secrets give, unless one of them is short or guessable.
pub(crate) fn read_secrets(OneOrMany(secrets): &OneOrMany) -> Result<Roots, Fault> {
    let refused = || Fault::Configuration("secret: from 1 to 8 secrets".to_owned());
    let (current, older) = secrets.split_first().filter(|(_, older)| older.len() < 8).ok_or_else(refused)?;
    secrets.iter().try_for_each(|secret| check_secret(secret))?;
    Ok(Roots::new(current, older.iter().map(String::as_str)))
}

/// Words that stand in examples and tutorials, and so in real deployments.
const WELL_KNOWN: [&str; 8] =
    ["changeme", "change-me", "change_me", "password", "your-secret", "your_secret", "supersecret", "keyboard cat"];

fn check_secret(secret: &str) -> Result<(), Fault> {
    let length = secret.chars().count();
    ensure((32..=1024).contains(&length), "secret: from 32 to 1024 characters; make one with `claviger secret`")?;
    let lower = secret.to_ascii_lowercase();
    let mut different = String::new();
    for letter in secret.chars() {
        if !different.contains(letter) {
            different.push(letter);
        }
    }
    let guessable = different.chars().count() < 10 || WELL_KNOWN.iter().any(|word| lower.contains(word));
    ensure(!guessable, "secret: this one can be guessed; make one with `claviger secret`")
}

fn check_tenant(tenant: &str) -> Result<(), Fault> {
    let plain = tenant.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    ensure(plain && (1..=32).contains(&tenant.len()), "tenant: from 1 to 32 of a-z, 0-9 and -")
}

fn check_lifetimes(lifetimes: &Lifetimes, grace: Seconds) -> Result<(), Fault> {
    const DAY: u64 = 86_400;
    let bounded = [
        (lifetimes.code, 1, 600, "lifetimes.code: from 1 second to 10 minutes"),
        (lifetimes.access_token, 10, DAY, "lifetimes.accessToken: from 10 seconds to 1 day"),
        (lifetimes.refresh_token, 60, 400 * DAY, "lifetimes.refreshToken: from 1 minute to 400 days"),
        (lifetimes.grant, 60, 3650 * DAY, "lifetimes.grant: from 1 minute to 3650 days"),
        (lifetimes.interaction, 60, 3600, "lifetimes.interaction: from 1 minute to 1 hour"),
        (lifetimes.session, 60, 400 * DAY, "lifetimes.session: from 1 minute to 400 days"),
        (grace, 0, 120, "refreshGrace: from 0 to 2 minutes"),
    ];
    bounded.iter().try_for_each(|(lifetime, least, most, rule)| ensure((*least..=*most).contains(&lifetime.0), rule))
}

fn check_scopes(scopes: &BTreeMap<String, String>, default_scopes: &[String]) -> Result<(), Fault> {
    ensure(scopes.len() <= 1000, "scopes: at most 1000")?;
    ensure(
        scopes.keys().all(|name| crate::scope::is_token(name)),
        "scopes: a name is made of the characters of RFC 6749 section 3.3",
    )?;
    ensure(default_scopes.iter().all(|name| scopes.contains_key(name)), "defaultScopes: each must be in scopes")
}

fn check_resources(resources: &BTreeMap<String, Resource>) -> Result<(), Fault> {
    ensure(resources.len() <= 1000, "resources: at most 1000")?;
    let absolute = |uri: &String| Uri::parse(uri).is_some_and(|uri| uri.fragment.is_none());
    ensure(resources.keys().all(absolute), "resources: an absolute URI without a fragment (RFC 8707 section 2)")?;
    let bounded = |resource: &Resource| resource.lifetime.is_none_or(|lifetime| (10..=86_400).contains(&lifetime.0));
    ensure(resources.values().all(bounded), "resources.lifetime: from 10 seconds to 1 day")
}

fn check_costs(written: &Written) -> Result<(), Fault> {
    let PasswordCosts { memory, passes, lanes } = written.password;
    ensure((7168..=1_048_576).contains(&memory), "password.memory: from 7168 to 1048576 KiB")?;
    ensure((1..=16).contains(&passes), "password.passes: from 1 to 16")?;
    ensure((1..=4).contains(&lanes), "password.lanes: from 1 to 4")?;
    ensure((1..=1_000_000).contains(&written.limits.flows), "limits.flows: from 1 to 1000000")?;
    ensure((1000..=1_000_000).contains(&written.limits.body), "limits.body: from 1000 to 1000000 bytes")
}

fn check_signing(signing: &Signing, capabilities: &[Capability]) -> Result<(), Fault> {
    ensure(
        signing.algorithm != Algorithm::HS256,
        "signing.algorithm: access tokens are verified by others, so it must be asymmetric",
    )?;
    ensure((3600..=3650 * 86_400).contains(&signing.rotate_every.0), "signing.rotateEvery: from 1 hour to 3650 days")?;
    ensure(signing.host_keys.len() <= 16, "signing.hostKeys: at most 16")?;
    ensure(
        signing.host_keys.is_empty() || capabilities.contains(&Capability::Sign),
        "signing.hostKeys: the host must offer the capability sign",
    )
}

fn check_pages(pages: &Pages) -> Result<(), Fault> {
    let addressable = |page: &str| {
        (page.starts_with('/') && !page.starts_with("//")) || Uri::parse(page).is_some_and(|uri| uri.is_web())
    };
    ensure(addressable(&pages.sign_in) && addressable(&pages.consent), "pages: a path, or an absolute http(s) URL")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(changes: Value) -> Result<Config, Fault> {
        let mut config = json!({ "issuer": "https://auth.example.com", "secret": "0123456789abcdefghijklmnopqrstuv" });
        for (name, value) in changes.as_object().unwrap() {
            config[name] = value.clone();
        }
        Config::read(config.to_string().as_bytes())
    }

    #[test]
    fn the_defaults_are_those_of_the_table() {
        let config = read(json!({})).unwrap();
        assert_eq!(config.tenant, "main");
        assert_eq!(config.name, "auth.example.com");
        assert_eq!(config.lifetimes.code, Seconds(60));
        assert_eq!(config.refresh_grace, Seconds(10));
    }

    #[test]
    fn an_empty_short_or_well_known_secret_is_refused() {
        for secret in
            ["", "short", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "changeme-changeme-changeme-0123456789"]
        {
            assert!(matches!(read(json!({ "secret": secret })), Err(Fault::Configuration(_))), "{secret}");
        }
        assert!(read(json!({ "secret": [] })).is_err());
    }

    #[test]
    fn issuers_are_https_or_loopback_and_in_normal_form() {
        for good in [
            "https://a.example",
            "https://a.example/",
            "https://a.example/tenant",
            "http://127.0.0.1:8080",
            "http://localhost:1",
        ] {
            assert!(read(json!({ "issuer": good })).is_ok(), "{good}");
        }
        for bad in [
            "a.example",
            "http://a.example",
            "https://A.example",
            "https://a.example:443",
            "https://a.example?x",
            "https://a.example/#",
            "https://u@a.example",
            "ftp://a.example",
            "https://a.example/x/../y",
        ] {
            assert!(read(json!({ "issuer": bad })).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_bound_is_held() {
        for bad in [
            json!({ "lifetimes": { "code": "11m" } }),
            json!({ "lifetimes": { "accessToken": 5 } }),
            json!({ "refreshGrace": "3m" }),
            json!({ "scopes": { "a b": "x" } }),
            json!({ "defaultScopes": ["read"] }),
            json!({ "tenant": "Main" }),
            json!({ "name": "" }),
            json!({ "password": { "memory": 1 } }),
            json!({ "password": { "passes": 99 } }),
            json!({ "signing": { "algorithm": "HS256" } }),
            json!({ "signing": { "algorithm": "none" } }),
            json!({ "limits": { "flows": 0 } }),
            json!({ "pages": { "signIn": "//evil.example" } }),
            json!({ "resources": { "not a uri": {} } }),
            json!({ "unknown": 1 }),
        ] {
            assert!(matches!(read(bad.clone()), Err(Fault::Configuration(_))), "{bad}");
        }
    }

    #[test]
    fn debug_output_holds_no_secret() {
        assert!(!format!("{:?}", read(json!({})).unwrap()).contains("0123456789abcdef"));
    }
}
