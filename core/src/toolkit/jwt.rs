//! JWTs verified against a key set and a policy (RFC 7519, RFC 8725).

use serde::Deserialize;
use serde_json::Value;

use super::{ToolError, read};
use crate::key::json::parse_object;
use crate::key::jws::{self, Compact};
use crate::key::jwt::Policy;
use crate::key::{Algorithm, PublicKey};
use crate::time::Millis;

/// A key set of more keys than any server has is refused, because each of them costs a check of its point.
const MAX_KEYS: usize = 64;

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
        let audience: Vec<_> = expected.audience.iter().map(String::as_str).collect();
        let required: Vec<_> = expected.required.iter().map(String::as_str).collect();
        let policy = Policy {
            max_bytes: jws::MAX_BYTES,
            typ: expected.typ.as_deref(),
            issuer: Some(&expected.issuer),
            audience: Some(&audience),
            now: expected.now,
            leeway: expected.leeway,
            required: &required,
        };
        let keys = self.0.iter().filter(|key| expected.accepts(key.algorithm()));
        let claims = policy.verify(token, keys).map_err(|refused| ToolError::Token(refused.why()))?;
        if let Some(max_age) = expected.max_age {
            claims.check_age(expected.now, max_age, expected.leeway).map_err(ToolError::Token)?;
        }
        serde_json::to_string(&claims.into_members()).map_err(|why| ToolError::Unreadable(why.to_string()))
    }
}

impl Expected {
    fn accepts(&self, algorithm: Algorithm) -> bool {
        self.algorithms.as_ref().is_none_or(|accepted| accepted.contains(&algorithm))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::key::PrivateKey;
    use crate::key::jwt::Why;
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
    fn arguments_are_read_strictly() {
        assert!(matches!(verify(&good(), &json!({ "leewey": 1 })), Err(ToolError::Unreadable(_))));
        assert!(matches!(verify(&good(), &json!({ "algorithms": ["none"] })), Err(ToolError::Unreadable(_))));
    }
}
