//! `jwts.verify`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Denied, TYPE};
use crate::client::{may_be_fetched, verified_at};
use crate::config::Capability;
use crate::host::Host;
use crate::key::jws::{Compact, Header, MAX_BYTES, Verified};
use crate::key::jwt::{Policy, Why};
use crate::key::set::KeySet;
use crate::key::{Algorithm, verified_by_one_of};
use crate::redacted::redacted_debug;
use crate::refusal::{Refusal, Stop};
use crate::time::Seconds;
use crate::token::Revocation;
use crate::toolkit::jwt::Jwks;

/// How far clocks may be apart at most.
pub(super) const MOST_LEEWAY: Seconds = Seconds(600);

/// `jwts.verify`: a token, and what it must be. What is absent is as `jwts.sign` makes it; `null` is not looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Verify {
    pub token: String,
    #[serde(default = "own")]
    pub issuer: Option<String>,
    /// At least one of these.
    #[serde(default = "ours")]
    pub audience: Option<Vec<String>>,
    #[serde(default = "usual")]
    pub typ: Option<String>,
    /// `None`: that of each key.
    #[serde(default)]
    pub algorithms: Option<Vec<Algorithm>>,
    #[serde(default = "expiry")]
    pub required: Vec<String>,
    #[serde(default)]
    pub leeway: Option<Seconds>,
    /// Since `iat`.
    #[serde(default)]
    pub max_age: Option<Seconds>,
    #[serde(default)]
    pub revocation: Revocation,
    /// Another issuer's keys, in place of this one's.
    #[serde(default)]
    pub jwks: Option<Box<RawValue>>,
    /// The same, where they are.
    #[serde(default)]
    pub jwks_uri: Option<String>,
}

redacted_debug!(Verify);

/// This issuer, which only a host knows.
fn own() -> Option<String> {
    Some(String::new())
}

fn ours() -> Option<Vec<String>> {
    Some(Vec::new())
}

fn usual() -> Option<String> {
    Some(TYPE.to_owned())
}

fn expiry() -> Vec<String> {
    vec!["exp".to_owned()]
}

/// What a good token says.
#[derive(Serialize)]
pub(crate) struct Said {
    claims: Map<String, Value>,
    header: Header,
}

/// No trip while the keys are remembered; one with `revocation: "check"`. The claims are read after the signature was checked.
pub(crate) async fn verify(host: &Host, ask: &Verify) -> Result<Said, Stop> {
    ask.check(host)?;
    let verified = ask.verified(host).await?;
    let issuer = host.config().issuer.text.as_str();
    let of_own = |text: &str| text.is_empty();
    let audience: Option<Vec<&str>> = ask.audience.as_ref().map(|several| match several.as_slice() {
        [] => vec![issuer],
        several => several.iter().map(String::as_str).collect(),
    });
    let required: Vec<&str> = ask.required.iter().map(String::as_str).collect();
    let leeway = ask.leeway.map_or(0, |leeway| leeway.0);
    let policy = Policy {
        max_bytes: MAX_BYTES,
        typ: ask.typ.as_deref(),
        issuer: ask.issuer.as_deref().map(|text| if of_own(text) { issuer } else { text }),
        audience: audience.as_deref(),
        now: host.now(),
        leeway,
        required: &required,
    };
    let claims = policy.check(&verified).map_err(|refused| Refusal::InvalidJwt(refused.why()))?;
    if let Some(max_age) = ask.max_age {
        claims.check_age(host.now(), max_age.0, leeway).map_err(Refusal::InvalidJwt)?;
    }
    if ask.revocation == Revocation::Check {
        let jti = claims.text("jti").ok_or(Refusal::InvalidJwt(Why::Claim("jti")))?;
        if host.load(Denied::slot(host.config(), jti)).await?.is_some() {
            return Err(Refusal::InvalidJwt(Why::Denied).into());
        }
    }
    Ok(Said { claims: claims.into_members(), header: verified.header })
}

impl Verify {
    fn check(&self, host: &Host) -> Result<(), Refusal> {
        let others = self.jwks.is_some() || self.jwks_uri.is_some();
        if self.jwks.is_some() && self.jwks_uri.is_some() {
            return Err(Refusal::InvalidArgument("jwks: keys are given, or the address where they are; not both"));
        }
        if others && (self.issuer.as_deref() == Some("") || self.revocation == Revocation::Check) {
            return Err(Refusal::InvalidArgument(
                "issuer: say whose keys these are; of others' tokens none is denied here",
            ));
        }
        if self.jwks_uri.as_ref().is_some_and(|uri| !host.config().offers(Capability::Fetch) || !may_be_fetched(uri)) {
            return Err(Refusal::InvalidArgument("jwksUri: https, at most 1024 characters, and the host must fetch"));
        }
        if self.leeway.is_some_and(|leeway| leeway > MOST_LEEWAY) {
            return Err(Refusal::InvalidArgument("leeway: at most 10 minutes"));
        }
        Ok(())
    }

    /// The token, if a key that it may be verified with has signed it.
    async fn verified(&self, host: &Host) -> Result<Verified, Stop> {
        const SIGNATURE: Refusal = Refusal::InvalidJwt(Why::Signature);
        let compact = Compact::parse(&self.token, MAX_BYTES).map_err(|why| Refusal::InvalidJwt(Why::Malformed(why)))?;
        let algorithm = compact.header().alg;
        // A secret is shared: whoever has it makes such tokens, so that they are taken where they are named alone.
        let accepted = self.algorithms.as_ref().map_or(algorithm.is_asymmetric(), |named| named.contains(&algorithm));
        if !accepted {
            return Err(SIGNATURE.into());
        }
        let verified = match (&self.jwks, &self.jwks_uri) {
            (Some(jwks), _) => {
                let jwks = Jwks::read(jwks.get());
                let keys =
                    jwks.map_err(|_| Refusal::InvalidArgument("jwks: a JWK Set of at most 64 keys"))?.into_keys();
                verified_by_one_of(host, &keys, compact).await?
            }
            (None, Some(uri)) => verified_at(host, uri, compact).await?,
            (None, None) => signed_here(host, &self.token, compact).await?,
        };
        Ok(verified.ok_or(SIGNATURE)?)
    }
}

/// The token, if a key of this issuer has signed it.
pub(super) async fn signed_here(host: &Host, token: &str, compact: Compact<'_>) -> Result<Option<Verified>, Stop> {
    let keys = KeySet::for_verifying(host, token).await?;
    Ok(verified_by_one_of(host, &keys.verifying_keys(host), compact).await?)
}
