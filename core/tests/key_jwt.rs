//! What must never pass for a token of this issuer, for this reader, at this time.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may fail"
)]

mod key_common;

use claviger_core::key::jwt::{InvalidToken, Policy, Why};
use claviger_core::key::{Algorithm, PrivateKey};
use key_common::{forge, key};
use serde_json::{Value, json};

const NOW: u64 = 1_790_000_000;

const POLICY: Policy<'_> = Policy {
    max_bytes: 8192,
    typ: Some("at+jwt"),
    issuer: Some("https://auth.example.com"),
    audience: Some(&["https://api.example.com", "https://other.example.com"]),
    now: NOW * 1000,
    leeway: 0,
    required: &["exp", "sub"],
};

fn signer() -> PrivateKey {
    key(Algorithm::EdDSA, 1)
}

fn claims() -> Value {
    json!({ "iss": "https://auth.example.com", "aud": "https://api.example.com", "sub": "ada", "exp": NOW + 1 })
}

fn verify_text(typ: &str, claims: &str, policy: &Policy<'_>) -> Result<(), Why> {
    let header = format!(r#"{{"alg":"EdDSA"{typ}}}"#);
    let token = forge(header, claims, &signer());
    policy.verify(&token, [signer().public()]).map(|_| ()).map_err(InvalidToken::why)
}

fn verify(claims: &Value) -> Result<(), Why> {
    verify_text(r#","typ":"at+jwt""#, &claims.to_string(), &POLICY)
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// `exp` (or another member) as it stands in the text.
fn with_raw(name: &str, value: &str) -> Result<(), Why> {
    let text = with(name, json!("@")).to_string().replace("\"@\"", value);
    verify_text(r#","typ":"at+jwt""#, &text, &POLICY)
}

#[test]
fn a_good_token_passes() {
    let token = forge(r#"{"alg":"EdDSA","typ":"at+jwt"}"#, claims().to_string(), &signer());
    let passed = POLICY.verify(&token, [signer().public()]).unwrap();
    assert_eq!(passed.text("sub"), Some("ada"));
    assert_eq!(passed.time("exp"), Some((NOW + 1) * 1000));
    assert_eq!(passed.audience().collect::<Vec<_>>(), ["https://api.example.com"]);
    assert_eq!(passed.into_members().len(), 4);
}

#[test]
fn jw_013_duplicate_claims_are_refused() {
    for extra in [r#""sub":"eve","#, r#""\u0073ub":"eve","#] {
        let text = claims().to_string().replacen('{', &format!("{{{extra}"), 1);
        assert_eq!(verify_text(r#","typ":"at+jwt""#, &text, &POLICY), Err(Why::Claims));
    }
}

#[test]
fn jw_014_claims_are_one_json_object() {
    for text in ["", "[]", "null", "\"x\"", "{}{}", "\u{feff}{}", "{,}"] {
        assert!(verify_text(r#","typ":"at+jwt""#, text, &POLICY).is_err(), "{text:?}");
    }
}

#[test]
fn jw_016_claims_are_not_deep() {
    let deep = format!("{}1{}", "[".repeat(2_000), "]".repeat(2_000));
    assert_eq!(with_raw("x", &deep), Err(Why::Claims));
    assert_eq!(with_raw("x", "[[[[[[[[1]]]]]]]]"), Ok(()));
}

#[test]
fn jw_024_exp_is_required_where_the_policy_says_so() {
    assert_eq!(verify(&without("exp")), Err(Why::Claim("exp")));
    assert_eq!(verify(&without("sub")), Err(Why::Claim("sub")));
    let lenient = Policy { required: &[], ..POLICY };
    assert_eq!(verify_text(r#","typ":"at+jwt""#, &without("exp").to_string(), &lenient), Ok(()));
}

#[test]
fn jw_025_times_are_numbers_in_range() {
    for name in ["exp", "nbf", "iat"] {
        for value in [
            "\"1790000001\"",
            "true",
            "null",
            "[]",
            "{}",
            "1e999",
            "-1",
            "-0.5",
            "9223372036854775808",
            "9007199254740993",
            "9007199254740992",
            "1e300",
        ] {
            assert!(with_raw(name, value).is_err(), "{name} {value}");
        }
    }
    for value in ["1790000000.5", "1790000001", "1.790000001e9", "9007199254740991"] {
        assert_eq!(with_raw("exp", value), Ok(()), "{value}");
    }
    assert_eq!(with_raw("exp", "1789999999.5"), Err(Why::Expired));
}

#[test]
fn jw_026_a_token_ends_when_exp_has_come() {
    assert_eq!(verify(&with("exp", json!(NOW))), Err(Why::Expired));
    assert_eq!(verify(&with("exp", json!(NOW - 60))), Err(Why::Expired));
    assert_eq!(verify(&with("exp", json!(0))), Err(Why::Expired));
    assert_eq!(verify(&with("exp", json!(NOW + 1))), Ok(()));
    let lenient = Policy { leeway: 60, ..POLICY };
    let at = |seconds: u64| verify_text(r#","typ":"at+jwt""#, &with("exp", json!(seconds)).to_string(), &lenient);
    assert_eq!(at(NOW - 60), Err(Why::Expired));
    assert_eq!(at(NOW - 59), Ok(()));
}

#[test]
fn a_token_begins_when_nbf_has_come() {
    assert_eq!(verify(&with("nbf", json!(NOW))), Ok(()));
    assert_eq!(verify(&with("nbf", json!(NOW + 1))), Err(Why::NotYetValid));
    let lenient = Policy { leeway: 60, ..POLICY };
    let at = |seconds: u64| verify_text(r#","typ":"at+jwt""#, &with("nbf", json!(seconds)).to_string(), &lenient);
    assert_eq!(at(NOW + 60), Ok(()));
    assert_eq!(at(NOW + 61), Err(Why::NotYetValid));
}

const NEAR_MISSES: [&str; 8] = [
    "https://api.example.co",
    "https://api.example.com/",
    "https://api.example.com.evil.example",
    "xhttps://api.example.com",
    "https://API.example.com",
    "https://api.example.com ",
    "https://api.éxample.com",
    "",
];

#[test]
fn jw_029_audiences_are_compared_byte_for_byte() {
    for miss in NEAR_MISSES {
        assert_eq!(verify(&with("aud", json!(miss))), Err(Why::Claim("aud")), "{miss}");
        assert_eq!(verify(&with("aud", json!([miss]))), Err(Why::Claim("aud")), "{miss}");
    }
    assert_eq!(verify(&without("aud")), Err(Why::Claim("aud")));
    assert_eq!(verify(&with("aud", json!([]))), Err(Why::Claim("aud")));
    for ill_typed in
        [json!(1), json!({}), json!([1, "https://api.example.com"]), json!([["https://api.example.com"]]), json!(true)]
    {
        assert_eq!(verify(&with("aud", ill_typed)), Err(Why::Claim("aud")));
    }
    assert_eq!(verify(&with("aud", json!(["x", "https://other.example.com"]))), Ok(()));
}

#[test]
fn jw_029_issuers_are_compared_byte_for_byte() {
    for miss in NEAR_MISSES {
        assert_eq!(verify(&with("iss", json!(miss.replace("api", "auth")))), Err(Why::Claim("iss")), "{miss}");
    }
}

#[test]
fn jw_030_the_issuer_is_one_text() {
    assert_eq!(verify(&with("iss", json!(["https://auth.example.com"]))), Err(Why::Claim("iss")));
    assert_eq!(verify(&without("iss")), Err(Why::Claim("iss")));
    assert_eq!(verify(&with("iss", json!(null))), Err(Why::Claim("iss")));
}

#[test]
fn names_are_texts() {
    for name in ["sub", "jti"] {
        for value in [json!(1), json!(null), json!(["ada"]), json!({}), json!(true)] {
            assert_eq!(verify(&with(name, value)), Err(Why::Claim(if name == "sub" { "sub" } else { "jti" })));
        }
    }
}

#[test]
fn jw_031_each_kind_of_token_is_accepted_as_itself_only() {
    let kinds = [
        "at+jwt",
        "JWT",
        "logout+jwt",
        "dpop+jwt",
        "client-authentication+jwt",
        "oauth-authz-req+jwt",
        "reset+jwt",
        "session+jwt",
        "token-introspection+jwt",
    ];
    for made in kinds {
        for wanted in kinds {
            let policy = Policy { typ: Some(wanted), ..POLICY };
            let verdict = verify_text(&format!(r#","typ":"{made}""#), &claims().to_string(), &policy);
            assert_eq!(verdict, if made == wanted { Ok(()) } else { Err(Why::Type) }, "{made} as {wanted}");
        }
    }
}

#[test]
fn jw_032_typ_is_a_media_type() {
    for typ in ["application/at+jwt", "AT+JWT", "APPLICATION/At+Jwt"] {
        assert_eq!(verify_text(&format!(r#","typ":"{typ}""#), &claims().to_string(), &POLICY), Ok(()), "{typ}");
    }
    for typ in
        ["text/at+jwt", "application/application/at+jwt", "/at+jwt", "at+jwt ", "application/", "application/at+jwt/x"]
    {
        assert_eq!(verify_text(&format!(r#","typ":"{typ}""#), &claims().to_string(), &POLICY), Err(Why::Type), "{typ}");
    }
}

#[test]
fn jw_033_a_token_without_the_typ_is_another_kind() {
    for typ in ["", r#","typ":"JWT""#, r#","typ":"""#] {
        assert_eq!(verify_text(typ, &claims().to_string(), &POLICY), Err(Why::Type), "{typ}");
    }
    let lenient = Policy { typ: None, ..POLICY };
    assert_eq!(verify_text("", &claims().to_string(), &lenient), Ok(()));
}

#[test]
fn jw_058_every_refusal_looks_alike() {
    let other = key(Algorithm::EdDSA, 2);
    let good_header = r#"{"alg":"EdDSA","typ":"at+jwt"}"#;
    let tokens = [
        "x".to_owned(),
        forge(good_header, claims().to_string(), &other),
        forge(r#"{"alg":"EdDSA"}"#, claims().to_string(), &signer()),
        forge(good_header, without("exp").to_string(), &signer()),
        forge(good_header, with("exp", json!(1)).to_string(), &signer()),
        forge(good_header, with("nbf", json!(NOW + 9)).to_string(), &signer()),
        forge(good_header, "[]", &signer()),
    ];
    let refusals: Vec<InvalidToken> =
        tokens.iter().map(|token| POLICY.verify(token, [signer().public()]).unwrap_err()).collect();
    assert!(refusals.iter().all(|refusal| refusal.to_string() == refusals[0].to_string()));
    assert!(refusals.windows(2).all(|pair| pair[0].why() != pair[1].why()), "the log can tell them apart");
}

#[test]
fn nothing_unsigned_is_ever_looked_at() {
    let forged = forge(r#"{"alg":"EdDSA","typ":"at+jwt"}"#, "not json", &key(Algorithm::EdDSA, 2));
    assert_eq!(POLICY.verify(&forged, [signer().public()]).unwrap_err().why(), Why::Signature);
}
