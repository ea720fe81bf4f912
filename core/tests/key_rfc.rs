//! The examples of the RFCs.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may fail"
)]

mod key_common;

use claviger_core::key::jws::{Compact, MAX_BYTES};
use claviger_core::key::{PrivateKey, PublicKey};
use key_common::open;
use serde_json::{Value, json};

fn examples() -> Vec<Value> {
    serde_json::from_str(include_str!("vectors/rfc.json")).unwrap()
}

/// RFC 7515 A.1 to A.3, RFC 8037 A.4, RFC 7520 4.1 and 4.4.
#[test]
fn examples_verify() {
    for example in examples() {
        let key = PrivateKey::from_jwk(&example["key"].to_string()).unwrap();
        let verified = open(example["jws"].as_str().unwrap(), &[key.public()]);
        assert!(verified.is_some(), "{}", example["name"]);
    }
}

#[test]
fn deterministic_examples_are_signed_alike() {
    for example in examples().iter().filter(|example| example["randomized"].is_null()) {
        let key = PrivateKey::from_jwk(&example["key"].to_string()).unwrap();
        let compact = Compact::parse(example["jws"].as_str().unwrap(), MAX_BYTES).unwrap();
        let signature = key.sign(compact.signing_input().as_bytes()).unwrap();
        assert_eq!(signature, compact.signature(), "{}", example["name"]);
    }
}

/// RFC 6979 A.2.5: ECDSA with P-256 and SHA-256.
#[test]
fn ecdsa_nonces_are_those_of_rfc_6979() {
    let key = PrivateKey::from_jwk(
        &json!({
            "kty": "EC",
            "crv": "P-256",
            "x": "YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y",
            "y": "eQP-EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk",
            "d": "ya-p2EW6dRZrXCFXZ7HWk05Qw9s26JsSe4piKxIPZyE",
        })
        .to_string(),
    )
    .unwrap();
    let sample = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716\
                  F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";
    let test = "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367\
                019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083";
    assert_eq!(hex(&key.sign(b"sample").unwrap()), sample);
    assert_eq!(hex(&key.sign(b"test").unwrap()), test);
}

/// RFC 6979 A.2.6: ECDSA with P-384 and SHA-384.
#[test]
fn es384_nonces_are_those_of_rfc_6979() {
    let key = PrivateKey::from_jwk(
        &json!({
            "kty": "EC",
            "crv": "P-384",
            "x": "7DpOQVtOGaRWhhgCn0J_pdqai8SukuAuBqrlKGswDGTe-PDqkFWGYGSiVFFUgLwT",
            "y": "gBXZty19VyROqO-awMYhiWcIpZNn-d-59UyoSz8cnbEoiyMcOuDU_nNE_SUzJkcg",
            "d": "a509rS4bjBwFsZh1tmWfTeI8O2Z78pe6mqR3QHhxN9iW1XJOTHCoJfhyyepg0u31",
        })
        .to_string(),
    )
    .unwrap();
    let sample = "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46\
                  99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8";
    let test = "8203B63D3C853E8D77227FB377BCF7B7B772E97892A80F36AB775D509D7A5FEB0542A7F0812998DA8F1DD3CA3CF023DB\
                DDD0760448D42D8A43AF45AF836FCE4DE8BE06B485E9B61B827C2F13173923E06A739F040649A667BF3B828246BAA5A5";
    assert_eq!(hex(&key.sign(b"sample").unwrap()), sample);
    assert_eq!(hex(&key.sign(b"test").unwrap()), test);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// RFC 7638 section 3.1.
#[test]
fn rsa_thumbprint() {
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3\
             oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6q\
             MQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK\
             nqDKgw";
    let jwk = json!({ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
    let key = PublicKey::from_jwk(&jwk).unwrap();
    assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(key.kid(), "2011-04-29");
}

/// RFC 8037 A.3.
#[test]
fn ed25519_thumbprint_is_the_kid_of_a_key_without_one() {
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let key = PublicKey::from_jwk(&jwk).unwrap();
    assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert_eq!(key.kid(), key.thumbprint());
}
