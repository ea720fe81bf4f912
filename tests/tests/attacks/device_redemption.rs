//! The redemption of a device's code: once, for whom it was allowed, and not when that is over (DV-007, DV-015, TK-066).

use claviger_tests::setting::{Setting, client, post_as, reply, text};
use claviger_tests::{ClientKey, form, location_parameter, with_header};
use serde_json::{Value, json};

use crate::check::{refusal, send};
use crate::device::{Tv, television};

#[test]
fn dv_007_of_64_polls_after_the_approval_one_gets_tokens_and_they_live() {
    for form in ["jwt", "opaque"] {
        let mut tv = Tv::with(form);
        let asked = tv.approved();
        let command = tv.poll_command(&asked);
        let ends: Vec<(u64, Value)> = tv.s.world.race(&command, 64).iter().map(|end| reply(&end["ok"])).collect();
        let (good, bad): (Vec<_>, Vec<_>) = ends.into_iter().partition(|(status, _)| *status == 200);
        assert_eq!(good.len(), 1);
        assert!(bad.iter().all(|(status, body)| *status == 400 && body["error"] == "invalid_grant"), "{bad:?}");
        assert_eq!(tv.s.world.store.keys("/grant.").len(), 1);
        tv.s.world.ok(json!({ "tokens.verify": { "token": good[0].1["access_token"] } }));
        assert_eq!(tv.poll_error(&asked), "invalid_grant");
    }
}

#[test]
fn dv_007_a_redeemed_code_makes_no_second_grant_when_the_first_was_revoked_and_purged() {
    let mut tv = Tv::new(
        json!({ "defaultScopes": ["read"], "lifetimes": { "grant": "1m", "refreshToken": "1m",
        "accessToken": "10s" } }),
        "opaque",
    );
    let asked = tv.approved();
    assert_eq!(tv.poll(&asked).0, 200);
    let grants = tv.s.world.ok(json!({ "grants.list": { "subject": tv.s.subject } }));
    let revoke = json!({ "grants.revoke": { "subject": tv.s.subject, "id": grants["items"][0]["id"] } });
    tv.s.world.ok(revoke);
    tv.s.world.advance(300);
    tv.s.world.ok(json!({ "purge": {} }));
    assert_eq!(tv.poll_error(&asked), "invalid_grant");
    assert_eq!(tv.s.world.store.keys("/grant.").len(), 1);
}

#[test]
fn dv_014_a_user_code_that_is_taken_is_drawn_again() {
    let mut tv = Tv::with("opaque");
    let command = tv.start_command(&[]);
    let mut taken = Value::Null;
    let done = tv.s.world.run_with(command, |ask, number, store| {
        if number == 2 {
            // The first code is another device's already.
            taken = ask["commit"]["put"][0]["key"].clone();
            assert_eq!(ask["commit"]["require"], json!([{ "key": taken, "version": null }]));
            store.put(text(&taken), "another's");
        }
        store.answer(ask)
    });
    assert_eq!(tv.s.world.asked(), &["load", "commit", "commit", "load", "commit"], "counted once");
    let (status, asked) = reply(&done["ok"]);
    assert_eq!(status, 200);
    assert_eq!(tv.s.world.store.keys("main.device.").len(), 2);
    assert_eq!(tv.s.world.store.keys(text(&taken)).len(), 1);
    assert_eq!(tv.poll_error(&asked), "authorization_pending");
    let (_, page) = tv.enter(text(&asked["user_code"]));
    assert_eq!(page["status"], 200, "{page}");
}

#[test]
fn dv_015_tk_066_an_approval_of_somebody_disabled_since_is_worth_nothing() {
    for form in ["jwt", "opaque"] {
        let mut tv = Tv::with(form);
        let asked = tv.approved();
        let disable = |disabled: bool| json!({ "accounts.update": { "id": tv.s.subject, "disabled": disabled } });
        let (disable, enable) = (disable(true), disable(false));
        tv.s.world.ok(disable);
        assert_eq!(tv.poll_error(&asked), "invalid_grant");
        assert!(tv.s.world.store.keys("/grant.").is_empty());
        // Whoever is enabled again may act, whatever changed about the account.
        tv.s.world.ok(enable);
        assert_eq!(tv.poll(&asked).0, 200);
        assert_eq!(tv.s.world.asked(), &["load", "commit", "load", "commit"]);
    }
}

#[test]
fn tk_066_a_disable_that_overtakes_the_poll_wins() {
    let mut tv = Tv::with("opaque");
    let asked = tv.approved();
    let step = tv.s.world.begin(tv.poll_command(&asked));
    let rows = tv.s.world.store.answer(&step["ask"]);
    tv.s.world.ok(json!({ "accounts.update": { "id": tv.s.subject, "disabled": true } }));
    let mut step = tv.s.world.resume(&step["flow"], rows);
    while step.get("ask").is_some() {
        let answer = tv.s.world.store.answer(&step["ask"]);
        step = tv.s.world.resume(&step["flow"], answer);
    }
    assert_eq!(reply(&step["done"]["ok"]).1["error"], "invalid_grant");
    assert!(tv.s.world.store.keys("/grant.").is_empty());
}

#[test]
fn a_client_that_was_narrowed_or_disabled_since_gets_less_or_nothing() {
    let mut tv = Tv::with("opaque");
    let asked = tv.start(&[("scope", "read write")]);
    let (handle, _) = tv.enter(text(&asked["user_code"]));
    let body = form(&[("interaction", &handle), ("decision", "allow"), ("scope", "read"), ("scope", "write")]);
    assert_eq!(tv.s.browser.post(&mut tv.s.world, "/device", &body)["status"], 200);
    tv.s.world.ok(json!({ "clients.update": { "id": tv.id, "disabled": true } }));
    let command = tv.poll_command(&asked);
    assert_eq!(reply(&tv.s.world.ok(command)).0, 401);
    tv.s.world.ok(json!({ "clients.update": { "id": tv.id, "disabled": false, "scopes": ["write"] } }));
    let (status, tokens) = tv.poll(&asked);
    assert_eq!((status, &tokens["scope"]), (200, &json!("write")));
}

#[test]
fn the_store_events_and_refusals_hold_no_code() {
    let mut tv = Tv::with("opaque");
    let asked = tv.start(&[]);
    let (handle, _) = tv.enter(text(&asked["user_code"]));
    tv.decide(&handle, "allow");
    let secrets = [text(&asked["device_code"]), text(&asked["user_code"]), &text(&asked["user_code"]).replace('-', "")];
    let seen = format!("{}{}", tv.s.world.store.dump(), json!(tv.s.world.take_events()));
    for secret in secrets {
        assert!(!seen.contains(secret), "{secret}");
    }
}

#[test]
fn a_host_with_users_of_its_own_is_asked_at_the_poll() {
    let config = json!({ "defaultScopes": ["read"], "capabilities": ["subject"] });
    let mut tv = Tv { s: Setting::opaque(), id: String::new() };
    tv.id = client(&mut tv.s.world, television("opaque")).0;
    tv.s.world.reopen(config);
    let asked = tv.start(&[]);
    let answer = |status: Value| {
        move |ask: &Value, _: usize, store: &mut claviger_tests::Memory| match ask.get("subject") {
            Some(question) if question.get("signIn").is_some() => json!({ "subject": { "id": "u1", "name": "Ada" } }),
            Some(_) => json!({ "subject": status }),
            None => store.answer(ask),
        }
    };
    let known = || answer(json!({ "id": "u1", "name": "Ada" }));
    let response = tv.s.browser.post(&mut tv.s.world, "/device", &form(&[("user_code", text(&asked["user_code"]))]));
    let handle = location_parameter(&response, "interaction").unwrap();
    let sign_in = form(&[("interaction", &handle), ("login", "ada"), ("password", "x")]);
    let command = tv.s.browser.post_command("/sign-in", &sign_in);
    let signed_in = tv.s.world.run_with(command, known());
    tv.s.browser.keep(&signed_in["ok"]);
    let command = tv.s.browser.get_command(&format!("/device?interaction={handle}"));
    assert_eq!(tv.s.world.run_with(command, known())["ok"]["status"], 200);
    let command = tv.decide_command(&handle, "allow");
    assert_eq!(tv.s.world.run_with(command, known())["ok"]["status"], 200);
    let poll = tv.poll_command(&asked);
    let gone = tv.s.world.run_with(poll.clone(), answer(Value::Null));
    assert_eq!(reply(&gone["ok"]).1["error"], "invalid_grant");
    assert_eq!(reply(&tv.s.world.run_with(poll, known())["ok"]).0, 200);
    assert_eq!(tv.s.world.asked(), &["load", "subject", "commit"]);
}

#[test]
fn dp_033_a_device_that_shows_a_key_gets_tokens_bound_to_it_and_its_proof_is_good_once() {
    let key = ClientKey::es256(1);
    let mut tv = Tv::with("opaque");
    tv.s.world.ok(json!({ "clients.update": { "id": tv.id, "dpopBoundAccessTokens": true } }));
    let (first, second) = (tv.approved(), tv.approved());
    assert_eq!(tv.poll_error(&first), "invalid_dpop_proof");
    let proof = key.proof(&tv.s.world, "/token");
    let command = with_header(tv.poll_command(&first), "dpop", &proof);
    let (status, tokens) = reply(&send(&mut tv.s.world, command));
    assert_eq!((status, &tokens["token_type"]), (200, &json!("DPoP")), "{tokens}");
    assert_eq!(tv.s.world.asked(), &["load", "commit"]);
    let introspected = tv.s.world.ok(json!({ "tokens.introspect": { "token": tokens["access_token"] } }));
    assert_eq!(introspected["cnf"], json!({ "jkt": key.jkt() }));
    let refresh = [("client_id", tv.id.as_str()), ("grant_type", "refresh_token")];
    let refresh = [&refresh[..], &[("refresh_token", text(&tokens["refresh_token"]))]].concat();
    let other = with_header(post_as("", "/token", &refresh), "dpop", &ClientKey::es256(2).proof(&tv.s.world, "/token"));
    assert_eq!(refusal(&mut tv.s.world, other), (400, "invalid_grant".into()));
    let replayed = with_header(tv.poll_command(&second), "dpop", &proof);
    assert_eq!(refusal(&mut tv.s.world, replayed), (400, "invalid_dpop_proof".into()));
    let good = with_header(tv.poll_command(&second), "dpop", &key.proof(&tv.s.world, "/token"));
    assert_eq!(reply(&send(&mut tv.s.world, good)).0, 200);
}
