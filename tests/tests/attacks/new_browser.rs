//! What a person is told of a sign-in that may not be theirs: once, and only of a session that has really begun.

use claviger_tests::setting::{PASSWORD, Setting, text};
use claviger_tests::{Browser, World, form};
use serde_json::{Value, json};

use crate::account_pages::elsewhere;
use crate::email::ADDRESS;

fn setting(changes: &Value) -> Setting {
    let mut config = json!({ "capabilities": ["mail"] });
    for (name, value) in changes.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    let mut s = Setting::new(config, "opaque");
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "claims": { "email": ADDRESS } } }));
    // On the first day every browser is new.
    s.world.advance(86_400);
    s
}

fn sealed() -> Setting {
    setting(&json!({ "sessions": { "form": "sealed", "revalidate": "60s" } }))
}

fn with_password(cookie: &str) -> Value {
    json!({ "signIn.withPassword": { "visit": { "cookie": cookie }, "login": "ada", "password": PASSWORD } })
}

fn by_host(s: &Setting, cookie: &str) -> Value {
    json!({ "signIn.as": { "visit": { "cookie": cookie }, "subject": s.subject, "methods": ["hwk"] } })
}

fn kinds(mails: &Value) -> Vec<&str> {
    mails.as_array().into_iter().flatten().map(|mail| text(&mail["kind"])).collect()
}

/// Grace is signed in with a browser in which ada signs in next.
fn shared_browser(s: &mut Setting) -> Browser {
    s.world.ok(json!({ "accounts.create": { "login": "grace", "password": PASSWORD } }));
    elsewhere(&mut s.world, "grace")
}

/// Whether this commit begins a session of this person.
fn begins(ask: &Value, subject: &str) -> bool {
    let puts = ask["commit"]["put"].as_array().into_iter().flatten();
    puts.into_iter().any(|put| text(&put["key"]).contains(&format!("{subject}/session.")))
}

#[test]
fn whoever_comes_by_the_hosts_word_is_told_also_where_sessions_are_sealed() {
    for (mut s, trips) in [(setting(&json!({})), vec!["load", "commit"]), (sealed(), vec!["load"])] {
        let command = by_host(&s, "");
        let done = s.world.run(command);
        assert_eq!((kinds(&done["mail"]), s.world.asked()), (vec!["new_sign_in"], &owned(&trips)), "{done}");
        let mut browser = Browser::new();
        browser.keep(&done["ok"]);
        s.world.advance(1);
        let command = by_host(&s, &browser.cookie_header());
        assert_eq!(kinds(&s.world.run(command)["mail"]), [] as [&str; 0], "it is known now");
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn a_sealed_session_tells_of_itself_for_no_trip_more() {
    let mut s = sealed();
    let done = s.world.run(with_password(""));
    assert_eq!(kinds(&done["mail"]), ["new_sign_in"]);
    assert_eq!(s.world.asked(), &["load", "load", "commit"], "the account comes with the epoch");
}

#[test]
fn a_sign_in_that_is_decided_anew_after_it_ended_anothers_session_is_told_of_once() {
    let mut s = setting(&json!({}));
    let browser = shared_browser(&mut s);
    let (subject, mut lost) = (s.subject.clone(), false);
    let done = s.world.run_with(with_password(&browser.cookie_header()), |ask, _, store| {
        if begins(ask, &subject) && !lost {
            lost = true;
            return json!({ "commit": "stale" });
        }
        store.answer(ask)
    });
    assert!(lost && done["ok"]["stage"] == "full", "{done}");
    assert_eq!(kinds(&done["mail"]), ["new_sign_in"]);
}

#[test]
fn nobody_is_told_of_a_session_that_did_not_begin() {
    let mut s = setting(&json!({}));
    let browser = shared_browser(&mut s);
    let subject = s.subject.clone();
    for answer in [json!({ "failed": "the store is gone" }), json!({ "commit": "stale" })] {
        let done = s.world.run_with(with_password(&browser.cookie_header()), |ask, _, store| {
            if begins(ask, &subject) { answer.clone() } else { store.answer(ask) }
        });
        assert!(done.get("fault").is_some(), "{done}");
        assert_eq!(kinds(&done["mail"]), [] as [&str; 0], "{answer}");
        assert!(s.world.store.keys(&format!("{subject}/session.")).is_empty());
    }
}

/// A visitor with something in their bag, which is in another partition: the last thing that can go wrong.
fn visitor(world: &mut World) -> Browser {
    let mut browser = Browser::new();
    let opened = world.ok(json!({ "sessions.open": { "cookie": "" } }));
    let changes = json!([{ "put": { "key": "basket", "value": 1 } }]);
    browser.keep(&world.ok(json!({ "sessions.save": { "handle": opened["handle"], "changes": changes } })));
    assert_eq!(world.store.keys("main.visitor.").len(), 1);
    browser
}

#[test]
fn a_mail_is_where_a_session_is_whatever_fails() {
    for (form, start) in [("row", (|| setting(&json!({}))) as fn() -> Setting), ("sealed", sealed)] {
        let mut s = start();
        let browser = visitor(&mut s.world);
        s.world.run(with_password(&browser.cookie_header()));
        for failing in 0..s.world.asked().len() {
            let mut s = start();
            let browser = visitor(&mut s.world);
            let done = s.world.run_with(with_password(&browser.cookie_header()), |ask, number, store| {
                if number == failing { json!({ "failed": "the store is gone" }) } else { store.answer(ask) }
            });
            assert!(done.get("fault").is_some(), "{form} {failing}: {done}");
            // A sealed one is nothing but the cookie, which does not leave with a fault.
            let begun = s.world.store.keys(&format!("{}/session.", s.subject)).len();
            assert_eq!(kinds(&done["mail"]).len(), begun, "{form} {failing}");
        }
    }
}

#[test]
fn of_64_sign_ins_at_one_instant_each_session_is_told_of_once() {
    let mut s = setting(&json!({}));
    let ended = s.world.race(&with_password(""), 64);
    let told: usize = ended.iter().map(|done| kinds(&done["mail"]).len()).sum();
    let begun = ended.iter().filter(|done| done["ok"]["stage"] == "full").count();
    assert_eq!((told, s.world.store.keys("/session.").len()), (begun, begun));
    assert!(begun > 0);
}

#[test]
fn at_the_page_a_sealed_session_is_told_of_once() {
    let mut s = sealed();
    let mut browser = Browser::new();
    for expected in [vec!["new_sign_in"], Vec::new()] {
        let query = s.query(&[]);
        let interaction = browser.begin(&mut s.world, &query);
        let body = form(&[("interaction", &interaction), ("login", "ada"), ("password", PASSWORD)]);
        let done = s.world.run(browser.post_command("/sign-in", &body));
        assert_eq!(kinds(&done["mail"]), expected);
        browser.keep(&done["ok"]);
    }
}
