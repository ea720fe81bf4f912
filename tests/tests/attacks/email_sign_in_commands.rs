//! Signing in by mail at pages of the host's own (RT-002, RT-012, RT-020): as at the built-in ones.

use claviger_tests::setting::{Setting, text};
use claviger_tests::{Authenticator, Browser};
use serde_json::{Value, json};

use crate::email::{ADDRESS, mail, shape, token_of};
use crate::operations::Operation;
use crate::remembered_browsers::authenticated;

/// Ada, to whom links that sign in lead to a page of the host's own.
fn own_pages() -> Setting {
    let config = json!({
        "capabilities": ["mail"], "pages": { "signInLink": "https://app.example.com/arrive" },
        "signIn": { "passwordless": ["link", "code"], "rememberFor": "30d" },
    });
    let mut s = Setting::new(config, "opaque");
    s.world
        .ok(json!({ "accounts.update": { "id": s.subject, "claims": { "email": ADDRESS, "email_verified": true } } }));
    s.world.take_mails();
    s
}

fn visit(browser: &Browser) -> Value {
    json!({ "cookie": browser.cookie_header() })
}

fn send(browser: &Browser, login: &str) -> Value {
    json!({ "signIn.sendMail": { "visit": visit(browser), "login": login } })
}

/// Asks for a mail: what the page is to carry, and the mail.
fn asked(s: &mut Setting) -> (String, Value) {
    let ask = send(&s.browser, "ada");
    let sent = s.world.ok(ask);
    s.browser.keep(&sent);
    (text(&sent["waiting"]).to_owned(), mail(&mut s.world))
}

fn with_mail(browser: &Browser, waiting: &str, code: &Value) -> Value {
    json!({ "signIn.withMail": { "visit": visit(browser), "waiting": waiting, "code": code } })
}

fn with_link(browser: &Browser, token: &str) -> Value {
    json!({ "signIn.withLink": { "visit": visit(browser), "token": token } })
}

fn is_in(s: &mut Setting, done: &Value) -> bool {
    s.browser.keep(&done["ok"]);
    let cookie = s.browser.cookie_header();
    authenticated(&mut s.world, &cookie)["ok"]["methods"] == json!(["email"])
}

#[test]
fn rt_002_rt_020_of_a_link_and_a_code_64_at_once_sign_in_one() {
    for by_link in [true, false] {
        let mut s = own_pages();
        let (waiting, sent) = asked(&mut s);
        assert!(text(&sent["link"]).starts_with("https://app.example.com/arrive?token="), "{sent}");
        let command = match by_link {
            true => with_link(&s.browser, &token_of(&sent)),
            false => with_mail(&s.browser, &waiting, &sent["code"]),
        };
        let ended = s.world.race(&command, 64);
        let full: Vec<&Value> = ended.iter().filter(|done| done["ok"]["stage"] == "full").collect();
        assert_eq!(full.len(), 1, "{ended:?}");
        assert!(is_in(&mut s, full[0]));
        assert!(s.world.run(command).get("refused").is_some(), "nor later");
    }
}

#[test]
fn both_cost_two_trips_and_the_built_in_page_of_the_link_is_gone() {
    for by_link in [true, false] {
        let mut s = own_pages();
        let (waiting, sent) = asked(&mut s);
        assert_eq!(s.world.asked().as_slice(), ["load", "commit"]);
        let page = s.browser.get(&mut s.world, &format!("/sign-in-link?token={}", token_of(&sent)));
        assert_eq!(page["status"], 404);
        let command = match by_link {
            true => with_link(&s.browser, &token_of(&sent)),
            false => with_mail(&s.browser, &waiting, &sent["code"]),
        };
        s.world.ok(command);
        assert_eq!(s.world.asked().as_slice(), ["load", "commit"]);
    }
}

#[test]
fn rt_020_neither_is_good_in_another_browser() {
    let mut s = own_pages();
    let (waiting, sent) = asked(&mut s);
    let mut other = Browser::new();
    for _ in 0..2 {
        assert_eq!(s.world.refused(with_link(&other, &token_of(&sent))), "forbidden");
        assert_eq!(s.world.refused(with_mail(&other, &waiting, &sent["code"])), "wrong_credentials");
        let begun = s.world.ok(send(&other, "nobody"));
        other.keep(&begun);
    }
    let ask = with_link(&s.browser, &token_of(&sent));
    assert_eq!(s.world.ok(ask)["stage"], "full", "and it is not spent by that");
}

#[test]
fn rt_012_whether_there_is_such_a_person_shows_in_nothing() {
    let mut s = own_pages();
    s.world.ok(json!({ "accounts.create": { "login": "off", "claims": { "email": "off@example.com" } } }));
    let off = s.world.ok(json!({ "accounts.find": { "login": "off" } }));
    s.world.ok(json!({ "accounts.update": { "id": off["id"], "disabled": true } }));
    s.world.ok(json!({ "accounts.create": { "login": "no-address" } }));
    let mut sent = Vec::new();
    let seen =
        ["ada", "nobody", "off", "no-address", "a name that is much longer than any of the others"].map(|login| {
            let browser = Browser::new();
            let (answer, asked) = shape(&mut s.world, send(&browser, login));
            let mut own = browser.clone();
            own.keep(&answer);
            let waiting = text(&answer["waiting"]).to_owned();
            sent.push(own.clone());
            let (_, guessed) = shape(&mut s.world, with_mail(&own, &waiting, &json!("00000000")));
            let (set, attributes) = text(&answer["headers"][0][1]).split_once(';').unwrap();
            let members: Vec<_> = answer.as_object().unwrap().keys().cloned().collect();
            let cookie = (set.len(), attributes.to_owned(), answer["headers"].as_array().map(Vec::len));
            (waiting.len(), waiting[..5].to_owned(), members, cookie, asked, guessed)
        });
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    // Nor the second time, when none is sent.
    let again = ["ada", "nobody", "off", "no-address"]
        .iter()
        .zip(&sent)
        .map(|(login, browser)| shape(&mut s.world, send(browser, login)).1)
        .collect::<Vec<_>>();
    assert!(again.iter().all(|one| *one == again[0]), "{again:?}");
}

#[test]
fn th_008_wrong_codes_are_counted_with_every_other_guess() {
    let mut s = own_pages();
    let (waiting, sent) = asked(&mut s);
    let wrong = json!(format!("{:08}", (text(&sent["code"]).parse::<u32>().unwrap() + 1) % 100_000_000));
    for _ in 0..10 {
        let ask = with_mail(&s.browser, &waiting, &wrong);
        assert_eq!(s.world.refused(ask), "wrong_credentials");
    }
    for ask in [with_mail(&s.browser, &waiting, &sent["code"]), with_mail(&s.browser, &waiting, &wrong)] {
        assert_eq!(s.world.refused(ask), "too_many_requests");
    }
}

#[test]
fn a_second_factor_is_asked_for_after_it() {
    let mut s = own_pages();
    let subject = s.subject.clone();
    let (app, _) = Authenticator::confirmed(&mut s.world, &subject);
    s.world.take_mails();
    s.world.advance(30);
    let (waiting, sent) = asked(&mut s);
    let ask = with_mail(&s.browser, &waiting, &sent["code"]);
    let stage = s.world.ok(ask);
    assert_eq!((&stage["stage"], &stage["kinds"]), (&json!("pending"), &json!(["totp", "recovery_code"])));
    s.browser.keep(&stage);
    let code = app.code(s.world.now);
    let ask = json!({ "visit": visit(&s.browser), "pending": stage["pending"], "code": code });
    assert_eq!(s.world.ok(json!({ "signIn.withCode": ask }))["stage"], "full");
}

#[test]
fn a5_the_wish_to_stay_signed_in_is_kept_until_the_mail_is_read() {
    for by_link in [true, false] {
        let mut s = own_pages();
        let ask = json!({ "visit": { "cookie": "", "remember": true }, "login": "ada" });
        let sent = s.world.ok(json!({ "signIn.sendMail": ask }));
        s.browser.keep(&sent);
        let mail = mail(&mut s.world);
        let command = match by_link {
            true => with_link(&s.browser, &token_of(&mail)),
            false => with_mail(&s.browser, text(&sent["waiting"]), &mail["code"]),
        };
        let stage = s.world.ok(command);
        assert!(stage["headers"].to_string().contains("-remember="), "{stage}");
    }
}

#[test]
fn where_nobody_signs_in_by_mail_the_commands_say_so() {
    let browser = Browser::new();
    for config in [json!({}), json!({ "capabilities": ["mail"] })] {
        let mut s = Setting::new(config, "opaque");
        for command in [send(&browser, "ada"), with_mail(&browser, "x", &json!("1")), with_link(&browser, "x")] {
            assert_eq!(s.world.refused(command), "not_found");
        }
    }
}

#[test]
fn what_is_no_handle_costs_no_trip() {
    let mut s = own_pages();
    let (waiting, sent) = asked(&mut s);
    let token = token_of(&sent);
    for cut in (0..waiting.len().min(token.len())).step_by(9) {
        let ask = with_mail(&s.browser, &waiting[..cut], &sent["code"]);
        assert_eq!(s.world.refused(ask), "link_ended");
        let ask = with_link(&s.browser, &token[..cut]);
        assert_eq!(s.world.refused(ask), "link_ended");
        assert!(s.world.asked().is_empty());
    }
}

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "signIn.sendMail",
        start: || {
            let s = own_pages();
            let command = send(&s.browser, "ada");
            (s, command)
        },
        happened: |_, done| assert!(text(&done["ok"]["waiting"]).starts_with("cv"), "{done}"),
    },
    Operation {
        name: "signIn.withMail",
        start: || {
            let mut s = own_pages();
            let (waiting, sent) = asked(&mut s);
            let command = with_mail(&s.browser, &waiting, &sent["code"]);
            (s, command)
        },
        happened: |s, done| assert!(is_in(s, done), "{done}"),
    },
    Operation {
        name: "signIn.withLink",
        start: || {
            let mut s = own_pages();
            let (_, sent) = asked(&mut s);
            let command = with_link(&s.browser, &token_of(&sent));
            (s, command)
        },
        happened: |s, done| assert!(is_in(s, done), "{done}"),
    },
];
