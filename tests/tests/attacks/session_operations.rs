//! The operations of sessions that must survive every fault of the store.

use claviger_tests::setting::{PASSWORD, Setting, text};
use claviger_tests::{Browser, form};
use serde_json::{Value, json};

use crate::operations::Operation;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation { name: "sessions.resume", start: || resume("row"), happened: resumed },
    Operation { name: "sessions.resume, sealed", start: || resume("sealed"), happened: resumed },
    Operation {
        name: "sessions.revokeOthers with a remembered browser",
        start: || {
            let (mut s, kept) = remembered("row");
            let (other, _) = (sign_in(&mut s), ());
            assert_ne!(kept, other);
            let principal = s.world.ok(json!({ "authenticate": { "headers": [["cookie", kept]] } }));
            let command = json!({ "sessions.revokeOthers": { "subject": s.subject, "keep": principal["sessionId"] } });
            (s, command)
        },
        // A list that shows nobody says that all is done.
        happened: |s, done| {
            if done["ok"]["revoked"] != 0 {
                assert_eq!(s.world.store.keys("/session.").len(), 1);
                // Where the kept one cannot be read, its browser is forgotten too.
                assert!(s.world.store.keys("/remember.").len() <= 1);
            }
        },
    },
    Operation {
        name: "sessions.issueTokens",
        start: || {
            let s = Setting::opaque();
            let command = json!({ "sessions.issueTokens": { "subject": s.subject, "methods": ["pwd"] } });
            (s, command)
        },
        happened: tokens_work,
    },
    Operation {
        name: "sessions.refreshTokens",
        start: || {
            let mut s = Setting::opaque();
            let tokens = s.world.ok(json!({ "sessions.issueTokens": { "subject": s.subject, "methods": ["pwd"] } }));
            let command = json!({ "sessions.refreshTokens": { "refreshToken": tokens["refreshToken"] } });
            (s, command)
        },
        happened: tokens_work,
    },
    Operation {
        name: "sessions.save",
        start: || {
            let mut s = Setting::opaque();
            s.interaction();
            let opened = s.world.ok(json!({ "sessions.open": { "cookie": s.browser.cookie_header() } }));
            let changes = json!([{ "add": { "key": "visits", "by": 1 } }]);
            let command = json!({ "sessions.save": { "handle": opened["handle"], "changes": changes } });
            (s, command)
        },
        happened: |s, _| {
            let opened = s.world.ok(json!({ "sessions.open": { "cookie": s.browser.cookie_header() } }));
            assert_eq!(opened["values"], json!({ "visits": 1 }));
        },
    },
    Operation {
        name: "sign in with a visitor's basket",
        start: || {
            let mut s = Setting::opaque();
            let opened = s.world.ok(json!({ "sessions.open": { "cookie": "" } }));
            let changes = json!([{ "put": { "key": "basket", "value": ["a book"] } }]);
            s.world.ok(json!({ "sessions.save": { "handle": opened["handle"], "changes": changes } }));
            s.browser.keep(&opened);
            let query = s.query(&[]);
            let interaction = s.browser.begin(&mut s.world, &query);
            let body = form(&[("interaction", &interaction), ("login", "ada"), ("password", PASSWORD)]);
            let command = s.browser.post_command("/sign-in", &body);
            (s, command)
        },
        happened: |s, done| {
            s.browser.keep(&done["ok"]);
            let opened = s.world.ok(json!({ "sessions.open": { "cookie": s.browser.cookie_header() } }));
            assert_eq!(opened["subject"], json!(s.subject), "{done}");
        },
    },
    Operation {
        name: "authenticate, sealed and looked at",
        start: || {
            let mut s = Setting::new(json!({ "sessions": { "form": "sealed" } }), "opaque");
            s.interaction();
            s.world.advance(60);
            let headers = json!([["cookie", s.browser.cookie_header()]]);
            (s, json!({ "authenticate": { "headers": headers } }))
        },
        happened: |s, done| assert_eq!(done["ok"]["subject"], json!(s.subject), "{done}"),
    },
    Operation {
        name: "sessions.revokeAll, sealed",
        start: || {
            let mut s = Setting::new(json!({ "sessions": { "form": "sealed", "revalidate": 0 } }), "opaque");
            s.interaction();
            let command = json!({ "sessions.revokeAll": { "subject": s.subject } });
            (s, command)
        },
        happened: |s, _| {
            let headers = json!([["cookie", s.browser.cookie_header()]]);
            assert_eq!(s.world.refused(json!({ "authenticate": { "headers": headers } })), "unauthenticated");
        },
    },
];

/// Signs ada in with one more browser, which is remembered: its cookies.
fn sign_in(s: &mut Setting) -> String {
    let mut browser = Browser::new();
    let query = s.query(&[]);
    let interaction = browser.begin(&mut s.world, &query);
    let fields = [("interaction", interaction.as_str()), ("login", "ada"), ("password", PASSWORD), ("remember", "on")];
    assert_eq!(browser.post(&mut s.world, "/sign-in", &form(&fields))["status"], 303);
    browser.cookie_header()
}

fn remembered(form: &str) -> (Setting, String) {
    let changes = json!({
        "sessions": { "form": form }, "signIn": { "rememberFor": "30d" }, "lifetimes": { "session": "1h" },
    });
    let mut s = Setting::new(changes, "opaque");
    let cookies = sign_in(&mut s);
    (s, cookies)
}

fn resume(form: &str) -> (Setting, Value) {
    let (mut s, cookies) = remembered(form);
    s.world.advance(2 * 3600);
    let cookie = cookies.split("; ").find(|pair| pair.contains("remember")).unwrap().to_owned();
    s.browser.keep(&json!({ "headers": [["set-cookie", cookie]] }));
    (s, json!({ "sessions.resume": { "cookie": cookie } }))
}

/// Whose row cannot be seen is not signed in, and is once it can be.
fn resumed(s: &mut Setting, done: &Value) {
    let cookie = s.browser.cookie_header();
    let done = if done["ok"]["subject"].is_null() {
        s.world.run(json!({ "sessions.resume": { "cookie": cookie } }))
    } else {
        done.clone()
    };
    let mut browser = Browser::new();
    browser.keep(&done["ok"]);
    let headers = json!([["cookie", browser.cookie_header()]]);
    assert_eq!(s.world.ok(json!({ "authenticate": { "headers": headers } }))["subject"], json!(s.subject), "{done}");
}

fn tokens_work(s: &mut Setting, done: &Value) {
    let headers = json!([["authorization", format!("Bearer {}", text(&done["ok"]["accessToken"]))]]);
    assert_eq!(s.world.ok(json!({ "authenticate": { "headers": headers } }))["subject"], json!(s.subject), "{done}");
}
