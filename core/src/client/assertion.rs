//! Client authentication by an assertion: `private_key_jwt` (RFC 7523 sections 2.2 and 3, and the stricter rules of its successor,
//! draft-ietf-oauth-rfc7523bis section 4: the audience is the issuer alone).

use serde_json::Value;

use super::{Client, verified_at};
use crate::grant::client_credentials::ServiceToken;
use crate::host::Host;
use crate::http::Form;
use crate::key::json::parse_object;
use crate::key::jws::{Compact, Verified};
use crate::key::jwt::{Claims, Policy};
use crate::key::{PublicKey, verified_by_one_of};
use crate::marker::{Marker, Place};
use crate::refusal::{Fault, Refusal, Stop};
use crate::time::{Millis, Seconds};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The `typ` that the successor of RFC 7523 gives it; most clients send `JWT` or nothing. Any other is a token of another kind.
const TYPS: [&str; 2] = ["client-authentication+jwt", "JWT"];
/// The longest assertion that is looked at, in bytes.
const LONGEST: usize = 8192;
const LONGEST_JTI: usize = 256;
/// How long an assertion may be good: its marker is kept as long.
const LONGEST_LIFE: Seconds = Seconds(600);
/// How far clocks may be apart.
const SKEW: Seconds = Seconds(10);

/// An assertion as it was sent, and who it says it is from.
pub(super) struct Sent {
    pub(super) client_id: String,
    pub(super) text: String,
}

impl Sent {
    /// The assertion of a request (RFC 7521 section 4.2), if there is one.
    pub(super) fn read(form: &Form) -> Result<Option<Self>, Refusal> {
        let (assertion, kind) = (form.one("client_assertion")?, form.one("client_assertion_type")?);
        let text = match (assertion, kind) {
            (None, None) => return Ok(None),
            (Some(text), Some(TYPE)) => text,
            (Some(_), _) => {
                return Err(Refusal::InvalidRequest("The client_assertion_type is missing or not supported"));
            }
            (None, Some(_)) => return Err(Refusal::InvalidRequest("The client_assertion is missing")),
        };
        let client_id = unverified_subject(text).ok_or(Refusal::InvalidClient { challenge: false })?;
        if form.one("client_id")?.is_some_and(|id| id != client_id) {
            return Err(Refusal::InvalidRequest("The assertion and client_id name different clients"));
        }
        Ok(Some(Self { client_id, text: text.to_owned() }))
    }
}

fn unverified_subject(text: &str) -> Option<String> {
    let compact = Compact::parse(text, LONGEST).ok()?;
    let claims = parse_object(compact.unverified_payload()).ok()?;
    claims.get("sub")?.as_str().map(str::to_owned)
}

/// Whether this client made the assertion, for this server, just now, and for the first time. That it was used is noted by a commit of
/// its own, before anything comes of it: the commit of what the request does is in another partition.
pub(super) async fn proves(host: &Host, client: &Client, text: &str) -> Result<bool, Stop> {
    let Some(claims) = signed_claims(host, client, text).await? else { return Ok(false) };
    let Some((jti, expires)) = jti_and_end(host, &claims) else { return Ok(false) };
    let slot = Marker::slot(host.config(), Place { room: ServiceToken::ROOM, owner: &client.id }, "assertion", jti);
    let until = SKEW.after(SKEW.after(SKEW.after(expires)));
    Marker::until(until).claim(host, slot).await
}

/// The claims, if a key of the client's signed them and they are about it and for this server alone.
async fn signed_claims(host: &Host, client: &Client, text: &str) -> Result<Option<Claims>, Fault> {
    let Ok(compact) = Compact::parse(text, LONGEST) else { return Ok(None) };
    let header = compact.header();
    let typ_fits = header.typ.as_ref().is_none_or(|typ| TYPS.iter().any(|known| known.eq_ignore_ascii_case(typ)));
    let alg_fits =
        header.alg.is_asymmetric() && client.keys.signing_alg.is_none_or(|registered| registered == header.alg);
    if !typ_fits || !alg_fits {
        return Ok(None);
    }
    let Some(verified) = verified(host, client, compact).await? else { return Ok(None) };
    let policy = Policy {
        max_bytes: LONGEST,
        typ: None,
        issuer: Some(&client.id),
        audience: None,
        now: host.now(),
        leeway: SKEW.0,
        required: &["iss", "sub", "aud", "exp", "jti"],
    };
    let claims = policy.check(&verified).ok();
    // One audience, as text: an assertion that is good at two servers can be used by one of them at the other.
    let alone = |claims: &Claims| claims.get("aud").and_then(Value::as_str) == Some(&host.config().issuer.text);
    Ok(claims.filter(|claims| claims.text("sub") == Some(&client.id) && alone(claims)))
}

/// The assertion, if a key of the client's has signed it.
async fn verified(host: &Host, client: &Client, compact: Compact<'_>) -> Result<Option<Verified>, Fault> {
    if let Some(uri) = &client.keys.jwks_uri {
        return verified_at(host, uri, compact).await;
    }
    let own: Vec<_> = client.keys.jwks.iter().filter_map(|jwk| PublicKey::from_own_jwk(jwk).ok()).collect();
    verified_by_one_of(host, &own, compact).await
}

/// The times and the `jti` of an assertion, if they are within bounds.
fn jti_and_end<'a>(host: &Host, claims: &'a Claims) -> Option<(&'a str, Millis)> {
    let now = host.now();
    let expires = claims.time("exp").filter(|expires| *expires <= SKEW.after(LONGEST_LIFE.after(now)))?;
    let made_lately = |iat: Millis| iat <= SKEW.after(now) && now <= SKEW.after(LONGEST_LIFE.after(iat));
    if claims.time("iat").is_some_and(|iat| !made_lately(iat)) {
        return None;
    }
    let jti = claims.text("jti").filter(|jti| (1..=LONGEST_JTI).contains(&jti.len()))?;
    Some((jti, expires))
}
