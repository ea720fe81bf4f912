//! The typed sign-in, and what else guesses at a person: operations that must survive every fault of the store.

use claviger_tests::basic;
use claviger_tests::setting::{PASSWORD, Setting, text};
use serde_json::{Value, json};

use crate::operations::Operation;
use crate::remembered_browsers::{after, authenticated, pair, remembered, resume, setting};
use crate::second_factor::{mailed_code, with_app, with_mail};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "signIn.withPassword",
        start: || {
            let s = Setting::opaque();
            let command = with_password(&s);
            (s, command)
        },
        happened: signed_in,
    },
    Operation {
        name: "signIn.withPassword, halfway",
        start: || {
            let (s, _, _) = with_app(json!({}));
            let command = with_password(&s);
            (s, command)
        },
        // Where the factors cannot be seen, the password is all there is: and it is refused, or asked for more.
        happened: |_, done| assert_eq!(done["ok"]["stage"], "pending", "{done}"),
    },
    Operation {
        name: "signIn.withCode of an app",
        start: || {
            let (mut s, app, _) = with_app(json!({}));
            let pending = halfway(&mut s);
            let code = app.code(s.world.now);
            let command = with_code(&s, &pending, "totp", &code);
            (s, command)
        },
        happened: signed_in,
    },
    Operation {
        name: "signIn.withCode by mail",
        start: || {
            let mut s = with_mail(json!({}));
            let pending = halfway(&mut s);
            let ask = json!({ "visit": visit(&s), "pending": pending });
            s.world.ok(json!({ "signIn.sendCode": ask }));
            let code = mailed_code(&mut s);
            let command = with_code(&s, &pending, "email_code", &code);
            (s, command)
        },
        happened: signed_in,
    },
    Operation {
        name: "signIn.sendCode",
        start: || {
            let mut s = with_mail(json!({}));
            let pending = halfway(&mut s);
            let command = json!({ "signIn.sendCode": { "visit": visit(&s), "pending": pending } });
            (s, command)
        },
        // A mail that was lost with the answer is asked for again, once the minute is over.
        happened: |s, done| {
            assert_eq!(done["ok"], json!({ "sent": true }), "{done}");
            s.world.advance(60);
            s.world.take_mails();
            let pending = halfway(s);
            let ask = json!({ "visit": visit(s), "pending": pending });
            assert_eq!(s.world.ok(json!({ "signIn.sendCode": ask })), json!({ "sent": true }));
            let code = mailed_code(s);
            let command = with_code(s, &pending, "email_code", &code);
            let done = s.world.run(command);
            signed_in(s, &done);
        },
    },
    Operation {
        name: "signIn.as",
        start: || {
            let s = Setting::opaque();
            let command = json!({ "signIn.as": { "visit": visit(&s), "subject": s.subject, "methods": ["hwk"] } });
            (s, command)
        },
        happened: signed_in,
    },
    Operation {
        name: "signIn.out",
        start: || {
            let mut s = Setting::opaque();
            s.interaction();
            let command = json!({ "signIn.out": { "visit": visit(&s) } });
            (s, command)
        },
        // Of a session that cannot be seen, the cookie is taken away.
        happened: |s, done| {
            s.browser.keep(&done["ok"]);
            let cookie = s.browser.cookie_header();
            assert_eq!(authenticated(&mut s.world, &cookie)["refused"]["code"], "unauthenticated");
        },
    },
    Operation {
        name: "authenticate with a password",
        start: || {
            let s = Setting::opaque();
            let headers = json!([["authorization", basic("ada", PASSWORD)]]);
            (s, json!({ "authenticate": { "headers": headers, "basic": true } }))
        },
        happened: |s, done| assert_eq!(done["ok"]["subject"], s.subject, "{done}"),
    },
    Operation {
        name: "factors.setEmail",
        start: || {
            let mut s = with_mail(json!({}));
            let set = |enabled: bool| json!({ "factors.setEmail": { "subject": s.subject, "enabled": enabled } });
            let (off, on) = (set(false), set(true));
            s.world.ok(off);
            (s, on)
        },
        happened: |s, _| {
            let ask = with_password(s);
            assert_eq!(s.world.ok(ask)["kinds"], json!(["email_code"]));
        },
    },
    Operation { name: "sessions.resume with a stolen cookie", start: stolen, happened: trap_is_sprung },
];

fn visit(s: &Setting) -> Value {
    json!({ "cookie": s.browser.cookie_header() })
}

fn with_password(s: &Setting) -> Value {
    json!({ "signIn.withPassword": { "visit": visit(s), "login": "ada", "password": PASSWORD } })
}

fn with_code(s: &Setting, pending: &str, kind: &str, code: &str) -> Value {
    json!({ "signIn.withCode": { "visit": visit(s), "pending": pending, "kind": kind, "code": code } })
}

/// The handle between the factors, its cookie kept.
fn halfway(s: &mut Setting) -> String {
    let ask = with_password(s);
    let stage = s.world.ok(ask);
    s.browser.keep(&stage);
    text(&stage["pending"]).to_owned()
}

fn signed_in(s: &mut Setting, done: &Value) {
    assert_eq!(done["ok"]["stage"], "full", "{done}");
    s.browser.keep(&done["ok"]);
    let cookie = s.browser.cookie_header();
    assert_eq!(authenticated(&mut s.world, &cookie)["ok"]["subject"], s.subject, "{done}");
}

/// The cookie that a thief copied, and used twice, comes again from its owner; the browser keeps what the thief got first.
fn stolen() -> (Setting, Value) {
    let mut s = setting(json!({}));
    let cookie = pair(&remembered(&mut s).cookie_header());
    s.world.advance(2 * 3600);
    let first = s.world.ok(resume(&cookie));
    s.browser.keep(&first);
    s.world.advance(2 * 3600);
    s.world.ok(resume(&pair(&after(&first))));
    s.world.advance(60);
    (s, resume(&cookie))
}

/// Nobody is let in, and the thief is out; where nothing could be seen, whoever comes next springs the trap.
fn trap_is_sprung(s: &mut Setting, done: &Value) {
    assert_eq!(done["ok"]["subject"], json!(null), "{done}");
    if !s.world.store.keys("/remember.").is_empty() {
        let used_before = pair(&s.browser.cookie_header());
        s.world.ok(resume(&used_before));
    }
    assert!(s.world.store.keys("/remember.").is_empty());
    let live = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
    assert_eq!(live["items"], json!([]));
}
