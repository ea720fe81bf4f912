//! No secret where it does not belong (AZ-098, TK-070, G4).

use claviger_tests::World;
use claviger_tests::setting::{PASSWORD, Setting, text};
use serde_json::{Value, json};

/// Every secret that a whole life of a grant brings forth, apart from those that the responses meant for their owner carry.
fn live(s: &mut Setting) -> Vec<String> {
    let code = s.code();
    let first = s.redeem(&code).1;
    let second = s.refresh(text(&first["refresh_token"])).1;
    s.introspect(text(&second["access_token"]));
    s.post("/revoke", &[("token", text(&second["access_token"]))]);
    s.redeem(&code);
    s.refresh(text(&second["refresh_token"]));
    let cookies = s.browser.cookie_header();
    let values = cookies.split("; ").filter_map(|pair| pair.split_once('=')).map(|(_, value)| value.to_owned());
    let mut secrets: Vec<String> = values.collect();
    secrets.extend([code, s.secret.clone(), PASSWORD.to_owned(), World::SECRET.to_owned()]);
    secrets.extend(
        [&first, &second]
            .iter()
            .flat_map(|tokens| ["access_token", "refresh_token"].map(|name| text(&tokens[name]).to_owned())),
    );
    secrets.push(claviger_tests::VERIFIER.to_owned());
    secrets
}

fn assert_free_of(secrets: &[String], what: &str, where_: &str) {
    for secret in secrets {
        // Without its prefix, and by its middle: no part of it either.
        let part = if secret.len() > 40 { &secret[10..34] } else { secret };
        assert!(!what.contains(part), "{secret} in {where_}");
    }
}

#[test]
fn az_098_tk_070_events_store_and_errors_carry_no_secret() {
    for form in ["opaque", "jwt"] {
        let mut s = Setting::new(json!({}), form);
        let secrets = live(&mut s);
        let events = s.world.take_events();
        assert!(events.len() > 8, "{events:?}");
        assert_free_of(&secrets, &json!(events).to_string(), "events");
        assert_free_of(&secrets, &s.world.store.dump(), "the store");
    }
}

#[test]
fn az_098_refusals_and_faults_carry_no_secret() {
    let mut s = Setting::opaque();
    let code = s.code();
    let tokens = s.tokens();
    let secrets = vec![
        code.clone(),
        text(&tokens["access_token"]).to_owned(),
        text(&tokens["refresh_token"]).to_owned(),
        s.secret.clone(),
        claviger_tests::VERIFIER.to_owned(),
    ];
    let commands = [
        s.redeem_command(&code),
        s.refresh_command(text(&tokens["refresh_token"])),
        s.post_command("/introspect", &[("token", text(&tokens["access_token"]))]),
        json!({ "tokens.verify": { "token": tokens["access_token"] } }),
        json!({ "tokens.verify": { "token": tokens["access_token"], "nonsense": tokens["refresh_token"] } }),
    ];
    for command in commands {
        for answer in [json!({ "failed": "down" }), json!({ "rows": [] }), json!({ "verified": true }), json!(7)] {
            let done = s.world.run_with(command.clone(), |_, _, _| answer.clone());
            assert_free_of(&secrets, &done.to_string(), "a fault");
        }
        let mut bad = command.clone();
        if bad.get("http").is_some() {
            bad["http"]["headers"] = json!([["content-type", "application/x-www-form-urlencoded"]]);
            let done: Value = s.world.run(bad);
            assert_free_of(&secrets, &done.to_string(), "a refusal");
        }
    }
}

#[test]
fn az_098_debug_output_carries_no_secret() {
    let mut s = Setting::opaque();
    let code = s.code();
    let command = s.redeem_command(&code);
    let call = s.world.call(command);
    let seed = text(&call["seed"]).to_owned();
    let parsed: claviger_core::call::Call = serde_json::from_value(call).unwrap();
    let shown = format!("{parsed:?}");
    assert!(shown.contains("/token"), "{shown}");
    assert_free_of(&[code, s.secret.clone(), seed, claviger_tests::VERIFIER.to_owned()], &shown, "Debug of a call");
}

#[test]
fn hw_021_debug_of_an_engine_shows_no_secret() {
    let config = World::config(json!({}));
    let engine = claviger_core::Engine::open(config.to_string().as_bytes()).unwrap();
    assert!(!format!("{engine:?}").contains(World::SECRET));
}
