//! Authenticator apps and recovery codes, by the typed room.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use claviger::commands::{FactorKind, NewTotp, TotpAlgorithm};
use claviger::stores::Memory;
use claviger_tests::Authenticator;
use support::{LOGIN, server};

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

#[tokio::test]
async fn an_authenticator_is_begun_confirmed_used_and_removed() {
    let auth = server(Memory::new()).await;
    let subject = auth.accounts().find_by_login(LOGIN).await.unwrap().unwrap().id;
    let name = Some("Telephone".to_owned());
    let begun = auth.factors().begin_totp(&subject, NewTotp { name, ..NewTotp::default() }).await.unwrap();
    assert!(!format!("{begun:?}").contains(&begun.secret));
    let app = Authenticator::with(&begun.secret);
    let refused = auth.factors().confirm_totp(&subject, &begun.id, "wrong", None).await.unwrap_err();
    assert_eq!(refused.code(), "wrong_code");
    let first = app.code(now());
    let codes = auth.factors().confirm_totp(&subject, &begun.id, &first, None).await.unwrap().unwrap();
    assert_eq!(codes.len(), 10);
    assert_eq!(auth.factors().verify(&subject, &first, None).await.unwrap_err().code(), "wrong_code");
    // The next code is good already.
    let next = app.code(now() + 30_000);
    assert_eq!(auth.factors().verify(&subject, &next, Some("203.0.113.9")).await.unwrap().kind, FactorKind::Totp);
    let verified = auth.factors().verify(&subject, codes.first().unwrap(), None).await.unwrap();
    assert_eq!((verified.kind, verified.recovery_codes_left), (FactorKind::RecoveryCode, 9));
    assert_eq!(auth.factors().regenerate_recovery_codes(&subject).await.unwrap().len(), 10);
    let listed = auth.factors().list(&subject).await.unwrap();
    assert_eq!(listed.kinds, [FactorKind::Totp, FactorKind::RecoveryCode]);
    assert_eq!(listed.authenticators.first().unwrap().name.as_deref(), Some("Telephone"));
    assert!(auth.factors().remove(&subject, &begun.id, None).await.unwrap());
    assert!(!auth.factors().remove(&subject, &begun.id, None).await.unwrap());
}

#[tokio::test]
async fn an_authenticator_may_be_of_another_kind() {
    let auth = server(Memory::new()).await;
    let subject = auth.accounts().find_by_login(LOGIN).await.unwrap().unwrap().id;
    let new = NewTotp { algorithm: Some(TotpAlgorithm::Sha512), digits: Some(8), ..NewTotp::default() };
    let begun = auth.factors().begin_totp(&subject, new).await.unwrap();
    assert!(begun.uri.contains("&algorithm=SHA512&digits=8&"), "{}", begun.uri);
    let wrong = NewTotp { digits: Some(7), ..NewTotp::default() };
    assert_eq!(auth.factors().begin_totp(&subject, wrong).await.unwrap_err().code(), "invalid_argument");
}
