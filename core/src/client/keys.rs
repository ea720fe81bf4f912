//! The keys of a client (RFC 7591 section 2: `jwks`, `jwks_uri`, `token_endpoint_auth_signing_alg`): what its assertions are verified with.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::AuthMethod;
use crate::config::{Capability, Config};
use crate::key::{Algorithm, InvalidKey, PublicJwk, PublicKey};
use crate::uri::Uri;

/// The most keys in a registration: a row has to hold them.
const MOST: usize = 8;
/// The longest `jwks_uri`.
const LONGEST_URI: usize = 1024;

/// How a client's assertions are verified. Nothing, for one that has a secret or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ClientKeys {
    /// As the engine writes them: what else a JWK may hold is not kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) jwks: Vec<PublicJwk>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jwks_uri: Option<String>,
    /// `None`: whatever its keys are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signing_alg: Option<Algorithm>,
}

/// A JWK Set (RFC 7517 section 5), as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Jwks {
    pub(crate) keys: Vec<PublicJwk>,
}

impl ClientKeys {
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The keys that are in the registration itself.
    pub(crate) fn to_jwks(&self) -> Option<Jwks> {
        (!self.jwks.is_empty()).then(|| Jwks { keys: self.jwks.clone() })
    }

    /// As a registration states them, or the rule that it breaks. What it says of neither is what it was.
    pub(crate) fn stated(
        self,
        config: &Config,
        jwks: Option<&Value>,
        jwks_uri: Option<&String>,
        signing_alg: Option<Algorithm>,
    ) -> Result<Self, &'static str> {
        let signing_alg = signing_alg.or(self.signing_alg);
        if jwks_uri.is_some() && !config.offers(Capability::Fetch) {
            return Err("This server does not fetch keys: give them with the registration");
        }
        if jwks_uri.is_some_and(|uri| !may_be_fetched(uri)) {
            return Err("The address of keys is https, without fragment, of at most 1024 characters");
        }
        Ok(match (jwks, jwks_uri) {
            (None, None) => Self { signing_alg, ..self },
            (Some(_), Some(_)) => return Err("Keys are given, or the address where they are; not both"),
            (Some(jwks), None) => Self { jwks: read_jwks(jwks)?, jwks_uri: None, signing_alg },
            (None, Some(uri)) => Self { jwks: Vec::new(), jwks_uri: Some(uri.clone()), signing_alg },
        })
    }

    /// Whether they are what the client needs, or the rule that they break.
    pub(crate) fn check(&self, auth_method: AuthMethod) -> Result<(), &'static str> {
        let has_some = !self.jwks.is_empty() || self.jwks_uri.is_some();
        if (auth_method == AuthMethod::PrivateKeyJwt) != has_some {
            return Err("private_key_jwt needs keys or the address where they are, and only private_key_jwt does");
        }
        if self.signing_alg.is_some_and(|alg| auth_method != AuthMethod::PrivateKeyJwt || !alg.is_asymmetric()) {
            return Err("The algorithm of assertions is one with a public key, and only private_key_jwt has one");
        }
        Ok(())
    }
}

pub(crate) fn may_be_fetched(uri: &str) -> bool {
    let parsed = Uri::parse(uri).filter(|uri| uri.scheme == "https" && uri.is_web() && uri.fragment.is_none());
    uri.len() <= LONGEST_URI && parsed.is_some_and(|uri| !uri.is_loopback())
}

/// The keys of a JWK Set that assertions can be verified with. Keys for other uses and of other kinds are passed over (RFC 7517
/// section 5); a private or symmetric one makes the whole set unfit, since it is known to others now.
pub(super) fn read_jwks(jwks: &Value) -> Result<Vec<PublicJwk>, &'static str> {
    let keys = jwks.get("keys").and_then(Value::as_array).ok_or("jwks: a JWK Set (RFC 7517 section 5)")?;
    if keys.len() > MOST {
        return Err("jwks: at most 8 keys");
    }
    let mut read: Vec<PublicJwk> = Vec::new();
    for jwk in keys {
        match PublicKey::from_jwk(jwk) {
            Ok(key) => read.extend(key.to_jwk()),
            Err(InvalidKey::Unsupported | InvalidKey::OtherUse) => {}
            Err(InvalidKey::Secret) => return Err("jwks: public keys only; one is private or symmetric"),
            Err(_) => return Err("jwks: a key is malformed"),
        }
    }
    let named_twice = |jwk: &PublicJwk| read.iter().filter(|other| other.get("kid") == jwk.get("kid")).count() > 1;
    if read.is_empty() {
        return Err("jwks: none of the keys is for EdDSA, ES256, ES384, RS256 to RS512 or PS256 to PS512");
    }
    if read.iter().any(named_twice) {
        return Err("jwks: each key has a kid of its own");
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::PrivateKey;
    use serde_json::json;

    fn key(algorithm: Algorithm, number: u8) -> PrivateKey {
        PrivateKey::generate(algorithm, &mut |bytes| bytes.fill(number)).unwrap()
    }

    fn jwk(number: u8) -> Value {
        json!(key(Algorithm::ES256, number).public().to_jwk().unwrap())
    }

    fn read(keys: &[Value]) -> Result<Vec<PublicJwk>, &'static str> {
        read_jwks(&json!({ "keys": keys }))
    }

    #[test]
    fn keys_of_other_uses_and_kinds_are_passed_over() {
        let mut for_encryption = jwk(2);
        for_encryption["use"] = json!("enc");
        let elsewhere = json!({ "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA" });
        let read = read(&[for_encryption.clone(), jwk(1), elsewhere]).unwrap();
        assert_eq!(read, [key(Algorithm::ES256, 1).public().to_jwk().unwrap()]);
        assert!(super::read_jwks(&json!({ "keys": [for_encryption] })).is_err());
    }

    #[test]
    fn a_set_with_a_private_a_symmetric_or_a_malformed_key_is_refused_whole() {
        let private: Value = serde_json::from_str(&key(Algorithm::ES256, 2).to_jwk()).unwrap();
        let symmetric = json!({ "kty": "oct", "k": "AAAA" });
        let mut off_curve = jwk(2);
        off_curve["y"] = off_curve["x"].clone();
        for bad in [private, symmetric, off_curve, json!(1), json!({ "kty": "EC", "crv": "P-256" })] {
            assert!(read(&[jwk(1), bad.clone()]).is_err(), "{bad}");
        }
        for bad in [json!([]), json!({}), json!({ "keys": {} }), json!({ "keys": [] }), json!("x")] {
            assert!(read_jwks(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn there_are_at_most_eight_keys_each_of_its_own_name() {
        let keys: Vec<Value> = (1..=9).map(jwk).collect();
        assert_eq!(read(&keys[..8]).map(|keys| keys.len()), Ok(8));
        assert!(read(&keys).is_err());
        assert!(read(&[jwk(1), jwk(1)]).is_err());
    }

    #[test]
    fn keys_are_fetched_from_https_elsewhere() {
        for good in ["https://c.example/jwks", "https://c.example:8443/a?b=c"] {
            assert!(may_be_fetched(good), "{good}");
        }
        for bad in [
            "http://c.example/jwks",
            "https://localhost/jwks",
            "https://127.0.0.1/",
            "https://c.example/#k",
            "urn:x",
            "",
        ] {
            assert!(!may_be_fetched(bad), "{bad}");
        }
    }
}
