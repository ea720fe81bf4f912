//! Initial access tokens (RFC 7591 section 1.2): what lets clients register, as often as it says.

use claviger_tests::World;
use claviger_tests::setting::{header, text};
use serde_json::{Value, json};

use crate::check::{refusal, send, send_unchanged};
use crate::registration::{metadata, register, request};

pub(crate) fn issue(world: &mut World, ask: Value) -> String {
    text(&world.ok(json!({ "registrationTokens.issue": ask }))["token"]).to_owned()
}

fn with_tokens() -> World {
    World::with(json!({ "registration": { "mode": "token" } }))
}

fn register_by(token: &str) -> Value {
    request("POST", "/register", Some(token), Some(&metadata(json!({})).to_string()))
}

#[test]
fn an_initial_access_token_registers_as_often_as_it_is_good_for() {
    let mut world = with_tokens();
    let response = send_unchanged(&mut world, register(&metadata(json!({}))));
    assert_eq!((&response["status"], header(&response, "www-authenticate")), (&json!(401), Some("Bearer")));
    let token = issue(&mut world, json!({ "uses": 2 }));
    for _ in 0..2 {
        assert_eq!(send(&mut world, register_by(&token))["status"], 201);
        assert_eq!(*world.asked(), ["load", "commit", "commit"]);
    }
    let response = send_unchanged(&mut world, register_by(&token));
    assert_eq!(header(&response, "www-authenticate"), Some("Bearer error=\"invalid_token\""));
    assert!(!world.store.dump().contains(&token));
    // What cannot be registered costs nothing.
    let token = issue(&mut world, json!({}));
    let bad = request("POST", "/register", Some(&token), Some("{}"));
    assert_eq!(refusal(&mut world, bad).0, 400);
    assert_eq!(send(&mut world, register_by(&token))["status"], 201);
}

#[test]
fn an_initial_access_token_that_is_forged_bent_over_or_revoked_is_none() {
    let mut world = with_tokens();
    let token = issue(&mut world, json!({ "expiresIn": "1h" }));
    let mut bent = token.clone();
    bent.replace_range(10..11, if &token[10..11] == "A" { "B" } else { "A" });
    for bad in [&bent, "cvg_", "x", &token.replacen("cvg_", "cva_", 1)] {
        assert_eq!(refusal(&mut world, register_by(bad)), (401, "invalid_token".into()), "{bad}");
        assert_eq!(world.asked().len(), 0);
    }
    let id = world.ok(json!({ "registrationTokens.list": {} }))["items"][0]["id"].clone();
    let revoke = json!({ "registrationTokens.revoke": { "id": id } });
    assert_eq!(world.ok(revoke.clone()), json!({ "revoked": true }));
    assert_eq!(refusal(&mut world, register_by(&token)), (401, "invalid_token".into()));
    assert_eq!(world.ok(revoke), json!({ "revoked": false }));
    let other = issue(&mut world, json!({ "expiresIn": "1h" }));
    world.advance(3600);
    assert_eq!(refusal(&mut world, register_by(&other)), (401, "invalid_token".into()));
    for ask in
        [json!({ "uses": 0 }), json!({ "uses": 10_001 }), json!({ "expiresIn": 59 }), json!({ "expiresIn": "401d" })]
    {
        assert_eq!(world.refused(json!({ "registrationTokens.issue": ask })), "invalid_argument");
    }
}

#[test]
fn of_64_registrations_at_once_by_one_token_one_succeeds() {
    let mut world = with_tokens();
    let token = issue(&mut world, json!({}));
    let ends = world.race(&register_by(&token), 64);
    let made = ends.iter().filter(|done| done["ok"]["status"] == 201).count();
    assert_eq!(made, 1);
    assert!(ends.iter().all(|done| [json!(201), json!(401)].contains(&done["ok"]["status"])), "{ends:?}");
    assert_eq!(world.store.keys("main.client.").len(), 1);
}

#[test]
fn a_store_that_fails_in_between_gives_no_client_and_never_two() {
    let mut world = with_tokens();
    let token = issue(&mut world, json!({}));
    for failing in 0..3 {
        let done = world.run_with(register_by(&token), |ask, number, store| match number == failing {
            true => json!({ "failed": "down" }),
            false => store.answer(ask),
        });
        assert_eq!(done["ok"]["status"], 503, "{done}");
        assert_eq!(world.store.keys("main.client.").len(), 0);
    }
    assert_eq!(send(&mut world, register_by(&token))["status"], 401, "its use was spent before the client was made");
}

#[test]
fn an_unknown_outcome_registers_once() {
    for applied in [true, false] {
        let mut world = with_tokens();
        let token = issue(&mut world, json!({}));
        let mut seen = 0;
        let done = world.run_with(register_by(&token), |ask, _, store| {
            if ask.get("commit").is_some() {
                seen += 1;
                if seen % 2 == 1 {
                    if applied {
                        store.answer(ask);
                    }
                    return json!({ "commit": "unknown" });
                }
            }
            store.answer(ask)
        });
        assert_eq!(done["ok"]["status"], 201, "{done}");
        assert_eq!(world.store.keys("main.client.").len(), 1);
        assert_eq!(send(&mut world, register_by(&token))["status"], 401);
    }
}
