//! How long a session lives, by which browser its person knows it, and how the others are ended (SE-015 to SE-018).

use claviger_tests::setting::{PASSWORD, Setting, text};
use claviger_tests::{Browser, World};
use serde_json::{Value, json};

/// Signs ada in with one more browser, and gives its cookie header and the id of the session.
fn another_browser(s: &mut Setting) -> (String, String) {
    let mut browser = Browser::new();
    let query = s.query(&[]);
    let interaction = browser.begin(&mut s.world, &query);
    s.world.take_events();
    browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    let events = s.world.take_events();
    let begun = events.iter().find(|event| event["name"] == "sign_in.succeeded").unwrap();
    (browser.cookie_header(), text(&begun["sessionId"]).to_owned())
}

fn authenticated(world: &mut World, cookie: &str) -> Value {
    world.run(json!({ "authenticate": { "headers": [["cookie", cookie]] } }))
}

#[test]
fn se_017_all_sessions_but_one_are_ended_and_that_one_goes_on() {
    let mut s = Setting::opaque();
    let (kept, id) = another_browser(&mut s);
    let (first, _) = another_browser(&mut s);
    let (second, _) = another_browser(&mut s);
    let others = json!({ "sessions.revokeOthers": { "subject": s.subject, "keep": id } });
    assert_eq!(s.world.ok(others.clone()), json!({ "revoked": 2 }));
    assert_eq!(s.world.asked(), &["scan", "commit"]);
    assert!(authenticated(&mut s.world, &kept).get("ok").is_some());
    for cookie in [first, second] {
        assert_eq!(authenticated(&mut s.world, &cookie)["refused"]["code"], "unauthenticated");
    }
    assert_eq!(s.world.ok(others), json!({ "revoked": 0 }));
    let no_id = json!({ "sessions.revokeOthers": { "subject": s.subject, "keep": "" } });
    assert_eq!(s.world.refused(no_id), "invalid_argument");
}

#[test]
fn a_session_is_known_by_the_browser_that_has_it() {
    let mut s = Setting::opaque();
    let handle = s.interaction();
    let cookie = s.browser.cookie_header();
    let complete = json!({
        "handle": handle, "cookie": cookie, "subject": s.subject, "methods": ["hwk"],
        "userAgent": format!("Netscape\n{}", "x".repeat(10_000)), "remote": "203.0.113.9",
    });
    s.world.ok(json!({ "interactions.complete": complete }));
    let listed = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
    let session = &listed["items"][0];
    assert_eq!(session["address"], "203.0.113.9");
    assert!(text(&session["userAgent"]).starts_with("Netscapexxx"), "{session}");
    assert_eq!(text(&session["userAgent"]).len(), 256);
}
