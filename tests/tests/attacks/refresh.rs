//! Refreshing (TK-039 to TK-050).

use claviger_tests::basic;
use claviger_tests::setting::{Setting, client, post_as, text};
use serde_json::{Value, json};

use crate::check::refusal;

#[test]
fn tk_039_a_scope_beyond_the_grant_is_refused_and_spends_nothing() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let token = text(&tokens["refresh_token"]).to_owned();
    for scope in ["write", "read write", "openid", "\""] {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", &token), ("scope", scope)];
        let command = s.post_command("/token", &fields);
        assert_eq!(refusal(&mut s.world, command), (400, "invalid_scope".into()), "{scope}");
    }
    let fields = [("grant_type", "refresh_token"), ("refresh_token", &token), ("resource", "https://api.example.com")];
    let command = s.post_command("/token", &fields);
    assert_eq!(refusal(&mut s.world, command), (400, "invalid_target".into()));
    assert_eq!(s.refresh(&token).0, 200);
}

#[test]
fn tk_041_another_clients_refresh_token_is_refused_and_stays_good() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let token = text(&tokens["refresh_token"]).to_owned();
    let (thief, secret) = client(&mut s.world, json!({}));
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    let command = post_as(&basic(&thief, &secret), "/token", &fields);
    assert_eq!(refusal(&mut s.world, command), (400, "invalid_grant".into()));
    let next = s.refresh(&token).1;
    // Replaying it as another client after its rotation kills nothing either.
    s.world.advance(60);
    let command = post_as(&basic(&thief, &secret), "/token", &fields);
    assert_eq!(refusal(&mut s.world, command), (400, "invalid_grant".into()));
    assert!(s.is_active(&next["refresh_token"]));
}

#[test]
fn tk_044_without_a_grace_the_second_use_is_a_replay() {
    let mut s = Setting::new(json!({ "refreshGrace": 0 }), "opaque");
    let tokens = s.tokens();
    let next = s.refresh(text(&tokens["refresh_token"])).1;
    assert_eq!(s.refresh(text(&tokens["refresh_token"])).1["error"], "invalid_grant");
    assert!(!s.is_active(&next["access_token"]));
}

#[test]
fn tk_045_a_token_whose_successor_is_in_use_kills_the_family() {
    let mut s = Setting::opaque();
    let first = s.tokens();
    let second = s.refresh(text(&first["refresh_token"])).1;
    let third = s.refresh(text(&second["refresh_token"])).1;
    assert_eq!(s.refresh(text(&first["refresh_token"])).1["error"], "invalid_grant");
    for token in [&first["access_token"], &second["access_token"], &third["access_token"], &third["refresh_token"]] {
        assert!(!s.is_active(token));
    }
    assert!(s.world.take_event_names().contains(&"refresh_token.replayed".to_owned()));
}

#[test]
fn a_revoked_token_has_no_grace() {
    let mut s = Setting::opaque();
    let first = s.tokens();
    let second = s.refresh(text(&first["refresh_token"])).1;
    assert_eq!(s.post("/revoke", &[("token", text(&second["refresh_token"]))]).0, 200);
    for token in [&first["refresh_token"], &second["refresh_token"]] {
        let command = s.refresh_command(text(token));
        assert_eq!(refusal(&mut s.world, command), (400, "invalid_grant".into()));
    }
}

#[test]
fn tk_050_a_public_clients_token_always_rotates() {
    let mut s = Setting::opaque();
    (s.client, _) = client(&mut s.world, json!({ "authMethod": "none", "accessToken": "opaque" }));
    let code = s.code();
    let id = s.client.clone();
    let ask = |s: &mut Setting, fields: &[(&str, &str)]| {
        let mut fields = fields.to_vec();
        fields.push(("client_id", &id));
        let response = s.world.ok(post_as("", "/token", &fields));
        serde_json::from_str::<Value>(text(&response["body"])).unwrap()
    };
    let tokens = ask(&mut s, &claviger_tests::setting::redeem_fields(&code));
    let mut token = text(&tokens["refresh_token"]).to_owned();
    for _ in 0..3 {
        let next = ask(&mut s, &[("grant_type", "refresh_token"), ("refresh_token", &token)]);
        assert_ne!(text(&next["refresh_token"]), token);
        token = text(&next["refresh_token"]).to_owned();
    }
    s.world.advance(60);
    let replay = ask(&mut s, &[("grant_type", "refresh_token"), ("refresh_token", text(&tokens["refresh_token"]))]);
    assert_eq!(replay["error"], "invalid_grant");
    assert_eq!(ask(&mut s, &[("grant_type", "refresh_token"), ("refresh_token", &token)])["error"], "invalid_grant");
}

#[test]
fn a_refresh_token_is_over_at_its_lifetime_and_at_the_grants() {
    let mut s = Setting::new(json!({ "lifetimes": { "refreshToken": "1m", "grant": "90s" } }), "opaque");
    let first = s.tokens();
    s.world.advance(59);
    let second = s.refresh(text(&first["refresh_token"])).1;
    s.world.advance(31);
    let command = s.refresh_command(text(&second["refresh_token"]));
    assert_eq!(refusal(&mut s.world, command), (400, "invalid_grant".into()));
}
