//! What must never open as a signed token. Every token here has a true signature, but for the one thing that is wrong with it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may fail"
)]

mod key_common;

use std::time::Instant;

use claviger_core::key::jws::{Compact, MAX_BYTES, Malformed, Unsigned, sign_compact};
use claviger_core::key::{Algorithm, PrivateKey, PublicKey};
use key_common::{b64, forge, key, open, public_jwk};
use proptest::prelude::*;
use serde_json::{Value, json};

const GOOD: &str = r#"{"alg":"EdDSA"}"#;

fn eddsa() -> PrivateKey {
    key(Algorithm::EdDSA, 1)
}

fn refused(token: &str, key: &PrivateKey) {
    assert!(open(token, &[key.public()]).is_none(), "{}", &token[..token.len().min(200)]);
}

fn header_refused(header: impl AsRef<[u8]>) {
    let key = eddsa();
    refused(&forge(header, "{}", &key), &key);
}

#[test]
fn what_is_signed_opens() {
    for algorithm in Algorithm::ALL {
        let key = key(algorithm, 2);
        let token = sign_compact("at+jwt", b"{\"a\":1}", &key).unwrap();
        let verified = open(&token, &[key.public()]).unwrap();
        assert_eq!(verified.payload, b"{\"a\":1}");
        assert_eq!(verified.header.alg, algorithm);
        assert_eq!(verified.header.kid.as_deref(), Some(key.kid()));
        assert_eq!(verified.header.typ.as_deref(), Some("at+jwt"));
    }
}

#[test]
fn a_host_may_sign_and_verify() {
    let key = eddsa();
    let token = sign_compact("at+jwt", b"{}", &key).unwrap();
    let compact = Compact::parse(&token, MAX_BYTES).unwrap();
    let unsigned = Unsigned::new(compact.header(), b"{}");
    assert_eq!(unsigned.signing_input(), compact.signing_input().as_bytes());
    let signature = key.sign(unsigned.signing_input()).unwrap();
    assert_eq!(unsigned.with_signature(&signature), token);
    assert!(compact.clone().verified_elsewhere(true).is_ok());
    assert!(compact.verified_elsewhere(false).is_err());
}

#[test]
fn jw_001_no_algorithm_is_none() {
    for alg in [r#""none""#, r#""None""#, r#""nOnE""#, r#""NONE""#, r#""""#, "1", r#"["EdDSA"]"#, "null", "{}"] {
        header_refused(format!(r#"{{"alg":{alg}}}"#));
        refused(&format!("{}.{}.", b64(format!(r#"{{"alg":{alg}}}"#)), b64("{}")), &eddsa());
    }
    header_refused("{}");
    header_refused(r#"{"typ":"JWT"}"#);
}

#[test]
fn jw_002_a_public_key_is_no_mac_secret() {
    for algorithm in [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256] {
        let victim = key(algorithm, 3);
        let jwk = public_jwk(&victim);
        let secrets =
            [jwk.to_string(), serde_json::to_string_pretty(&jwk).unwrap(), format!("\r\n {jwk}"), jwk["x"].to_string()];
        for secret in secrets.iter().filter(|secret| secret.len() <= 512) {
            let padded = format!("{secret:32}");
            let forger = PrivateKey::from_jwk(&json!({ "kty": "oct", "k": b64(padded) }).to_string()).unwrap();
            refused(&forge(r#"{"alg":"HS256"}"#, "{}", &forger), &victim);
        }
    }
}

#[test]
fn pr6_cve_2026_22817_a_key_that_says_no_algorithm_has_one_all_the_same() {
    let unsaid = |key: &PrivateKey| {
        let mut jwk = public_jwk(key);
        jwk.as_object_mut().unwrap().remove("alg").unwrap();
        PublicKey::from_jwk(&jwk).unwrap()
    };
    let key = key(Algorithm::RS256, 3);
    assert!(open(&forge(r#"{"alg":"RS256"}"#, "{}", &key), &[&unsaid(&key)]).is_some());
    for other in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512] {
        let same_numbers = PrivateKey::from_jwk(&key.to_jwk().replace("RS256", other.name())).unwrap();
        let token = forge(format!(r#"{{"alg":"{}"}}"#, other.name()), "{}", &same_numbers);
        assert!(open(&token, &[same_numbers.public()]).is_some(), "a true signature of {other}");
        assert!(open(&token, &[&unsaid(&key)]).is_none(), "{other}");
    }
    let secret = json!({ "kty": "oct", "k": public_jwk(&key)["n"] });
    assert!(PublicKey::from_jwk(&secret).is_err(), "no secret is a public key");
    let forger = PrivateKey::from_jwk(&json!({ "kty": "oct", "k": b64([7; 32]) }).to_string()).unwrap();
    assert!(open(&forge(r#"{"alg":"HS256"}"#, "{}", &forger), &[&unsaid(&key)]).is_none());
}

#[test]
fn pr6_cve_2026_23993_an_empty_signature_and_a_name_in_another_case_are_refused_for_every_algorithm() {
    for algorithm in Algorithm::ALL {
        let key = key(algorithm, 2);
        let header = |alg: &str| format!(r#"{{"alg":"{alg}"}}"#);
        assert!(open(&forge(header(algorithm.name()), "{}", &key), &[key.public()]).is_some(), "{algorithm}");
        for alg in [algorithm.name(), "none", "None", ""] {
            let unsigned = format!("{}.{}", b64(header(alg)), b64("{}"));
            for token in [format!("{unsigned}."), unsigned.clone(), format!("{unsigned}.AA")] {
                refused(&token, &key);
            }
        }
        for alg in [algorithm.name().to_lowercase(), format!(" {}", algorithm.name()), format!("{}0", algorithm.name())]
        {
            refused(&forge(header(&alg), "{}", &key), &key);
        }
    }
}

#[test]
fn pr6_cve_2024_33663_no_writing_of_a_public_key_is_a_secret_that_it_verifies_by() {
    for algorithm in [Algorithm::EdDSA, Algorithm::ES256, Algorithm::ES384, Algorithm::RS256] {
        let victim = key(algorithm, 3);
        let (jwk, pem) = (public_jwk(&victim), victim.public().to_pem().unwrap());
        let der: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let member = jwk.get("x").or(jwk.get("n")).unwrap().as_str().unwrap();
        let writings = [
            jwk.to_string().into_bytes(),
            pem.clone().into_bytes(),
            pem.trim().as_bytes().to_vec(),
            format!(" \n{pem}").into_bytes(),
            format!("\u{feff}{pem}").into_bytes(),
            format!("ssh-ed25519 {der} ada@example.com").into_bytes(),
            format!("ecdsa-sha2-nistp256 {der}").into_bytes(),
            format!("ssh-rsa {der}").into_bytes(),
            der.into_bytes(),
            format!("{member:32}").into_bytes(),
        ];
        for secret in writings {
            let oct = json!({ "kty": "oct", "k": b64(&secret[..secret.len().min(512)]) });
            for mac in ["HS256", "HS384", "HS512"] {
                let mut jwk = oct.clone();
                jwk["alg"] = json!(mac);
                // One that is too short for the hash is no secret at all.
                let Ok(forger) = PrivateKey::from_jwk(&jwk.to_string()) else { continue };
                refused(&forge(format!(r#"{{"alg":"{mac}"}}"#), "{}", &forger), &victim);
                let named = format!(r#"{{"alg":"{}"}}"#, algorithm.name());
                refused(&forge(named, "{}", &forger), &victim);
            }
        }
    }
}

#[test]
fn jw_003_the_key_decides_the_algorithm() {
    let key = key(Algorithm::RS256, 3);
    assert!(open(&forge(r#"{"alg":"RS256"}"#, "{}", &key), &[key.public()]).is_some());
    for alg in ["HS256", "RS384", "RS512", "ES256", "EdDSA"] {
        refused(&forge(format!(r#"{{"alg":"{alg}"}}"#), "{}", &key), &key);
    }
}

#[test]
fn jw_004_neighbouring_algorithms_are_others() {
    for (algorithm, others) in [
        (Algorithm::ES256, ["ES384", "ES256K", "ES512"]),
        (Algorithm::ES384, ["ES256", "ES256K", "ES512"]),
        (Algorithm::RS256, ["PS256", "RS384", "RSA-OAEP"]),
    ] {
        let key = key(algorithm, 3);
        for other in others {
            refused(&forge(format!(r#"{{"alg":"{other}"}}"#), "{}", &key), &key);
        }
    }
}

#[test]
fn jw_005_algorithm_names_are_exact() {
    for alg in ["eddsa", "EDDSA", "EdDSA ", " EdDSA", "EdD\u{405}A", "EdDSA\\u0000"] {
        header_refused(format!(r#"{{"alg":"{alg}"}}"#));
    }
}

#[test]
fn jw_007_kid_is_a_plain_label() {
    let long = "k".repeat(1_000_000);
    for kid in ["../../dev/null", "' OR 1=1--", "\\u0000", "", &long] {
        header_refused(format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#));
    }
    for kid in ["1", "{}", "[]", "true", "null"] {
        header_refused(format!(r#"{{"alg":"EdDSA","kid":{kid}}}"#));
    }
}

#[test]
fn jw_008_without_kid_few_suiting_keys_are_tried() {
    let keys: Vec<PrivateKey> = (0..8).map(|seed| key(Algorithm::EdDSA, seed)).collect();
    let publics: Vec<&PublicKey> = keys.iter().map(PrivateKey::public).collect();
    let token = |index: usize| forge(GOOD, "{}", &keys[index]);
    assert!(open(&token(0), &publics[..1]).is_some());
    assert!(open(&token(3), &publics).is_some());
    assert!(open(&token(4), &publics).is_none());
    assert!(open(&token(0), &[]).is_none());
    let named = sign_compact("JWT", b"{}", &keys[7]).unwrap();
    assert!(open(&named, &publics).is_some(), "a token that names its key is checked with that key");
}

#[test]
fn jw_008_a_kid_means_one_key() {
    let named = |seed| {
        let mut jwk: Value = serde_json::from_str(&key(Algorithm::EdDSA, seed).to_jwk()).unwrap();
        jwk["kid"] = json!("one");
        PrivateKey::from_jwk(&jwk.to_string()).unwrap()
    };
    let (first, second) = (named(1), named(2));
    let token = sign_compact("JWT", b"{}", &first).unwrap();
    assert!(open(&token, &[first.public()]).is_some());
    assert!(open(&token, &[first.public(), second.public()]).is_none());
}

#[test]
fn jw_010_keys_in_the_header_are_not_listened_to() {
    let (victim, forger) = (eddsa(), key(Algorithm::EdDSA, 9));
    let jwk = public_jwk(&forger);
    for member in [
        ("jwk", jwk),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/x5u")),
        ("x5c", json!(["MII"])),
    ] {
        let header = json!({ "alg": "EdDSA", member.0: member.1 }).to_string();
        refused(&forge(&header, "{}", &forger), &victim);
        assert!(open(&forge(&header, "{}", &victim), &[victim.public()]).is_some(), "{} is ignored", member.0);
    }
}

#[test]
fn jw_011_crit_is_refused() {
    for crit in [r#"["x"]"#, "[]", r#"["x","x"]"#, "[1]", r#"["alg"]"#, r#"["exp"]"#, "null", r#""exp""#] {
        header_refused(format!(r#"{{"alg":"EdDSA","x":1,"crit":{crit}}}"#));
    }
}

#[test]
fn jw_012_b64_is_refused() {
    for header in [
        r#"{"alg":"EdDSA","b64":false}"#,
        r#"{"alg":"EdDSA","b64":false,"crit":["b64"]}"#,
        r#"{"alg":"EdDSA","b64":true}"#,
    ] {
        header_refused(header);
    }
}

#[test]
fn jw_013_duplicate_header_members_are_refused() {
    header_refused(r#"{"alg":"EdDSA","alg":"EdDSA"}"#);
    header_refused(r#"{"alg":"EdDSA","\u0061lg":"EdDSA"}"#);
    header_refused(r#"{"alg":"EdDSA","x":{"y":1,"y":2}}"#);
}

#[test]
fn jw_014_headers_are_json_and_nothing_else() {
    for header in [
        "{\"alg\":\"EdDSA\"}x",
        "\u{feff}{\"alg\":\"EdDSA\"}",
        "{'alg':'EdDSA'}",
        "{\"alg\":\"EdDSA\"}//",
        "[\"EdDSA\"]",
        "\"EdDSA\"",
    ] {
        header_refused(header);
    }
    let key = eddsa();
    assert!(open(&forge("{ \"alg\" : \r\n \"EdDSA\" }", "{}", &key), &[key.public()]).is_some());
    let token = forge(GOOD, "{}", &key);
    for around in [
        format!(" {token}"),
        format!("{token} "),
        format!("{token}\n"),
        format!("\u{feff}{token}"),
        format!("{token}\0"),
    ] {
        refused(&around, &key);
    }
}

#[test]
fn jw_015_headers_are_unicode() {
    header_refused(b"{\"alg\":\"EdDSA\",\"x\":\"\xff\"}");
    header_refused(br#"{"alg":"EdDSA","x":"\ud800"}"#);
    header_refused(b"{\"alg\":\"EdDSA\",\"x\":\"\xc0\xaf\"}");
}

#[test]
fn jw_016_headers_are_not_deep() {
    header_refused(format!(r#"{{"alg":"EdDSA","x":{}1{}}}"#, "[".repeat(5_000), "]".repeat(5_000)));
}

#[test]
fn jw_017_no_bit_of_a_segment_is_free() {
    let key = eddsa();
    let token = forge(r#"{"alg":"EdDSA" }"#, "{ }", &key);
    assert!(open(&token, &[key.public()]).is_some());
    for (index, segment) in token.split('.').enumerate() {
        let last = segment.chars().last().unwrap();
        let Some(twin) = twin(last, segment.len() % 4) else { continue };
        let mut segments: Vec<String> = token.split('.').map(str::to_owned).collect();
        segments[index].pop();
        segments[index].push(twin);
        refused(&segments.join("."), &key);
    }
}

/// Another last character for the same bytes, in a lenient decoder.
fn twin(last: char, rest: usize) -> Option<char> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = ALPHABET.find(last)?;
    (rest == 2 || rest == 3).then(|| ALPHABET.chars().nth(value ^ 1).unwrap())
}

#[test]
fn jw_018_base64url_is_strict() {
    let key = eddsa();
    let token = forge(GOOD, "{\"a\":\"??>>\"}", &key);
    let segments: Vec<&str> = token.split('.').collect();
    for index in 0..3 {
        for spoilt in ["=", "==", " ", "\n", "\r\n", "\t", "\0", "+", "/", "A", "%3D", "é"] {
            let mut segments: Vec<String> = segments.iter().map(|segment| (*segment).to_owned()).collect();
            segments[index].push_str(spoilt);
            refused(&segments.join("."), &key);
            segments[index] = format!("{spoilt}{}", segments[index].trim_end_matches(spoilt));
            refused(&segments.join("."), &key);
        }
    }
    refused(&token.replace('-', "+").replace('_', "/"), &key);
}

#[test]
fn jw_019_a_token_has_exactly_three_parts() {
    let key = eddsa();
    let token = forge(GOOD, "{}", &key);
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { unreachable!() };
    for token in [
        String::new(),
        header.to_owned(),
        format!("{header}.{payload}"),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{signature}"),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("{header}.{payload}."),
        "..".to_owned(),
        ".".to_owned(),
    ] {
        refused(&token, &key);
    }
}

#[test]
fn jw_019_a_million_dots_cost_nothing() {
    let dots = ".".repeat(1_000_000);
    let started = Instant::now();
    assert_eq!(Compact::parse(&dots, MAX_BYTES).unwrap_err(), Malformed::TooLong);
    assert_eq!(Compact::parse(&dots, usize::MAX).unwrap_err(), Malformed::Parts);
    assert!(started.elapsed().as_millis() < 500);
}

#[test]
fn jw_020_only_the_compact_serialization_is_read() {
    let key = eddsa();
    let token = forge(GOOD, "{}", &key);
    let [protected, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { unreachable!() };
    let flattened = json!({ "protected": protected, "payload": payload, "signature": signature }).to_string();
    let general =
        json!({ "payload": payload, "signatures": [{ "protected": protected, "signature": signature }] }).to_string();
    let polyglot = format!(r#"{{"{token}":"","protected":"{protected}"}}"#);
    for token in [flattened, general, polyglot] {
        refused(&token, &key);
    }
}

#[test]
fn jw_022_an_encrypted_token_is_refused_unparsed() {
    for header in [
        r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#,
        r#"{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483648}"#,
    ] {
        let token = format!("{}.AAAA.AAAA.AAAA.AAAA", b64(header));
        assert_eq!(Compact::parse(&token, MAX_BYTES).unwrap_err(), Malformed::Parts);
    }
}

#[test]
fn the_length_of_a_token_is_bounded() {
    let key = eddsa();
    let token = forge(GOOD, "{}", &key);
    assert!(Compact::parse(&token, token.len()).is_ok());
    assert_eq!(Compact::parse(&token, token.len() - 1).unwrap_err(), Malformed::TooLong);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_payload_round_trips_and_any_changed_character_is_refused(payload in prop::collection::vec(any::<u8>(), 1..200), at: usize, with in "[A-Za-z0-9_-]") {
        for algorithm in [Algorithm::EdDSA, Algorithm::HS256] {
            let key = key(algorithm, 5);
            let token = sign_compact("JWT", &payload, &key).unwrap();
            prop_assert_eq!(&open(&token, &[key.public()]).unwrap().payload, &payload);
            let at = at % token.len();
            let mut changed = token.clone();
            changed.replace_range(at..=at, &with);
            prop_assert!(changed == token || open(&changed, &[key.public()]).is_none());
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}") {
        prop_assert!(Compact::parse(&text, MAX_BYTES).is_err());
    }

    #[test]
    fn any_header_is_read_or_refused(header in "\\{(\"(alg|kid|typ|crit|x)\":(\"EdDSA\"|1|null|\\[\\]),?){0,4}\\}") {
        let key = eddsa();
        let strict = serde_json::from_str::<Value>(&header).is_ok_and(|value| value["alg"] == "EdDSA" && value.get("crit").is_none());
        let opened = open(&forge(&header, "{}", &key), &[key.public()]);
        prop_assert!(strict || opened.is_none());
    }
}
