//! Passwords that are reset, addresses that change, and sign-ups (RT, PW-017 in the catalogue; A24 to A26, A28 of the seeds).

use claviger_tests::setting::{PASSWORD, Setting, header, text};
use claviger_tests::{Authenticator, Browser, World, form};
use serde_json::{Value, json};

use crate::email::{ADDRESS, NEW, mail, mailing, reset, reset_asked, shape, signs_in, token_of, verify};

fn reset_token(s: &mut Setting) -> String {
    s.world.ok(reset_asked(ADDRESS));
    token_of(&mail(&mut s.world))
}

fn names(s: &mut Setting) -> Vec<String> {
    s.world.take_event_names()
}

#[test]
fn a24_a_reset_sets_the_password_ends_every_session_and_verifies_the_address() {
    let mut s = mailing();
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, ADDRESS, PASSWORD);
    s.world.take_events();
    let sent = {
        s.world.ok(reset_asked(ADDRESS));
        mail(&mut s.world)
    };
    assert_eq!((&sent["kind"], &sent["to"]), (&json!("reset_password"), &json!(ADDRESS)));
    assert_eq!(sent["expiresAt"], s.world.now + 3_600_000);
    assert_eq!(names(&mut s), ["password.reset_requested"]);
    let done = s.world.ok(reset(&token_of(&sent)));
    assert_eq!(done, json!({ "status": "reset", "subject": s.subject }));
    assert_eq!(names(&mut s), ["session.revoked", "email.verified", "password.reset"]);
    assert_eq!(mail(&mut s.world)["kind"], "password_changed");
    let headers = json!([["cookie", s.browser.cookie_header()]]);
    assert_eq!(s.world.refused(json!({ "authenticate": { "headers": headers } })), "unauthenticated");
    assert!(!signs_in(&mut s, PASSWORD) && signs_in(&mut s, NEW));
    assert_eq!(s.world.ok(reset(&token_of(&sent)))["status"], "token");
}

#[test]
fn a24_what_the_statuses_say() {
    let mut s = mailing();
    let token = reset_token(&mut s);
    assert_eq!(s.world.ok(reset_asked(ADDRESS))["status"], "throttled");
    let short = json!({ "accounts.reset": { "token": token, "password": "short" } });
    assert_eq!(s.world.refused(short), "invalid_argument");
    for bad in ["", "x", "cvlr_x", &token[..token.len() - 1], &format!("{token}A")] {
        assert_eq!(s.world.ok(reset(bad))["status"], "token", "{bad}");
        assert_eq!(s.world.asked().len(), 0, "a forged link costs no trip");
    }
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": true } }));
    assert_eq!(s.world.ok(reset(&token))["status"], "user");
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": false } }));
    assert_eq!(s.world.ok(reset(&token))["status"], "reset", "a password that was refused spent nothing");
}

#[test]
fn rt_019_a_reset_signs_nobody_in_and_the_second_factor_is_asked_for_as_before() {
    let mut s = mailing();
    let subject = s.subject.clone();
    Authenticator::confirmed(&mut s.world, &subject);
    s.world.take_mails();
    let token = reset_token(&mut s);
    let body = form(&[("token", &token), ("password", NEW)]);
    let done = s.browser.post(&mut s.world, "/reset", &body);
    assert_eq!((&done["status"], header(&done, "set-cookie")), (&json!(200), None), "{done}");
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let answer = s.browser.sign_in(&mut s.world, &interaction, ADDRESS, NEW);
    assert_eq!((&answer["status"], header(&answer, "set-cookie")), (&json!(200), None), "{answer}");
    assert!(text(&answer["body"]).contains("name=\"pending\""), "{answer}");
}

#[test]
fn rt_019_nor_does_a_link_that_signs_in_skip_it() {
    let mut s = mailing();
    let subject = s.subject.clone();
    let (app, _) = Authenticator::confirmed(&mut s.world, &subject);
    s.world.take_mails();
    s.world.advance(30);
    let sent = crate::email::asked_to_sign_in(&mut s).1;
    let answer = s.browser.post(&mut s.world, "/sign-in-link", &form(&[("token", &token_of(&sent))]));
    assert_eq!((&answer["status"], header(&answer, "set-cookie")), (&json!(200), None), "{answer}");
    let pending = crate::email_sign_in::hidden(&answer, "pending").to_owned();
    let fields = [("pending", pending.as_str()), ("by", "totp"), ("code", &app.code(s.world.now))];
    let answer = s.browser.post(&mut s.world, "/sign-in/second", &form(&fields));
    assert_eq!(answer["status"], 303, "{answer}");
    let sessions = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
    assert_eq!(sessions["items"][0]["methods"], json!(["email", "otp", "mfa"]));
    let again = s.browser.post(&mut s.world, "/sign-in-link", &form(&[("token", &token_of(&sent))]));
    assert_eq!(again["status"], 400, "it was spent with the first factor");
}

#[test]
fn a24_no_fault_of_the_store_leaves_a_session_of_the_old_password() {
    for failing in 0.. {
        let mut s = mailing();
        let query = s.query(&[]);
        let interaction = s.browser.begin(&mut s.world, &query);
        s.browser.sign_in(&mut s.world, &interaction, ADDRESS, PASSWORD);
        let token = reset_token(&mut s);
        let done = s.world.run_with(reset(&token), |ask, number, store| match number {
            number if number == failing => json!({ "failed": "down" }),
            _ => store.answer(ask),
        });
        let headers = json!([["cookie", s.browser.cookie_header()]]);
        let is_in = s.world.run(json!({ "authenticate": { "headers": headers } })).get("ok").is_some();
        assert!(!is_in || signs_in(&mut s, PASSWORD), "{failing}: the old session goes on with the new password");
        if done.get("ok").is_some() {
            assert!(failing > 4, "{failing}");
            return;
        }
    }
}

#[test]
fn a_reset_voids_what_a_thief_asked_for_before() {
    let mut s = mailing();
    s.world.ok(json!({ "accounts.requestEmailChange": { "id": s.subject, "email": "eve@example.com" } }));
    let change = token_of(&mail(&mut s.world));
    let token = reset_token(&mut s);
    s.world.ok(reset(&token));
    assert_eq!(s.world.ok(verify(&change))["status"], "token");
}

#[test]
fn a25_an_address_is_verified_once_and_again_is_fine() {
    let mut s = mailing();
    let ask = json!({ "accounts.sendVerification": { "id": s.subject } });
    assert_eq!(s.world.ok(ask.clone()), json!({ "status": "sent" }));
    let sent = mail(&mut s.world);
    assert_eq!((&sent["kind"], sent.get("name")), (&json!("verify_email"), None));
    assert_eq!(s.world.ok(ask.clone())["status"], "throttled");
    names(&mut s);
    let verified = json!({ "status": "verified", "subject": s.subject, "email": ADDRESS });
    assert_eq!(s.world.ok(verify(&token_of(&sent))), verified);
    assert_eq!(names(&mut s), ["email.verified"]);
    assert_eq!(s.world.ok(verify(&token_of(&sent))), verified);
    assert_eq!(names(&mut s), Vec::<String>::new());
    assert_eq!(s.world.ok(ask)["status"], "verified");
    assert_eq!(s.world.refused(json!({ "accounts.sendVerification": { "id": "nobody" } })), "not_found");
}

#[test]
fn a25_whoever_is_signed_in_is_sent_another_link() {
    let mut s = mailing();
    let nobody = s.browser.get(&mut s.world, "/verify-email");
    assert_eq!(nobody["status"], 400);
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, ADDRESS, PASSWORD);
    let page = s.browser.get(&mut s.world, "/verify-email");
    assert!(text(&page["body"]).contains("Send the link") && text(&page["body"]).contains(ADDRESS), "{page}");
    let form_token = crate::email_sign_in::hidden(&page, "token").to_owned();
    let forged = s.browser.post(&mut s.world, "/verify-email", &form(&[("token", "forged")]));
    assert_eq!((&forged["status"], s.world.take_mails().len()), (&json!(400), 0));
    let sent = s.browser.post(&mut s.world, "/verify-email", &form(&[("token", &form_token)]));
    assert!(text(&sent["body"]).contains("Look in your mailbox"), "{sent}");
    let link = token_of(&mail(&mut s.world));
    s.browser.post(&mut s.world, "/verify-email", &form(&[("token", &link)]));
    let page = s.browser.get(&mut s.world, "/verify-email");
    assert!(text(&page["body"]).contains("There is nothing to confirm"), "{page}");
}

#[test]
fn a25_a_new_address_is_the_login_only_once_it_is_verified() {
    let mut s = mailing();
    let new = "ada@example.org";
    s.world.ok(json!({ "accounts.requestEmailChange": { "id": s.subject, "email": new } }));
    let sent = mail(&mut s.world);
    assert_eq!((&sent["kind"], &sent["to"]), (&json!("change_email"), &json!(new)));
    let find = |login: &str| json!({ "accounts.find": { "login": login } });
    assert_eq!(s.world.ok(find(new)), Value::Null);
    names(&mut s);
    assert_eq!(s.world.ok(verify(&token_of(&sent)))["status"], "verified");
    assert_eq!(names(&mut s), ["email.changed", "email.verified"]);
    let told = mail(&mut s.world);
    assert_eq!((&told["kind"], &told["to"]), (&json!("email_changed"), &json!(ADDRESS)));
    let account = s.world.ok(find(new));
    assert_eq!(account["id"], json!(s.subject));
    assert_eq!(account["claims"], json!({ "email": new, "email_verified": true }));
    assert_eq!(s.world.ok(find(ADDRESS)), Value::Null);
    // Somebody else may have the old one now, and is somebody else.
    s.world.ok(json!({ "accounts.register": { "email": ADDRESS, "password": NEW } }));
    assert_ne!(s.world.ok(find(ADDRESS))["id"], json!(s.subject));
}

#[test]
fn a25_the_address_of_another_account_is_told_to_be_taken_only_to_who_reads_there() {
    let mut s = mailing();
    s.world.ok(json!({ "accounts.create": { "login": "eve@example.com" } }));
    let ask = |email: &str| json!({ "accounts.requestEmailChange": { "id": s.subject, "email": email } });
    let (taken, free) = (ask("eve@example.com"), ask("free@example.com"));
    let told = shape(&mut s.world, taken);
    let sent = mail(&mut s.world);
    s.world.advance(60);
    assert_eq!(told, shape(&mut s.world, free), "PW-017: the same outward reply");
    assert_eq!(s.world.ok(verify(&token_of(&sent)))["status"], "token", "a newer one took its place");
    s.world.advance(60);
    s.world.ok(ask("eve@example.com"));
    let mails = s.world.take_mails();
    assert_eq!(s.world.ok(verify(&token_of(mails.last().unwrap())))["status"], "taken");
    assert_eq!(s.world.ok(json!({ "accounts.find": { "id": s.subject } }))["login"], ADDRESS);
}

#[test]
fn a_person_who_signs_in_with_a_name_keeps_it_when_the_address_changes() {
    let mut s = mailing();
    let account = json!({ "login": "grace", "claims": { "email": "grace@example.com", "email_verified": true } });
    let id = text(&s.world.ok(json!({ "accounts.create": account }))["id"]).to_owned();
    s.world.ok(json!({ "accounts.requestEmailChange": { "id": id, "email": "grace@example.org" } }));
    let token = token_of(&mail(&mut s.world));
    s.world.ok(verify(&token));
    let account = s.world.ok(json!({ "accounts.find": { "login": "grace" } }));
    assert_eq!(account["claims"]["email"], "grace@example.org");
    assert_eq!(s.world.ok(json!({ "accounts.find": { "login": "grace@example.org" } })), Value::Null);
}

#[test]
fn pw_017_to_sign_up_with_an_address_that_is_taken_looks_the_same() {
    let mut s = mailing();
    let post = |email: &str| {
        let fields = [("email", email), ("password", NEW), ("name", "Buy at https://evil.example")];
        Browser::new().post_command("/sign-up", &form(&fields))
    };
    let free = shape(&mut s.world, post("eve@example.com"));
    assert_eq!(mail(&mut s.world)["kind"], "verify_email");
    let taken = shape(&mut s.world, post(ADDRESS));
    let told = mail(&mut s.world);
    assert_eq!((&told["kind"], &told["to"]), (&json!("already_registered"), &json!(ADDRESS)));
    assert_eq!(told["link"], "https://auth.example.com/forgot");
    let same = |body: &Value| text(&body["body"]).replace("eve@example.com", "").replace(ADDRESS, "");
    assert_eq!((same(&free.0), &free.0["headers"]), (same(&taken.0), &taken.0["headers"]));
    assert_eq!(free.1.len(), taken.1.len(), "as many trips");
    // What is typed of a name is told to nobody.
    assert!(!told.to_string().contains("evil.example"));
    assert!(signs_in(&mut s, PASSWORD) && !signs_in(&mut s, NEW));
    // Nor is its owner flooded.
    s.world.ok(post(ADDRESS));
    assert_eq!(s.world.take_mails(), Vec::<Value>::new());
}

#[test]
fn pw_017_an_address_that_is_none_is_told_before_anybody_is_looked_up() {
    let mut s = mailing();
    for (email, password) in [("eve", NEW), ("eve@example.com,ada@example.com", NEW), (ADDRESS, "short"), ("", NEW)] {
        let body = form(&[("email", email), ("password", password)]);
        let page = s.browser.post(&mut s.world, "/sign-up", &body);
        assert_eq!(page["status"], 400, "{email}: {page}");
        assert!(text(&page["body"]).contains("role=\"alert\""), "{page}");
        assert!(!s.world.asked().contains(&"load".to_owned()), "{email}");
    }
    assert_eq!(s.world.take_mails(), Vec::<Value>::new());
}

#[test]
fn pw_017_of_64_sign_ups_at_once_one_makes_the_account() {
    let mut s = mailing();
    let command = json!({ "accounts.register": { "email": "eve@example.com", "password": NEW } });
    let ended = s.world.race(&command, 64);
    let mails: Vec<&Value> = ended.iter().flat_map(|done| done["mail"].as_array()).flatten().collect();
    assert_eq!(mails.iter().filter(|mail| mail["kind"] == "verify_email").count(), 1, "{mails:?}");
    let events = ended.iter().flat_map(|done| done["events"].as_array()).flatten();
    assert_eq!(events.filter(|event| event["name"] == "account.registered").count(), 1);
}

#[test]
fn a28_a_sign_up_is_told_and_its_account_works() {
    let mut s = mailing();
    names(&mut s);
    let body = form(&[("email", " Eve@Example.com "), ("password", NEW), ("name", "Eve")]);
    let page = s.browser.post(&mut s.world, "/sign-up", &body);
    assert!(text(&page["body"]).contains("Look in your mailbox"), "{page}");
    assert_eq!(names(&mut s), ["account.created", "account.registered"]);
    let token = token_of(&mail(&mut s.world));
    assert_eq!(s.world.ok(verify(&token))["email"], "eve@example.com");
    let mut browser = Browser::new();
    let query = s.query(&[]);
    let interaction = browser.begin(&mut s.world, &query);
    assert_eq!(browser.sign_in(&mut s.world, &interaction, "eve@example.com", NEW)["status"], 303);
}

/// What the events of other frameworks are called here is in the contract.
#[test]
fn a28_every_event_of_signing_in_is_told() {
    let mut s = mailing();
    let told = |s: &mut Setting, event: &str| {
        let names = s.world.take_event_names();
        assert!(names.iter().any(|name| name == event), "{event}: {names:?}");
    };
    let sign_in = |s: &mut Setting, password: &str| {
        let query = s.query(&[]);
        let interaction = s.browser.begin(&mut s.world, &query);
        s.browser.sign_in(&mut s.world, &interaction, ADDRESS, password);
    };
    sign_in(&mut s, "wrong");
    told(&mut s, "sign_in.failed");
    sign_in(&mut s, PASSWORD);
    told(&mut s, "sign_in.succeeded");
    let headers = json!([["cookie", s.browser.cookie_header()]]);
    s.world.ok(json!({ "authenticate": { "headers": headers } }));
    told(&mut s, "authentication.succeeded");
    let page = s.browser.get(&mut s.world, "/account");
    let token = crate::email_sign_in::hidden(&page, "token").to_owned();
    s.browser.post(&mut s.world, "/account", &form(&[("token", &token), ("sign_out", "yes")]));
    told(&mut s, "session.revoked");
    sign_in(&mut s, PASSWORD);
    s.world.ok(json!({ "sessions.revokeAll": { "subject": s.subject } }));
    told(&mut s, "session.revoked");
    let mut stranger = Browser::new();
    for _ in 0..11 {
        let query = s.query(&[]);
        let interaction = stranger.begin(&mut s.world, &query);
        stranger.sign_in(&mut s.world, &interaction, ADDRESS, "wrong");
    }
    told(&mut s, "sign_in.throttled");
    let token = reset_token(&mut s);
    told(&mut s, "password.reset_requested");
    s.world.ok(reset(&token));
    let names = s.world.take_event_names();
    assert!(["password.reset", "email.verified"].iter().all(|event| names.contains(&(*event).to_owned())), "{names:?}");
    s.world.ok(json!({ "accounts.register": { "email": "eve@example.com", "password": NEW } }));
    told(&mut s, "account.registered");
}

#[test]
fn a26_who_has_no_verified_address_is_not_let_through() {
    let mut s = mailing();
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, ADDRESS, PASSWORD);
    let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
    let code = claviger_tests::location_parameter(&answer, "code").unwrap();
    let (_, tokens) = s.redeem(&code);
    let guards = [
        json!({ "authenticate": { "headers": [["cookie", s.browser.cookie_header()]], "requireVerifiedEmail": true } }),
        json!({ "tokens.verify": { "token": tokens["access_token"], "requireVerifiedEmail": true } }),
    ];
    for guard in &guards {
        let done = s.world.run(guard.clone());
        assert_eq!((&done["refused"]["code"], &done["refused"]["status"]), (&json!("email_not_verified"), &json!(403)));
        let failed = s.world.run_with(guard.clone(), |ask, number, store| match number {
            0 => store.answer(ask),
            _ => json!({ "failed": "down" }),
        });
        assert!(failed.get("ok").is_none(), "it fails closed: {failed}");
    }
    s.world.ok(json!({ "accounts.sendVerification": { "id": s.subject } }));
    let token = token_of(&mail(&mut s.world));
    s.world.ok(verify(&token));
    for guard in &guards {
        assert_eq!(s.world.ok(guard.clone())["subject"], json!(s.subject));
    }
    // Another address is one that nobody has verified.
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "claims": { "email": "ada@example.org" } } }));
    assert_eq!(s.world.refused(guards[0].clone()), "email_not_verified");
}

#[test]
fn without_mail_there_is_none_of_it() {
    let mut s = Setting::opaque();
    for path in ["/forgot", "/reset", "/verify-email", "/sign-up", "/sign-in-by-mail", "/sign-in-link"] {
        let command = json!({ "http": { "method": "GET", "url": format!("{}{path}", World::ISSUER), "headers": [] } });
        assert_eq!(s.world.ok(command)["status"], 404, "{path}");
    }
    for command in [
        reset_asked("ada"),
        reset("x"),
        verify("x"),
        json!({ "accounts.sendVerification": { "id": s.subject } }),
        json!({ "accounts.requestEmailChange": { "id": s.subject, "email": "a@b.c" } }),
        json!({ "accounts.register": { "email": "a@b.c", "password": NEW } }),
    ] {
        assert_eq!(s.world.refused(command.clone()), "not_found", "{command}");
    }
}
