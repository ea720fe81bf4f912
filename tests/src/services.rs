//! What a host may do for the engine beside storage, done as the contract says: keys of its own, and derivation elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_core::derive_json;
use claviger_core::key::{PrivateKey, PublicKey};
use serde_json::{Value, json};

use crate::ClientKey;

/// The examples of the RFCs, whose keys the host has.
const EXAMPLES: &str = include_str!("../../core/tests/vectors/rfc.json");

/// Each of the host's keys: its algorithm, which is its name too, and the example whose key it is.
const KEYS: [(&str, &str); 2] = [("RS256", "RFC 7515 A.2"), ("ES256", "RFC 7515 A.3")];

/// The host's key for an algorithm, as the configuration's `signing.hostKeys` has it.
pub fn host_key(algorithm: &str) -> Value {
    let public = key(algorithm).public().to_jwk().unwrap_or_default();
    json!({ "kid": algorithm, "algorithm": algorithm, "publicJwk": public })
}

/// Where a client's keys are, and the number of the [`ClientKey`] that is there.
pub const CLIENT_KEYS: &str = "https://client.example.com/jwks";
/// See [`CLIENT_KEYS`].
pub const CLIENT_KEY: u8 = 1;

/// Answers a `derive`, `sign`, `verify` or `fetch` ask.
pub fn answer(ask: &Value) -> Option<Value> {
    let (name, asked) = ask.as_object()?.iter().next()?;
    Some(match name.as_str() {
        "derive" => parse(&derive_json(asked.to_string().as_bytes())),
        "sign" => sign(asked),
        "verify" => verify(asked),
        "fetch" if asked["url"] == CLIENT_KEYS => {
            let jwks = json!({ "keys": [ClientKey::es256(CLIENT_KEY).public_jwk()] });
            let headers = json!([["content-type", "application/jwk-set+json"]]);
            json!({ "response": { "status": 200, "headers": headers, "body": jwks.to_string() } })
        }
        _ => return None,
    })
}

fn sign(asked: &Value) -> Value {
    let signature = key(text(&asked["key"])).sign(&bytes(&asked["message"]));
    let signature = signature.unwrap_or_else(|error| panic!("the host's key: {error}"));
    json!({ "signature": URL_SAFE_NO_PAD.encode(signature) })
}

fn verify(asked: &Value) -> Value {
    let key =
        PublicKey::from_jwk(&asked["jwk"]).unwrap_or_else(|error| panic!("the key that was asked about: {error}"));
    assert_eq!(key.algorithm().name(), asked["algorithm"]);
    json!({ "verified": key.verify(&bytes(&asked["message"]), &bytes(&asked["signature"])).is_ok() })
}

fn key(algorithm: &str) -> PrivateKey {
    let name = KEYS.iter().find(|(of, _)| *of == algorithm).map(|(_, name)| *name);
    let examples = parse(EXAMPLES.as_bytes());
    let example = examples.as_array().into_iter().flatten().find(|example| example["name"].as_str() == name);
    let jwk = example.map(|example| example["key"].to_string()).unwrap_or_default();
    PrivateKey::from_jwk(&jwk).unwrap_or_else(|error| panic!("the host has no key for {algorithm}: {error}"))
}

fn parse(json: &[u8]) -> Value {
    serde_json::from_slice(json).unwrap_or_else(|error| panic!("this is JSON: {error}"))
}

fn bytes(value: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text(value)).unwrap_or_else(|error| panic!("this is base64url: {error}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
