//! Refreshing (TK-039 to TK-050).

use claviger_tests::setting::{PASSWORD, Setting, client, post_as, text};
use claviger_tests::{basic, location_parameter};
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
fn tk_044_inside_the_grace_a_narrower_request_is_answered_as_a_first_one() {
    let mut s = Setting::opaque();
    let query = s.query(&[("scope", Some("read write")), ("resource", Some("https://api.example.com"))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    let allowed = s.browser.allow(&mut s.world, &interaction, &["read", "write"]);
    let tokens = s.redeem(&location_parameter(&allowed, "code").unwrap()).1;
    let old = text(&tokens["refresh_token"]).to_owned();
    let first = s.refresh(&old).1;
    assert_eq!(first["scope"], "read write");
    let mut ask = |fields: &[(&str, &str)]| {
        let fields = [&[("grant_type", "refresh_token"), ("refresh_token", old.as_str())], fields].concat();
        let reply = s.post("/token", &fields);
        (reply, s.world.asked().len())
    };
    let ((status, narrow), trips) = ask(&[("scope", "write")]);
    assert_eq!((status, &narrow["scope"], trips), (200, &json!("write"), 2));
    assert_eq!(narrow["refresh_token"], first["refresh_token"], "no second branch");
    assert_ne!(narrow["access_token"], first["access_token"]);
    // The same request again: the same token, and nothing to write.
    assert_eq!(ask(&[("scope", "write")]), ((200, narrow.clone()), 1));
    assert_eq!(ask(&[]), ((200, first.clone()), 1));
    assert_eq!(ask(&[("scope", "admin")]).0.1["error"], "invalid_scope");
    assert_eq!(ask(&[("resource", "https://other.example.com")]).0.1["error"], "invalid_target");
    assert_eq!(s.introspect(text(&narrow["access_token"]))["scope"], "write");
    assert_eq!(s.introspect(text(&first["access_token"]))["scope"], "read write");
}

#[test]
fn a_scope_that_the_client_lost_is_refreshed_no_more() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let token = text(&tokens["refresh_token"]).to_owned();
    s.world.ok(json!({ "clients.update": { "id": s.client, "scopes": ["write"] } }));
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("scope", "read")];
    let command = s.post_command("/token", &fields);
    assert_eq!(refusal(&mut s.world, command), (400, "invalid_scope".into()));
    assert_eq!(s.refresh(&token).1.get("scope"), None);
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
