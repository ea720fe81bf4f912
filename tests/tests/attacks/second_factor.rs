//! The second factor of a sign-in: what stands between the password and a session.

use claviger_tests::setting::{PASSWORD, Setting, header, text};
use claviger_tests::{Authenticator, Browser, form, location_parameter};
use serde_json::{Value, json};

/// Ada, with an app, and its recovery codes.
pub(crate) fn with_app(changes: Value) -> (Setting, Authenticator, Vec<String>) {
    let mut s = Setting::new(changes, "opaque");
    let subject = s.subject.clone();
    let (app, codes) = Authenticator::confirmed(&mut s.world, &subject);
    // The step of the first code is used.
    s.world.advance(30);
    (s, app, codes)
}

/// Signs in by the password: the answer, and the handle between the factors.
pub(crate) fn halfway(s: &mut Setting) -> (Value, String) {
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let answer = s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    let pending = hidden(&answer, "pending");
    (answer, pending)
}

fn hidden(answer: &Value, name: &str) -> String {
    let (_, rest) =
        text(&answer["body"]).split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{answer}"));
    rest.split('"').next().unwrap_or_default().to_owned()
}

fn code_command(s: &Setting, pending: &str, code: &str) -> Value {
    s.browser.post_command("/sign-in/second", &form(&[("pending", pending), ("by", "totp"), ("code", code)]))
}

fn enter(s: &mut Setting, pending: &str, code: &str) -> Value {
    let command = code_command(s, pending, code);
    let answer = s.world.ok(command);
    s.browser.keep(&answer);
    answer
}

fn is_signed_in(s: &mut Setting) -> bool {
    let headers = json!([["cookie", s.browser.cookie_header()]]);
    s.world.run(json!({ "authenticate": { "headers": headers } })).get("ok").is_some()
}

#[test]
fn a_password_alone_is_no_session_where_a_second_factor_is_wanted() {
    let (mut s, app, _) = with_app(json!({}));
    let (answer, pending) = halfway(&mut s);
    assert_eq!(answer["status"], 200);
    assert!(!answer["headers"].to_string().contains("claviger-session"), "{answer}");
    assert!(!is_signed_in(&mut s));
    assert_eq!(s.world.asked().as_slice(), [] as [&str; 0], "no cookie, no trip");
    let code = app.code(s.world.now);
    let answer = enter(&mut s, &pending, &code);
    assert_eq!(s.world.asked().as_slice(), ["load", "commit"]);
    assert_eq!(answer["status"], 303, "{answer}");
    let headers = json!([["cookie", s.browser.cookie_header()]]);
    let who = s.world.ok(json!({ "authenticate": { "headers": headers, "methods": ["mfa"], "maxAge": "1m" } }));
    assert_eq!(who["methods"], json!(["pwd", "otp", "mfa"]));
    let interaction = location_parameter(&answer, "interaction").unwrap();
    let allowed = s.browser.allow(&mut s.world, &interaction, &["read"]);
    assert!(location_parameter(&allowed, "code").is_some(), "{allowed}");
}

#[test]
fn nothing_accepts_less_than_both_factors() {
    let (mut s, _, _) = with_app(json!({}));
    let (_, pending) = halfway(&mut s);
    // The handle is no session, whatever cookie or form it stands in.
    let mut cookies = s.browser.cookie_header();
    cookies += &format!("; __Host-claviger-session={pending}");
    let headers = json!([["cookie", cookies]]);
    assert_eq!(s.world.refused(json!({ "authenticate": { "headers": headers } })), "unauthenticated");
    let bearer = json!([["authorization", format!("Bearer {pending}")]]);
    assert_eq!(s.world.refused(json!({ "authenticate": { "headers": bearer } })), "invalid_token");
    let query = s.query(&[]);
    let authorize = s.browser.get(&mut s.world, &format!("/authorize?{query}"));
    let interaction = location_parameter(&authorize, "interaction").unwrap();
    let allowed = s.browser.allow(&mut s.world, &interaction, &["read"]);
    assert!(location_parameter(&allowed, "code").is_none(), "{allowed}");
    for path in ["/account", "/device"] {
        let page = s.browser.get(&mut s.world, path);
        assert!(!text(&page["body"]).contains("Ada"), "{path}: {page}");
    }
    for interaction in [interaction.as_str(), pending.as_str()] {
        let command = json!({ "handle": interaction, "cookie": s.browser.cookie_header() });
        let done = s.world.run(json!({ "interactions.consent": command }));
        assert!(done.get("refused").is_some(), "{done}");
    }
}

#[test]
fn rt_020_a_code_is_good_once_also_in_a_race() {
    let (mut s, app, codes) = with_app(json!({ "signIn": { "attempts": { "account": 1000 } } }));
    for right in [app.code(s.world.now), codes[0].clone()] {
        let (_, pending) = halfway(&mut s);
        let command = code_command(&s, &pending, &right);
        let ended = s.world.race(&command, 64);
        let with = |status: u64| ended.iter().filter(|done| done["ok"]["status"] == status).count();
        assert_eq!((with(303), with(401)), (1, 63), "{ended:?}");
        let (_, pending) = halfway(&mut s);
        assert_eq!(enter(&mut s, &pending, &right)["status"], 401, "used");
    }
}

#[test]
fn th_008_a_password_and_a_code_have_one_budget() {
    let (mut s, app, _) = with_app(json!({}));
    let (_, pending) = halfway(&mut s);
    for number in 0..10 {
        let answer = if number % 2 == 0 {
            enter(&mut s, &pending, "000000")
        } else {
            let query = s.query(&[]);
            let mut browser = Browser::new();
            let interaction = browser.begin(&mut s.world, &query);
            browser.sign_in(&mut s.world, &interaction, "ada", "wrong horse")
        };
        assert_eq!(answer["status"], 401, "{number}");
    }
    let code = app.code(s.world.now);
    let answer = enter(&mut s, &pending, &code);
    assert_eq!(answer["status"], 429);
    assert!(header(&answer, "retry-after").is_some() && !is_signed_in(&mut s));
    let (mut other, query) = (Browser::new(), s.query(&[]));
    let interaction = other.begin(&mut s.world, &query);
    assert_eq!(other.sign_in(&mut s.world, &interaction, "ada", PASSWORD)["status"], 429);
}

#[test]
fn rt_020_of_a_crowd_of_codes_no_more_are_answered_than_one_by_one() {
    let (mut s, _, _) = with_app(json!({}));
    let (_, pending) = halfway(&mut s);
    let command = code_command(&s, &pending, "000000");
    let ended = s.world.race(&command, 64);
    let with = |status: u64| ended.iter().filter(|done| done["ok"]["status"] == status).count();
    assert_eq!((with(401), with(429)), (10, 54));
}

#[test]
fn what_is_between_the_factors_is_of_one_browser_and_soon_over() {
    let (mut s, app, _) = with_app(json!({}));
    let (_, pending) = halfway(&mut s);
    let code = app.code(s.world.now);
    let elsewhere = Browser::new().post_command("/sign-in/second", &form(&[("pending", &pending), ("code", &code)]));
    assert_eq!(s.world.ok(elsewhere)["status"], 403);
    for cut in (0..pending.len()).step_by(7) {
        assert_ne!(enter(&mut s, &pending[..cut], &code)["status"], 303, "{cut}");
    }
    s.world.advance(600);
    let code = app.code(s.world.now);
    assert_eq!(enter(&mut s, &pending, &code)["status"], 400);
    assert!(!is_signed_in(&mut s));
}

#[test]
fn whoever_is_disabled_or_has_another_password_in_between_does_not_get_in() {
    for change in ["disabled", "password", "factor"] {
        let (mut s, app, _) = with_app(json!({}));
        let (_, pending) = halfway(&mut s);
        match change {
            "disabled" => s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": true } })),
            "password" => {
                s.world.ok(json!({ "accounts.setPassword": { "id": s.subject, "password": "another horse" } }))
            }
            _ => {
                let listed = s.world.ok(json!({ "factors.list": { "subject": s.subject } }));
                let id = &listed["authenticators"][0]["id"];
                s.world.ok(json!({ "factors.remove": { "subject": s.subject, "id": id } }))
            }
        };
        let code = app.code(s.world.now);
        assert_eq!(enter(&mut s, &pending, &code)["status"], 400, "{change}");
        assert!(!is_signed_in(&mut s), "{change}");
    }
}

#[test]
fn a_recovery_code_does_where_the_app_is_gone() {
    let (mut s, _, codes) = with_app(json!({}));
    let (_, pending) = halfway(&mut s);
    let page = s.browser.post_command("/sign-in/second", &form(&[("pending", &pending), ("with", "recovery_code")]));
    let page = s.world.ok(page);
    assert!(text(&page["body"]).contains("recovery code"), "{page}");
    assert_eq!(enter(&mut s, &pending, &codes[3].to_lowercase())["status"], 303);
    let listed = s.world.ok(json!({ "factors.list": { "subject": s.subject } }));
    assert_eq!(listed["recoveryCodesLeft"], codes.len() - 1);
    let headers = json!([["cookie", s.browser.cookie_header()]]);
    let who = s.world.ok(json!({ "authenticate": { "headers": headers } }));
    assert_eq!(who["methods"], json!(["pwd", "mfa"]));
}

#[test]
fn rfc_9470_an_old_or_a_weak_sign_in_is_sent_to_sign_in_again() {
    let mut s = Setting::opaque();
    s.interaction();
    let headers = json!([["cookie", s.browser.cookie_header()]]);
    let ask = |more: &Value| {
        let mut ask = json!({ "headers": headers });
        for (name, value) in more.as_object().unwrap() {
            ask[name] = value.clone();
        }
        json!({ "authenticate": ask })
    };
    assert_eq!(s.world.refused(ask(&json!({ "methods": ["mfa"] }))), "insufficient_user_authentication");
    s.world.ok(ask(&json!({ "methods": ["pwd"], "maxAge": 60 })));
    s.world.advance(60);
    let refused = s.world.run(ask(&json!({ "maxAge": 60 })))["refused"].clone();
    assert_eq!((&refused["code"], &refused["status"]), (&json!("insufficient_user_authentication"), &json!(401)));
    let challenge = header(&refused, "www-authenticate").unwrap();
    assert!(
        challenge.contains("max_age=\"60\"") && challenge.contains("insufficient_user_authentication"),
        "{challenge}"
    );
    // A token tells when its person signed in, too.
    let tokens = s.tokens();
    let verify = |seconds: u64| json!({ "tokens.verify": { "token": tokens["access_token"], "maxAge": seconds } });
    let fresh = s.world.ok(verify(60));
    assert!(fresh["authTime"].is_u64(), "{fresh}");
    s.world.advance(61);
    assert_eq!(s.world.refused(verify(60)), "insufficient_user_authentication");
    // How somebody signed in, a token does not tell.
    let by_methods = json!({ "token": tokens["access_token"], "methods": ["pwd"] });
    assert_eq!(s.world.refused(json!({ "tokens.verify": by_methods })), "insufficient_user_authentication");
    // Without a person there is no sign-in that could be recent.
    s.world.ok(verify(3600));
}

#[test]
fn the_hosts_own_pages_go_the_same_way() {
    let (mut s, app, _) = with_app(json!({}));
    let visit = |s: &Setting| json!({ "cookie": s.browser.cookie_header(), "remote": "203.0.113.9" });
    let with_password = |s: &Setting, password: &str| json!({ "signIn.withPassword": { "visit": visit(s), "login": "ada", "password": password } });
    let ask = with_password(&s, PASSWORD);
    let halfway = s.world.ok(ask);
    assert_eq!((s.world.asked().len(), &halfway["stage"]), (2, &json!("pending")));
    assert_eq!(halfway["kinds"], json!(["totp", "recovery_code"]));
    assert!(!halfway["headers"].to_string().contains("claviger-session"), "{halfway}");
    let code = app.code(s.world.now);
    let with_code = |s: &Setting, code: &str| json!({ "signIn.withCode": { "visit": visit(s), "pending": halfway["pending"], "code": code } });
    let ask = with_code(&s, &code);
    assert_eq!(s.world.refused(ask), "forbidden", "before its cookie was kept: another browser");
    s.browser.keep(&halfway);
    for number in 0..10 {
        let wrong = if number % 2 == 0 { with_code(&s, "000000") } else { with_password(&s, "wrong") };
        let expected = if number % 2 == 0 { "wrong_code" } else { "wrong_credentials" };
        assert_eq!(s.world.refused(wrong), expected);
    }
    for right in [with_code(&s, &code), with_password(&s, PASSWORD)] {
        let refused = s.world.run(right)["refused"].clone();
        assert_eq!((&refused["code"], &refused["status"]), (&json!("too_many_requests"), &json!(429)));
    }
    s.world.advance(15 * 60);
    let ask = with_password(&s, PASSWORD);
    let halfway = s.world.ok(ask);
    let code = app.code(s.world.now);
    let ask = json!({ "visit": visit(&s), "pending": halfway["pending"], "code": code });
    let ended = s.world.race(&json!({ "signIn.withCode": ask }), 64);
    assert_eq!(ended.iter().filter(|done| done["ok"]["stage"] == "full").count(), 1);
}

/// Ada, whose address is verified, and to whom a code by mail is a factor.
pub(crate) fn with_mail(changes: Value) -> Setting {
    let mut config = json!({ "capabilities": ["mail"] });
    for (name, value) in changes.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    let mut s = Setting::new(config, "opaque");
    let claims = json!({ "email": "ada@example.com", "email_verified": true });
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "claims": claims } }));
    s.world.ok(json!({ "factors.setEmail": { "subject": s.subject, "enabled": true } }));
    s.world.take_mails();
    s
}

pub(crate) fn mailed_code(s: &mut Setting) -> String {
    let mails = s.world.take_mails();
    assert_eq!((mails.len(), &mails[0]["to"]), (1, &json!("ada@example.com")), "{mails:?}");
    text(&mails[0]["code"]).to_owned()
}

#[test]
fn a_code_by_mail_is_a_second_factor_of_whom_it_was_made_one() {
    let mut s = with_mail(json!({}));
    let (page, pending) = halfway(&mut s);
    assert!(text(&page["body"]).contains("value=\"email_code\""), "{page}");
    let code = mailed_code(&mut s);
    // A minute has not passed: the one that was sent stays good.
    let again = form(&[("pending", &pending), ("with", "email_code")]);
    s.browser.post(&mut s.world, "/sign-in/second", &again);
    assert_eq!(s.world.take_mails().len(), 0);
    // As the code of an app it is nothing.
    assert_eq!(enter(&mut s, &pending, &code)["status"], 401);
    let fields = form(&[("pending", &pending), ("by", "email_code"), ("code", &code)]);
    let command = s.browser.post_command("/sign-in/second", &fields);
    let ended = s.world.race(&command, 64);
    let signed_in: Vec<&Value> = ended.iter().filter(|done| done["ok"]["status"] == 303).collect();
    assert_eq!(signed_in.len(), 1, "good once");
    s.browser.keep(&signed_in[0]["ok"]);
    let headers = json!([["cookie", s.browser.cookie_header()]]);
    let who = s.world.ok(json!({ "authenticate": { "headers": headers } }));
    assert_eq!(who["methods"], json!(["pwd", "otp", "mfa"]));
}

#[test]
fn rt_013_who_knows_a_name_alone_keeps_nobody_from_their_codes() {
    let mut s = with_mail(json!({ "signIn": { "passwordless": ["code"] } }));
    for _ in 0..12 {
        s.world.ok(json!({ "accounts.requestReset": { "login": "ada" } }));
        s.world.advance(60);
    }
    s.world.take_mails();
    halfway(&mut s);
    mailed_code(&mut s);
}

#[test]
fn whoever_signs_in_by_mail_alone_is_not_asked_for_another_mail() {
    let mut s = with_mail(json!({ "signIn": { "passwordless": ["code"] } }));
    let claims = json!({ "email": "eve@example.com", "email_verified": true });
    let eve = s.world.ok(json!({ "accounts.create": { "login": "eve", "claims": claims } }));
    let on = json!({ "factors.setEmail": { "subject": eve["id"], "enabled": true } });
    assert_eq!(s.world.refused(on), "invalid_argument");
}

#[test]
fn a_mailbox_is_not_two_factors() {
    let mut s = with_mail(json!({ "signIn": { "passwordless": ["code"] } }));
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let asked = form(&[("interaction", &interaction), ("login", "ada")]);
    let page = s.browser.post(&mut s.world, "/sign-in-by-mail", &asked);
    let waiting = hidden(&page, "waiting");
    let code = mailed_code(&mut s);
    let typed = form(&[("interaction", &interaction), ("waiting", &waiting), ("code", &code)]);
    let answer = s.browser.post(&mut s.world, "/sign-in-by-mail", &typed);
    assert_eq!(answer["status"], 401, "{answer}");
    assert!(text(&answer["body"]).contains("insufficient_user_authentication"), "{answer}");
    assert!(!is_signed_in(&mut s));
}

#[test]
fn only_a_verified_address_is_a_factor() {
    let mut s = Setting::new(json!({ "capabilities": ["mail"] }), "opaque");
    let on = json!({ "factors.setEmail": { "subject": s.subject, "enabled": true } });
    assert_eq!(s.world.refused(on.clone()), "invalid_argument");
    let claims = json!({ "email": "ada@example.com" });
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "claims": claims } }));
    assert_eq!(s.world.refused(on), "invalid_argument");
    let mut silent = Setting::opaque();
    let on = json!({ "factors.setEmail": { "subject": silent.subject, "enabled": true } });
    assert_eq!(silent.world.refused(on), "not_found");
}

#[test]
fn the_hosts_own_pages_have_the_code_sent() {
    let mut s = with_mail(json!({}));
    let visit = |s: &Setting| json!({ "cookie": s.browser.cookie_header() });
    let ask = json!({ "visit": visit(&s), "login": "ada", "password": PASSWORD });
    let stage = s.world.ok(json!({ "signIn.withPassword": ask }));
    assert_eq!(stage["kinds"], json!(["email_code"]));
    s.browser.keep(&stage);
    assert_eq!(s.world.take_mails().len(), 0, "the host says when");
    let ask = json!({ "visit": visit(&s), "pending": stage["pending"] });
    assert_eq!(s.world.ok(json!({ "signIn.sendCode": ask })), json!({ "sent": true }));
    let code = mailed_code(&mut s);
    let mut ask = json!({ "visit": visit(&s), "pending": stage["pending"], "code": code });
    assert_eq!(s.world.refused(json!({ "signIn.withCode": ask })), "wrong_code");
    ask["kind"] = json!("email_code");
    assert_eq!(s.world.ok(json!({ "signIn.withCode": ask }))["stage"], "full");
    s.world.ok(json!({ "factors.setEmail": { "subject": s.subject, "enabled": false } }));
    let ask = json!({ "visit": visit(&s), "login": "ada", "password": PASSWORD });
    assert_eq!(s.world.ok(json!({ "signIn.withPassword": ask }))["stage"], "full");
}
