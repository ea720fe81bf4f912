//! What goes by way of a mailbox, and must survive every fault of the store.

use claviger_tests::setting::{PASSWORD, Setting, text};
use claviger_tests::{Browser, form};
use serde_json::{Value, json};

use crate::email::{ADDRESS, NEW, asked_to_sign_in, mail, mailing, reset, reset_asked, signs_in, token_of, verify};
use crate::email_sign_in::typed;
use crate::operations::Operation;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "accounts.requestReset",
        start: || (mailing(), reset_asked(ADDRESS)),
        // A mail that was lost, or that a store far behind found nobody for, is asked for again.
        happened: |s, _| {
            s.world.advance(60);
            s.world.take_mails();
            s.world.ok(reset_asked(ADDRESS));
            assert_eq!(mail(&mut s.world)["to"], ADDRESS);
        },
    },
    Operation {
        name: "accounts.reset",
        start: || {
            let mut s = mailing();
            sign_in(&mut s);
            s.world.ok(reset_asked(ADDRESS));
            let token = token_of(&mail(&mut s.world));
            (s, reset(&token))
        },
        happened: |s, done| {
            let is_new = signs_in(s, NEW);
            assert!(is_new || done["ok"]["status"] == "token", "{done}");
            assert_ne!(is_new, signs_in(s, PASSWORD), "one of the two");
            let headers = json!([["cookie", s.browser.cookie_header()]]);
            let is_in = s.world.run(json!({ "authenticate": { "headers": headers } })).get("ok").is_some();
            assert!(!(is_new && is_in), "no session of the old password");
        },
    },
    Operation {
        name: "accounts.sendVerification",
        start: || {
            let s = mailing();
            let command = json!({ "accounts.sendVerification": { "id": s.subject } });
            (s, command)
        },
        happened: |s, _| {
            s.world.advance(60);
            s.world.take_mails();
            s.world.ok(json!({ "accounts.sendVerification": { "id": s.subject } }));
            let token = token_of(&mail(&mut s.world));
            assert_eq!(s.world.ok(verify(&token))["status"], "verified");
        },
    },
    Operation {
        name: "accounts.verifyEmail",
        start: || {
            let mut s = mailing();
            s.world.ok(json!({ "accounts.sendVerification": { "id": s.subject } }));
            let token = token_of(&mail(&mut s.world));
            (s, verify(&token))
        },
        happened: |s, done| {
            let account = s.world.ok(json!({ "accounts.find": { "id": s.subject } }));
            let is_verified = account["claims"]["email_verified"] == true;
            assert_eq!(is_verified, done["ok"]["status"] == "verified", "{done}");
        },
    },
    Operation {
        name: "accounts.verifyEmail of a new address",
        start: || {
            let mut s = mailing();
            s.world.ok(json!({ "accounts.requestEmailChange": { "id": s.subject, "email": "ada@example.org" } }));
            let token = token_of(&mail(&mut s.world));
            (s, verify(&token))
        },
        // Whatever failed half way, nobody else has either address, and its owner gets in by one of them.
        happened: |s, done| {
            let account = s.world.ok(json!({ "accounts.find": { "id": s.subject } }));
            let is_new = account["login"] == "ada@example.org";
            assert!(is_new || done["ok"]["status"] == "token", "{done}");
            assert_eq!(is_new, account["claims"] == json!({ "email": "ada@example.org", "email_verified": true }));
            let found = s.world.ok(json!({ "accounts.find": { "login": account["login"] } }));
            assert_eq!(found["id"], json!(s.subject));
        },
    },
    Operation {
        name: "accounts.register",
        start: || (mailing(), register()),
        happened: |s, _| {
            let account = s.world.ok(json!({ "accounts.find": { "login": "eve@example.com" } }));
            assert_eq!(account["claims"], json!({ "email": "eve@example.com" }));
            // Where the mail was lost with the answer, another one may be asked for.
            s.world.advance(60);
            s.world.take_mails();
            s.world.ok(json!({ "accounts.sendVerification": { "id": account["id"] } }));
            assert_eq!(mail(&mut s.world)["to"], "eve@example.com");
        },
    },
    Operation {
        name: "accounts.register with an address that is taken",
        start: || {
            let mut s = mailing();
            s.world.ok(register());
            s.world.take_mails();
            // So that no counter is loaded: half of one digit is no text at all.
            s.world.advance(3600);
            (s, register())
        },
        happened: |s, _| {
            let found = s.world.ok(json!({ "accounts.list": {} }));
            let eves = found["items"].as_array().into_iter().flatten().filter(|one| one["login"] == "eve@example.com");
            assert_eq!(eves.count(), 1);
        },
    },
    Operation {
        name: "sign in by a link",
        start: || {
            let mut s = mailing();
            let token = token_of(&asked_to_sign_in(&mut s).1);
            let command = s.browser.post_command("/sign-in-link", &form(&[("token", &token)]));
            (s, command)
        },
        happened: is_signed_in,
    },
    Operation {
        name: "sign in by a code",
        start: || {
            let mut s = mailing();
            let (page, sent) = asked_to_sign_in(&mut s);
            let command = typed(&s.browser, &page, text(&sent["code"]));
            (s, command)
        },
        happened: is_signed_in,
    },
];

fn register() -> Value {
    json!({ "accounts.register": { "email": "eve@example.com", "password": NEW } })
}

fn sign_in(s: &mut Setting) {
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, ADDRESS, PASSWORD);
}

fn is_signed_in(s: &mut Setting, done: &Value) {
    let mut browser = Browser::clone(&s.browser);
    browser.keep(&done["ok"]);
    let headers = json!([["cookie", browser.cookie_header()]]);
    assert_eq!(s.world.ok(json!({ "authenticate": { "headers": headers } }))["subject"], json!(s.subject));
}
