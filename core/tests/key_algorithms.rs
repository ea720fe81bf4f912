//! Every algorithm makes keys, writes and reads them, signs and verifies.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may fail"
)]

mod key_common;

use claviger_core::key::{Algorithm, BadSignature, InvalidKey, PrivateKey, PublicKey};
use key_common::{b64, key, public_jwk, stream, unb64};
use proptest::prelude::*;

#[test]
fn every_algorithm_signs_what_its_public_half_verifies() {
    for algorithm in Algorithm::ALL {
        let key = key(algorithm, 1);
        let signature = key.sign(b"message").unwrap();
        assert_eq!(key.public().verify(b"message", &signature), Ok(()), "{algorithm}");
        assert_eq!(key.public().verify(b"massage", &signature), Err(BadSignature), "{algorithm}");
        assert_eq!(key.sign(b"message").unwrap(), signature, "{algorithm} is deterministic");
    }
}

/// Two messages under one nonce give away an ECDSA key. Here it comes from the key and the message (RFC 6979), so no source of randomness can repeat it.
#[test]
fn jw_059_no_two_messages_share_a_nonce() {
    for (algorithm, messages) in [(Algorithm::ES256, 1000), (Algorithm::ES384, 100)] {
        let key = key(algorithm, 1);
        let commitment = |message: u32| {
            let signature = key.sign(&message.to_be_bytes()).unwrap();
            signature[..signature.len() / 2].to_vec()
        };
        let all: std::collections::HashSet<Vec<u8>> = (0..messages).map(commitment).collect();
        assert_eq!(all.len(), messages as usize);
    }
}

#[test]
fn the_same_bytes_make_the_same_key() {
    for algorithm in Algorithm::ALL {
        assert_eq!(*key(algorithm, 2).to_jwk(), *key(algorithm, 2).to_jwk(), "{algorithm}");
        assert_ne!(*key(algorithm, 2).to_jwk(), *key(algorithm, 3).to_jwk(), "{algorithm}");
    }
}

#[test]
fn a_private_jwk_reads_back_as_the_same_key() {
    for algorithm in Algorithm::ALL {
        let key = key(algorithm, 4);
        let again = PrivateKey::from_jwk(&key.to_jwk()).unwrap();
        assert_eq!(again.kid(), key.kid(), "{algorithm}");
        assert_eq!(again.algorithm(), algorithm);
        assert_eq!(*again.to_jwk(), *key.to_jwk(), "{algorithm}");
        assert_eq!(again.sign(b"m").unwrap(), key.sign(b"m").unwrap(), "{algorithm}");
    }
}

#[test]
fn a_public_jwk_reads_back_and_verifies() {
    for algorithm in [Algorithm::EdDSA, Algorithm::ES256, Algorithm::ES384, Algorithm::RS256, Algorithm::PS384] {
        let key = key(algorithm, 5);
        let jwk = public_jwk(&key);
        let public = PublicKey::from_jwk(&jwk).unwrap();
        assert_eq!(public.kid(), public.thumbprint(), "{algorithm}");
        assert_eq!(public.to_jwk(), key.public().to_jwk(), "{algorithm}");
        assert_eq!(public.verify(b"m", &key.sign(b"m").unwrap()), Ok(()), "{algorithm}");
    }
}

fn is_rsa(algorithm: &Algorithm) -> bool {
    algorithm.name().starts_with("RS") || algorithm.name().starts_with("PS")
}

/// RFC 7518 section 3.1: one key pair, and as many schemes that must never be taken for each other.
#[test]
fn jw_004_one_rsa_key_verifies_by_the_algorithm_that_it_is_for() {
    let made = key(Algorithm::RS256, 5);
    let as_of = |algorithm: Algorithm| {
        let jwk = made.to_jwk().replace("RS256", algorithm.name());
        PrivateKey::from_jwk(&jwk).unwrap()
    };
    let rsa: Vec<_> = Algorithm::ALL.into_iter().filter(is_rsa).collect();
    assert_eq!(rsa.len(), 6);
    for signed in &rsa {
        let signature = as_of(*signed).sign(b"m").unwrap();
        for read in &rsa {
            let verified = as_of(*read).public().verify(b"m", &signature).is_ok();
            assert_eq!(verified, signed == read, "{signed} read as {read}");
        }
    }
}

#[test]
fn a_symmetric_key_is_as_long_as_its_hash() {
    for (algorithm, least) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        let read = |length: usize| {
            let jwk = format!(r#"{{"kty":"oct","alg":"{algorithm}","k":"{}"}}"#, b64(vec![7; length]));
            PrivateKey::from_jwk(&jwk)
        };
        assert_eq!(read(least).unwrap().algorithm().name(), algorithm);
        assert_eq!(read(least - 1).unwrap_err(), InvalidKey::Member("k"));
    }
}

#[test]
fn a_symmetric_key_has_no_public_form() {
    assert_eq!(key(Algorithm::HS256, 6).public().to_jwk(), None);
}

#[test]
fn debug_text_shows_no_secret() {
    for algorithm in Algorithm::ALL {
        let key = key(algorithm, 7);
        let jwk: serde_json::Value = serde_json::from_str(&key.to_jwk()).unwrap();
        let secrets: Vec<&str> = ["d", "k", "p"].iter().filter_map(|name| jwk[*name].as_str()).collect();
        assert!(!secrets.is_empty());
        for shown in [format!("{key:?}"), format!("{:?}", key.public())] {
            assert!(secrets.iter().all(|secret| !shown.contains(secret)), "{algorithm}");
        }
    }
}

#[test]
fn bytes_that_are_not_random_make_no_ecdsa_or_rsa_key() {
    for algorithm in [Algorithm::ES256, Algorithm::ES384, Algorithm::RS256] {
        assert!(PrivateKey::generate(algorithm, &mut |bytes| bytes.fill(0)).is_err(), "{algorithm}");
        assert!(PrivateKey::generate(algorithm, &mut |bytes| bytes.fill(0xff)).is_err(), "{algorithm}");
    }
}

#[test]
fn two_equal_primes_make_no_rsa_key() {
    let jwk: serde_json::Value = serde_json::from_str(&key(Algorithm::RS256, 8).to_jwk()).unwrap();
    let prime = unb64(jwk["p"].as_str().unwrap());
    let (mut random, mut calls) = (stream(9), 0);
    // A candidate, then the eight bases that it is tried with.
    let mut repeating = |bytes: &mut [u8]| {
        if calls % 9 == 0 {
            bytes.copy_from_slice(&prime)
        } else {
            random(bytes)
        }
        calls += 1;
    };
    assert_eq!(PrivateKey::generate(Algorithm::RS256, &mut repeating).unwrap_err(), InvalidKey::Member("q"));
}

#[test]
fn a_damaged_rsa_key_gives_no_signature_away() {
    let mut jwk: serde_json::Value = serde_json::from_str(&key(Algorithm::RS256, 8).to_jwk()).unwrap();
    jwk["dp"] = jwk["dq"].clone();
    let damaged = PrivateKey::from_jwk(&jwk.to_string()).unwrap();
    assert!(damaged.sign(b"message").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_message_verifies_and_no_other_signature_does(seed: u64, message: Vec<u8>, flip in 0..512_usize) {
        for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| !is_rsa(algorithm)) {
            let key = key(algorithm, seed);
            let mut signature = key.sign(&message).unwrap();
            prop_assert!(key.public().verify(&message, &signature).is_ok());
            let bit = flip % (signature.len() * 8);
            signature[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(key.public().verify(&message, &signature).is_err());
            prop_assert!(key.public().verify(&message, &signature[1..]).is_err());
        }
    }
}
