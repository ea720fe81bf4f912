//! An application's own values of a session (seeds A17 and A19, SE-001): of visitors and of people, none lost, none written twice.

use claviger_tests::setting::{PASSWORD, Setting, text};
use claviger_tests::{World, form};
use serde_json::{Value, json};

const SESSION: &str = "__Host-claviger-session";

fn open(world: &mut World, cookie: &str) -> Value {
    world.ok(json!({ "sessions.open": { "cookie": cookie } }))
}

fn save(handle: &Value, changes: Value) -> Value {
    json!({ "sessions.save": { "handle": handle, "changes": changes } })
}

fn put(key: &str, value: Value) -> Value {
    json!({ "put": { "key": key, "value": value } })
}

/// The pair of the session cookie that a result sets.
fn cookie_of(result: &Value) -> String {
    text(&result["headers"][0][1]).split(';').next().unwrap().to_owned()
}

#[test]
fn a17_a_visitor_of_whom_nothing_is_kept_costs_nothing_and_has_a_token_for_forms() {
    let mut s = Setting::opaque();
    let before = s.world.store.dump();
    let opened = open(&mut s.world, "");
    assert!(s.world.asked().is_empty());
    assert_eq!((&opened["subject"], &opened["values"]), (&json!(null), &json!({})));
    let again = open(&mut s.world, &cookie_of(&opened));
    assert_eq!((&again["id"], &again["token"]), (&opened["id"], &opened["token"]));
    assert_eq!(text(&opened["token"]).len(), 43);
    assert_ne!(open(&mut s.world, "")["token"], opened["token"]);
    let saved = s.world.ok(save(&opened["handle"], json!([])));
    assert_eq!(cookie_of(&saved), cookie_of(&opened));
    assert_eq!(s.world.store.dump(), before, "zero writes when nothing changed");
}

#[test]
fn se_001_a_basket_goes_along_when_its_visitor_signs_in_under_a_new_id() {
    let mut s = Setting::opaque();
    let opened = open(&mut s.world, "");
    s.world.ok(save(&opened["handle"], json!([put("basket", json!(["a book"]))])));
    assert_eq!(s.world.asked(), &["load", "commit"]);
    s.browser.keep(&opened);
    let visitor = cookie_of(&opened);
    assert_eq!(
        s.world.run(json!({ "authenticate": { "headers": [["cookie", visitor]] } }))["refused"]["code"],
        "unauthenticated"
    );
    s.interaction();
    let person = open(&mut s.world, &s.browser.cookie_header());
    assert_eq!((&person["subject"], &person["values"]), (&json!(s.subject), &json!({ "basket": ["a book"] })));
    assert_ne!(
        (&person["id"], &person["token"], &person["handle"]),
        (&opened["id"], &opened["token"], &opened["handle"])
    );
    // What an attacker planted before is nothing after, and holds nothing.
    assert_eq!(open(&mut s.world, &visitor)["values"], json!({}));
    assert!(s.world.store.keys("main.visitor.").is_empty());
    // Signing in again keeps what is there.
    s.interaction();
    assert_eq!(open(&mut s.world, &s.browser.cookie_header())["values"], json!({ "basket": ["a book"] }));
}

#[test]
fn a17_a_persons_values_are_one_load_and_end_with_the_session() {
    let mut s = Setting::opaque();
    s.interaction();
    let cookie = s.browser.cookie_header();
    let opened = open(&mut s.world, &cookie);
    assert_eq!(s.world.asked(), &["load"]);
    s.world.ok(save(&opened["handle"], json!([put("theme", json!("dark")), { "previousUrl": { "url": "/a?b" } }])));
    assert_eq!(s.world.asked(), &["load", "commit"]);
    let opened = open(&mut s.world, &cookie);
    assert_eq!((&opened["values"], &opened["previousUrl"]), (&json!({ "theme": "dark" }), &json!("/a?b")));
    s.world.ok(json!({ "sessions.revokeAll": { "subject": s.subject } }));
    assert!(s.world.store.keys("/bag").is_empty());
    assert_eq!(open(&mut s.world, &cookie)["subject"], json!(null));
    assert_eq!(s.world.refused(save(&opened["handle"], json!([put("theme", json!("light"))]))), "not_found");
    assert!(s.world.store.keys("/bag").is_empty(), "nothing is written into what ended");
}

#[test]
fn a17_flash_is_there_for_the_next_read_alone_also_when_many_read_at_once() {
    let mut s = Setting::opaque();
    s.interaction();
    let cookie = s.browser.cookie_header();
    let handle = open(&mut s.world, &cookie)["handle"].clone();
    s.world.ok(save(&handle, json!([{ "flash": { "key": "notice", "value": "saved" } }, put("kept", json!(1))])));
    let ends = s.world.race(&json!({ "sessions.open": { "cookie": cookie } }), 64);
    let read = ends.iter().filter(|done| done["ok"]["flash"] == json!({ "notice": "saved" })).count();
    assert_eq!(read, 1);
    let later = open(&mut s.world, &cookie);
    assert_eq!((&later["flash"], &later["values"]), (&json!({}), &json!({ "kept": 1 })));
    assert_eq!(s.world.asked(), &["load"]);
}

#[test]
fn a17_two_requests_at_once_lose_nothing_of_each_others() {
    for is_visitor in [false, true] {
        let mut s = Setting::opaque();
        if !is_visitor {
            s.interaction();
        }
        let opened = open(&mut s.world, &s.browser.cookie_header());
        s.world.ok(save(&opened["handle"], json!([put("first", json!(1))])));
        // Three at once: as many as a flow decides anew.
        let mut waiting: Vec<Value> = (0..3)
            .map(|n| {
                let changes = json!([
                    { "add": { "key": "visits", "by": 1 } }, { "push": { "key": "seen", "value": n } }, put(&format!("own{n}"), json!(n)),
                ]);
                s.world.begin(save(&opened["handle"], changes))
            })
            .collect();
        while let Some(step) = waiting.pop() {
            let answer = s.world.store.answer(&step["ask"]);
            let next = s.world.resume(&step["flow"], answer);
            if next.get("ask").is_some() {
                waiting.insert(0, next);
            } else {
                assert!(next["done"].get("ok").is_some(), "{next}");
            }
        }
        let cookie = if is_visitor { cookie_of(&opened) } else { s.browser.cookie_header() };
        let values = open(&mut s.world, &cookie)["values"].clone();
        assert_eq!((&values["first"], &values["visits"]), (&json!(1), &json!(3)), "{values}");
        assert_eq!(values["seen"].as_array().unwrap().len(), 3);
        assert_eq!((&values["own0"], &values["own1"], &values["own2"]), (&json!(0), &json!(1), &json!(2)));
    }
}

#[test]
fn a17_a_session_is_regenerated_and_invalidated() {
    let mut s = Setting::opaque();
    s.interaction();
    let person = open(&mut s.world, &s.browser.cookie_header());
    let visitor = open(&mut s.world, "");
    for (opened, is_person) in [(person, true), (visitor, false)] {
        s.world.ok(save(&opened["handle"], json!([put("kept", json!(1))])));
        let ask = json!({ "handle": opened["handle"], "changes": [put("more", json!(2))], "regenerate": true });
        let fresh = cookie_of(&s.world.ok(json!({ "sessions.save": ask })));
        let reopened = open(&mut s.world, &fresh);
        assert_eq!(reopened["values"], json!({ "kept": 1, "more": 2 }));
        assert_eq!(reopened["id"] == opened["id"], is_person, "applications know a person's session by its id");
        assert_ne!(reopened["token"], opened["token"]);
        let old = open(&mut s.world, &format!("{SESSION}={}", text(&opened["handle"])));
        assert_eq!((&old["subject"], &old["values"]), (&json!(null), &json!({})), "the old cookie is nothing any more");
        let ended = s.world.ok(json!({ "sessions.save": { "handle": reopened["handle"], "invalidate": true } }));
        assert!(text(&ended["headers"][0][1]).contains("Max-Age=0"), "{ended}");
        assert_eq!(open(&mut s.world, &fresh)["values"], json!({}));
    }
    assert!(s.world.store.keys("/bag").is_empty());
}

#[test]
fn a17_the_token_of_forms_changes_when_it_is_asked_to_and_with_each_sign_in() {
    let mut s = Setting::opaque();
    s.interaction();
    let first = open(&mut s.world, &s.browser.cookie_header());
    s.world.ok(save(&first["handle"], json!([{ "regenerateToken": {} }])));
    let second = open(&mut s.world, &s.browser.cookie_header());
    assert_ne!(first["token"], second["token"]);
    s.world.ok(save(&second["handle"], json!([{ "flush": {} }])));
    assert_eq!(open(&mut s.world, &s.browser.cookie_header())["token"], second["token"], "emptied, it keeps its token");
    let query = s.query(&[("prompt", Some("login"))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let fields = form(&[("interaction", &interaction), ("login", "ada"), ("password", PASSWORD)]);
    s.browser.post(&mut s.world, "/sign-in", &fields);
    assert_ne!(open(&mut s.world, &s.browser.cookie_header())["token"], second["token"]);
}

#[test]
fn se_025_what_is_put_is_bounded_before_the_store_and_a_store_that_fails_denies() {
    let mut s = Setting::opaque();
    let opened = open(&mut s.world, "");
    let before = s.world.store.dump();
    for refused in [
        json!([put("big", json!("x".repeat(1 << 15)))]),
        json!([put(&"k".repeat(129), json!(1))]),
        json!([{ "add": { "key": "n", "by": 1.5 } }]),
        json!([{ "unknown": {} }]),
    ] {
        assert_eq!(s.world.refused(save(&opened["handle"], refused)), "invalid_argument");
    }
    assert_eq!(s.world.refused(save(&json!("cvs_forged"), json!([put("a", json!(1))]))), "not_found");
    assert_eq!(s.world.store.dump(), before);
    for failing in ["load", "commit"] {
        let done = s.world.run_with(save(&opened["handle"], json!([put("a", json!(1))])), |ask, _, store| {
            if ask.get(failing).is_some() { json!({ "failed": "no disk" }) } else { store.answer(ask) }
        });
        assert_eq!(done["fault"]["code"], "store_failed", "{failing}");
    }
}

#[test]
fn a19_a_visitors_bag_is_over_with_its_time() {
    let mut s = Setting::opaque();
    let opened = open(&mut s.world, "");
    s.world.ok(save(&opened["handle"], json!([put("basket", json!(1))])));
    let cookie = cookie_of(&opened);
    s.world.advance(14 * 86_400 - 1);
    assert_eq!(open(&mut s.world, &cookie)["values"], json!({ "basket": 1 }));
    s.world.advance(1);
    assert_eq!(open(&mut s.world, &cookie)["values"], json!({}));
    let purged = s.world.ok(json!({ "purge": {} }));
    assert_eq!(purged["purged"]["bag"], 1, "{purged}");
}
