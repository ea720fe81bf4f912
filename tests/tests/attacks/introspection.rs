//! Introspection (IR-001 to IR-010).

use claviger_tests::basic;
use claviger_tests::setting::{Setting, client, header, post_as, post_raw, reply, text};
use serde_json::{Value, json};

use crate::check::{refusal, send_unchanged};

fn inactive() -> Value {
    json!({ "active": false })
}

fn asked_by(s: &mut Setting, authorization: &str, token: &Value) -> (u64, Value) {
    reply(&send_unchanged(&mut s.world, post_as(authorization, "/introspect", &[("token", text(token))])))
}

#[test]
fn ir_001_only_an_authenticated_confidential_client_may_ask() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let (public, _) = client(&mut s.world, json!({ "authMethod": "none" }));
    let token = text(&tokens["access_token"]);
    for command in [
        post_as("", "/introspect", &[("token", token)]),
        post_as(&basic(&s.client, "wrong"), "/introspect", &[("token", token)]),
        post_as("", "/introspect", &[("token", token), ("client_id", &s.client)]),
        post_as("", "/introspect", &[("token", token), ("client_id", &public)]),
        post_as(&format!("Bearer {token}"), "/introspect", &[("token", token)]),
    ] {
        assert_eq!(refusal(&mut s.world, command), (401, "invalid_client".into()));
    }
}

#[test]
fn ir_002_another_clients_token_is_inactive() {
    for form in ["opaque", "jwt"] {
        let mut s = Setting::new(json!({}), form);
        let tokens = s.tokens();
        let (other, secret) = client(&mut s.world, json!({}));
        for token in [&tokens["access_token"], &tokens["refresh_token"]] {
            assert_eq!(asked_by(&mut s, &basic(&other, &secret), token), (200, inactive()));
            assert!(s.is_active(token));
        }
    }
}

#[test]
fn ir_003_ir_008_whatever_is_not_a_live_token_is_inactive_and_nothing_more() {
    for form in ["opaque", "jwt"] {
        let mut s = Setting::new(json!({}), form);
        let (code, revoked, rotated, live) = (s.code(), s.tokens(), s.tokens(), s.tokens());
        s.post("/revoke", &[("token", text(&revoked["refresh_token"]))]);
        s.refresh(text(&rotated["refresh_token"]));
        let access = text(&live["access_token"]).to_owned();
        let dead = [
            json!("unknown"),
            json!("."),
            json!(".."),
            json!("a.b.c"),
            json!(code),
            revoked["access_token"].clone(),
            revoked["refresh_token"].clone(),
            rotated["refresh_token"].clone(),
            json!(access[..access.len() - 1]),
            json!(format!("{access}A")),
            json!("cva_".to_owned() + &"A".repeat(3000)),
        ];
        let own = basic(&s.client, &s.secret);
        for token in &dead {
            assert_eq!(asked_by(&mut s, &own, token), (200, inactive()), "{token}");
        }
        assert!(s.is_active(&live["access_token"]));
        s.world.advance(15 * 60);
        assert_eq!(asked_by(&mut s, &own, &live["access_token"]), (200, inactive()));
    }
}

#[test]
fn ir_003_a_token_of_a_deleted_client_or_a_disabled_person_is_inactive_to_the_host() {
    for form in ["opaque", "jwt"] {
        let mut s = Setting::new(json!({}), form);
        let tokens = s.tokens();
        let ask = json!({ "tokens.introspect": { "token": tokens["access_token"] } });
        assert_eq!(s.world.ok(ask.clone())["active"], true);
        s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": true } }));
        assert_eq!(s.world.ok(ask.clone()), inactive());
        s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": false } }));
        s.world.ok(json!({ "clients.delete": { "id": s.client } }));
        assert_eq!(s.world.ok(ask), inactive());
    }
}

#[test]
fn ir_006_a_missing_or_repeated_token_is_an_invalid_request() {
    let mut s = Setting::opaque();
    let own = basic(&s.client, &s.secret);
    for body in ["", "token=", "token=a&token=b"] {
        let headers = [("authorization", own.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        for path in ["/introspect", "/revoke"] {
            assert_eq!(
                refusal(&mut s.world, post_raw(path, &headers, body)),
                (400, "invalid_request".into()),
                "{path} {body}"
            );
        }
    }
}

#[test]
fn ir_010_the_answer_is_not_cached_and_not_for_scripts() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let command = s.post_command("/introspect", &[("token", text(&tokens["access_token"]))]);
    let response = send_unchanged(&mut s.world, command);
    assert_eq!(header(&response, "cache-control"), Some("no-store"));
    assert_eq!(header(&response, "access-control-allow-origin"), None);
}

#[test]
fn ri_005_a_token_for_one_api_is_invalid_at_another() {
    let apis = json!({ "https://api.example.com": {}, "https://other.example.com": {} });
    let mut s = Setting::new(json!({ "resources": apis }), "opaque");
    let query = s.query(&[("resource", Some("https://api.example.com"))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
    let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
    let tokens = s.redeem(&claviger_tests::location_parameter(&answer, "code").unwrap()).1;
    let verify =
        |audience: Option<&str>| json!({ "tokens.verify": { "token": tokens["access_token"], "audience": audience } });
    assert_eq!(s.world.ok(verify(Some("https://api.example.com")))["audience"], json!(["https://api.example.com"]));
    assert_eq!(s.world.refused(verify(None)), "invalid_token");
    assert_eq!(s.world.refused(verify(Some("https://other.example.com"))), "invalid_token");
}

#[test]
fn ri_001_ri_002_malformed_and_unknown_resources_are_invalid_targets() {
    let mut s = Setting::opaque();
    for resource in
        ["/api", "https://api.example.com#x", "api", "https://other.example.com", "https://api.example.com/"]
    {
        let response = crate::check::authorize(&mut s, &[("resource", Some(resource))]);
        let error = crate::check::redirected_error(&response, claviger_tests::setting::CALLBACK, Some("s&t"));
        assert_eq!(error, "invalid_target", "{resource}");
    }
}

#[test]
fn ri_006_a_resource_may_be_repeated_and_counts_once() {
    let mut s = Setting::opaque();
    let query = format!("{}{}", s.query(&[]), "&resource=https%3A%2F%2Fapi.example.com".repeat(80));
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
    let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
    let tokens = s.redeem(&claviger_tests::location_parameter(&answer, "code").unwrap()).1;
    assert_eq!(s.introspect(text(&tokens["access_token"]))["aud"], "https://api.example.com");
}

#[test]
fn ir_007_ten_thousand_guesses_cost_one_row_each_and_learn_nothing() {
    let mut s = Setting::opaque();
    let good = text(&s.tokens()["access_token"]).to_owned();
    let mut guess = good.clone().into_bytes();
    for n in 0..10_000_usize {
        let place = 4 + n % (guess.len() - 4);
        guess[place] = if guess[place] == b'A' { b'B' } else { b'A' };
        let token = String::from_utf8(guess.clone()).unwrap();
        let (status, body) = s.post("/introspect", &[("token", &token)]);
        assert_eq!((status, body.to_string().as_str()), (200, r#"{"active":false}"#), "{token}");
        assert_eq!(s.world.asked(), &["load"]);
    }
    assert!(s.is_active(&json!(good)));
}
