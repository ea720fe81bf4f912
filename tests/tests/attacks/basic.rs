//! A login and a password in each request (RFC 7617), where a guard takes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_tests::setting::{PASSWORD, Setting};
use claviger_tests::{Authenticator, basic};
use serde_json::{Value, json};

use crate::passwords::{IMPORTED, OF_IMPORTED, cheap, import, named, with};

fn ask(header: &str) -> Value {
    json!({ "authenticate": { "headers": [["authorization", header]], "basic": true, "remote": "203.0.113.9" } })
}

#[test]
fn a_password_speaks_for_its_person_for_one_request() {
    let mut s = Setting::opaque();
    let who = s.world.ok(ask(&basic("Ada", PASSWORD)));
    assert_eq!((&who["kind"], &who["subject"]), (&json!("password"), &json!(s.subject)));
    assert_eq!(s.world.asked().as_slice(), ["load", "commit"]);
    let listed = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
    assert_eq!(listed["items"], json!([]), "no session begins");
    // With a colon, and in letters of another alphabet.
    let odd = "c\u{f6}rrect: \u{1f40e} horse";
    s.world.ok(json!({ "accounts.setPassword": { "id": s.subject, "password": odd } }));
    assert_eq!(s.world.ok(ask(&basic("ada", odd)))["subject"], s.subject);
}

#[test]
fn it_is_taken_only_where_the_guard_says_so() {
    let mut s = Setting::opaque();
    let mut without = ask(&basic("ada", PASSWORD));
    without["authenticate"]["basic"] = json!(false);
    assert_eq!(s.world.refused(without), "unauthenticated");
    let mut tokens_only = ask(&basic("ada", PASSWORD));
    tokens_only["authenticate"]["only"] = json!("token");
    assert_eq!(s.world.refused(tokens_only), "unauthenticated");
}

#[test]
fn th_008_it_is_counted_with_every_other_guess_and_challenged_as_the_rfc_says() {
    let mut s = Setting::opaque();
    let wrong = s.world.run(ask(&basic("ada", "wrong")))["refused"].clone();
    assert_eq!((&wrong["code"], &wrong["status"]), (&json!("wrong_credentials"), &json!(401)));
    assert!(wrong["headers"].to_string().contains("Basic realm="), "{wrong}");
    let unknown = s.world.run(ask(&basic("nobody", "wrong")))["refused"].clone();
    assert_eq!(unknown, wrong);
    for _ in 1..10 {
        assert_eq!(s.world.refused(ask(&basic("ada", "wrong"))), "wrong_credentials");
    }
    assert_eq!(s.world.refused(ask(&basic("ada", PASSWORD))), "too_many_requests");
    let interaction = {
        let query = s.query(&[]);
        s.browser.begin(&mut s.world, &query)
    };
    assert_eq!(s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD)["status"], 429);
}

/// What comes of `command` when `meanwhile` happens between its load and its commit.
fn overtaken(s: &mut Setting, command: Value, meanwhile: impl Fn(&mut Setting)) -> Value {
    let before = s.world.store.clone();
    meanwhile(s);
    let after = std::mem::replace(&mut s.world.store, before);
    s.world.run_with(command, |ask, number, store| {
        if number == 1 {
            *store = after.clone();
        }
        store.answer(ask)
    })
}

#[test]
fn th_008_the_right_password_is_held_to_the_counter_in_its_commit_too() {
    let mut s = Setting::opaque();
    let done = overtaken(&mut s, ask(&basic("ada", PASSWORD)), |s| {
        for _ in 0..10 {
            assert_eq!(s.world.refused(ask(&basic("ada", "wrong"))), "wrong_credentials");
        }
    });
    assert_eq!(done["refused"]["code"], "too_many_requests", "{done}");
}

#[test]
fn a_password_that_was_changed_meanwhile_speaks_for_nobody() {
    let mut s = Setting::opaque();
    let done = overtaken(&mut s, ask(&basic("ada", PASSWORD)), |s| {
        s.world.ok(json!({ "accounts.setPassword": { "id": s.subject, "password": "another horse" } }));
    });
    assert_eq!(done["refused"]["code"], "wrong_credentials", "{done}");
}

#[test]
fn pw_010_a_weaker_hash_is_replaced_in_the_commit_of_the_request() {
    let mut s = with(cheap());
    let subject = import(&mut s, "grace", IMPORTED[1]);
    for expected in [1, 0] {
        s.world.take_events();
        assert_eq!(s.world.ok(ask(&basic("grace", OF_IMPORTED)))["subject"], json!(subject));
        assert_eq!(s.world.asked().as_slice(), ["load", "commit"]);
        assert_eq!(named(&mut s, "account.password_rehashed").len(), expected);
    }
}

#[test]
fn whoever_has_a_second_factor_is_not_their_password_alone() {
    let mut s = Setting::opaque();
    let subject = s.subject.clone();
    Authenticator::confirmed(&mut s.world, &subject);
    assert_eq!(s.world.refused(ask(&basic("ada", PASSWORD))), "insufficient_user_authentication");
}

#[test]
fn what_is_malformed_costs_no_trip() {
    let mut s = Setting::opaque();
    let no_colon = format!("Basic {}", STANDARD.encode("ada"));
    let not_text = format!("Basic {}", STANDARD.encode([0xff, b':', 0xfe]));
    let long = format!("Basic {}", STANDARD.encode("x".repeat(9000)));
    for header in ["Basic", "Basic ", "Basic !!!!", "basic YWRh", no_colon.as_str(), &not_text, &long] {
        assert_eq!(s.world.refused(ask(header)), "invalid_request", "{header}");
        assert!(s.world.asked().is_empty());
    }
}
