//! `jwts.sign`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::TYPE;
use crate::hash::b64u;
use crate::host::Host;
use crate::key::Algorithm;
use crate::key::json::parse_object;
use crate::key::set::KeySet;
use crate::redacted::redacted_debug;
use crate::refusal::{Fault, Refusal, Stop};
use crate::time::{Millis, Seconds, numeric_date};

/// The most that an application's claims may be, as JSON, in bytes: a token travels in a header.
const LONGEST_CLAIMS: usize = 4096;
const LONGEST_TYPE: usize = 100;
/// The most audiences, and the longest.
const MOST_AUDIENCES: usize = 16;
const LONGEST_AUDIENCE: usize = 1024;

/// Claims that say what the engine says of a token: nobody sets them beside it.
const OF_THE_ENGINE: [&str; 13] =
    ["iss", "aud", "exp", "nbf", "iat", "jti", "sid", "auth_time", "amr", "cnf", "act", "client_id", "azp"];

/// Kinds of tokens that somebody takes for something, in lower case (RFC 8725 section 3.12).
const RESERVED: [&str; 10] = [
    "jwt",
    "at+jwt",
    "session+jwt",
    "logout+jwt",
    "dpop+jwt",
    "client-authentication+jwt",
    "token-introspection+jwt",
    "oauth-authz-req+jwt",
    "secevent+jwt",
    "entity-statement+jwt",
];

/// `jwts.sign`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Sign {
    pub claims: Box<RawValue>,
    #[serde(default)]
    pub expires_in: Option<Seconds>,
    /// None: the issuer itself.
    #[serde(default)]
    pub audience: Vec<String>,
    #[serde(default)]
    pub typ: Option<String>,
    #[serde(default)]
    pub algorithm: Option<Algorithm>,
}

redacted_debug!(Sign);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Signed {
    token: String,
    jti: String,
    expires_at: Millis,
}

/// No trip, while the keys are remembered.
pub(crate) async fn sign(host: &Host, ask: &Sign) -> Result<Signed, Stop> {
    let typ = ask.typ.as_deref().unwrap_or(TYPE);
    check_type(typ)?;
    let mut claims = own_claims(&ask.claims)?;
    let life = life(host, ask.expires_in)?;
    let (jti, expires_at) = (b64u(host.random().id("jwt id")), life.after(host.now()));
    claims.insert("iss".into(), host.config().issuer.text.as_str().into());
    claims.insert("aud".into(), audience(host, &ask.audience)?);
    claims.insert("iat".into(), numeric_date(host.now()).into());
    claims.insert("exp".into(), numeric_date(expires_at).into());
    claims.insert("jti".into(), jti.as_str().into());
    let claims = serde_json::to_vec(&claims).map_err(|_| Fault::bad_row("a token cannot be written"))?;
    let keys = keys(host, ask.algorithm).await?;
    let token = keys.sign_by(host, ask.algorithm, typ, &claims).await?;
    Ok(Signed { token, jti, expires_at: numeric_date(expires_at).saturating_mul(1000) })
}

/// What the application says: an object that does not speak for the engine.
pub(crate) fn own_claims(given: &RawValue) -> Result<Map<String, Value>, Refusal> {
    if given.get().len() > LONGEST_CLAIMS {
        return Err(Refusal::InvalidArgument("claims: at most 4096 bytes as JSON"));
    }
    let claims = parse_object(given.get().as_bytes())
        .map_err(|_| Refusal::InvalidArgument("claims: an object, each name in it once, at most 32 levels deep"))?;
    if OF_THE_ENGINE.iter().any(|name| claims.contains_key(*name)) {
        return Err(Refusal::InvalidArgument(
            "claims: iss, aud, exp, nbf, iat, jti, sid, auth_time, amr, cnf, act, client_id and azp are the engine's to say",
        ));
    }
    if claims.get("sub").is_some_and(|sub| !sub.is_string()) {
        return Err(Refusal::InvalidArgument("claims: sub is a text (RFC 7519 section 4.1.2)"));
    }
    Ok(claims)
}

/// RFC 6838 section 4.2, without `application/`: whoever compares sees the whole of it.
fn check_type(typ: &str) -> Result<(), Refusal> {
    let plain = typ.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte));
    if !plain || !(1..=LONGEST_TYPE).contains(&typ.len()) {
        return Err(Refusal::InvalidArgument("typ: a media type without application/, of at most 100 characters"));
    }
    if RESERVED.iter().any(|reserved| typ.eq_ignore_ascii_case(reserved)) {
        return Err(Refusal::InvalidArgument("typ: that of another kind of token; choose one of your own"));
    }
    Ok(())
}

fn life(host: &Host, wanted: Option<Seconds>) -> Result<Seconds, Refusal> {
    let longest = host.config().lifetimes.own_jwt();
    let life = wanted.unwrap_or(longest);
    if life.0 == 0 || life > longest {
        return Err(Refusal::InvalidArgument(
            "expiresIn: from 1 second to lifetimes.jwt, which may be raised to 400 days",
        ));
    }
    Ok(life)
}

fn audience(host: &Host, wanted: &[String]) -> Result<Value, Refusal> {
    let fits = |one: &String| (1..=LONGEST_AUDIENCE).contains(&one.len());
    if wanted.len() > MOST_AUDIENCES || !wanted.iter().all(fits) {
        return Err(Refusal::InvalidArgument("audience: at most 16, each from 1 to 1024 characters"));
    }
    Ok(match wanted {
        [] => host.config().issuer.text.as_str().into(),
        [one] => one.as_str().into(),
        several => several.into(),
    })
}

/// The keys, read again when they are remembered without one for this algorithm: it may just have been made.
async fn keys(host: &Host, algorithm: Option<Algorithm>) -> Result<std::rc::Rc<KeySet>, Stop> {
    let loaded = host.load(KeySet::wanted(host)).await?;
    let fresh = loaded.is_some();
    let mut keys = KeySet::current(host, loaded).await?;
    if !keys.signs_with(host, algorithm) && !fresh && !host.signs() {
        let loaded = host.load(KeySet::slot(host.config())).await?;
        keys = KeySet::current(host, loaded).await?;
    }
    if keys.signs_with(host, algorithm) {
        return Ok(keys);
    }
    Err(Refusal::InvalidArgument(
        "algorithm: there is no key that signs with it; keys.rotate makes one, keys.import brings one",
    )
    .into())
}
