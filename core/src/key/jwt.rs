//! The claims of a JSON Web Token (RFC 7519), checked against what the reader expects.

use core::fmt;

use serde_json::{Map, Value};

use super::PublicKey;
use super::json::parse_object;
use super::jws::{Compact, Malformed, Verified};

/// Times at or above 2^53 seconds are not whole numbers in every reader.
const MAX_SECONDS: f64 = 9_007_199_254_740_992.0;

/// What a reader expects of a token. Each kind of token has a policy of its own, so that one can never stand for another
/// (RFC 8725 section 3.12).
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// How long the token may be, in bytes.
    pub max_bytes: usize,
    /// The `typ` that it must have; compared without regard to case, with or without `application/`. `None`: not looked at.
    pub typ: Option<&'a str>,
    /// The `iss` that it must have, byte for byte. `None`: not looked at.
    pub issuer: Option<&'a str>,
    /// `aud` must contain one of these, byte for byte. `None`: not looked at.
    pub audience: Option<&'a [&'a str]>,
    /// The time, in milliseconds since 1970.
    pub now: u64,
    /// How far clocks may be apart, in seconds. 0 for tokens of one's own.
    pub leeway: u64,
    /// Claims that must be there.
    pub required: &'a [&'a str],
}

impl Policy<'_> {
    /// Takes a token apart, checks its signature with the keys that suit, then its claims.
    ///
    /// # Errors
    /// [`InvalidToken`], which says nothing outwardly; [`InvalidToken::why`] is for the log.
    pub fn verify<'k>(
        &self,
        token: &str,
        keys: impl IntoIterator<Item = &'k PublicKey>,
    ) -> Result<Claims, InvalidToken> {
        let compact = Compact::parse(token, self.max_bytes).map_err(|why| InvalidToken(Why::Malformed(why)))?;
        let verified = compact.verify(keys).map_err(|_| InvalidToken(Why::Signature))?;
        self.check(&verified)
    }

    /// Checks the claims of a token whose signature has been checked.
    ///
    /// # Errors
    /// As [`Policy::verify`].
    pub fn check(&self, token: &Verified) -> Result<Claims, InvalidToken> {
        self.examine(token).map_err(InvalidToken)
    }

    fn examine(&self, token: &Verified) -> Result<Claims, Why> {
        if self.typ.is_some_and(|expected| !same_media_type(token.header.typ.as_deref(), expected)) {
            return Err(Why::Type);
        }
        let claims = Claims::parse(&token.payload)?;
        if let Some(missing) = self.required.iter().find(|name| !claims.0.contains_key(**name)) {
            return Err(Why::Claim(well_known(missing)));
        }
        if self.issuer.is_some_and(|expected| claims.text("iss") != Some(expected)) {
            return Err(Why::Claim("iss"));
        }
        if self.audience.is_some_and(|accepted| !claims.audience().any(|one| accepted.contains(&one))) {
            return Err(Why::Claim("aud"));
        }
        self.examine_times(&claims)?;
        Ok(claims)
    }

    fn examine_times(&self, claims: &Claims) -> Result<(), Why> {
        let leeway = self.leeway.saturating_mul(1000);
        if claims.time("exp").is_some_and(|expires| self.now >= expires.saturating_add(leeway)) {
            return Err(Why::Expired);
        }
        if claims.time("nbf").is_some_and(|starts| self.now.saturating_add(leeway) < starts) {
            return Err(Why::NotYetValid);
        }
        Ok(())
    }
}

/// RFC 7515 section 4.1.9: `application/` may be left out; RFC 2045 section 5.1: case does not matter.
fn same_media_type(typ: Option<&str>, expected: &str) -> bool {
    typ.is_some_and(|typ| subtype(typ).eq_ignore_ascii_case(subtype(expected)))
}

fn subtype(media_type: &str) -> &str {
    match media_type.split_once('/') {
        Some((kind, rest)) if kind.eq_ignore_ascii_case("application") => rest,
        _ => media_type,
    }
}

/// The claims of a token: `iss`, `sub` and `jti` are texts, `aud` is one or several, `exp`, `nbf` and `iat` are times.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    fn parse(payload: &[u8]) -> Result<Self, Why> {
        let claims = Self(parse_object(payload).map_err(|_| Why::Claims)?);
        let ill_typed = claims.0.iter().find(|(name, value)| !has_its_type(name, value));
        match ill_typed {
            Some((name, _)) => Err(Why::Claim(well_known(name))),
            None => Ok(claims),
        }
    }

    /// Any claim.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A claim that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// A claim that is a time, in milliseconds since 1970.
    #[must_use]
    pub fn time(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(milliseconds)
    }

    /// Whom the token is for: none, one or several.
    pub fn audience(&self) -> impl Iterator<Item = &str> {
        let several = match self.get("aud") {
            Some(Value::Array(several)) => several.as_slice(),
            Some(one) => core::slice::from_ref(one),
            None => &[],
        };
        several.iter().filter_map(Value::as_str)
    }

    /// Whether `iat` is there and not longer ago than `max_age`, nor ahead; with a `leeway`, all in seconds.
    pub(crate) fn check_age(&self, now: u64, max_age: u64, leeway: u64) -> Result<(), Why> {
        let made_at = self.time("iat").ok_or(Why::Claim("iat"))?;
        let leeway = leeway.saturating_mul(1000);
        if made_at > now.saturating_add(leeway) {
            return Err(Why::NotYetValid);
        }
        let over_at = made_at.saturating_add(max_age.saturating_mul(1000)).saturating_add(leeway);
        if now >= over_at { Err(Why::Expired) } else { Ok(()) }
    }

    /// All of them.
    #[must_use]
    pub fn into_members(self) -> Map<String, Value> {
        self.0
    }
}

fn has_its_type(name: &str, value: &Value) -> bool {
    match name {
        "iss" | "sub" | "jti" => value.is_string(),
        "aud" => match value {
            Value::Array(several) => several.iter().all(Value::is_string),
            one => one.is_string(),
        },
        "exp" | "nbf" | "iat" => milliseconds(value).is_some(),
        _ => true,
    }
}

/// A NumericDate (RFC 7519 section 2): seconds since 1970, perhaps with a fraction, here in 0..2^53.
fn milliseconds(value: &Value) -> Option<u64> {
    let seconds = value.as_f64().filter(|seconds| (0.0..MAX_SECONDS).contains(seconds))?;
    let whole = value.as_u64();
    // In range, so neither the product nor the conversion can lose more than the fraction of a millisecond.
    whole.map_or(Some((seconds * 1000.0) as u64), |seconds| seconds.checked_mul(1000))
}

/// The name of a claim, where it is one that may be named in a log.
fn well_known(name: &str) -> &'static str {
    const NAMES: [&str; 14] = [
        "iss",
        "sub",
        "aud",
        "exp",
        "nbf",
        "iat",
        "jti",
        "client_id",
        "scope",
        "nonce",
        "auth_time",
        "acr",
        "azp",
        "sid",
    ];
    NAMES.into_iter().find(|known| *known == name).unwrap_or("another claim")
}

/// The token is not what the reader expects. It looks the same outwardly whatever is wrong with it, so nobody can feel the way to a good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidToken(Why);

impl InvalidToken {
    /// For the host's events and log; never for an answer.
    #[must_use]
    pub const fn why(self) -> Why {
        self.0
    }
}

impl fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token is not valid here")
    }
}

impl core::error::Error for InvalidToken {}

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// It could not be taken apart.
    Malformed(Malformed),
    /// No suiting key made its signature.
    Signature,
    /// Its `typ` is another.
    Type,
    /// Its claims are not a JSON object with unique members.
    Claims,
    /// The claim is missing, or has another type or value than expected.
    Claim(&'static str),
    /// `exp` has come.
    Expired,
    /// `nbf` has not come, or what says when it was made lies ahead.
    NotYetValid,
    /// Its `jti` was denied.
    Denied,
}

impl Why {
    /// For programs; stable.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::Claims => "malformed",
            Self::Signature => "signature",
            Self::Type => "type",
            Self::Claim("iss") => "issuer",
            Self::Claim("aud") => "audience",
            Self::Claim(_) => "claim",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Denied => "denied",
        }
    }

    /// What the reader of a token may do.
    #[must_use]
    pub fn help(self) -> &'static str {
        match self {
            Self::Expired => "It has expired: obtain a new one.",
            Self::NotYetValid => "It is not valid yet: compare the clocks.",
            Self::Signature => "No key of the key set made its signature: fetch the key set again, once.",
            Self::Type => "It is another kind of token: its typ is not the expected one.",
            Self::Claim("iss") => "Another issuer made it: its iss is not the expected one.",
            Self::Claim("aud") => "It is for somebody else: its aud has none of the expected ones.",
            Self::Claim(_) => "A claim is missing, or has a wrong type.",
            Self::Malformed(_) | Self::Claims => "It is not a signed JWT that every reader understands alike.",
            Self::Denied => "It was taken back before its time: obtain a new one.",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => why.fmt(f),
            Self::Signature => f.write_str("no key of ours made the signature"),
            Self::Type => f.write_str("the typ is another"),
            Self::Claims => f.write_str("the claims are not a JSON object with unique members"),
            Self::Claim(name) => write!(f, "the claim {name} is missing or not as expected"),
            Self::Expired => f.write_str("the token has expired"),
            Self::NotYetValid => f.write_str("the token is not valid yet"),
            Self::Denied => f.write_str("the token was denied"),
        }
    }
}
