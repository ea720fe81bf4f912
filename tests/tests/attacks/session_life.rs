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

/// Signed in where sessions live for a day, and an hour unused.
fn idle_setting() -> Setting {
    Setting::new(json!({ "lifetimes": { "session": "1d", "sessionIdle": "1h" } }), "opaque")
}

#[test]
fn se_015_use_moves_the_idle_end_and_at_the_absolute_end_one_signs_in_anew() {
    let mut s = idle_setting();
    let (used, _) = another_browser(&mut s);
    let (unused, _) = another_browser(&mut s);
    let mut minutes = 0;
    while minutes + 50 < 24 * 60 {
        s.world.advance(50 * 60);
        minutes += 50;
        let principal = s.world.ok(json!({ "authenticate": { "headers": [["cookie", used]] } }));
        let over = principal["expiresAt"].as_u64().unwrap();
        assert!(over <= s.world.now + 3_600_000 && over > s.world.now, "{principal}");
        if minutes >= 60 {
            assert_eq!(authenticated(&mut s.world, &unused)["refused"]["code"], "unauthenticated", "{minutes}");
        }
    }
    s.world.advance((24 * 60 - minutes) * 60 - 1);
    assert!(authenticated(&mut s.world, &used).get("ok").is_some());
    s.world.advance(1);
    assert_eq!(authenticated(&mut s.world, &used)["refused"]["code"], "unauthenticated");
}

#[test]
fn se_016_an_unchanged_session_is_one_load_and_no_write() {
    let mut s = idle_setting();
    let (cookie, _) = another_browser(&mut s);
    let before = s.world.store.dump();
    for _ in 0..20 {
        s.world.advance(17);
        assert!(authenticated(&mut s.world, &cookie).get("ok").is_some());
        assert_eq!(s.world.asked(), &["load"]);
    }
    assert_eq!(s.world.store.dump(), before);
    s.world.advance(20);
    assert!(authenticated(&mut s.world, &cookie).get("ok").is_some());
    assert_eq!(s.world.asked(), &["load", "commit"], "a tenth of the idle time is over");
    let listed = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
    assert_eq!(listed["items"][0]["lastSeenAt"], s.world.now);
    assert_eq!(listed["items"][0]["idleUntil"], s.world.now + 3_600_000);
}

#[test]
fn se_016_a_thousand_requests_at_once_write_once() {
    let mut s = idle_setting();
    let (cookie, _) = another_browser(&mut s);
    s.world.advance(600);
    let command = json!({ "authenticate": { "headers": [["cookie", cookie]] } });
    let mut waiting: Vec<Value> = (0..1000).map(|_| s.world.begin(command.clone())).collect();
    let (mut commits, mut let_through) = (0, 0);
    while let Some(step) = waiting.pop() {
        commits += usize::from(step["ask"].get("commit").is_some());
        let answer = s.world.store.answer(&step["ask"]);
        let next = s.world.resume(&step["flow"], answer);
        if next.get("ask").is_some() {
            waiting.insert(0, next)
        } else {
            let_through += usize::from(next["done"]["ok"].is_object())
        }
    }
    assert_eq!((commits, let_through), (1, 1000));
}

#[test]
fn se_016_of_two_instances_the_slower_one_lets_the_request_through() {
    let mut s = idle_setting();
    let (cookie, _) = another_browser(&mut s);
    s.world.advance(600);
    let command = json!({ "authenticate": { "headers": [["cookie", cookie]] } });
    let done = s.world.run_with(command.clone(), |ask, _, store| {
        if ask.get("commit").is_some() { json!({ "commit": "stale" }) } else { store.answer(ask) }
    });
    assert!(done.get("ok").is_some(), "{done}");
    // A store that fails denies, and the next request notes it.
    s.world.advance(600);
    let failed = s.world.run_with(command.clone(), |ask, _, store| {
        if ask.get("commit").is_some() { json!({ "failed": "no disk" }) } else { store.answer(ask) }
    });
    assert_eq!(failed["fault"]["code"], "store_failed");
    assert!(s.world.run(command).get("ok").is_some());
    assert_eq!(s.world.asked(), &["load", "commit"]);
}

#[test]
fn a_client_that_gets_something_in_a_session_is_use_of_it_in_the_same_commit() {
    let mut s = idle_setting();
    s.code();
    s.world.advance(600);
    let interaction = location(&mut s);
    let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
    assert_eq!(answer["status"], 303, "{answer}");
    let listed = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
    assert_eq!(listed["items"][0]["lastSeenAt"], s.world.now);
}

fn location(s: &mut Setting) -> String {
    let answer = s.authorize(&[]);
    claviger_tests::location_parameter(&answer, "interaction").unwrap()
}
