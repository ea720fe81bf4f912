//! Revocation (RV-001 to RV-009).

use claviger_tests::basic;
use claviger_tests::setting::{Setting, client, post_as, text};
use serde_json::{Value, json};

use crate::check::refusal;

fn revoke(s: &mut Setting, token: &Value) {
    assert_eq!(s.post("/revoke", &[("token", text(token))]), (200, json!({})));
}

#[test]
fn rv_001_a_revoked_access_token_is_dead_at_once_and_the_grant_lives() {
    for form in ["opaque", "jwt"] {
        let mut s = Setting::new(json!({}), form);
        let tokens = s.tokens();
        revoke(&mut s, &tokens["access_token"]);
        assert!(!s.is_active(&tokens["access_token"]));
        assert!(s.is_active(&tokens["refresh_token"]));
        if form == "opaque" {
            assert_eq!(
                s.world.refused(json!({ "tokens.verify": { "token": tokens["access_token"] } })),
                "invalid_token"
            );
        }
    }
}

#[test]
fn rv_001_a_revoked_refresh_token_takes_every_token_with_it() {
    for form in ["opaque", "jwt"] {
        let mut s = Setting::new(json!({}), form);
        let first = s.tokens();
        let second = s.refresh(text(&first["refresh_token"])).1;
        revoke(&mut s, &second["refresh_token"]);
        for token in [&first["access_token"], &second["access_token"], &second["refresh_token"]] {
            assert!(!s.is_active(token), "{form}");
        }
    }
}

#[test]
fn rv_009_revoking_a_token_that_was_rotated_ends_its_grant_too() {
    let mut s = Setting::opaque();
    let first = s.tokens();
    let second = s.refresh(text(&first["refresh_token"])).1;
    // The client that lost the reply of its refresh signs the person out with what it has.
    revoke(&mut s, &first["refresh_token"]);
    for token in [&first["access_token"], &second["access_token"], &second["refresh_token"]] {
        assert!(!s.is_active(token));
    }
}

#[test]
fn rv_003_what_is_no_live_token_is_answered_alike() {
    let mut s = Setting::opaque();
    let (code, tokens) = (s.code(), s.tokens());
    revoke(&mut s, &tokens["refresh_token"]);
    let before = s.world.store.dump();
    for token in
        [json!("garbage"), json!("a.b.c"), json!(code), tokens["refresh_token"].clone(), tokens["access_token"].clone()]
    {
        revoke(&mut s, &token);
    }
    assert_eq!(s.world.store.dump(), before);
    assert_eq!(s.redeem(&code).0, 200);
}

#[test]
fn rv_004_another_clients_token_stays_alive() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let (other, secret) = client(&mut s.world, json!({}));
    let before = s.world.store.dump();
    for token in [&tokens["access_token"], &tokens["refresh_token"]] {
        let response = s.world.ok(post_as(&basic(&other, &secret), "/revoke", &[("token", text(token))]));
        assert_eq!(response["status"], 200);
        assert!(s.is_active(token));
    }
    assert_eq!(s.world.store.dump(), before);
}

#[test]
fn rv_006_a_confidential_client_must_authenticate() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let token = text(&tokens["refresh_token"]);
    for command in [
        post_as("", "/revoke", &[("token", token)]),
        post_as("", "/revoke", &[("token", token), ("client_id", &s.client)]),
        post_as(&basic(&s.client, "wrong"), "/revoke", &[("token", token)]),
    ] {
        assert_eq!(refusal(&mut s.world, command), (401, "invalid_client".into()));
    }
    assert!(s.is_active(&tokens["refresh_token"]));
}

#[test]
fn rv_008_a_wrong_hint_changes_nothing() {
    for (kind, hint) in
        [("refresh_token", "access_token"), ("access_token", "refresh_token"), ("refresh_token", "junk")]
    {
        let mut s = Setting::opaque();
        let tokens = s.tokens();
        assert_eq!(s.post("/revoke", &[("token", text(&tokens[kind])), ("token_type_hint", hint)]).0, 200);
        assert!(!s.is_active(&tokens[kind]), "{kind} {hint}");
    }
}
