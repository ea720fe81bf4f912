//! After a rotation of the root secret no name tells by what the store is asked for that its account is an old one (RT-012).

use claviger_tests::setting::{PASSWORD, Setting, text};
use claviger_tests::{Browser, World, form};
use serde_json::{Value, json};

use crate::email::shape;

const FRESH: &str = "a fresh root secret: 8Rw2MzVbX5tYcN";
const OLD: &str = "old@example.com";
const NEW: &str = "new@example.com";
const NOBODY: &str = "nobody@example.com";

/// Two accounts, each made under a root secret of its own; the address of each is its login.
fn rotated() -> Setting {
    let config = |secret: &Value| {
        json!({
            "secret": secret, "capabilities": ["mail"],
            "signIn": { "signUp": true, "passwordless": ["link", "code"] },
        })
    };
    let mut s = Setting::new(config(&json!(World::SECRET)), "opaque");
    let create = |s: &mut Setting, login: &str| {
        let made = s.world.ok(json!({ "accounts.create": { "login": login, "password": PASSWORD } }));
        text(&made["id"]).to_owned()
    };
    s.subject = create(&mut s, OLD);
    s.world.reopen(config(&json!([FRESH, World::SECRET])));
    create(&mut s, NEW);
    s
}

type Ask = fn(&mut Setting, &str) -> Value;

fn of_page(s: &mut Setting, path: &str, login: &str, more: &[(&str, &str)]) -> Value {
    let mut browser = Browser::new();
    let query = s.query(&[]);
    let interaction = browser.begin(&mut s.world, &query);
    browser.post_command(path, &form(&[&[("interaction", interaction.as_str()), ("login", login)], more].concat()))
}

const ASKS: &[(&str, Ask)] = &[
    ("a wrong password at the page", |s, login| of_page(s, "/sign-in", login, &[("password", "wrong horse")])),
    (
        "a wrong password",
        |_, login| json!({ "signIn.withPassword": { "visit": { "cookie": "" }, "login": login, "password": "wrong horse" } }),
    ),
    ("one from an address", |_, login| {
        let visit = json!({ "cookie": "", "remote": "203.0.113.9" });
        json!({ "signIn.withPassword": { "visit": visit, "login": login, "password": "wrong horse" } })
    }),
    ("a mail to sign in, at the page", |s, login| of_page(s, "/sign-in-by-mail", login, &[])),
    ("a mail to sign in", |_, login| json!({ "signIn.sendMail": { "visit": { "cookie": "" }, "login": login } })),
    ("a mail to reset, at the page", |s, login| of_page(s, "/forgot", login, &[])),
    ("a mail to reset", |_, login| json!({ "accounts.requestReset": { "login": login } })),
    (
        "a password by itself",
        |_, login| json!({ "accounts.verifyPassword": { "login": login, "password": "wrong horse" } }),
    ),
    ("basic", |_, login| {
        let header = claviger_tests::basic(login, "wrong horse");
        json!({ "authenticate": { "headers": [["authorization", header]], "basic": true } })
    }),
    ("by their login", |_, login| json!({ "accounts.find": { "login": login } })),
];

#[test]
fn rt_012_an_account_of_an_older_root_secret_costs_what_any_other_and_none_does() {
    for (name, ask) in ASKS {
        let [old, new, nobody] = [OLD, NEW, NOBODY].map(|login| {
            let mut s = rotated();
            let command = ask(&mut s, login);
            shape(&mut s.world, command).1
        });
        assert_eq!(old, nobody, "{name}");
        assert_eq!(new, nobody, "{name}");
    }
}

#[test]
fn rt_012_whoever_signs_up_costs_what_they_did_before() {
    let costs = |s: &mut Setting, login: &str| {
        let command = json!({ "accounts.register": { "email": login, "password": PASSWORD } });
        let asked = shape(&mut s.world, command).1;
        asked.iter().map(|ask| ask.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let [old, new, nobody] = [OLD, NEW, NOBODY].map(|login| costs(&mut rotated(), login));
    assert_eq!((&old, &new), (&nobody, &nobody));
    assert_eq!(nobody, ["load", "commit", "commit"]);
}

#[test]
fn an_account_of_an_older_root_secret_goes_on_as_it_was() {
    let mut s = rotated();
    for (login, id) in [(OLD, Some(s.subject.clone())), (NEW, None)] {
        let visit = json!({ "visit": { "cookie": "" }, "login": login, "password": PASSWORD });
        let signed_in = s.world.ok(json!({ "signIn.withPassword": visit }));
        assert_eq!(s.world.asked(), &["load", "load", "commit"], "the second is for the mail");
        assert!(id.is_none_or(|id| signed_in["subject"] == json!(id)), "{signed_in}");
        // One reset, by the mail that comes.
        s.world.take_mails();
        s.world.ok(json!({ "accounts.requestReset": { "login": login } }));
        let mails = s.world.take_mails();
        assert_eq!((mails.len(), &mails[0]["to"]), (1, &json!(login)));
        // Who signs up with it is told of it.
        s.world.ok(json!({ "accounts.register": { "email": login, "password": "another horse" } }));
        assert_eq!(s.world.take_mails()[0]["kind"], "already_registered");
        let again = s.world.refused(json!({ "accounts.create": { "login": login } }));
        assert_eq!(again, "already_exists");
    }
}

#[test]
fn guesses_at_it_are_counted_where_they_were() {
    let mut s = rotated();
    let guess = |remote: &str| {
        let visit = json!({ "cookie": "", "remote": remote });
        json!({ "signIn.withPassword": { "visit": visit, "login": OLD, "password": "wrong horse" } })
    };
    for n in 0..12 {
        let refused = s.world.refused(guess("203.0.113.9"));
        assert_eq!(refused, if n < 10 { "wrong_credentials" } else { "too_many_requests" }, "{n}");
    }
    let own = s.world.store.keys(&format!("{}/count.sign-in.", s.subject));
    assert_eq!((own.len(), s.world.store.value(&own[0])), (1, Some(json!(10))));
    let address = s.world.store.keys("main.address.");
    assert_eq!((address.len(), s.world.store.value(&address[0])), (1, Some(json!(10))));
}

#[test]
fn a_sign_up_that_was_interrupted_before_the_rotation_is_gone_on_with() {
    let config = |secret: Value| json!({ "secret": secret, "capabilities": ["mail"], "signIn": { "signUp": true } });
    let mut s = Setting::new(config(json!(World::SECRET)), "opaque");
    let command = json!({ "accounts.register": { "email": NOBODY, "password": PASSWORD } });
    let mut commits = 0;
    s.world.run_with(command.clone(), |ask, _, store| {
        commits += usize::from(ask.get("commit").is_some());
        if commits == 2 { json!({ "failed": "the store is gone" }) } else { store.answer(ask) }
    });
    assert_eq!(s.world.ok(json!({ "accounts.find": { "login": NOBODY } })), Value::Null);
    s.world.reopen(config(json!([FRESH, World::SECRET])));
    s.world.ok(command);
    assert_eq!(s.world.take_mails()[0]["kind"], "verify_email");
    assert_eq!(s.world.ok(json!({ "accounts.find": { "login": NOBODY } }))["login"], NOBODY);
}
