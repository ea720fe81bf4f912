//! JWTs of the application's own, and keys that come from elsewhere, by the typed rooms.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use claviger::commands::{Algorithm, AnyOf, JwtPolicy, KeyState, NewJwt};
use claviger::stores::Memory;
use claviger::{Claviger, Error, Lifetime};
use serde_json::{Value, json};
use support::builder;

const API: &str = "https://api.example.com";

fn at(now: &Arc<AtomicU64>) -> Claviger {
    let now = Arc::clone(now);
    let builder = builder(Memory::new()).lifetime(Lifetime::Jwt, Duration::from_secs(3600));
    // Another instance hears of a withdrawal within a minute.
    builder.instances(1).clock(move || now.load(Ordering::SeqCst)).build().unwrap()
}

fn reason(error: &Error) -> Option<&str> {
    match error {
        Error::Refused(problem) if problem.code == "invalid_token" => problem.reason.as_deref(),
        _ => None,
    }
}

#[tokio::test]
async fn a_token_is_signed_verified_and_taken_back() {
    let now = Arc::new(AtomicU64::new(1_790_000_000_000));
    let auth = at(&now);
    let how = NewJwt::default().audience(API).expires_in(Duration::from_secs(60));
    let signed = auth.jwts().sign(&json!({ "sub": "ada" }), &how).await.unwrap();
    assert!(!format!("{signed:?}").contains(&signed.token));
    let policy = JwtPolicy::new().audience(API).not_denied();
    let verified = auth.jwts().verify::<Value>(&signed.token, &policy).await.unwrap();
    assert_eq!((&verified.claims["sub"], &verified.claims["jti"]), (&json!("ada"), &json!(signed.jti)));
    let other = auth.jwts().verify::<Value>(&signed.token, &JwtPolicy::new()).await.unwrap_err();
    assert_eq!(reason(&other), Some("audience"));
    auth.jwts().verify::<Value>(&signed.token, &JwtPolicy::new().any(AnyOf::Audience)).await.unwrap();
    assert!(auth.jwts().deny(&signed.token).await.unwrap());
    assert!(auth.jwts().is_denied(&signed.jti).await.unwrap());
    let denied = auth.jwts().verify::<Value>(&signed.token, &policy).await.unwrap_err();
    assert_eq!(reason(&denied), Some("denied"));
    assert!(auth.jwts().allow(&signed.jti).await.unwrap());
    now.fetch_add(60_000, Ordering::SeqCst);
    let expired = auth.jwts().verify::<Value>(&signed.token, &policy).await.unwrap_err();
    assert_eq!(reason(&expired), Some("expired"));
}

#[tokio::test]
async fn jw_055_a_verifier_does_not_verify_again_what_it_did_and_never_beyond_the_end() {
    let now = Arc::new(AtomicU64::new(1_790_000_000_000));
    let auth = at(&now);
    let how = NewJwt::default().expires_in(Duration::from_secs(90));
    let signed = auth.jwts().sign(&json!({ "sub": "ada" }), &how).await.unwrap();
    let verifier = auth.jwts().verifier::<Value>(JwtPolicy::new());
    let first = verifier.verify(&signed.token).await.unwrap();
    assert!(Arc::ptr_eq(&first, &verifier.verify(&signed.token).await.unwrap()));
    now.fetch_add(60_000, Ordering::SeqCst);
    assert!(!Arc::ptr_eq(&first, &verifier.verify(&signed.token).await.unwrap()));
    now.fetch_add(30_000, Ordering::SeqCst);
    assert_eq!(reason(&verifier.verify(&signed.token).await.unwrap_err()), Some("expired"));
    let next = auth.jwts().sign(&json!({}), &NewJwt::default()).await.unwrap();
    let kid = verifier.verify(&next.token).await.unwrap().header["kid"].clone();
    auth.keys().withdraw(kid.as_str().unwrap()).await.unwrap();
    assert_eq!(reason(&verifier.verify(&next.token).await.unwrap_err()), Some("signature"));
    let looks = auth.jwts().verifier::<Value>(JwtPolicy::new().not_denied());
    let last = auth.jwts().sign(&json!({}), &NewJwt::default()).await.unwrap();
    looks.verify(&last.token).await.unwrap();
    auth.jwts().deny(&last.token).await.unwrap();
    assert_eq!(reason(&looks.verify(&last.token).await.unwrap_err()), Some("denied"));
}

#[tokio::test]
async fn keys_come_from_elsewhere_and_go_there() {
    let auth = at(&Arc::new(AtomicU64::new(1_790_000_000_000)));
    let pair = auth.keys().pair(Algorithm::Es256).await.unwrap();
    assert!(!format!("{pair:?}").contains(pair.private_jwk["d"].as_str().unwrap()));
    let pem = pair.private_pem.unwrap();
    let imported = auth.keys().import_pem(&pem, None, true).await.unwrap();
    assert_eq!((&imported.kid, imported.state), (&pair.kid, KeyState::Active));
    assert_eq!(auth.keys().import_pem(&pem, None, true).await.unwrap_err().code(), "already_exists");
    assert_eq!(Some(auth.keys().export(&pair.kid).await.unwrap().public_pem), pair.public_pem);
    let secret = auth.keys().pair(Algorithm::Hs512).await.unwrap();
    assert!(secret.public_jwk.is_none() && secret.private_pem.is_none());
    auth.keys().import_jwk(&Value::Object(secret.private_jwk), None, true).await.unwrap();
    let longer = auth.keys().pair(Algorithm::Es384).await.unwrap();
    auth.keys().import_pem(&longer.private_pem.unwrap(), None, true).await.unwrap();
    let published = auth.keys().jwks().await.unwrap();
    assert!(published["keys"].as_array().unwrap().iter().all(|key| key["kid"] != json!(secret.kid)));
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Hs512] {
        let signed = auth.jwts().sign(&json!({}), &NewJwt::default().algorithm(algorithm)).await.unwrap();
        auth.jwts().verify::<Value>(&signed.token, &JwtPolicy::new().algorithm(algorithm)).await.unwrap();
    }
}
