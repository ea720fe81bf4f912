//! One grant, whole: sign in, consent, code, refresh, introspection, revocation.

use claviger_tests::World;
use claviger_tests::services::host_key;
use claviger_tests::setting::{Setting, redeem_fields, text};
use serde_json::{Value, json};

#[test]
fn a_person_signs_in_consents_and_the_client_gets_tokens() {
    let mut s = Setting::new(json!({}), "jwt");
    let code = s.code();
    let (status, tokens) = s.redeem(&code);
    assert_eq!(status, 200, "{tokens}");
    assert_eq!((text(&tokens["token_type"]), text(&tokens["scope"])), ("Bearer", "read"));
    assert_eq!(tokens["expires_in"], 900);
    let principal = s.world.ok(json!({ "tokens.verify": { "token": tokens["access_token"], "scopes": ["read"] } }));
    assert_eq!(principal["clientId"], s.client.as_str());
}

#[test]
fn the_round_trips_are_two_two_one_two_and_zero() {
    for form in ["jwt", "opaque"] {
        let mut s = Setting::new(json!({}), form);
        let (first, second) = (s.code(), s.code());
        s.redeem(&first);
        let (_, tokens) = s.redeem(&second);
        assert_eq!(s.world.asked(), &["load", "commit"], "code exchange, {form}");
        let (_, tokens) = s.refresh(text(&tokens["refresh_token"]));
        assert_eq!(s.world.asked(), &["load", "commit"], "refresh, {form}");
        s.introspect(text(&tokens["access_token"]));
        assert_eq!(s.world.asked(), &["load"], "introspection, {form}");
        let verify = json!({ "tokens.verify": { "token": tokens["access_token"] } });
        s.world.ok(verify.clone());
        s.world.ok(verify);
        assert_eq!(s.world.asked().len(), if form == "jwt" { 0 } else { 1 }, "verification, {form}");
        s.post("/revoke", &[("token", text(&tokens["refresh_token"]))]);
        assert_eq!(s.world.asked(), &["load", "commit"], "revocation, {form}");
    }
}

#[test]
fn keys_of_the_host_cost_no_trip_to_verify_with_and_leave_the_engines_own_valid() {
    let host_signs = json!({ "signing": { "hostKeys": [host_key("ES256")] }, "capabilities": ["sign"] });
    let verify = |tokens: &Value| json!({ "tokens.verify": { "token": tokens["access_token"] } });

    let mut s = Setting::new(json!({}), "jwt");
    let by_the_engine = s.tokens();
    s.world.reopen(host_signs.clone());
    let by_the_host = s.tokens();
    s.world.ok(verify(&by_the_engine));
    s.world.ok(verify(&by_the_host));
    assert!(s.world.asked().is_empty());

    let mut s = Setting::new(host_signs, "jwt");
    let tokens = s.tokens();
    s.world.ok(verify(&tokens));
    s.world.ok(verify(&tokens));
    assert!(s.world.asked().is_empty(), "there is no set of the engine's to read");
}

#[test]
fn a_refresh_token_says_whose_it_is_and_costs_the_host_one_trip_to_read() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let token = &tokens["refresh_token"];
    assert_eq!(s.world.ok(json!({ "tokens.introspect": { "token": token } }))["active"], true);
    assert_eq!(s.world.asked(), &["load"]);
    assert_eq!(s.world.ok(json!({ "tokens.revoke": { "token": token } })), json!({ "revoked": true }));
    assert_eq!(s.world.asked(), &["load", "commit"]);
    assert_eq!(s.refresh(text(token)).0, 400);
}

#[test]
fn az_040_a_code_redeemed_twice_kills_every_token_of_its_grant() {
    let mut s = Setting::opaque();
    let code = s.code();
    let (_, tokens) = s.redeem(&code);
    assert_eq!(s.introspect(text(&tokens["access_token"]))["active"], true);
    s.world.advance(1);
    let (status, error) = s.redeem(&code);
    assert_eq!((status, text(&error["error"])), (400, "invalid_grant"));
    assert_eq!(s.introspect(text(&tokens["access_token"])), json!({ "active": false }));
    assert_eq!(s.refresh(text(&tokens["refresh_token"])).0, 400);
}

#[test]
fn tk_044_two_tabs_end_with_the_same_live_successor() {
    for form in ["jwt", "opaque"] {
        let mut s = Setting::new(json!({}), form);
        let code = s.code();
        let (_, tokens) = s.redeem(&code);
        let first = s.refresh(text(&tokens["refresh_token"])).1;
        s.world.advance(1);
        let mut second = s.refresh(text(&tokens["refresh_token"])).1;
        assert_eq!(s.world.asked(), &["load"]);
        assert_eq!(second["expires_in"], first["expires_in"].as_u64().unwrap() - 1);
        second["expires_in"] = first["expires_in"].clone();
        assert_eq!(first, second, "{form}");
        assert_eq!(s.refresh(text(&second["refresh_token"])).0, 200);
    }
}

#[test]
fn tk_043_a_replay_after_the_grace_revokes_that_grant_alone() {
    let mut s = Setting::opaque();
    let (one, other) = (s.code(), s.code());
    let (tokens, others) = (s.redeem(&one).1, s.redeem(&other).1);
    let rotated = s.refresh(text(&tokens["refresh_token"])).1;
    s.world.advance(11);
    let (status, error) = s.refresh(text(&tokens["refresh_token"]));
    assert_eq!((status, text(&error["error"])), (400, "invalid_grant"));
    assert_eq!(s.introspect(text(&rotated["access_token"])), json!({ "active": false }));
    assert_eq!(s.refresh(text(&rotated["refresh_token"])).0, 400);
    assert_eq!(s.refresh(text(&others["refresh_token"])).0, 200);
}

#[test]
fn tk_070_the_store_holds_no_credential_in_clear() {
    let mut s = Setting::opaque();
    let code = s.code();
    let (_, tokens) = s.redeem(&code);
    let dump = s.world.store.dump();
    for secret in [
        &code,
        &s.secret,
        text(&tokens["access_token"]),
        text(&tokens["refresh_token"]),
        "correct horse",
        World::SECRET,
        &s.browser.cookie_header(),
    ] {
        assert!(!dump.contains(secret), "{secret}");
    }
}

#[test]
fn az_042_of_64_concurrent_redemptions_one_succeeds_and_the_grant_dies() {
    let mut s = Setting::opaque();
    let code = s.code();
    let command = s.post_command("/token", &redeem_fields(&code));
    let ended: Vec<Value> = s.world.race(&command, 64).iter().map(|done| done["ok"].clone()).collect();
    let successes: Vec<&Value> = ended.iter().filter(|response| response["status"] == 200).collect();
    assert_eq!(successes.len(), 1);
    assert!(
        ended
            .iter()
            .filter(|response| response["status"] != 200)
            .all(|response| response["status"] == 400 && text(&response["body"]).contains("invalid_grant"))
    );
    let tokens: Value = serde_json::from_str(text(&successes[0]["body"])).unwrap();
    assert_eq!(s.introspect(text(&tokens["access_token"])), json!({ "active": false }));
}
