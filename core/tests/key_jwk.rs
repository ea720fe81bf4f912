//! What must never be taken for a key.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may fail"
)]

mod key_common;

use claviger_core::key::{Algorithm, InvalidKey, PrivateKey, PublicKey};
use key_common::{b64, key, public_jwk, unb64};
use serde_json::{Value, json};

fn public(algorithm: Algorithm) -> Value {
    let mut jwk = public_jwk(&key(algorithm, 1));
    jwk.as_object_mut().unwrap().remove("kid");
    jwk
}

fn private(algorithm: Algorithm) -> Value {
    serde_json::from_str(&key(algorithm, 1).to_jwk()).unwrap()
}

/// The key with one member replaced, or without it.
fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    let members = jwk.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name)
    } else {
        members.insert(name.to_owned(), value)
    };
    jwk
}

fn refused(jwk: &Value) {
    assert!(PublicKey::from_jwk(jwk).is_err(), "{jwk}");
}

const ASYMMETRIC: [Algorithm; 4] = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::ES384, Algorithm::RS256];

#[test]
fn jw_034_short_rsa_keys_are_refused() {
    for bytes in [64, 128, 255] {
        refused(&with(public(Algorithm::RS256), "n", json!(b64(vec![0xff; bytes]))));
    }
    let mut of_2047_bits = vec![0xff; 256];
    of_2047_bits[0] = 0x7f;
    refused(&with(public(Algorithm::RS256), "n", json!(b64(of_2047_bits))));
}

#[test]
fn jw_035_long_and_even_rsa_moduli_are_refused() {
    for bytes in [513, 1024, 2048] {
        refused(&with(public(Algorithm::RS256), "n", json!(b64(vec![0xff; bytes]))));
    }
    let mut even = vec![0xff; 256];
    even[255] = 0xfe;
    refused(&with(public(Algorithm::RS256), "n", json!(b64(even))));
    for n in ["", "AA", "AAAA"] {
        refused(&with(public(Algorithm::RS256), "n", json!(n)));
    }
    assert!(
        PublicKey::from_jwk(&with(public(Algorithm::RS256), "n", json!(b64(vec![0xff; 512])))).is_ok(),
        "4096 bits"
    );
}

#[test]
fn jw_035_unsound_rsa_exponents_are_refused() {
    let nine_bytes = [1, 0, 0, 0, 0, 0, 0, 0, 1];
    for exponent in [&[][..], &[0], &[1], &[2], &[1, 0, 0], &[0, 1, 0, 1], &nine_bytes, &[0xff; 256]] {
        refused(&with(public(Algorithm::RS256), "e", json!(b64(exponent))));
    }
    for exponent in [&[3][..], &[17], &[1, 0, 1], &[0xff; 8]] {
        assert!(
            PublicKey::from_jwk(&with(public(Algorithm::RS256), "e", json!(b64(exponent)))).is_ok(),
            "{exponent:?}"
        );
    }
}

#[test]
fn an_rsa_modulus_has_no_leading_zeros() {
    let n = unb64(public(Algorithm::RS256)["n"].as_str().unwrap());
    refused(&with(public(Algorithm::RS256), "n", json!(b64([&[0][..], &n].concat()))));
    let longer = [&[1][..], &n].concat();
    assert!(PublicKey::from_jwk(&with(public(Algorithm::RS256), "n", json!(b64(&longer)))).is_ok(), "2049 bits");
    refused(&with(public(Algorithm::RS256), "n", json!(b64([&[0][..], &longer].concat()))));
}

#[test]
fn an_rsa_signature_is_as_long_as_the_modulus() {
    let key = key(Algorithm::RS256, 1);
    let message = MESSAGE_WHOSE_SIGNATURE_STARTS_WITH_ZERO;
    let signature = key.sign(message).unwrap();
    assert_eq!(signature[0], 0);
    assert!(key.public().verify(message, &signature).is_ok());
    assert!(key.public().verify(message, &signature[1..]).is_err());
    assert!(key.public().verify(message, &[&[0][..], &signature].concat()).is_err());
}

/// Found by trying, with the first RSA key of these tests.
const MESSAGE_WHOSE_SIGNATURE_STARTS_WITH_ZERO: &[u8] = b"message 85";

#[test]
fn jw_042_a_mismatched_pair_is_no_key() {
    for algorithm in ASYMMETRIC {
        for name in ["x", "y", "n"] {
            let other: Value = serde_json::from_str(&key(algorithm, 2).to_jwk()).unwrap();
            if other[name].is_null() {
                continue;
            }
            let mixed = with(private(algorithm), name, other[name].clone());
            assert!(PrivateKey::from_jwk(&mixed.to_string()).is_err(), "{algorithm} {name}");
        }
    }
    for algorithm in [Algorithm::ES256, Algorithm::ES384] {
        let other = public_jwk(&key(algorithm, 2));
        let mixed = with(with(private(algorithm), "x", other["x"].clone()), "y", other["y"].clone());
        assert_eq!(PrivateKey::from_jwk(&mixed.to_string()).unwrap_err(), InvalidKey::Mismatch);
    }
}

/// The curves of NIST: how long a number of theirs is, their order, and `x` of their generator.
const CURVES: [(Algorithm, usize, &str, &str); 2] = [
    (
        Algorithm::ES256,
        32,
        "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE",
        "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
    ),
    (
        Algorithm::ES384,
        48,
        "________________________________x2NNgfQ3Ld9YGg2ySLCneuzsGWrMxSlz",
        "qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3",
    ),
];

#[test]
fn jw_043_ecdsa_numbers_are_in_range() {
    for (algorithm, length, order, _) in CURVES {
        let key = key(algorithm, 1);
        let signature = key.sign(b"m").unwrap();
        let (r, s) = signature.split_at(length);
        let (zero, order, above) = (vec![0; length], unb64(order), vec![0xff; length]);
        for (r, s) in [(&zero[..], s), (r, &zero), (&zero, &zero), (&order, s), (r, &order), (&above, s), (r, &above)] {
            assert!(key.public().verify(b"m", &[r, s].concat()).is_err());
        }
        assert!(key.public().verify(b"m", &[r, s, &[0]].concat()).is_err());
        assert!(key.public().verify(b"m", &[&[0], r, s].concat()).is_err());
        assert!(key.public().verify(b"m", b"").is_err());
    }
}

#[test]
fn jw_045_both_forms_of_an_ecdsa_signature_verify() {
    for (algorithm, length, order, _) in CURVES {
        let key = key(algorithm, 1);
        let signature = key.sign(b"m").unwrap();
        let (r, s) = signature.split_at(length);
        let twin = [r, &difference(&unb64(order), s)].concat();
        assert!(key.public().verify(b"m", &signature).is_ok());
        assert!(key.public().verify(b"m", &twin).is_ok());
    }
}

#[test]
fn jw_047_the_generator_and_its_negative_are_keys_as_any_other() {
    for (algorithm, length, order, x) in CURVES {
        let mut one = vec![0; length];
        one[length - 1] = 1;
        let keys = [one.clone(), difference(&unb64(order), &one)]
            .map(|secret| PrivateKey::generate(algorithm, &mut |bytes| bytes.copy_from_slice(&secret)).unwrap());
        let [generator, negative] = keys.each_ref().map(|key| serde_json::to_value(key.public().to_jwk()).unwrap());
        assert_eq!(generator["x"], x);
        assert_eq!(generator["x"], negative["x"]);
        assert_ne!(generator["y"], negative["y"]);
        for (own, other) in [(&keys[0], &keys[1]), (&keys[1], &keys[0])] {
            let signature = own.sign(b"m").unwrap();
            assert!(own.public().verify(b"m", &signature).is_ok());
            assert!(other.public().verify(b"m", &signature).is_err());
        }
    }
}

fn difference(larger: &[u8], smaller: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut digits: Vec<u8> = Vec::new();
    for (a, b) in larger.iter().zip(smaller).rev() {
        let digit = i16::from(*a) - i16::from(*b) - borrow;
        borrow = i16::from(digit < 0);
        digits.push(digit.rem_euclid(256) as u8);
    }
    digits.reverse();
    digits
}

#[test]
fn jw_046_only_points_of_the_curve_are_keys() {
    let jwk = public(Algorithm::ES256);
    let (x, y) = (unb64(jwk["x"].as_str().unwrap()), unb64(jwk["y"].as_str().unwrap()));
    let mut off_curve = y.clone();
    off_curve[31] ^= 1;
    let prime = [&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1][..], &[0; 12], &[0xff; 12]].concat();
    for (name, value) in [
        ("y", b64(off_curve)),
        ("y", b64(&y[1..])),
        ("y", b64([&[0][..], &y].concat())),
        ("x", b64(&x[1..])),
        ("x", b64([&[0][..], &x].concat())),
        ("x", b64(&prime)),
        ("x", b64([0xff; 32])),
        ("x", String::new()),
        ("crv", "P-384".to_owned()),
        ("crv", "p-256".to_owned()),
        ("crv", "secp256k1".to_owned()),
        ("crv", "Ed25519".to_owned()),
        ("kty", "OKP".to_owned()),
        ("kty", "RSA".to_owned()),
        ("alg", "ES384".to_owned()),
    ] {
        refused(&with(jwk.clone(), name, json!(value)));
    }
    for name in ["x", "y", "crv", "kty"] {
        refused(&with(jwk.clone(), name, Value::Null));
        refused(&with(jwk.clone(), name, json!(1)));
    }
    refused(&with(with(jwk, "x", json!(b64([0; 32]))), "y", json!(b64([0; 32]))));
}

/// Numbers of the right length that are below no prime, or satisfy no equation.
#[test]
fn jw_046_only_points_of_p_384_are_keys_of_es384() {
    let jwk = public(Algorithm::ES384);
    let y = unb64(jwk["y"].as_str().unwrap());
    let mut off_curve = y.clone();
    off_curve[47] ^= 1;
    let prime = [&[0xff; 31][..], &[0xfe, 0xff, 0xff, 0xff, 0xff], &[0; 8], &[0xff; 4]].concat();
    for (name, value) in [
        ("y", b64(off_curve)),
        ("y", b64(&y[1..])),
        ("y", b64([&[0][..], &y].concat())),
        ("x", b64(&prime)),
        ("x", b64([0xff; 48])),
        ("crv", "P-256".to_owned()),
        ("crv", "p-384".to_owned()),
        ("alg", "ES256".to_owned()),
        ("alg", "RS384".to_owned()),
    ] {
        refused(&with(jwk.clone(), name, json!(value)));
    }
    refused(&with(with(jwk, "x", json!(b64([0; 48]))), "y", json!(b64([0; 48]))));
}

#[test]
fn jw_046_a_private_key_is_no_public_key() {
    for algorithm in Algorithm::ALL {
        let jwk = with(private(algorithm), "key_ops", Value::Null);
        assert_eq!(PublicKey::from_jwk(&jwk).unwrap_err(), InvalidKey::Secret, "{algorithm}");
    }
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        refused(&with(public(Algorithm::RS256), name, json!("AA")));
    }
}

#[test]
fn ed25519_points_of_small_order_are_no_keys() {
    let zero = [0; 32];
    let mut identity = [0; 32];
    identity[0] = 1;
    for x in [&zero[..], &identity, &[0xff; 32], &[1; 31], &[1; 33]] {
        refused(&with(public(Algorithm::EdDSA), "x", json!(b64(x))));
    }
}

#[test]
fn jw_048_a_key_for_another_use_is_refused() {
    for algorithm in ASYMMETRIC {
        let jwk = public(algorithm);
        for (name, value) in [
            ("use", json!("enc")),
            ("use", json!("SIG")),
            ("use", json!(1)),
            ("key_ops", json!([])),
            ("key_ops", json!(["encrypt"])),
            ("key_ops", json!(["sign"])),
            ("key_ops", json!("verify")),
            ("key_ops", json!([1])),
            ("key_ops", json!({ "verify": true })),
        ] {
            refused(&with(jwk.clone(), name, value));
        }
        assert!(PublicKey::from_jwk(&with(jwk.clone(), "key_ops", json!(["verify"]))).is_ok());
        assert!(PublicKey::from_jwk(&with(jwk, "use", Value::Null)).is_ok());
        let private = private(algorithm).clone();
        assert!(PrivateKey::from_jwk(&with(private.clone(), "key_ops", json!(["verify"])).to_string()).is_err());
        assert!(PrivateKey::from_jwk(&with(private, "use", json!("enc")).to_string()).is_err());
    }
}

#[test]
fn jw_002_short_symmetric_keys_are_refused() {
    for bytes in [0, 1, 31, 513] {
        let jwk = json!({ "kty": "oct", "k": b64(vec![7; bytes]) });
        assert!(PrivateKey::from_jwk(&jwk.to_string()).is_err(), "{bytes}");
    }
    assert!(PrivateKey::from_jwk(&json!({ "kty": "oct", "k": b64([7; 32]), "alg": "HS512" }).to_string()).is_err());
}

#[test]
fn jw_007_the_name_of_a_key_is_bounded() {
    for kid in [json!(""), json!("k".repeat(257)), json!(1), json!([])] {
        refused(&with(public(Algorithm::EdDSA), "kid", kid));
    }
    let named = with(private(Algorithm::EdDSA), "kid", json!("a \"quoted\" name\u{1}"));
    let key = PrivateKey::from_jwk(&named.to_string()).unwrap();
    assert_eq!(PrivateKey::from_jwk(&key.to_jwk()).unwrap().kid(), "a \"quoted\" name\u{1}");
}

#[test]
fn jw_013_a_private_key_has_no_duplicate_members() {
    let text = key(Algorithm::EdDSA, 1).to_jwk().to_string();
    assert!(PrivateKey::from_jwk(&text).is_ok());
    assert!(PrivateKey::from_jwk(&text.replacen('{', r#"{"kty":"OKP","#, 1)).is_err());
    assert!(PrivateKey::from_jwk(&text.replacen('{', r#"{"\u0064":"AA","#, 1)).is_err());
}

#[test]
fn malformed_rsa_private_keys_are_refused() {
    let jwk = private(Algorithm::RS256);
    for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        assert!(PrivateKey::from_jwk(&with(jwk.clone(), name, Value::Null).to_string()).is_err(), "without {name}");
        assert!(
            PrivateKey::from_jwk(&with(jwk.clone(), name, json!(b64([0xff; 600]))).to_string()).is_err(),
            "long {name}"
        );
        assert!(PrivateKey::from_jwk(&with(jwk.clone(), name, json!("!")).to_string()).is_err(), "bad {name}");
    }
    for name in ["p", "q", "n"] {
        assert!(PrivateKey::from_jwk(&with(jwk.clone(), name, json!("AA")).to_string()).is_err(), "zero {name}");
    }
    assert!(PrivateKey::from_jwk(&with(jwk, "oth", json!([])).to_string()).is_err());
}
