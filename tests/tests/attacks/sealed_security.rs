//! A sealed session that ends while it changes what its person signs in with (SE-008, SE-018 where no row stands for a session).

use claviger_tests::setting::{Setting, text};
use claviger_tests::{Authenticator, Browser, form, location_parameter};
use serde_json::{Value, json};

use crate::account_pages::elsewhere;
use crate::email_sign_in::hidden;

const PAGE: &str = "/account/security";

fn setting() -> Setting {
    let sessions = json!({ "form": "sealed", "revalidate": "60s" });
    let mut s = Setting::new(json!({ "capabilities": ["mail"], "sessions": sessions }), "opaque");
    let claims = json!({ "email": "ada@example.com", "email_verified": true });
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "claims": claims } }));
    s.browser = elsewhere(&mut s.world, "ada");
    s
}

fn command(s: &mut Setting, fields: &[(&str, &str)]) -> Value {
    let page = s.browser.get(&mut s.world, PAGE);
    s.browser.post_command(PAGE, &form(&[&[("token", hidden(&page, "token"))], fields].concat()))
}

fn press(s: &mut Setting, fields: &[(&str, &str)]) -> Value {
    let command = command(s, fields);
    s.world.ok(command)
}

/// An app that waits for its first code, and the form that confirms it.
fn waiting(s: &mut Setting) -> Value {
    let added = press(s, &[("add", "totp")]);
    let body = text(&added["body"]);
    let (_, key) = body.split_once("<code class=\"secret\">").unwrap();
    let code = Authenticator::with(key.split('<').next().unwrap()).code(s.world.now);
    command(s, &[("confirm", hidden(&added, "confirm")), ("code", &code)])
}

fn confirmed(s: &mut Setting) -> String {
    let confirm = waiting(s);
    s.world.ok(confirm);
    let listed = s.world.ok(json!({ "factors.list": { "subject": s.subject } }));
    text(&listed["authenticators"][0]["id"]).to_owned()
}

type Change = fn(&mut Setting) -> Value;

const CHANGES: &[(&str, Change)] = &[
    ("add", |s| command(s, &[("add", "totp")])),
    ("confirm", waiting),
    ("mail on", |s| command(s, &[("mail", "on")])),
    ("mail off", |s| {
        press(s, &[("mail", "on")]);
        command(s, &[("mail", "off")])
    }),
    ("new codes", |s| {
        confirmed(s);
        command(s, &[("renew_codes", "all")])
    }),
    ("remove", |s| {
        let id = confirmed(s);
        command(s, &[("remove", &id)])
    }),
];

type End = fn(&mut Setting, &Browser);

const ENDS: &[(&str, End)] = &[
    ("signed out", |s, browser| {
        s.world.ok(json!({ "signIn.out": { "visit": { "cookie": browser.cookie_header() } } }));
    }),
    ("everywhere", |s, _| {
        s.world.ok(json!({ "sessions.revokeAll": { "subject": s.subject } }));
    }),
    ("all but another", |s, _| {
        let keep = "AAAAAAAAAAAAAAAAAAAAAA";
        s.world.ok(json!({ "sessions.revokeOthers": { "subject": s.subject, "keep": keep } }));
    }),
];

/// Whether a commit writes the person's factors, or takes the last of them away.
fn changes_factors(ask: &Value) -> bool {
    let items = |name: &str| ask["commit"][name].as_array().into_iter().flatten();
    let mut keys = items("put").map(|put| &put["key"]).chain(items("delete"));
    keys.any(|key| text(key).ends_with("/factors"))
}

/// Runs a change in which the session ends before the ask of this number; whether there was one.
fn ended_before(at: usize, change: Change, end: End, what: &str) -> bool {
    let mut s = setting();
    let command = change(&mut s);
    let browser = s.browser.clone();
    let (mut step, mut asks, mut has_ended) = (s.world.begin(command), 0, false);
    while let Some(ask) = step.get("ask").cloned() {
        if asks == at {
            end(&mut s, &browser);
            has_ended = true;
        }
        asks += 1;
        let answer = s.world.store.answer(&ask);
        let applied = changes_factors(&ask) && answer["commit"] == "committed";
        assert!(!(applied && has_ended), "{what}: changed by a session that had ended");
        step = s.world.resume(&step["flow"].clone(), answer);
    }
    let done = &step["done"];
    assert!(done["ok"]["status"].as_u64().is_some_and(|status| status < 400), "{what} {at}: {done}");
    has_ended
}

#[test]
fn se_018_a_sealed_session_that_ended_meanwhile_changes_nothing() {
    for (change_name, change) in CHANGES {
        for (end_name, end) in ENDS {
            let what = format!("{change_name}, {end_name}");
            let mut at = 0;
            while ended_before(at, *change, *end, &what) {
                at += 1;
            }
            assert!(at >= 2, "{what}: a load and a commit");
        }
    }
}

#[test]
fn se_018_one_that_has_ended_is_sent_to_sign_in() {
    for (name, end) in ENDS {
        let mut s = setting();
        let command = command(&mut s, &[("add", "totp")]);
        let browser = s.browser.clone();
        let step = s.world.begin(command);
        let answer = s.world.store.answer(&step["ask"]);
        let step = s.world.resume(&step["flow"], answer);
        end(&mut s, &browser);
        // The commit is stale, and what is read anew says why.
        let answer = s.world.store.answer(&step["ask"]);
        assert_eq!(answer["commit"], "stale", "{name}");
        let step = s.world.resume(&step["flow"], answer);
        let answer = s.world.store.answer(&step["ask"]);
        let done = s.world.resume(&step["flow"], answer)["done"].clone();
        assert!(location_parameter(&done["ok"], "interaction").is_some(), "{name}: {done}");
        assert!(s.world.store.keys(&format!("{}/factors", s.subject)).is_empty());
    }
}

#[test]
fn se_018_what_one_changes_ends_the_others_and_not_itself() {
    let (mut s, mut trips) = (setting(), Vec::new());
    for (name, change) in CHANGES {
        s = setting();
        let mut other = elsewhere(&mut s.world, "ada");
        let command = change(&mut s);
        let done = s.world.run(command);
        trips = s.world.asked().clone();
        assert!(done["ok"]["status"].as_u64().is_some_and(|status| status < 400), "{name}: {done}");
        s.world.advance(60);
        let mut own = s.browser.clone();
        assert_eq!(own.get(&mut s.world, PAGE)["status"], 200, "{name}: it goes on");
        let others = other.get(&mut s.world, PAGE);
        let is_out = location_parameter(&others, "interaction").is_some();
        assert_eq!(is_out, !matches!(*name, "add"), "{name}");
    }
    assert!(trips.len() < 12, "remove: {trips:?}");
    let listed = s.world.ok(json!({ "factors.list": { "subject": s.subject } }));
    assert_eq!(listed["authenticators"], json!([]), "the last change removes the app");
}

/// Carries a command to its commit, ends the session then, and goes on.
fn ended_before_commit(s: &mut Setting, command: Value, end: End) -> Value {
    let browser = s.browser.clone();
    let mut step = s.world.begin(command);
    let mut has_ended = false;
    while let Some(ask) = step.get("ask").cloned() {
        if ask.get("commit").is_some() && !has_ended {
            end(s, &browser);
            has_ended = true;
        }
        let answer = s.world.store.answer(&ask);
        step = s.world.resume(&step["flow"].clone(), answer);
    }
    assert!(has_ended);
    step["done"].clone()
}

#[test]
fn se_008_no_application_is_signed_in_to_by_a_sealed_session_that_ended_meanwhile() {
    for (name, end) in ENDS {
        let sealed = json!({ "sessions": { "form": "sealed", "revalidate": "60s" } });
        let mut s = crate::openid::provider(sealed);
        // The client is known to have had a grant.
        crate::openid::code(&mut s, "openid", &[]);
        let query = s.query(&[("scope", Some("openid"))]);
        let interaction = s.browser.begin(&mut s.world, &query);
        let fields = [("interaction", interaction.as_str()), ("decision", "allow"), ("scope", "openid")];
        let command = s.browser.post_command("/consent", &form(&fields));
        let before = s.world.store.keys("/grant.").len();
        let done = ended_before_commit(&mut s, command, *end);
        assert_eq!(location_parameter(&done["ok"], "code"), None, "{name}: {done}");
        assert_eq!(s.world.store.keys("/grant.").len(), before, "{name}");
    }
}

#[test]
fn se_008_nothing_is_put_into_the_bag_of_a_sealed_session_that_ended_meanwhile() {
    for (name, end) in ENDS {
        let mut s = setting();
        let opened = s.world.ok(json!({ "sessions.open": { "cookie": s.browser.cookie_header() } }));
        let changes = json!([{ "put": { "key": "basket", "value": 1 } }]);
        let command = json!({ "sessions.save": { "handle": opened["handle"], "changes": changes } });
        let done = ended_before_commit(&mut s, command, *end);
        assert_eq!(done["refused"]["code"], "not_found", "{name}: {done}");
        assert!(s.world.store.keys("/bag.").is_empty(), "{name}");
    }
}
