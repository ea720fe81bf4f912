//! Keys as PEM: those of RFC 8410, and of OpenSSL, are read, and what is written is the same bytes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may fail"
)]

mod key_common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_core::key::{Algorithm, InvalidKey, PrivateKey};
use key_common::key;

/// RFC 8410 section 10.3, and its public key of section 10.1.
const ED25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";
const ED25519_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
";
/// The same with attributes and the public key.
const ED25519_V2: &str = "-----BEGIN PRIVATE KEY-----
MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB
Z9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PRIVATE KEY-----";
/// Of `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`.
const P256: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgge5cqsilpIb96vPh
Iboy25A05vYUSmM1EsMr+4GK7cShRANCAAQGe2g3dwejyUoaUWtKp3gOPfZuAey7
7xxIGzCyBvUkFd6s76bhOzeY7H/kIFTOdfUFlyBX0nPoydSDqmcDIQl8
-----END PRIVATE KEY-----
";
const P256_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBntoN3cHo8lKGlFrSqd4Dj32bgHs
u+8cSBswsgb1JBXerO+m4Ts3mOx/5CBUznX1BZcgV9Jz6MnUg6pnAyEJfA==
-----END PUBLIC KEY-----
";
/// The same with `-no_public`.
const P256_ALONE: &str = "-----BEGIN PRIVATE KEY-----
MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCCB7lyqyKWkhv3q8+Eh
ujLbkDTm9hRKYzUSwyv7gYrtxA==
-----END PRIVATE KEY-----";
/// Of `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384`.
const P384: &str = "-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBAZmSy0/dTn9NwpvHI
CAzQDg0ZLEsYusegDNlau+Q8+zSaQCaks8JDoVrShD0EUIShZANiAARV0eV99Eog
sRRygH6uRdTu7ct2vp7tmxu0e752efChqdKNG2i4FLkfEDd/qhYuAV3dw1Vl56uI
JF72zENc2wXCWKlUyD0kraIjPp8187RadgFmh3JgEPtDIaXit7ShmVw=
-----END PRIVATE KEY-----
";
const P384_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEVdHlffRKILEUcoB+rkXU7u3Ldr6e7Zsb
tHu+dnnwoanSjRtouBS5HxA3f6oWLgFd3cNVZeeriCRe9sxDXNsFwlipVMg9JK2i
Iz6fNfO0WnYBZodyYBD7QyGl4re0oZlc
-----END PUBLIC KEY-----
";
/// Of a curve that is not offered.
const SECP256K1: &str = "-----BEGIN PRIVATE KEY-----
MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgjyT0TqVNz5CI6JagmCHb
DsT4wl1CEeIoQRS+KME/zpShRANCAARiy3o++H+6I3kHRDwlkYhkXrLg+a3hkJ64
f1kr6QAaNrJASOpPBpVFZn48k9VNbYWeeyjpRxBa4H7ypuDnqN4i
-----END PRIVATE KEY-----";
const RSA: &str = include_str!("vectors/rsa.pem");
const RSA_PUBLIC: &str = include_str!("vectors/rsa-public.pem");

#[test]
fn w2_key_files_are_read_and_written_byte_for_byte() {
    for (pem, public, algorithm) in [
        (ED25519, ED25519_PUBLIC, "EdDSA"),
        (P256, P256_PUBLIC, "ES256"),
        (P384, P384_PUBLIC, "ES384"),
        (RSA, RSA_PUBLIC, "RS256"),
    ] {
        let key = PrivateKey::from_pem(pem, None).unwrap();
        assert_eq!(key.algorithm().name(), algorithm);
        assert_eq!(key.to_pem().unwrap().as_str(), pem);
        assert_eq!(key.public().to_pem().unwrap(), public);
        assert_eq!(key.kid(), key.public().thumbprint());
        let crlf = pem.replace('\n', "\r\n");
        assert_eq!(PrivateKey::from_pem(&crlf, None).unwrap().kid(), key.kid());
    }
}

#[test]
fn other_writings_of_a_key_are_the_same_key() {
    for (pem, other) in [(ED25519, ED25519_V2), (P256, P256_ALONE)] {
        let (one, two) = (PrivateKey::from_pem(pem, None).unwrap(), PrivateKey::from_pem(other, None).unwrap());
        assert_eq!(*one.to_jwk(), *two.to_jwk());
    }
}

#[test]
fn an_rsa_key_is_for_the_algorithm_that_is_named() {
    for algorithm in [Algorithm::RS512, Algorithm::PS256] {
        assert_eq!(PrivateKey::from_pem(RSA, Some(algorithm)).unwrap().algorithm(), algorithm);
    }
    for (pem, algorithm) in
        [(RSA, Algorithm::ES256), (P256, Algorithm::ES384), (P384, Algorithm::ES256), (ED25519, Algorithm::HS256)]
    {
        assert_eq!(PrivateKey::from_pem(pem, Some(algorithm)).unwrap_err(), InvalidKey::Unsupported);
    }
}

#[test]
fn every_generated_key_is_the_same_after_a_pem() {
    for algorithm in [Algorithm::EdDSA, Algorithm::ES256, Algorithm::ES384, Algorithm::RS256] {
        let made = key(algorithm, 11);
        let again = PrivateKey::from_pem(&made.to_pem().unwrap(), None).unwrap();
        assert_eq!(*again.to_jwk(), *made.to_jwk(), "{algorithm}");
    }
    assert!(key(Algorithm::HS256, 1).to_pem().is_none() && key(Algorithm::HS256, 1).public().to_pem().is_none());
}

#[test]
fn pr6_cve_2026_34950_a_key_is_what_its_label_and_its_numbers_say_or_no_key() {
    let same = PrivateKey::from_pem(P256, None).unwrap();
    let spaces = ["", " ", "\n", "\r\n", "\t", "\u{b}", "\u{a0}", "\u{2028}", "\u{feff}", "\u{200b}", "\0", "x", "#"];
    for before in spaces {
        for after in spaces {
            if let Ok(read) = PrivateKey::from_pem(&format!("{before}{P256}{after}"), None) {
                assert_eq!(*read.to_jwk(), *same.to_jwk(), "{before:?} {after:?}");
            }
        }
        // Between the words of the label there is one space, and nothing is guessed from what it resembles.
        if before != " " {
            for label in [
                P256.replace("BEGIN PRIVATE", &format!("BEGIN{before}PRIVATE")),
                P256.replace("PRIVATE KEY", &format!("PRIVATE{before}KEY")),
            ] {
                assert_eq!(PrivateKey::from_pem(&label, None).unwrap_err(), InvalidKey::NotPem, "{before:?}");
            }
        }
    }
    for label in [
        "private key",
        "Private Key",
        "PRIVATE KEYS",
        "PUBLIC KEY",
        "RSA PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "CERTIFICATE",
    ] {
        let other = P256.replace("PRIVATE KEY", label);
        assert_eq!(PrivateKey::from_pem(&other, None).unwrap_err(), InvalidKey::NotPem, "{label}");
    }
    // Nor is a key of one type read as another: neither text is a JWK, and neither JWK a text.
    assert!(
        PrivateKey::from_jwk(P256).is_err() && PrivateKey::from_jwk(&format!("\u{feff}{}", *same.to_jwk())).is_err()
    );
    for named in ["ec", "Ec", "EC ", " EC", "oct", "OKP", "RSA"] {
        let other = same.to_jwk().replace(r#""EC""#, &format!(r#""{named}""#));
        assert!(PrivateKey::from_jwk(&other).is_err(), "{named}");
    }
}

#[test]
fn what_is_no_private_key_of_a_kind_that_is_offered_is_refused() {
    let encrypted = P256.replace("PRIVATE", "ENCRYPTED PRIVATE");
    let (short, more) = (P256.replacen("MIGH", "MIGG", 1), format!("{P256}more"));
    let sec1 = P256.replace("BEGIN PRIVATE", "BEGIN EC PRIVATE");
    // The number of one curve said to be of the other.
    let mistaken = P384.replacen("BSuBBAAi", "BSuBBAAj", 1);
    for bad in [
        SECP256K1,
        &mistaken,
        P256_PUBLIC,
        RSA_PUBLIC,
        "",
        "-----BEGIN PRIVATE KEY-----",
        &encrypted,
        &short,
        &more,
        &sec1,
    ] {
        assert_eq!(PrivateKey::from_pem(bad, None).unwrap_err(), InvalidKey::NotPem, "{bad}");
    }
    // A bit that is changed anywhere gives another key or none, and never a panic.
    let der: Vec<char> = P256.chars().collect();
    for at in 28..der.len() - 27 {
        let mut changed = der.clone();
        changed[at] = if changed[at] == 'A' { 'B' } else { 'A' };
        let _ = PrivateKey::from_pem(&changed.into_iter().collect::<String>(), None);
    }
}

/// An element of DER that is shorter than 128 bytes.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [&[tag, u8::try_from(content.len()).unwrap()][..], &content].concat()
}

#[test]
fn nothing_may_stand_behind_the_parts_of_a_key() {
    const NULL: &[u8] = &[5, 0];
    let ed25519: &[u8] = &[6, 3, 0x2b, 0x65, 0x70];
    let p256: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    let secret = element(4, &[&[7; 32]]);
    for (algorithm, is_ec) in [(ed25519, false), (p256, true)] {
        let read = |place: Option<usize>| {
            let at = |here| if place == Some(here) { NULL } else { &[] };
            let key = if is_ec { element(0x30, &[&[2, 1, 1], &secret, at(0)]) } else { [&secret, at(0)].concat() };
            let key = element(4, &[&key, at(1)]);
            let info = element(0x30, &[&[2, 1, 0], &element(0x30, &[algorithm, at(2)]), &key, at(3)]);
            let der = STANDARD.encode([&info, at(4)].concat());
            PrivateKey::from_pem(&format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n"), None)
        };
        assert!(read(None).is_ok());
        for place in 0..5 {
            assert_eq!(read(Some(place)).unwrap_err(), InvalidKey::NotPem, "{is_ec} {place}");
        }
    }
}
