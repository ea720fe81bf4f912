//! Signing in by what was mailed (RT-002, RT-012, RT-020 in the catalogue).

use claviger_tests::setting::{Setting, header, text};
use claviger_tests::{Browser, World, form, location_parameter};
use serde_json::{Value, json};

use crate::email::{ADDRESS, asked_to_sign_in, mail, mailing, shape, token_of, verify};

pub(crate) fn hidden<'a>(page: &'a Value, name: &str) -> &'a str {
    let body = text(&page["body"]);
    let (_, rest) =
        body.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name}: {body}"));
    rest.split('"').next().unwrap_or_default()
}

/// The command that types a code where the page asks for it.
pub(crate) fn typed(browser: &Browser, page: &Value, code: &str) -> Value {
    let fields = [("interaction", hidden(page, "interaction")), ("waiting", hidden(page, "waiting")), ("code", code)];
    browser.post_command("/sign-in-by-mail", &form(&fields))
}

/// Another code than this one.
fn wrong(code: &str) -> String {
    format!("{:08}", (code.parse::<u32>().unwrap() + 1) % 100_000_000)
}

#[test]
fn a_link_signs_in_where_it_was_asked_for_and_goes_on_to_the_application() {
    let mut s = mailing();
    let (_, sent) = asked_to_sign_in(&mut s);
    assert_eq!((&sent["kind"], &sent["to"]), (&json!("sign_in_link"), &json!(ADDRESS)));
    let token = token_of(&sent);
    let page = s.browser.get(&mut s.world, &format!("/sign-in-link?token={token}"));
    assert!(header(&page, "content-security-policy").unwrap().contains("form-action 'self' https:"));
    let done = s.browser.post(&mut s.world, "/sign-in-link", &form(&[("token", &token)]));
    let interaction = location_parameter(&done, "interaction").unwrap();
    let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
    let code = location_parameter(&answer, "code").unwrap();
    assert_eq!(s.redeem(&code).0, 200);
    let account = s.world.ok(json!({ "accounts.find": { "id": s.subject } }));
    assert_eq!(account["claims"]["email_verified"], true, "who reads there has shown that it is theirs");
    let sessions = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
    assert_eq!(sessions["items"][0]["methods"], json!(["email"]));
    let again = s.browser.post(&mut s.world, "/sign-in-link", &form(&[("token", &token)]));
    assert_eq!(again["status"], 400);
}

#[test]
fn a_link_signs_in_nobody_in_another_browser() {
    let mut s = mailing();
    let token = token_of(&asked_to_sign_in(&mut s).1);
    let mut thief = Browser::new();
    thief.begin(&mut s.world, &claviger_tests::setting::authorization_query(&s.client, &[]));
    let before = s.world.store.dump();
    for browser in [thief, Browser::new()] {
        let shown = s.world.ok(browser.get_command(&format!("/sign-in-link?token={token}")));
        assert_eq!(shown["status"], 403, "{shown}");
        assert!(text(&shown["body"]).contains("in the browser in which you asked for it"), "{shown}");
        let pressed = s.world.ok(browser.post_command("/sign-in-link", &form(&[("token", &token)])));
        assert_eq!((&pressed["status"], header(&pressed, "set-cookie")), (&json!(403), None));
    }
    assert_eq!(s.world.store.dump(), before, "and it is not spent by that");
    let done = s.browser.post(&mut s.world, "/sign-in-link", &form(&[("token", &token)]));
    assert_eq!(done["status"], 303);
}

#[test]
fn rt_020_a_code_signs_in_once() {
    let mut s = mailing();
    let (page, sent) = asked_to_sign_in(&mut s);
    let code = text(&sent["code"]).to_owned();
    assert!(code.len() == 8 && code.bytes().all(|digit| digit.is_ascii_digit()), "{code}");
    let shown = format!(" {} {}", &code[..4], &code[4..]);
    let command = typed(&s.browser, &page, &shown);
    let ended = s.world.race(&command, 64);
    assert_eq!(ended.iter().filter(|done| done["ok"]["status"] == 303).count(), 1, "{ended:?}");
    assert_ne!(s.world.ok(command)["status"], 303);
}

#[test]
fn rt_020_a_code_is_good_in_the_browser_that_asked_for_it() {
    let mut s = mailing();
    let (page, sent) = asked_to_sign_in(&mut s);
    let mut thief = Browser::new();
    let query = s.query(&[]);
    let interaction = thief.begin(&mut s.world, &query);
    let fields =
        [("interaction", interaction.as_str()), ("waiting", hidden(&page, "waiting")), ("code", text(&sent["code"]))];
    let answer = thief.post(&mut s.world, "/sign-in-by-mail", &form(&fields));
    assert_eq!(answer["status"], 401, "{answer}");
}

#[test]
fn rt_020_ten_wrong_codes_are_looked_at_and_then_the_right_one_is_not_either() {
    let mut s = mailing();
    let (page, sent) = asked_to_sign_in(&mut s);
    let code = text(&sent["code"]).to_owned();
    let guess = typed(&s.browser, &page, &wrong(&code));
    for n in 0..1000 {
        assert_eq!(s.world.ok(guess.clone())["status"], if n < 10 { 401 } else { 429 }, "{n}");
    }
    let answer = s.world.ok(typed(&s.browser, &page, &code));
    assert_eq!(answer["status"], 429);
    assert!(header(&answer, "retry-after").is_some(), "{answer}");
    // TH-008: nor by a password.
    assert!(!crate::email::signs_in(&mut s, claviger_tests::setting::PASSWORD));
    // TH-009: but by the link, which nobody guesses.
    let done = s.browser.post(&mut s.world, "/sign-in-link", &form(&[("token", &token_of(&sent))]));
    assert_eq!(done["status"], 303);
}

#[test]
fn rt_020_of_many_guesses_at_once_ten_are_looked_at() {
    let mut s = mailing();
    let (page, sent) = asked_to_sign_in(&mut s);
    let guess = typed(&s.browser, &page, &wrong(text(&sent["code"])));
    let ended = s.world.race(&guess, 64);
    let looked_at = ended.iter().filter(|done| done["ok"]["status"] == 401).count();
    assert!(looked_at <= 10, "{looked_at}");
}

#[test]
fn rt_012_whether_there_is_somebody_to_be_mailed_shows_in_nothing() {
    let mut s = mailing();
    let ask = |s: &mut Setting, login: &str| {
        let mut browser = Browser::new();
        let query = s.query(&[]);
        let interaction = browser.begin(&mut s.world, &query);
        let body = form(&[("interaction", &interaction), ("login", login)]);
        let (page, asked) = shape(&mut s.world, browser.post_command("/sign-in-by-mail", &body));
        browser.keep(&page);
        let (answer, guessed) = shape(&mut s.world, typed(&browser, &page, "00000000"));
        (text(&page["body"]).len(), asked, answer["status"].clone(), text(&answer["body"]).len(), guessed)
    };
    let known = ask(&mut s, ADDRESS);
    assert_eq!(mail(&mut s.world)["to"], ADDRESS);
    assert_eq!(known, ask(&mut s, "eve@example.com"));
}

/// Eve makes an account with Bob's address, and has whatever she can have of it. Then Bob, who reads there, signs in by mail, while Eve signs in
/// again before the ask of this number. Whether there was such an ask.
fn eve_keeps_nothing(sessions: Value, at: usize) -> bool {
    let sign_in = json!({ "signUp": true, "passwordless": ["link", "code"] });
    let mut s = Setting::new(json!({ "capabilities": ["mail"], "signIn": sign_in, "sessions": sessions }), "opaque");
    let eve = json!({ "email": "bob@example.com", "password": "eves own horse" });
    s.world.ok(json!({ "accounts.register": eve }));
    let subject = text(&s.world.ok(json!({ "accounts.find": { "login": "bob@example.com" } }))["id"]).to_owned();
    s.world.take_mails();
    s.world.ok(json!({ "accounts.requestEmailChange": { "id": subject, "email": "eve@example.org" } }));
    let change = token_of(&mail(&mut s.world));
    let visit = json!({ "visit": { "cookie": "" }, "login": "bob@example.com", "password": "eves own horse" });
    let eves = |s: &mut Setting| {
        let mut browser = Browser::new();
        browser.keep(&s.world.run(json!({ "signIn.withPassword": visit }))["ok"]);
        json!({ "authenticate": { "headers": [["cookie", browser.cookie_header()]] } })
    };
    let mut known = vec![eves(&mut s)];
    // An application of hers has tokens.
    let (query, mut browser) = (s.query(&[]), Browser::new());
    let interaction = browser.begin(&mut s.world, &query);
    browser.sign_in(&mut s.world, &interaction, "bob@example.com", "eves own horse");
    let allowed = browser.allow(&mut s.world, &interaction, &["read"]);
    let tokens = s.redeem(&location_parameter(&allowed, "code").unwrap()).1;
    assert!(s.is_active(&tokens["access_token"]));
    assert_eq!(s.world.ok(known[0].clone())["subject"], json!(subject));
    s.world.take_mails();
    s.world.advance(60);
    let sent = s.world.ok(json!({ "signIn.sendMail": { "visit": { "cookie": "" }, "login": "bob@example.com" } }));
    let mut own = Browser::new();
    own.keep(&sent);
    let code = mail(&mut s.world)["code"].clone();
    let ask = json!({ "visit": { "cookie": own.cookie_header() }, "waiting": sent["waiting"], "code": code });
    let (mut step, mut asks) = (s.world.begin(json!({ "signIn.withMail": ask })), 0);
    while let Some(ask) = step.get("ask").cloned() {
        if asks == at {
            known.push(eves(&mut s));
        }
        asks += 1;
        let answer = s.world.store.answer(&ask);
        step = s.world.resume(&step["flow"].clone(), answer);
    }
    assert_eq!(step["done"]["ok"]["stage"], "full", "{at}: {step}");
    // Sealed sessions are looked at again after a while.
    s.world.advance(600);
    for who in known {
        assert_eq!(s.world.refused(who), "unauthenticated", "{at}");
    }
    assert_eq!(s.world.refused(json!({ "signIn.withPassword": visit })), "wrong_credentials");
    assert_eq!(s.world.ok(verify(&change))["status"], "token");
    assert!(!s.is_active(&tokens["access_token"]), "{at}");
    assert_eq!(s.refresh(text(&tokens["refresh_token"])).0, 400, "{at}");
    asks > at
}

#[test]
fn rt_015_whoever_made_the_account_with_anothers_address_keeps_nothing_of_it() {
    for sessions in [json!({}), json!({ "form": "sealed", "revalidate": "60s" })] {
        let mut at = 0;
        while eve_keeps_nothing(sessions.clone(), at) {
            at += 1;
        }
        assert!(at > 3, "{sessions}");
    }
}

#[test]
fn nobody_who_was_disabled_since_comes_in() {
    let mut s = mailing();
    let (page, sent) = asked_to_sign_in(&mut s);
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": true } }));
    assert_eq!(s.world.ok(typed(&s.browser, &page, text(&sent["code"])))["status"], 401);
    let pressed = s.browser.post(&mut s.world, "/sign-in-link", &form(&[("token", &token_of(&sent))]));
    assert_eq!(pressed["status"], 400);
}

#[test]
fn a_way_that_is_not_offered_is_none() {
    let sign_in = json!({ "passwordless": ["code"] });
    let mut s = Setting::new(json!({ "capabilities": ["mail"], "signIn": sign_in }), "opaque");
    s.world.ok(json!({ "accounts.create": { "login": ADDRESS } }));
    let (_, sent) = asked_to_sign_in(&mut s);
    assert_eq!((&sent["kind"], sent.get("link")), (&json!("sign_in_code"), None));
    let gone = s.world.ok(
        json!({ "http": { "method": "GET", "url": format!("{}/sign-in-link?token=x", World::ISSUER), "headers": [] } }),
    );
    assert_eq!(gone["status"], 404);
}

#[test]
fn a_person_is_told_of_a_browser_that_they_did_not_sign_in_with_before() {
    let mut s = mailing();
    let sign_in = |s: &mut Setting, browser: &mut Browser| {
        let query = s.query(&[]);
        let interaction = browser.begin(&mut s.world, &query);
        let password = claviger_tests::setting::PASSWORD;
        assert_eq!(browser.sign_in(&mut s.world, &interaction, ADDRESS, password)["status"], 303);
        let mails = s.world.take_mails();
        mails.iter().map(|mail| text(&mail["kind"]).to_owned()).collect::<Vec<_>>()
    };
    let (mut first, mut second) = (Browser::new(), Browser::new());
    assert_eq!(sign_in(&mut s, &mut first), [] as [&str; 0], "on the first day every browser is new");
    s.world.advance(86_400);
    assert_eq!(sign_in(&mut s, &mut first), [] as [&str; 0]);
    assert_eq!(sign_in(&mut s, &mut second), ["new_sign_in"]);
    assert_eq!(sign_in(&mut s, &mut second), [] as [&str; 0]);
    // At a page of the host's own it is the same.
    let mut third = Browser::new();
    for expected in [vec!["new_sign_in"], Vec::new()] {
        let query = s.query(&[]);
        let handle = third.begin(&mut s.world, &query);
        let visit =
            json!({ "handle": handle, "cookie": third.cookie_header(), "subject": s.subject, "methods": ["hwk"] });
        let done = s.world.ok(json!({ "interactions.complete": visit }));
        third.keep(&done);
        let kinds: Vec<_> = s.world.take_mails().iter().map(|mail| text(&mail["kind"]).to_owned()).collect();
        assert_eq!(kinds, expected);
    }
    let token = token_of(&asked_to_sign_in(&mut s).1);
    s.browser.post(&mut s.world, "/sign-in-link", &form(&[("token", &token)]));
    assert_eq!(s.world.take_mails(), Vec::<Value>::new(), "who reads the mail needs none");
}
