//! Authenticators and recovery codes: each code once, few guesses, nothing in the store that helps (RT-016, RT-020, SE-018).

use claviger_tests::setting::{PASSWORD, Setting, text};
use claviger_tests::{Authenticator, Browser};
use serde_json::{Value, json};

use crate::account_pages::{elsewhere, is_signed_in, sessions};
use crate::operations::Operation;
use crate::throttling::guess_command;

const MOST: usize = 10;
const WINDOW: u64 = 15 * 60;

/// What must survive every fault of the store.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "factors.beginTotp",
        start: || {
            let s = Setting::opaque();
            let command = begin_command(&s);
            (s, command)
        },
        happened: |s, done| {
            assert_eq!(confirm(s, &done["ok"])["recoveryCodes"].as_array().unwrap().len(), 10);
        },
    },
    Operation {
        name: "factors.confirmTotp",
        start: || {
            let mut s = Setting::opaque();
            elsewhere(&mut s.world, "ada");
            let command = begin_command(&s);
            let begun = s.world.ok(command);
            let command = confirm_command(&s, &begun);
            (s, command)
        },
        happened: |s, _| {
            assert_eq!(listed(s)["authenticators"][0]["confirmed"], true);
            assert!(s.world.store.keys("/session.").is_empty());
        },
    },
    Operation {
        name: "factors.regenerateRecoveryCodes",
        start: || {
            let (s, ..) = enrolled();
            let command = json!({ "factors.regenerateRecoveryCodes": { "subject": s.subject } });
            (s, command)
        },
        happened: |s, done| {
            let code = text(&done["ok"]["recoveryCodes"][0]).to_owned();
            assert_eq!(verify(s, &code), Ok("recovery_code".into()));
        },
    },
    Operation {
        name: "factors.remove",
        start: || {
            let mut s = Setting::opaque();
            elsewhere(&mut s.world, "ada");
            let command = begin_command(&s);
            let begun = s.world.ok(command);
            let mut command = confirm_command(&s, &begun);
            command["factors.confirmTotp"]["keepSession"] = sessions(&mut s)[0]["id"].clone();
            s.world.ok(command);
            assert_eq!(sessions(&mut s).len(), 1);
            let id = begun["id"].clone();
            let command = json!({ "factors.remove": { "subject": s.subject, "id": id } });
            (s, command)
        },
        happened: |s, _| {
            assert_eq!(listed(s), json!({ "kinds": [], "authenticators": [], "recoveryCodesLeft": 0 }));
            assert!(s.world.store.keys("/session.").is_empty() && s.world.store.keys("/factors").is_empty());
        },
    },
    Operation {
        name: "factors.verify with an authenticator",
        start: || {
            let (mut s, app, _) = enrolled();
            s.world.advance(30);
            let command = verify_command(&s, &app.code(s.world.now));
            (s, command)
        },
        happened: |s, done| {
            assert_eq!(done["ok"]["kind"], "totp");
            assert_ne!(listed(s)["authenticators"][0]["lastUsedAt"], json!(s.world.now - 30_000));
        },
    },
    Operation {
        name: "factors.verify with a recovery code",
        start: || {
            let (s, _, codes) = enrolled();
            let command = verify_command(&s, &codes[0]);
            (s, command)
        },
        happened: |s, done| {
            assert_eq!(done["ok"], json!({ "kind": "recovery_code", "recoveryCodesLeft": 9 }));
            assert_eq!(listed(s)["recoveryCodesLeft"], 9);
        },
    },
];

fn app_of(begun: &Value) -> Authenticator {
    Authenticator::with(text(&begun["secret"]))
}

fn begin_command(s: &Setting) -> Value {
    json!({ "factors.beginTotp": { "subject": s.subject, "name": "Telephone" } })
}

fn confirm_command(s: &Setting, begun: &Value) -> Value {
    let code = app_of(begun).code(s.world.now);
    json!({ "factors.confirmTotp": { "subject": s.subject, "id": begun["id"], "code": code } })
}

fn verify_command(s: &Setting, code: &str) -> Value {
    json!({ "factors.verify": { "subject": s.subject, "code": code } })
}

fn confirm(s: &mut Setting, begun: &Value) -> Value {
    let command = confirm_command(s, begun);
    s.world.ok(command)
}

fn listed(s: &mut Setting) -> Value {
    s.world.ok(json!({ "factors.list": { "subject": s.subject } }))
}

/// What a code was, or why it was refused.
fn verify(s: &mut Setting, code: &str) -> Result<String, String> {
    let command = verify_command(s, code);
    let done = s.world.run(command);
    match done["ok"]["kind"].as_str() {
        Some(kind) => Ok(kind.to_owned()),
        None => Err(text(&done["refused"]["code"]).to_owned()),
    }
}

/// Ada has a app, whose code of just now is used, and recovery codes.
pub(crate) fn enrolled() -> (Setting, Authenticator, Vec<String>) {
    let mut s = Setting::opaque();
    let (app, codes) = enroll(&mut s);
    (s, app, codes)
}

pub(crate) fn enroll(s: &mut Setting) -> (Authenticator, Vec<String>) {
    let command = begin_command(s);
    let begun = s.world.ok(command);
    let codes = confirm(s, &begun)["recoveryCodes"].as_array().unwrap().iter().map(|code| text(code).into()).collect();
    (app_of(&begun), codes)
}

fn wrong() -> Result<String, String> {
    Err("wrong_code".into())
}

/// A code that the app does not show now, nor just before or after.
fn wrong_code(s: &Setting, app: &Authenticator, number: usize) -> String {
    let near: Vec<String> = [0, 30_000, 60_000].iter().map(|later| app.code(s.world.now - 30_000 + later)).collect();
    (0..).map(|guess| format!("{:06}", number * 7 + guess)).find(|guess| !near.contains(guess)).unwrap()
}

#[test]
fn an_authenticator_is_begun_confirmed_used_and_removed() {
    let mut s = Setting::opaque();
    s.world.take_events();
    let command = begin_command(&s);
    let begun = s.world.ok(command);
    assert_eq!(s.world.asked(), &["load", "commit"]);
    let secret = text(&begun["secret"]);
    let uri = format!("otpauth://totp/Example:ada?secret={secret}&issuer=Example&algorithm=SHA1&digits=6&period=30");
    assert_eq!((secret.len(), text(&begun["uri"])), (32, uri.as_str()));
    assert_eq!(begun["expiresAt"], json!(s.world.now + 900_000));
    let codes = confirm(&mut s, &begun);
    let app = app_of(&begun);
    let now = s.world.now;
    let authenticator = json!({
        "id": begun["id"], "name": "Telephone", "confirmed": true, "createdAt": now, "lastUsedAt": now / 30_000 * 30_000,
    });
    let kinds = json!(["totp", "recovery_code"]);
    assert_eq!(listed(&mut s), json!({ "kinds": kinds, "authenticators": [authenticator], "recoveryCodesLeft": 10 }));
    s.world.advance(30);
    let code = app.code(s.world.now);
    assert_eq!(verify(&mut s, &code), Ok("totp".into()));
    assert_eq!(s.world.asked(), &["load", "commit"]);
    assert_eq!(verify(&mut s, text(&codes["recoveryCodes"][3])), Ok("recovery_code".into()));
    let remove = json!({ "factors.remove": { "subject": s.subject, "id": begun["id"] } });
    assert_eq!(s.world.ok(remove.clone()), json!({ "removed": true }));
    assert_eq!(s.world.ok(remove), json!({ "removed": false }));
    assert!(s.world.store.keys("/factors").is_empty());
    let events = s.world.take_events();
    let names: Vec<&str> = events.iter().map(|event| text(&event["name"])).collect();
    assert_eq!(names, ["factor.added", "factor.used", "factor.used", "factor.removed"]);
    let told = json!(events).to_string();
    assert!(!told.contains(secret) && !told.contains(&code) && !told.contains(text(&codes["recoveryCodes"][3])));
}

#[test]
fn rt_016_a_dump_of_the_store_holds_neither_key_nor_code() {
    let mut s = Setting::opaque();
    let command = begin_command(&s);
    let begun = s.world.ok(command);
    let pending = s.world.store.dump();
    let codes = confirm(&mut s, &begun);
    let dump = format!("{pending}{}", s.world.store.dump());
    let app = app_of(&begun);
    assert!(dump.contains("/factors "));
    assert!(!dump.contains(text(&begun["secret"])) && !dump.contains(&app.code(s.world.now)));
    for code in codes["recoveryCodes"].as_array().unwrap() {
        let code = text(code);
        assert!(!dump.contains(code) && !dump.contains(&code.replace('-', "")));
    }
}

#[test]
fn rt_016_a_row_that_was_copied_to_another_person_opens_for_nobody() {
    let (mut s, app, codes) = enrolled();
    let grace = s.world.ok(json!({ "accounts.create": { "login": "grace", "password": PASSWORD } }));
    let key = &s.world.store.keys("/factors")[0];
    let value = s.world.store.answer(&json!({ "load": { "keys": [key] } }))["rows"][0]["value"].clone();
    let copy = key.replace(&s.subject, text(&grace["id"]));
    s.world.store.answer(&json!({ "commit": { "put": [{ "key": copy, "value": value, "expires": null }] } }));
    s.world.advance(30);
    s.subject = text(&grace["id"]).to_owned();
    let command = verify_command(&s, &app.code(s.world.now));
    assert_eq!(s.world.run(command)["fault"]["code"], "bad_row");
    assert_eq!(verify(&mut s, &codes[0]), wrong());
}

#[test]
fn rt_020_a_code_is_good_once_within_its_step() {
    let (mut s, app, codes) = enrolled();
    let code = app.code(s.world.now);
    assert_eq!(verify(&mut s, &code), wrong(), "it confirmed the authenticator");
    s.world.advance(30);
    let code = app.code(s.world.now);
    assert_eq!(verify(&mut s, &code), Ok("totp".into()));
    assert_eq!(verify(&mut s, &code), wrong());
    assert_eq!(verify(&mut s, &codes[0]), Ok("recovery_code".into()));
    assert_eq!(verify(&mut s, &codes[0]), wrong());
}

#[test]
fn rt_020_of_64_at_once_one_gets_through_with_a_code() {
    for recovery in [false, true] {
        let (mut s, app, codes) = enrolled();
        s.world.advance(30);
        let code = if recovery { codes[0].clone() } else { app.code(s.world.now) };
        let command = verify_command(&s, &code);
        let ended = s.world.race(&command, 64);
        assert_eq!(ended.iter().filter(|done| done.get("ok").is_some()).count(), 1, "{ended:?}");
        assert!(ended.iter().all(|done| done.get("ok").is_some() || done["refused"].is_object()), "{ended:?}");
    }
}

#[test]
fn rt_020_of_64_at_once_one_confirms_and_sees_recovery_codes() {
    let mut s = Setting::opaque();
    let command = begin_command(&s);
    let begun = s.world.ok(command);
    let command = confirm_command(&s, &begun);
    let ended = s.world.race(&command, 64);
    let seen: Vec<_> = ended.iter().filter(|done| done["ok"]["recoveryCodes"].is_array()).collect();
    assert_eq!(seen.len(), 1, "{ended:?}");
    assert_eq!(verify(&mut s, text(&seen[0]["ok"]["recoveryCodes"][0])), Ok("recovery_code".into()));
}

#[test]
fn rt_020_after_ten_wrong_codes_no_code_is_looked_at_until_the_window_is_over() {
    let (mut s, app, codes) = enrolled();
    s.world.advance(30);
    for number in 0..MOST {
        let code = wrong_code(&s, &app, number);
        assert_eq!(verify(&mut s, &code), wrong(), "{number}");
    }
    let code = app.code(s.world.now);
    for right in [&code, &codes[0]] {
        assert_eq!(verify(&mut s, right), Err("too_many_requests".into()));
        assert_eq!(s.world.asked(), &["load"]);
    }
    s.world.advance(WINDOW);
    let code = app.code(s.world.now);
    assert_eq!(verify(&mut s, &code), Ok("totp".into()));
}

#[test]
fn rt_020_of_many_tries_in_a_window_ten_are_answered() {
    let (mut s, app, _) = enrolled();
    // From the beginning of a window.
    s.world.now = (s.world.now / 1000).next_multiple_of(WINDOW) * 1000;
    let answered = (0..5000)
        .filter(|number| {
            let code = wrong_code(&s, &app, *number);
            verify(&mut s, &code) == wrong()
        })
        .count();
    assert_eq!(answered, MOST);
}

#[test]
fn rt_020_of_a_crowd_of_guesses_no_more_are_answered_than_one_by_one() {
    let (mut s, app, _) = enrolled();
    let code = wrong_code(&s, &app, 1);
    let command = verify_command(&s, &code);
    let ended = s.world.race(&command, 64);
    let with = |code: &str| ended.iter().filter(|done| done["refused"]["code"] == code).count();
    assert_eq!((with("wrong_code"), with("too_many_requests")), (MOST, 64 - MOST), "{ended:?}");
}

#[test]
fn rt_020_th_008_codes_and_passwords_share_one_counter() {
    let (mut s, app, _) = enrolled();
    for _ in 0..MOST {
        let command = guess_command(&mut s, &mut Browser::new(), "ada", "wrong horse", "203.0.113.9");
        assert_eq!(s.world.ok(command)["status"], 401);
    }
    s.world.advance(30);
    let code = app.code(s.world.now);
    assert_eq!(verify(&mut s, &code), Err("too_many_requests".into()));
}

#[test]
fn rt_020_one_address_has_a_counter_for_all_people() {
    let mut s = Setting::new(json!({ "signIn": { "attempts": { "account": 1000, "address": 5 } } }), "opaque");
    let from = |s: &mut Setting, number: usize| {
        let command = json!({ "factors.verify": {
            "subject": format!("person{number}"), "code": "123456", "remote": "203.0.113.9" } });
        s.world.refused(command)
    };
    for number in 0..5 {
        assert_eq!(from(&mut s, number), "wrong_code");
    }
    assert_eq!(from(&mut s, 5), "too_many_requests");
}

#[test]
fn th_010_a_code_that_cannot_be_counted_is_not_answered() {
    let (mut s, app, codes) = enrolled();
    let wrong = wrong_code(&s, &app, 1);
    for code in [&wrong, &codes[0]] {
        let command = verify_command(&s, code);
        let done = s.world.run_with(command, |ask, _, store| match ask.get("commit") {
            Some(_) => json!({ "failed": "down" }),
            None => store.answer(ask),
        });
        assert_eq!(done["fault"]["status"], 503, "{done}");
    }
    assert_eq!(listed(&mut s)["recoveryCodesLeft"], 10);
}

#[test]
fn se_018_a_factor_that_is_added_or_removed_ends_the_other_sessions() {
    for ends in [true, false] {
        let mut s = Setting::new(json!({ "signIn": { "endSessionsOnFactorChange": ends } }), "opaque");
        let mut own = elsewhere(&mut s.world, "ada");
        let mut other = elsewhere(&mut s.world, "ada");
        let all = sessions(&mut s);
        let ids = all.iter().map(|session| text(&session["id"]).to_owned());
        let kept = ids.into_iter().find(|id| is_session_of(&mut s, &own, id)).unwrap();
        let command = begin_command(&s);
        let begun = s.world.ok(command);
        assert!(is_signed_in(&mut other, &mut s.world), "nothing is changed yet");
        let mut command = confirm_command(&s, &begun);
        command["factors.confirmTotp"]["keepSession"] = json!(kept);
        s.world.ok(command);
        assert!(is_signed_in(&mut own, &mut s.world));
        assert_eq!(is_signed_in(&mut other, &mut s.world), !ends);
        let remove = json!({ "factors.remove": { "subject": s.subject, "id": begun["id"] } });
        s.world.ok(remove);
        assert_eq!(is_signed_in(&mut own, &mut s.world), !ends, "none was to be kept");
    }
}

fn is_session_of(s: &mut Setting, browser: &Browser, id: &str) -> bool {
    let headers = json!([["cookie", browser.cookie_header()]]);
    s.world.ok(json!({ "authenticate": { "headers": headers } }))["sessionId"] == id
}

#[test]
fn se_018_who_signs_in_while_a_factor_is_added_is_asked_for_it() {
    let mut s = Setting::opaque();
    let command = guess_command(&mut s, &mut Browser::new(), "ada", PASSWORD, "203.0.113.9");
    let mut step = s.world.begin(command);
    let mut added = false;
    while step.get("ask").is_some() {
        if step["ask"].get("commit").is_some() && !added {
            added = true;
            enroll(&mut s);
        }
        let answer = s.world.store.answer(&step["ask"]);
        step = s.world.resume(&step["flow"], answer);
    }
    assert!(text(&step["done"]["ok"]["body"]).contains(r#"name="pending""#), "{step}");
    assert!(s.world.store.keys("/session.").is_empty());
}

#[test]
fn what_waited_too_long_stands_in_nobodys_way() {
    let mut s = Setting::opaque();
    let command = begin_command(&s);
    s.world.ok(command);
    s.world.advance(WINDOW);
    let mut browser = elsewhere(&mut s.world, "ada");
    assert!(is_signed_in(&mut browser, &mut s.world));
}

#[test]
fn an_authenticator_that_nobody_confirms_asks_nobody_and_goes() {
    let mut s = Setting::opaque();
    let command = begin_command(&s);
    let begun = s.world.ok(command);
    assert_eq!(listed(&mut s)["kinds"], json!([]));
    let code = app_of(&begun).code(s.world.now);
    assert_eq!(verify(&mut s, &code), wrong());
    let mut browser = elsewhere(&mut s.world, "ada");
    assert!(is_signed_in(&mut browser, &mut s.world));
    s.world.advance(WINDOW);
    assert_eq!(listed(&mut s)["authenticators"], json!([]));
    let command = confirm_command(&s, &begun);
    assert_eq!(s.world.refused(command), "not_found");
    let again = s.world.ok(begin_command(&s));
    assert!(confirm(&mut s, &again)["recoveryCodes"].is_array(), "over what is over");
    assert_eq!(listed(&mut s)["authenticators"].as_array().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_is_refused() {
    let (mut s, app, _) = enrolled();
    for (changes, code) in [
        (json!({ "name": "" }), "invalid_argument"),
        (json!({ "name": "x".repeat(101) }), "invalid_argument"),
        (json!({ "name": "a\nb" }), "invalid_argument"),
        (json!({ "digits": 7 }), "invalid_argument"),
        (json!({ "algorithm": "MD5" }), "invalid_argument"),
        (json!({ "subject": "nobody" }), "not_found"),
    ] {
        let mut command = begin_command(&s);
        for (name, value) in changes.as_object().unwrap() {
            command["factors.beginTotp"][name] = value.clone();
        }
        assert_eq!(s.world.refused(command), code, "{changes}");
    }
    s.world.advance(30);
    let code = app.code(s.world.now);
    let whose = |subject: &str| json!({ "factors.verify": { "subject": subject, "code": code } });
    assert_eq!(s.world.refused(whose("nobody")), "wrong_code", "who has none looks like who has another");
    for bad in ["", " ", "1234567", "12345678901234567890", "k3v9q-0d7xm"] {
        assert_eq!(verify(&mut s, bad), wrong(), "{bad}");
    }
    let regenerate = json!({ "factors.regenerateRecoveryCodes": { "subject": "nobody" } });
    assert_eq!(s.world.refused(regenerate), "not_found");
    let disabled = json!({ "accounts.update": { "id": s.subject, "disabled": true } });
    s.world.ok(disabled);
    let command = begin_command(&s);
    assert_eq!(s.world.refused(command), "not_found");
}

#[test]
fn a_host_that_keeps_the_accounts_uses_them_by_the_subject_alone() {
    let mut s = Setting::new(json!({ "capabilities": ["subject"] }), "opaque");
    s.subject = "user|7".into();
    let host = |ask: &Value, store: &mut claviger_tests::Memory| match ask.pointer("/subject/status/id") {
        Some(id) if id == "user|7" => json!({ "subject": { "id": id, "name": "Grace Hopper" } }),
        Some(_) => json!({ "subject": null }),
        None => store.answer(ask),
    };
    let command = begin_command(&s);
    let begun = s.world.run_with(command, |ask, _, store| host(ask, store))["ok"].clone();
    assert!(text(&begun["uri"]).starts_with("otpauth://totp/Example:Grace%20Hopper?"), "{begun}");
    let codes = confirm(&mut s, &begun);
    assert_eq!(verify(&mut s, text(&codes["recoveryCodes"][0])), Ok("recovery_code".into()));
    let unknown = json!({ "factors.beginTotp": { "subject": "user|8" } });
    let done = s.world.run_with(unknown, |ask, _, store| host(ask, store));
    assert_eq!(done["refused"]["code"], "not_found");
}
