//! One proof, checked as RFC 9449 section 4.3 lists it; the steps of that section are named where they are taken.

use super::{htu, nonce};
use crate::hash::{b64u, same, sha256};
use crate::host::Host;
use crate::key::jws::Compact;
use crate::key::jwt::{Claims, Policy};
use crate::key::{PublicKey, verified};
use crate::refusal::{Refusal, Stop};
use crate::time::{Millis, Seconds};
use crate::toolkit::dpop::{TYPE, offered};

/// The longest proof that is looked at, in bytes: many times what two algorithms need.
const LONGEST: usize = 8192;
/// The longest `jti`, in bytes.
const LONGEST_JTI: usize = 256;
/// How long after it was made a proof is taken.
const PAST: Seconds = Seconds(60);
/// How far clocks may be apart.
const SKEW: Seconds = Seconds(15);

/// A proof that is good for the request that it came with, and has yet to be spent.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    /// The thumbprint of its key (RFC 7638).
    pub(super) jkt: String,
    pub(super) jti: String,
    /// From then on no instance takes it, whatever its clock says.
    pub(super) over_at: Millis,
}

/// The request that the proof must be of.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) method: &'a str,
    /// Absolute.
    pub(super) address: &'a str,
    /// At a resource.
    pub(super) access_token: Option<&'a str>,
}

impl Proof {
    /// `text` is the value of the only `DPoP` header (step 1).
    pub(super) async fn check(host: &Host, text: &str, expected: Expected<'_>) -> Result<Self, Stop> {
        // Steps 2 and 5: one JWS in compact form, by an algorithm that is asymmetric and offered.
        let compact = Compact::parse(text, LONGEST).map_err(|_| invalid("The DPoP proof is no JWT"))?;
        let key = own_key(&compact).ok_or(invalid("The DPoP proof has no public key that is offered"))?;
        if compact.header().alg != key.algorithm() {
            return Err(invalid("The DPoP proof's alg is not that of its key").into());
        }
        // Step 6.
        let verified = verified(host, &key, compact).await?;
        let verified = verified.map_err(|_| invalid("The DPoP proof's signature does not verify"))?;
        // Steps 3 and 4; exp and nbf are no claims of a proof, but one that says it is over is over.
        let policy = Policy {
            max_bytes: LONGEST,
            typ: Some(TYPE),
            issuer: None,
            audience: None,
            now: host.now(),
            leeway: SKEW.0,
            required: &["jti", "htm", "htu", "iat"],
        };
        let claims = policy
            .check(&verified)
            .map_err(|_| invalid("The DPoP proof's type or claims are not those of RFC 9449"))?;
        Self::of_claims(host, &claims, expected, key.thumbprint())
    }

    fn of_claims(host: &Host, claims: &Claims, expected: Expected<'_>, jkt: String) -> Result<Self, Stop> {
        // Steps 8 and 9.
        if claims.text("htm") != Some(expected.method) {
            return Err(invalid("The DPoP proof is for another method").into());
        }
        if !claims.text("htu").is_some_and(|htu| htu::is_same(htu, expected.address)) {
            return Err(invalid("The DPoP proof is for another address").into());
        }
        // Step 10. It comes before the time: a client whose clock is wrong is told the nonce all the same.
        check_nonce(host, claims)?;
        let iat = claims.get("iat").and_then(serde_json::Value::as_u64).map(|seconds| Seconds(seconds).millis());
        let iat =
            iat.filter(|iat| is_recent(host.now(), *iat)).ok_or(invalid("The DPoP proof was not made just now"))?;
        // Step 12.
        let ath = expected.access_token.map(|token| b64u(sha256(token.as_bytes())));
        if ath.is_some_and(|ath| !claims.text("ath").is_some_and(|said| same(said.as_bytes(), ath.as_bytes()))) {
            return Err(invalid("The DPoP proof is for another access token").into());
        }
        let jti = claims.text("jti").filter(|jti| (1..=LONGEST_JTI).contains(&jti.len()));
        let jti = jti.ok_or(invalid("The DPoP proof's jti is not of 1 to 256 bytes"))?.to_owned();
        // The last instant at which it is taken, and a clock's distance for this server and for its store.
        let over_at = SKEW.after(SKEW.after(SKEW.after(PAST.after(iat))));
        Ok(Self { jkt, jti, over_at })
    }
}

pub(super) const fn invalid(why: &'static str) -> Refusal {
    Refusal::InvalidDpopProof(why)
}

/// Step 7: the public key in the header, which is nobody's in particular.
fn own_key(compact: &Compact<'_>) -> Option<PublicKey> {
    let key = PublicKey::from_jwk(&compact.unverified_header("jwk")?).ok()?;
    offered(key.algorithm()).ok()?;
    Some(key)
}

/// A nonce that is sent must be ours whether one is required or not.
fn check_nonce(host: &Host, claims: &Claims) -> Result<(), Refusal> {
    let config = host.config();
    let good = match claims.get("nonce") {
        Some(said) => said.as_str().is_some_and(|said| nonce::is_fresh(config, host.now(), said)),
        None => !config.dpop.require_nonce,
    };
    if good { Ok(()) } else { Err(Refusal::UseDpopNonce(nonce::current(config, host.now()))) }
}

/// Step 11.
fn is_recent(now: Millis, iat: Millis) -> bool {
    now <= SKEW.after(PAST.after(iat)) && iat <= SKEW.after(now)
}
