//! How strong a sign-in was (`acr`): what is told, and what is none to a client that needs more.

use claviger_tests::setting::{CALLBACK, PASSWORD, Setting, reply, text};
use claviger_tests::{World, claims_of, location_parameter};
use serde_json::{Value, json};

use crate::check::redirected_error;
use crate::openid::{provider, signed_in};

fn graded() -> Setting {
    provider(json!({ "openid": { "acr": { "any": [], "one": ["pwd"], "two": ["pwd", "otp"] } } }))
}

fn acr(tokens: &Value) -> Value {
    claims_of(text(&tokens["id_token"])).get("acr").cloned().unwrap_or_default()
}

#[test]
fn an_acr_is_told_where_it_was_asked_for_and_is_true() {
    let mut s = graded();
    let claims = |acr: Value| json!({ "id_token": { "acr": acr } }).to_string();
    for (name, value, told) in [
        ("nonce", "x".to_owned(), Value::Null),
        ("acr_values", "one".into(), json!("one")),
        ("acr_values", "two any".into(), json!("any")),
        ("acr_values", "two".into(), Value::Null),
        ("acr_values", "unheard-of".into(), Value::Null),
        ("claims", claims(Value::Null), json!("any")),
        ("claims", claims(json!({ "value": "one" })), json!("one")),
        ("claims", claims(json!({ "essential": true, "values": ["two", "one"] })), json!("one")),
        ("claims", claims(json!({ "essential": true })), json!("any")),
    ] {
        let tokens = signed_in(&mut s, "openid", &[(name, Some(&value))]);
        assert_eq!(acr(&tokens), told, "{name} {value}");
        let (_, again) = s.refresh(text(&tokens["refresh_token"]));
        assert_eq!(acr(&again), told, "of the same sign-in");
    }
    let url = format!("{}/.well-known/openid-configuration", World::ISSUER);
    let (_, said) = reply(&s.world.ok(json!({ "http": { "method": "GET", "url": url } })));
    assert_eq!(said["acr_values_supported"], json!(["any", "one", "two"]));
}

fn essential(values: &[&str]) -> String {
    json!({ "id_token": { "acr": { "essential": true, "values": values } } }).to_string()
}

#[test]
fn a_sign_in_that_is_too_weak_is_made_again_and_then_told_to_the_client() {
    let mut s = graded();
    s.interaction();
    s.world.advance(1);
    let claims = essential(&["two"]);
    let changes = [("scope", Some("openid")), ("claims", Some(claims.as_str()))];
    let silent = [&changes[..], &[("prompt", Some("none"))]].concat();
    assert_eq!(redirected_error(&s.authorize(&silent), CALLBACK, Some("s&t")), "login_required");
    let query = s.query(&changes);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    let before = s.world.store.keys("/grant.");
    let answer = s.browser.get(&mut s.world, &format!("/consent?interaction={interaction}"));
    assert_eq!(redirected_error(&answer, CALLBACK, Some("s&t")), "unmet_authentication_requirements");
    let answer = s.browser.allow(&mut s.world, &interaction, &["openid"]);
    assert_eq!(redirected_error(&answer, CALLBACK, Some("s&t")), "unmet_authentication_requirements");
    assert_eq!(s.world.store.keys("/grant."), before, "nobody signed in");
}

#[test]
fn a_host_that_signs_in_by_more_meets_it() {
    let mut s = graded();
    let claims = essential(&["two"]);
    let query = s.query(&[("scope", Some("openid")), ("claims", Some(&claims))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let cookie = s.browser.cookie_header();
    let ask = json!({ "handle": interaction, "cookie": cookie, "subject": s.subject, "methods": ["otp", "pwd"] });
    let done = s.world.ok(json!({ "interactions.complete": ask }));
    s.browser.keep(&done);
    let answer = s.browser.allow(&mut s.world, &interaction, &["openid"]);
    let code = location_parameter(&answer, "code").unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(acr(&s.redeem(&code).1), "two");
}

#[test]
fn what_no_sign_in_can_meet_and_what_is_malformed_is_refused_at_once() {
    let mut s = graded();
    let many = (0..17).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
    for (name, value, error) in [
        ("claims", essential(&["unheard-of"]), "unmet_authentication_requirements"),
        ("claims", r#"{"id_token":{"acr":{"values":"one"}}}"#.into(), "invalid_request"),
        ("claims", r#"{"id_token":{"acr":{"value":"one","values":["one"]}}}"#.into(), "invalid_request"),
        ("acr_values", many, "invalid_request"),
        ("acr_values", "x".repeat(129), "invalid_request"),
    ] {
        let answer = s.authorize(&[("scope", Some("openid")), (name, Some(&value))]);
        assert_eq!(redirected_error(&answer, CALLBACK, Some("s&t")), error, "{value}");
    }
}
