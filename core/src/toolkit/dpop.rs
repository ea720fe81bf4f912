//! DPoP proofs (RFC 9449 section 4.2), the client's half.

use serde::{Deserialize, Serialize};

use super::{ToolError, read};
use crate::hash::{b64u, sha256};
use crate::key::json::parse;
use crate::key::jws::Unsigned;
use crate::key::{Algorithm, InvalidKey, PrivateKey, PublicJwk, PublicKey};
use crate::redacted::redacted_debug;
use crate::refusal::Fault;
use crate::time::{Millis, numeric_date};

/// RFC 9449 section 4.2: the `typ` of every proof.
pub(crate) const TYPE: &str = "dpop+jwt";

/// Members of a public JWK that say nothing which the rest of the header does not say.
const SAID_ELSEWHERE: [&str; 3] = ["alg", "kid", "use"];

/// Makes a key pair. `fill` gives random bytes, or says why it cannot.
///
/// # Errors
/// [`ToolError::Key`] for another algorithm than `ES256` and `EdDSA`, and what `fill` says.
pub fn generate(
    algorithm: &str,
    mut fill: impl FnMut(&mut [u8]) -> Result<(), ToolError>,
) -> Result<PrivateKey, ToolError> {
    let algorithm = algorithm.parse().map_err(|_| InvalidKey::Unsupported)?;
    offered(algorithm)?;
    let mut filled = Ok(());
    let key = PrivateKey::generate(algorithm, &mut |bytes| {
        if filled.is_ok() {
            filled = fill(bytes);
        }
    });
    // A key made of no randomness must not leave.
    filled?;
    Ok(key?)
}

/// Reads a private JWK.
///
/// # Errors
/// [`ToolError::Key`] for another algorithm than `ES256` and `EdDSA`, or a malformed or mismatched key.
pub fn private_key(jwk: &str) -> Result<PrivateKey, ToolError> {
    let key = PrivateKey::from_jwk(jwk)?;
    offered(key.algorithm())?;
    Ok(key)
}

/// Reads a public JWK.
///
/// # Errors
/// As [`private_key`], and for a private key.
pub fn public_key(jwk: &str) -> Result<PublicKey, ToolError> {
    let key = PublicKey::from_jwk(&parse(jwk.as_bytes()).map_err(|_| InvalidKey::NotAnObject)?)?;
    offered(key.algorithm())?;
    Ok(key)
}

/// What a proof may be signed with: every server of RFC 9449 takes ES256, and RSA would make each request longer by half a kilobyte.
pub(crate) fn offered(algorithm: Algorithm) -> Result<(), InvalidKey> {
    match algorithm {
        Algorithm::ES256 | Algorithm::EdDSA => Ok(()),
        _ => Err(InvalidKey::Unsupported),
    }
}

/// The request that a proof is for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proof {
    method: String,
    url: String,
    access_token: Option<String>,
    nonce: Option<String>,
    now: Millis,
}

redacted_debug!(Proof);

#[derive(Serialize)]
struct Header {
    typ: &'static str,
    alg: Algorithm,
    jwk: PublicJwk,
}

/// RFC 9449 section 4.2.
#[derive(Serialize)]
struct Claims<'a> {
    jti: String,
    htm: &'a str,
    htu: &'a str,
    iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

impl Proof {
    /// Reads `{ method, url, accessToken?, nonce?, now }`; `now` is in milliseconds since 1970.
    ///
    /// # Errors
    /// [`ToolError::Argument`] without a method, or when the address is not http or https.
    pub fn read(arguments: &str) -> Result<Self, ToolError> {
        let proof: Self = read(arguments)?;
        let token = proof.method.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        if proof.method.is_empty() || !token {
            return Err(ToolError::Argument("method: a method of HTTP, in its own case"));
        }
        if !proof.url.starts_with("https://") && !proof.url.starts_with("http://") {
            return Err(ToolError::Argument("url: an absolute address with https or http"));
        }
        Ok(proof)
    }

    /// The proof, signed by a key that is here. `jti` is random.
    ///
    /// # Errors
    /// [`ToolError::Key`] for a key that is not asymmetric.
    pub fn sign(&self, key: &PrivateKey, jti: &[u8; 16]) -> Result<String, ToolError> {
        let unsigned = self.unsigned(key.public(), jti)?;
        let signature = key.sign(unsigned.signing_input());
        let signature = signature.map_err(|_| Fault::Cryptography("The key could not sign"))?;
        Ok(unsigned.with_signature(&signature))
    }

    /// The proof without its signature, for a key that is elsewhere. `jti` is random.
    ///
    /// # Errors
    /// As [`Proof::sign`].
    pub fn unsigned(&self, key: &PublicKey, jti: &[u8; 16]) -> Result<Unsigned, ToolError> {
        let mut jwk = key.to_jwk().ok_or(InvalidKey::Secret)?;
        jwk.retain(|name, _| !SAID_ELSEWHERE.contains(&name.as_str()));
        let claims = Claims {
            jti: b64u(jti),
            htm: &self.method,
            htu: without_query(&self.url),
            iat: numeric_date(self.now),
            ath: self.access_token.as_ref().map(|token| b64u(sha256(token.as_bytes()))),
            nonce: self.nonce.as_deref(),
        };
        let header = Header { typ: TYPE, alg: key.algorithm(), jwk };
        let claims = serde_json::to_vec(&claims).map_err(|why| ToolError::Unreadable(why.to_string()))?;
        Ok(Unsigned::new(&header, &claims))
    }
}

/// RFC 9449 section 4.2: `htu` is the address without query and fragment.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::key::jws::Compact;
    use serde_json::{Value, json};

    fn key(algorithm: Algorithm) -> PrivateKey {
        generate(algorithm.name(), |bytes| {
            bytes.fill(7);
            Ok(())
        })
        .unwrap()
    }

    fn proof(changes: &Value) -> Result<Proof, ToolError> {
        let mut arguments =
            json!({ "method": "POST", "url": "https://server.example.com/token", "now": 1_562_262_616_999_u64 });
        for (name, value) in changes.as_object().unwrap() {
            arguments[name] = value.clone();
        }
        Proof::read(&arguments.to_string())
    }

    fn header_and_claims(proof: &str) -> (Value, Value) {
        let parts: Vec<_> = proof.split('.').map(|part| crate::hash::from_b64u(part).unwrap()).collect();
        (crate::json::read(&parts[0]).unwrap(), crate::json::read(&parts[1]).unwrap())
    }

    #[test]
    fn a_proof_has_the_members_of_rfc_9449_section_4_2_and_no_others() {
        for algorithm in [Algorithm::ES256, Algorithm::EdDSA] {
            let key = key(algorithm);
            let signed = proof(&json!({})).unwrap().sign(&key, &[1; 16]).unwrap();
            let (header, claims) = header_and_claims(&signed);
            let mut jwk = serde_json::to_value(key.public().to_jwk().unwrap()).unwrap();
            for name in SAID_ELSEWHERE {
                jwk.as_object_mut().unwrap().remove(name);
            }
            assert_eq!(header, json!({ "typ": "dpop+jwt", "alg": algorithm.name(), "jwk": jwk }));
            assert_eq!(
                claims,
                json!({
                    "jti": "AQEBAQEBAQEBAQEBAQEBAQ",
                    "htm": "POST",
                    "htu": "https://server.example.com/token",
                    "iat": 1_562_262_616,
                })
            );
            let compact = Compact::parse(&signed, 4096).unwrap();
            assert!(compact.verify([key.public()]).is_ok());
        }
    }

    #[test]
    fn ath_is_that_of_rfc_9449_section_7_1_and_the_nonce_is_given_back() {
        let with = json!({ "accessToken": "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU", "nonce": "eyJ7S_zG.eyJH0-Z.HX4w-7v" });
        let (_, claims) = header_and_claims(&proof(&with).unwrap().sign(&key(Algorithm::ES256), &[1; 16]).unwrap());
        assert_eq!(claims["ath"], "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
        assert_eq!(claims["nonce"], "eyJ7S_zG.eyJH0-Z.HX4w-7v");
    }

    #[test]
    fn the_example_of_rfc_9449_section_4_1_verifies_and_has_the_thumbprint_of_section_6_1() {
        const EXAMPLE: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
        let (header, _) = header_and_claims(EXAMPLE);
        let key = PublicKey::from_jwk(&header["jwk"]).unwrap();
        assert!(Compact::parse(EXAMPLE, 4096).unwrap().verify([&key]).is_ok());
        assert_eq!(key.thumbprint(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    }

    #[test]
    fn keys_are_of_two_algorithms_and_never_made_without_randomness() {
        for algorithm in ["RS256", "HS256", "none", "es256"] {
            assert_eq!(generate(algorithm, |_| Ok(())).unwrap_err(), ToolError::Key(InvalidKey::Unsupported));
        }
        let failed = ToolError::Fault(Fault::HostFailed("no randomness".into()));
        for algorithm in ["ES256", "EdDSA"] {
            assert_eq!(generate(algorithm, |_| Err(failed.clone())).unwrap_err(), failed);
        }
    }

    #[test]
    fn a_key_pair_is_written_and_read() {
        for algorithm in [Algorithm::ES256, Algorithm::EdDSA] {
            let key = key(algorithm);
            assert_eq!(private_key(&key.to_jwk()).unwrap().to_jwk(), key.to_jwk());
            let public = serde_json::to_string(&key.public().to_jwk().unwrap()).unwrap();
            assert_eq!(public_key(&public).unwrap().thumbprint(), key.public().thumbprint());
            assert_eq!(public_key(&key.to_jwk()).unwrap_err(), ToolError::Key(InvalidKey::Secret));
        }
    }

    #[test]
    fn htu_has_neither_query_nor_fragment() {
        for url in ["https://api.example/a?b=c", "https://api.example/a#b?c", "https://api.example/a?b#c"] {
            let signed = proof(&json!({ "url": url })).unwrap().sign(&key(Algorithm::EdDSA), &[0; 16]).unwrap();
            assert_eq!(header_and_claims(&signed).1["htu"], "https://api.example/a");
        }
    }

    #[test]
    fn relative_addresses_and_methods_that_are_none_are_refused() {
        for bad in [json!({ "url": "/token" }), json!({ "method": "" }), json!({ "method": "PO ST" })] {
            assert!(matches!(proof(&bad), Err(ToolError::Argument(_))), "{bad}");
        }
        assert!(matches!(proof(&json!({ "other": 1 })), Err(ToolError::Unreadable(_))));
    }
}
