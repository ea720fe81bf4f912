//! Tokens of a session (seeds W4 to W6, TK-052): a JWT that is good as long as its session is, and a refresh token that takes turns.

use std::collections::HashSet;

use claviger_tests::World;
use claviger_tests::setting::{Setting, text};
use serde_json::{Value, json};

fn issued(s: &mut Setting) -> Value {
    s.world.ok(json!({ "sessions.issueTokens": { "subject": s.subject, "methods": ["pwd"] } }))
}

fn with(world: &mut World, token: &Value) -> Value {
    world.run(json!({ "authenticate": { "headers": [["authorization", format!("Bearer {}", text(token))]] } }))
}

fn refresh(tokens: &Value) -> Value {
    json!({ "sessions.refreshTokens": { "refreshToken": tokens["refreshToken"] } })
}

#[test]
fn w4_w5_a_session_bound_jwt_is_good_as_long_as_its_session_is() {
    let mut s = Setting::opaque();
    let tokens = issued(&mut s);
    assert_eq!(tokens["expiresAt"], s.world.now + 900_000);
    let done = with(&mut s.world, &tokens["accessToken"]);
    assert_eq!(s.world.asked(), &["load"]);
    let principal = &done["ok"];
    assert_eq!((&principal["kind"], &principal["subject"]), (&json!("session"), &json!(s.subject)), "{done}");
    assert_eq!((&principal["sessionId"], &principal["methods"]), (&tokens["sessionId"], &json!(["pwd"])));
    s.world.ok(json!({ "sessions.revoke": { "subject": s.subject, "id": tokens["sessionId"] } }));
    assert_eq!(with(&mut s.world, &tokens["accessToken"])["refused"]["code"], "invalid_token");
    assert_eq!(s.world.refused(refresh(&tokens)), "invalid_grant");
}

#[test]
fn w4_the_session_is_in_the_list_and_ends_by_its_times_and_with_its_person() {
    let mut s = Setting::new(json!({ "lifetimes": { "session": "1h", "sessionIdle": "30m" } }), "opaque");
    let ask = json!({ "subject": s.subject, "methods": ["pwd"], "userAgent": "App/1", "remote": "203.0.113.9" });
    let tokens = s.world.ok(json!({ "sessions.issueTokens": ask }));
    let listed = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
    assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["userAgent"]), (&tokens["sessionId"], &json!("App/1")));
    s.world.advance(899);
    assert!(with(&mut s.world, &tokens["accessToken"]).get("ok").is_some());
    s.world.advance(1);
    assert_eq!(with(&mut s.world, &tokens["accessToken"])["refused"]["code"], "invalid_token");
    s.world.advance(1500);
    let late = s.world.ok(refresh(&tokens));
    assert!(late["expiresAt"].as_u64().unwrap() <= s.world.now + 1_200_000, "no token outlives the session");
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": true } }));
    assert_eq!(with(&mut s.world, &late["accessToken"])["refused"]["code"], "invalid_token");
    assert_eq!(
        s.world.refused(json!({ "sessions.issueTokens": { "subject": s.subject, "methods": ["pwd"] } })),
        "not_found"
    );
}

#[test]
fn w5_sixty_four_refreshes_at_once_give_one_and_the_same_next_token() {
    let mut s = Setting::opaque();
    let tokens = issued(&mut s);
    s.world.advance(60);
    let ends = s.world.race(&refresh(&tokens), 64);
    let next: HashSet<_> = ends.iter().map(|done| text(&done["ok"]["refreshToken"])).collect();
    assert_eq!(next.len(), 1);
    assert_ne!(tokens["refreshToken"], json!(next.iter().next().unwrap()));
}

#[test]
fn w5_a_refresh_token_that_was_used_before_ends_the_session() {
    let mut s = Setting::opaque();
    let first = issued(&mut s);
    let second = s.world.ok(refresh(&first));
    s.world.advance(11);
    s.world.take_events();
    assert_eq!(s.world.refused(refresh(&first)), "invalid_grant");
    assert_eq!(s.world.take_event_names(), ["session_token.replayed", "session.revoked"]);
    assert_eq!(s.world.refused(refresh(&second)), "invalid_grant");
    assert_eq!(with(&mut s.world, &second["accessToken"])["refused"]["code"], "invalid_token");
}

#[test]
fn w4_tokens_of_a_session_that_a_browser_has_end_with_it() {
    let mut s = Setting::opaque();
    s.interaction();
    let cookie = s.browser.cookie_header();
    let principal = s.world.ok(json!({ "authenticate": { "headers": [["cookie", cookie]] } }));
    let ask = json!({ "subject": s.subject, "sessionId": principal["sessionId"] });
    let tokens = s.world.ok(json!({ "sessions.issueTokens": ask }));
    assert_eq!(with(&mut s.world, &tokens["accessToken"])["ok"]["sessionId"], principal["sessionId"]);
    // Asked for again, the ones before are over.
    let again = s.world.ok(json!({ "sessions.issueTokens": ask }));
    assert_eq!(s.world.refused(refresh(&tokens)), "invalid_grant");
    s.world.ok(json!({ "sessions.revokeAll": { "subject": s.subject } }));
    assert_eq!(with(&mut s.world, &again["accessToken"])["refused"]["code"], "invalid_token");
    assert_eq!(s.world.refused(json!({ "sessions.issueTokens": ask })), "not_found");
    let both = json!({ "subject": s.subject, "sessionId": principal["sessionId"], "methods": ["pwd"] });
    for refused in [both, json!({ "subject": s.subject }), json!({ "subject": "", "methods": ["pwd"] })] {
        assert_eq!(s.world.refused(json!({ "sessions.issueTokens": refused })), "invalid_argument");
    }
}

#[test]
fn tk_052_a_sessions_jwt_is_no_access_token_and_no_access_token_is_one() {
    let mut s = Setting::new(json!({}), "jwt");
    let granted = s.tokens();
    let tokens = issued(&mut s);
    let jwt = text(&tokens["accessToken"]).to_owned();
    assert_eq!(s.world.refused(json!({ "tokens.verify": { "token": jwt } })), "invalid_token");
    assert_eq!(s.introspect(&jwt), json!({ "active": false }));
    assert_eq!(s.introspect(text(&tokens["refreshToken"])), json!({ "active": false }));
    assert_eq!(s.refresh(text(&tokens["refreshToken"])).1["error"], "invalid_grant");
    let only = json!({ "headers": [["authorization", format!("Bearer {jwt}")]], "only": "token" });
    assert_eq!(s.world.refused(json!({ "authenticate": only })), "invalid_token");
    for other in [&granted["access_token"], &granted["refresh_token"], &tokens["accessToken"]] {
        let ask = json!({ "sessions.refreshTokens": { "refreshToken": other } });
        assert_eq!(s.world.refused(ask), "invalid_grant");
    }
    // The other way round: the same claims under another typ are checked as what they say they are.
    assert_eq!(with(&mut s.world, &granted["access_token"])["ok"]["kind"], "token");
    assert_eq!(with(&mut s.world, &tokens["refreshToken"])["refused"]["code"], "invalid_token");
}

#[test]
fn jw_a_sessions_jwt_that_is_bent_or_of_another_issuer_is_refused() {
    let mut s = Setting::opaque();
    let jwt = text(&issued(&mut s)["accessToken"]).to_owned();
    let parts: Vec<&str> = jwt.split('.').collect();
    let mut elsewhere = Setting::new(json!({ "issuer": "https://other.example.com" }), "opaque");
    let foreign = text(&issued(&mut elsewhere)["accessToken"]).to_owned();
    for bent in [
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], foreign.split('.').nth(1).unwrap(), parts[2]),
        foreign,
        format!("{jwt}A"),
    ] {
        assert_eq!(with(&mut s.world, &json!(bent))["refused"]["code"], "invalid_token", "{bent}");
    }
}
