//! JWTs verified against a key set and a policy (RFC 7519, RFC 8725).

use serde::Deserialize;
use serde_json::Value;

use super::{ToolError, read};
use crate::http::Freshness;
use crate::key::json::parse_object;
use crate::key::jws::{self, Compact, Verified};
use crate::key::jwt::{Policy, Why};
use crate::key::{Algorithm, PublicKey};
use crate::time::{Millis, Seconds};

/// A key set of more keys than any server has is refused, because each of them costs a check of its point.
const MAX_KEYS: usize = 64;

/// How long keys that were fetched serve. No longer than a day, whatever is said of them: a key that was withdrawn is among them until then.
pub(crate) const KEYS_SERVE: Freshness = Freshness { least: Seconds(60), most: Seconds(86_400), usual: Seconds(600) };

/// How many seconds the keys of an answer with these headers, `cache-control` (RFC 9111 section 5.2) and `age` (section 5.1), serve: as
/// they say, from a minute to a day, and ten minutes where they say nothing. A header that is not there is an empty text.
#[must_use]
pub fn keys_serve(cache_control: &str, age: &str) -> u64 {
    KEYS_SERVE.said(cache_control, age).0
}

/// The public keys of a JWK Set (RFC 7517 section 5).
#[derive(Debug)]
pub struct Jwks(Vec<PublicKey>);

/// What a token must be, as [`Policy`] says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expected {
    issuer: String,
    /// At least one of these.
    audience: Vec<String>,
    typ: Option<String>,
    required: Vec<String>,
    /// `None`: that of the key.
    algorithms: Option<Vec<Algorithm>>,
    /// Seconds.
    leeway: u64,
    /// Since `iat`, in seconds.
    max_age: Option<u64>,
    now: Millis,
}

impl Jwks {
    /// Reads a JWK Set. Keys that are not offered, malformed or secret are passed over (RFC 7517 section 5).
    ///
    /// # Errors
    /// [`ToolError::Argument`] when it is no JWK Set.
    pub fn read(text: &str) -> Result<Self, ToolError> {
        let set = parse_object(text.as_bytes()).ok();
        let keys = set.as_ref().and_then(|set| set.get("keys")).and_then(Value::as_array);
        let keys = keys.filter(|keys| keys.len() <= MAX_KEYS);
        let keys = keys.ok_or(ToolError::Argument("jwks: a JWK Set (RFC 7517 section 5) of at most 64 keys"))?;
        Ok(Self(keys.iter().filter_map(|jwk| PublicKey::from_jwk(jwk).ok()).collect()))
    }

    pub(crate) fn into_keys(self) -> Vec<PublicKey> {
        self.0
    }

    /// Whether one of the keys may be the one that signed a token. When none is, the server may have a newer key set.
    #[must_use]
    pub fn suit(&self, token: &str) -> bool {
        Compact::parse(token, jws::MAX_BYTES).is_ok_and(|token| self.0.iter().any(|key| token.suits(key)))
    }

    /// Checks a token and gives its claims as a JSON text.
    ///
    /// `expected` is `{ issuer, audience, typ, required, algorithms, leeway, now }`, where `audience` is a list; `maxAge` may be there too.
    ///
    /// # Errors
    /// [`ToolError::Token`], whatever is wrong with it.
    pub fn verify(&self, token: &str, expected: &str) -> Result<String, ToolError> {
        let expected: Expected = read(expected)?;
        let compact = compact(token)?;
        let keys = self.0.iter().filter(|key| expected.accepts(key.algorithm()));
        let verified = compact.verify(keys).map_err(|_| ToolError::Token(Why::Signature))?;
        expected.claims_of(&verified)
    }

    /// The place in the set of the one key that a token may be checked with, if the runtime's own cryptography is likely to be faster at it.
    #[must_use]
    pub fn elsewhere(&self, token: &str) -> Option<usize> {
        let token = compact(token).ok()?;
        let mut suiting = self.0.iter().enumerate().filter(|(_, key)| token.suits(key));
        let (place, key) = suiting.next()?;
        let is_slow_here = matches!(key.algorithm(), Algorithm::ES256 | Algorithm::ES384 | Algorithm::RS256);
        (is_slow_here && suiting.next().is_none()).then_some(place)
    }

    /// The key at a place, as the JSON text of a JWK.
    #[must_use]
    pub fn jwk(&self, place: usize) -> Option<String> {
        serde_json::to_string(&self.0.get(place)?.to_jwk()?).ok()
    }

    /// As [`Self::verify`], where the runtime has checked the signature with the key that [`Self::elsewhere`] gives the place of.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn verify_elsewhere(&self, token: &str, good: bool, expected: &str) -> Result<String, ToolError> {
        let expected: Expected = read(expected)?;
        let key = self.elsewhere(token).and_then(|place| self.0.get(place));
        let good = good && key.is_some_and(|key| expected.accepts(key.algorithm()));
        let verified = compact(token)?.verified_elsewhere(good).map_err(|_| ToolError::Token(Why::Signature))?;
        expected.claims_of(&verified)
    }
}

fn compact(token: &str) -> Result<Compact<'_>, ToolError> {
    Compact::parse(token, jws::MAX_BYTES).map_err(|why| ToolError::Token(Why::Malformed(why)))
}

impl Expected {
    fn accepts(&self, algorithm: Algorithm) -> bool {
        self.algorithms.as_ref().is_none_or(|accepted| accepted.contains(&algorithm))
    }

    /// The claims of a token whose signature was checked, as a JSON text.
    fn claims_of(&self, verified: &Verified) -> Result<String, ToolError> {
        let audience: Vec<_> = self.audience.iter().map(String::as_str).collect();
        let required: Vec<_> = self.required.iter().map(String::as_str).collect();
        let policy = Policy {
            max_bytes: jws::MAX_BYTES,
            typ: self.typ.as_deref(),
            issuer: Some(&self.issuer),
            audience: Some(&audience),
            now: self.now,
            leeway: self.leeway,
            required: &required,
        };
        let claims = policy.check(verified).map_err(|refused| ToolError::Token(refused.why()))?;
        if let Some(max_age) = self.max_age {
            claims.check_age(self.now, max_age, self.leeway).map_err(ToolError::Token)?;
        }
        serde_json::to_string(&claims.into_members()).map_err(|why| ToolError::Unreadable(why.to_string()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::key::PrivateKey;
    use serde_json::json;

    const NOW: u64 = 1_790_000_000_000;

    fn key() -> PrivateKey {
        PrivateKey::generate(Algorithm::ES256, &mut |bytes| bytes.fill(9)).unwrap()
    }

    fn token(claims: &Value) -> String {
        jws::sign_compact("at+jwt", claims.to_string().as_bytes(), &key()).unwrap()
    }

    fn verify(claims: &Value, changes: &Value) -> Result<String, ToolError> {
        let mut expected =
            json!({ "issuer": "https://as", "audience": ["api"], "required": ["exp"], "leeway": 0, "now": NOW });
        for (name, value) in changes.as_object().unwrap() {
            expected[name] = value.clone();
        }
        let junk = json!({ "kty": "unheard of" });
        let jwks = json!({ "keys": [junk, key().public().to_jwk().unwrap()] });
        Jwks::read(&jwks.to_string()).unwrap().verify(&token(claims), &expected.to_string())
    }

    fn good() -> Value {
        json!({ "iss": "https://as", "aud": "api", "exp": NOW / 1000 + 1, "sub": "ada" })
    }

    #[test]
    fn a_good_token_gives_its_claims() {
        let claims: Value = serde_json::from_str(&verify(&good(), &json!({ "typ": "at+jwt" })).unwrap()).unwrap();
        assert_eq!(claims, good());
    }

    #[test]
    fn anything_else_than_expected_is_refused_with_its_reason() {
        for (changes, why) in [
            (json!({ "issuer": "https://other" }), Why::Claim("iss")),
            (json!({ "audience": ["another"] }), Why::Claim("aud")),
            (json!({ "audience": [] }), Why::Claim("aud")),
            (json!({ "typ": "JWT" }), Why::Type),
            (json!({ "required": ["nonce"] }), Why::Claim("nonce")),
            (json!({ "algorithms": ["EdDSA"] }), Why::Signature),
            (json!({ "now": NOW + 1000 }), Why::Expired),
        ] {
            assert_eq!(verify(&good(), &changes), Err(ToolError::Token(why)), "{changes}");
        }
        assert!(verify(&good(), &json!({ "now": NOW + 1999, "leeway": 1 })).is_ok());
    }

    #[test]
    fn a_token_may_have_to_be_young() {
        let made = |ago: u64| {
            let mut claims = good();
            claims["iat"] = json!(NOW / 1000 - ago);
            verify(&claims, &json!({ "maxAge": 60 }))
        };
        assert!(made(59).is_ok());
        assert_eq!(made(60), Err(ToolError::Token(Why::Expired)));
        assert_eq!(verify(&good(), &json!({ "maxAge": 60 })), Err(ToolError::Token(Why::Claim("iat"))));
        let ahead = json!({ "iss": "https://as", "aud": "api", "exp": NOW / 1000 + 1, "iat": NOW / 1000 + 1 });
        assert_eq!(verify(&ahead, &json!({ "maxAge": 60 })), Err(ToolError::Token(Why::NotYetValid)));
        assert!(verify(&ahead, &json!({ "maxAge": 60, "leeway": 1 })).is_ok());
    }

    #[test]
    fn a_key_set_is_an_object_with_keys_and_secret_ones_are_passed_over() {
        for bad in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
            assert!(matches!(Jwks::read(bad), Err(ToolError::Argument(_))), "{bad}");
        }
        let secret: Value = serde_json::from_str(&key().to_jwk()).unwrap();
        assert!(Jwks::read(&json!({ "keys": [secret] }).to_string()).unwrap().0.is_empty());
        let many = vec![json!({}); MAX_KEYS + 1];
        assert!(Jwks::read(&json!({ "keys": many }).to_string()).is_err());
    }

    #[test]
    fn a_key_set_suits_a_token_when_it_has_a_key_of_that_name_and_algorithm() {
        let jwks = |keys: Value| Jwks::read(&json!({ "keys": keys }).to_string()).unwrap();
        let mut jwk = json!(key().public().to_jwk().unwrap());
        assert!(jwks(json!([jwk])).suit(&token(&good())));
        jwk["kid"] = json!("another");
        assert!(!jwks(json!([jwk])).suit(&token(&good())));
        assert!(!jwks(json!([])).suit("not a token"));
    }

    #[test]
    fn the_runtime_may_check_a_signature_of_the_one_key_that_suits_and_nothing_else() {
        let expected =
            json!({ "issuer": "https://as", "audience": ["api"], "required": ["exp"], "leeway": 0, "now": NOW });
        let jwk = json!(key().public().to_jwk().unwrap());
        let eddsa = PrivateKey::generate(Algorithm::EdDSA, &mut |bytes| bytes.fill(9)).unwrap();
        let jwks = Jwks::read(&json!({ "keys": [eddsa.public().to_jwk().unwrap(), jwk] }).to_string()).unwrap();
        let good_token = token(&good());
        assert_eq!(jwks.elsewhere(&good_token), Some(1));
        assert_eq!(serde_json::from_str::<Value>(&jwks.jwk(1).unwrap()).unwrap(), jwk);
        let by_runtime = |token: &str, good: bool, changes: Value| {
            let mut expected = expected.clone();
            for (name, value) in changes.as_object().unwrap() {
                expected[name] = value.clone();
            }
            jwks.verify_elsewhere(token, good, &expected.to_string())
        };
        assert_eq!(by_runtime(&good_token, true, json!({})), jwks.verify(&good_token, &expected.to_string()));
        assert_eq!(by_runtime(&good_token, false, json!({})), Err(ToolError::Token(Why::Signature)));
        let other = json!({ "algorithms": ["RS256"] });
        assert_eq!(by_runtime(&good_token, true, other), Err(ToolError::Token(Why::Signature)));
        let expired = json!({ "now": NOW + 1000 });
        assert_eq!(by_runtime(&good_token, true, expired), Err(ToolError::Token(Why::Expired)));
        // What is checked here: another algorithm, two keys that suit, none.
        let of_eddsa = jws::sign_compact("at+jwt", good().to_string().as_bytes(), &eddsa).unwrap();
        assert_eq!(jwks.elsewhere(&of_eddsa), None);
        assert_eq!(by_runtime(&of_eddsa, true, json!({})), Err(ToolError::Token(Why::Signature)));
        let twice = Jwks::read(&json!({ "keys": [jwk, jwk] }).to_string()).unwrap();
        assert_eq!((twice.elsewhere(&good_token), twice.elsewhere("no token")), (None, None));
    }

    #[test]
    fn keys_serve_from_a_minute_to_a_day_and_usually_ten_minutes() {
        for (cache_control, age, seconds) in [
            ("", "", 600),
            ("max-age=1200", "", 1200),
            ("max-age=1200", "900", 300),
            ("max-age=1200", "1200", 60),
            ("max-age=1200", "soon", 1200),
            ("no-store", "", 60),
            ("max-age=5", "", 60),
            ("max-age=604800", "", 86_400),
        ] {
            assert_eq!(keys_serve(cache_control, age), seconds, "{cache_control} {age}");
        }
    }

    #[test]
    fn arguments_are_read_strictly() {
        assert!(matches!(verify(&good(), &json!({ "leewey": 1 })), Err(ToolError::Unreadable(_))));
        assert!(matches!(verify(&good(), &json!({ "algorithms": ["none"] })), Err(ToolError::Unreadable(_))));
    }
}
