//! What a link in a mail must not be good for, and whom it must not go to (RT in the catalogue).

use claviger_tests::setting::{Setting, header, post_raw, text};
use claviger_tests::{Browser, World, form, parameter};
use serde_json::{Value, json};

use crate::check::hold_everywhere;

pub(crate) const ADDRESS: &str = "ada@example.com";
pub(crate) const NEW: &str = "a new horse";

/// A host that sends mail, where everything of it is on; Ada signs in with her address.
pub(crate) fn mailing() -> Setting {
    let sign_in = json!({ "signUp": true, "passwordless": ["link", "code"] });
    let mut s = Setting::new(json!({ "capabilities": ["mail"], "signIn": sign_in }), "opaque");
    let account = json!({ "login": ADDRESS, "password": claviger_tests::setting::PASSWORD, "name": "Ada" });
    s.subject = text(&s.world.ok(json!({ "accounts.create": account }))["id"]).to_owned();
    s
}

/// The one mail that was to be sent since they were last taken.
pub(crate) fn mail(world: &mut World) -> Value {
    let mails = world.take_mails();
    let [mail] = mails.as_slice() else { panic!("not one mail: {mails:?}") };
    mail.clone()
}

pub(crate) fn token_of(mail: &Value) -> String {
    parameter(text(&mail["link"]), "token").unwrap_or_else(|| panic!("no token in {mail}"))
}

pub(crate) fn reset_asked(login: &str) -> Value {
    json!({ "accounts.requestReset": { "login": login } })
}

pub(crate) fn reset(token: &str) -> Value {
    json!({ "accounts.reset": { "token": token, "password": NEW } })
}

pub(crate) fn verify(token: &str) -> Value {
    json!({ "accounts.verifyEmail": { "token": token } })
}

/// A link for each purpose, and the browser that asked for the one that signs in.
struct Links {
    verify: String,
    change: String,
    reset: String,
    sign_in: String,
}

fn links(s: &mut Setting) -> Links {
    let mut ask = |command| {
        s.world.ok(command);
        token_of(&mail(&mut s.world))
    };
    let subject = s.subject.clone();
    let verify = ask(json!({ "accounts.sendVerification": { "id": subject } }));
    let change = ask(json!({ "accounts.requestEmailChange": { "id": subject, "email": "ada@example.org" } }));
    let reset = ask(reset_asked(ADDRESS));
    let sign_in = token_of(&asked_to_sign_in(s).1);
    Links { verify, change, reset, sign_in }
}

/// Asks to sign in by mail, in the setting's browser: the page, and the mail.
pub(crate) fn asked_to_sign_in(s: &mut Setting) -> (Value, Value) {
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let body = form(&[("interaction", &interaction), ("login", ADDRESS)]);
    let page = s.browser.post(&mut s.world, "/sign-in-by-mail", &body);
    let sent = mail(&mut s.world);
    (page, sent)
}

fn press(browser: &Browser, path: &str, token: &str) -> Value {
    browser.post_command(path, &form(&[("token", token)]))
}

fn is_verified(s: &mut Setting) -> bool {
    let account = s.world.ok(json!({ "accounts.find": { "id": s.subject } }));
    account["claims"]["email_verified"] == true
}

/// Whether a password still is what signs in.
pub(crate) fn signs_in(s: &mut Setting, password: &str) -> bool {
    let mut browser = Browser::new();
    let query = s.query(&[]);
    let interaction = browser.begin(&mut s.world, &query);
    browser.sign_in(&mut s.world, &interaction, ADDRESS, password)["status"] == 303
}

#[test]
fn rt_002_of_64_at_once_one_resets() {
    let mut s = mailing();
    s.world.ok(reset_asked(ADDRESS));
    let token = token_of(&mail(&mut s.world));
    let ended = s.world.race(&reset(&token), 64);
    let statuses: Vec<&str> = ended.iter().map(|done| text(&done["ok"]["status"])).collect();
    assert_eq!(statuses.iter().filter(|status| **status == "reset").count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| ["reset", "token"].contains(status)), "{statuses:?}");
    let told = |kind: &str| {
        ended.iter().flat_map(|done| done["mail"].as_array()).flatten().filter(|mail| mail["kind"] == kind).count()
    };
    assert_eq!(told("password_changed"), 1);
}

#[test]
fn rt_002_of_64_at_once_one_signs_in() {
    let mut s = mailing();
    let token = token_of(&asked_to_sign_in(&mut s).1);
    let command = press(&s.browser, "/sign-in-link", &token);
    let ended = s.world.race(&command, 64);
    let begun = ended.iter().filter(|done| done["ok"]["status"] == 303).count();
    assert_eq!(begun, 1, "{ended:?}");
    let sessions = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
    assert_eq!(sessions["items"].as_array().map(Vec::len), Some(1));
}

#[test]
fn rt_002_of_64_at_once_one_verifies() {
    let mut s = mailing();
    s.world.ok(json!({ "accounts.sendVerification": { "id": s.subject } }));
    let token = token_of(&mail(&mut s.world));
    let ended = s.world.race(&verify(&token), 64);
    let events = ended.iter().flat_map(|done| done["events"].as_array()).flatten();
    assert_eq!(events.filter(|event| event["name"] == "email.verified").count(), 1);
    assert!(ended.iter().all(|done| done["ok"]["status"] == "verified"), "{ended:?}");
}

#[test]
fn rt_002_of_64_that_ask_at_once_one_is_sent_a_mail() {
    let mut s = mailing();
    let ended = s.world.race(&reset_asked(ADDRESS), 64);
    assert_eq!(ended.iter().filter(|done| done.get("mail").is_some()).count(), 1);
}

#[test]
fn rt_004_a_link_is_good_for_its_own_purpose_alone() {
    let mut s = mailing();
    let Links { verify: of_verify, change, reset: of_reset, sign_in } = links(&mut s);
    let before = s.world.store.dump();
    for token in [&of_verify, &change, &sign_in] {
        assert_eq!(s.world.ok(reset(token))["status"], "token");
    }
    for token in [&of_reset, &sign_in] {
        assert_eq!(s.world.ok(verify(token))["status"], "token");
    }
    for token in [&of_verify, &change, &of_reset] {
        let command = press(&s.browser, "/sign-in-link", token);
        assert_eq!(s.world.ok(command)["status"], 400);
    }
    // Nor is one taken for another when it is called so.
    for (token, prefix) in [(&of_verify, "cvlr_"), (&sign_in, "cvlr_"), (&change, "cvlr_")] {
        let (_, sealed) = token.split_at(5);
        assert_eq!(s.world.ok(reset(&format!("{prefix}{sealed}")))["status"], "token");
    }
    assert_eq!(s.world.store.dump(), before);
    // And each is for its own. To sign in by mail at an address that nobody verified would end the others.
    assert_eq!(s.world.ok(verify(&of_verify))["status"], "verified");
    let command = press(&s.browser, "/sign-in-link", &sign_in);
    assert_eq!(s.world.ok(command)["status"], 303);
    assert_eq!(s.world.ok(verify(&change))["email"], "ada@example.org");
    // By then the address is another one than it was sent to.
    assert_eq!(s.world.ok(reset(&of_reset))["status"], "token");
}

#[test]
fn rt_005_a_link_is_over_on_time_also_where_the_store_still_has_it() {
    for (seconds, purpose) in [(86_400, "verify"), (86_400, "change"), (3600, "reset"), (900, "sign_in")] {
        for (late, good) in [(false, true), (true, false)] {
            let mut s = mailing();
            let Links { verify: of_verify, change, reset: of_reset, sign_in } = links(&mut s);
            s.world.advance(if late { seconds } else { seconds - 1 });
            let came = match purpose {
                "verify" => s.world.ok(verify(&of_verify))["status"] == "verified",
                "change" => s.world.ok(verify(&change))["status"] == "verified",
                "reset" => s.world.ok(reset(&of_reset))["status"] == "reset",
                _ => {
                    let command = press(&s.browser, "/sign-in-link", &sign_in);
                    s.world.ok(command)["status"] == 303
                }
            };
            assert_eq!(came, good, "{purpose} {late}");
        }
    }
}

#[test]
fn rt_009_mail_goes_to_the_one_address_that_is_stored() {
    let mut s = mailing();
    let ask = |body: &str| post_raw("/forgot", &[("content-type", "application/x-www-form-urlencoded")], body);
    for body in [
        "login[]=ada%40example.com&login[]=eve%40example.com",
        "login=ada%40example.com%2Ceve%40example.com",
        "login=ada%40example.com%0aCc%3Aeve%40example.com",
        "login=ada%40example.com%00",
        "login=ada%40example.com%3Beve%40example.com",
        "login=ada%40example.com&login=eve%40example.com",
        "email[]=ada%40example.com&email[]=eve%40example.com",
    ] {
        hold_everywhere(&s.world.ok(ask(body)));
        assert_eq!(s.world.take_mails(), Vec::<Value>::new(), "{body}");
    }
    s.world.ok(ask("login=+ADA%40Example.com+&email=eve%40example.com&to=eve%40example.com"));
    assert_eq!(mail(&mut s.world)["to"], ADDRESS);
}

#[test]
fn rt_009_an_account_without_an_address_is_sent_nothing() {
    let mut s = mailing();
    for email in [
        json!("ada@example.com, eve@example.com"),
        json!("ada@example.com\r\nCc: eve@example.com"),
        json!(["a@b.c"]),
        json!(""),
    ] {
        let account = json!({ "login": format!("x{}", email.to_string().len()), "claims": { "email": email } });
        let made = s.world.ok(json!({ "accounts.create": account }));
        s.world.ok(reset_asked(text(&made["login"])));
        assert_eq!(s.world.take_mails(), Vec::<Value>::new(), "{email}");
    }
}

#[test]
fn rt_010_a_name_that_is_compared_as_another_is_not_written_to() {
    let mut s = mailing();
    let account = json!({ "login": "mike@example.com", "claims": { "email": "Mike@Example.com" } });
    s.world.ok(json!({ "accounts.create": account }));
    // U+212A KELVIN SIGN is k in lower case.
    s.world.ok(reset_asked("mi\u{212a}e@example.com"));
    assert_eq!(mail(&mut s.world)["to"], "Mike@Example.com");
    // U+0131 DOTLESS I is i in upper case.
    s.world.ok(reset_asked("m\u{131}ke@example.com"));
    assert_eq!(s.world.take_mails(), Vec::<Value>::new());
    let register = json!({ "email": "i\u{212a}e@example.com", "password": NEW });
    assert_eq!(s.world.refused(json!({ "accounts.register": register })), "invalid_argument");
}

/// What a command asks the store for, with what differs from one row to the next left out.
pub(crate) fn shape(world: &mut World, command: Value) -> (Value, Vec<String>) {
    let mut asked = Vec::new();
    let done = world.run_with(command, |ask, _, store| {
        let count = |name: &str| ask["commit"][name].as_array().map_or(0, Vec::len);
        asked.push(match ask.get("load") {
            Some(load) => format!("load {}", load["keys"].as_array().map_or(0, Vec::len)),
            None => format!("commit {} {} {}", count("put"), count("delete"), count("add")),
        });
        store.answer(ask)
    });
    (done["ok"].clone(), asked)
}

#[test]
fn rt_012_whether_there_is_such_a_person_shows_in_nothing() {
    let mut s = mailing();
    s.world.ok(json!({ "accounts.create": { "login": "off@example.com" } }));
    let off = s.world.ok(json!({ "accounts.find": { "login": "off@example.com" } }));
    s.world.ok(json!({ "accounts.update": { "id": off["id"], "disabled": true } }));
    let post = |login: &str| Browser::new().post_command("/forgot", &form(&[("login", login)]));
    let known = shape(&mut s.world, post(ADDRESS));
    let unknown = shape(&mut s.world, post("eve@example.com"));
    let disabled = shape(&mut s.world, post("off@example.com"));
    assert_eq!(known, unknown);
    assert_eq!(known, disabled);
    // Nor the second time, when none is sent.
    assert_eq!(shape(&mut s.world, post(ADDRESS)), shape(&mut s.world, post("eve@example.com")));
    assert_eq!(s.world.ok(reset_asked(ADDRESS)), s.world.ok(reset_asked("eve@example.com")));
    // run_with gathers the mails of all of them.
    assert_eq!(mail(&mut s.world)["to"], ADDRESS);
}

#[test]
fn rt_013_a_person_is_sent_ten_mails_in_an_hour_and_one_in_a_minute() {
    let mut s = mailing();
    s.world.now -= s.world.now % 3_600_000;
    let mut sent = 0;
    for _ in 0..1000 {
        let told = s.world.ok(reset_asked(ADDRESS));
        let mails = s.world.take_mails().len();
        assert_eq!(told["status"], if mails == 1 { "sent" } else { "throttled" });
        assert_eq!(told["retryAfter"].is_number(), mails == 0, "{told}");
        sent += mails;
        s.world.advance(3);
    }
    assert_eq!(sent, 10);
    s.world.advance(3600);
    assert_eq!(s.world.ok(reset_asked(ADDRESS))["status"], "sent");
}

#[test]
fn rt_013_whoever_asks_for_mails_to_sign_in_keeps_nobody_from_the_others() {
    let mut s = mailing();
    let ask = json!({ "signIn.sendMail": { "visit": { "cookie": "" }, "login": ADDRESS } });
    for _ in 0..12 {
        s.world.ok(ask.clone());
    }
    assert_eq!(s.world.take_mails().len(), 10);
    assert_eq!(s.world.ok(reset_asked(ADDRESS))["status"], "sent");
}

#[test]
fn rt_013_one_address_asks_sixty_times_in_an_hour() {
    let mut s = mailing();
    let post = |n: u32, remote: &str| {
        let mut command = Browser::new().post_command("/forgot", &form(&[("login", &format!("p{n}@example.com"))]));
        command["http"]["remote"] = remote.into();
        command
    };
    let mut last = Value::Null;
    for n in 0..1000 {
        let command = post(n, "203.0.113.9");
        last = s.world.ok(command);
        assert_eq!(last["status"], if n < 60 { 200 } else { 429 });
    }
    assert!(header(&last, "retry-after").is_some(), "{last}");
    assert_eq!(s.world.ok(post(0, "203.0.113.10"))["status"], 200);
    let asked = json!({ "login": ADDRESS, "remote": "203.0.113.9" });
    assert_eq!(s.world.ok(json!({ "accounts.requestReset": asked }))["status"], "throttled");
}

/// Every door by which a stranger has a mail sent: the page's command with this address, and the typed one.
fn doors(s: &mut Setting, login: &str, remote: &Value) -> Vec<(&'static str, Value)> {
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let page = |path: &str, fields: &[(&str, &str)]| {
        let mut command = s.browser.post_command(path, &form(fields));
        if !remote.is_null() {
            command["http"]["remote"] = remote.clone();
        }
        command
    };
    vec![
        ("forgot", page("/forgot", &[("login", login)])),
        ("sign in by mail", page("/sign-in-by-mail", &[("interaction", &interaction), ("login", login)])),
        ("sign up", page("/sign-up", &[("email", login), ("password", NEW)])),
        ("accounts.requestReset", json!({ "accounts.requestReset": { "login": login, "remote": remote } })),
        (
            "signIn.sendMail",
            json!({ "signIn.sendMail": { "visit": { "cookie": "", "remote": remote }, "login": login } }),
        ),
        ("accounts.register", json!({ "accounts.register": { "email": login, "password": NEW, "remote": remote } })),
    ]
}

fn is_too_many(done: &Value) -> bool {
    done["ok"]["status"] == 429 || done["ok"]["status"] == "throttled" || done["refused"]["code"] == "too_many_requests"
}

#[test]
fn rt_013_every_door_counts_for_the_address_that_asks() {
    let mut s = mailing();
    let from = json!("203.0.113.9");
    for n in 0..60 {
        let asked = json!({ "login": format!("p{n}@example.com"), "remote": from });
        s.world.ok(json!({ "accounts.requestReset": asked }));
    }
    for (name, command) in doors(&mut s, ADDRESS, &from) {
        assert!(is_too_many(&s.world.run(command)), "{name}");
    }
    assert_eq!(s.world.take_mails(), Vec::<Value>::new());
    for door in 0..6 {
        let (name, command) =
            doors(&mut s, &format!("grace{door}@example.com"), &json!("203.0.113.10")).swap_remove(door);
        assert!(!is_too_many(&s.world.run(command)), "{name}");
    }
}

#[test]
fn rt_013_where_nobody_says_who_asks_one_asker_takes_nothing_from_the_others() {
    let mut s = mailing();
    for n in 0..100 {
        let login = format!("p{n}@example.com");
        let page = Browser::new().post_command("/forgot", &form(&[("login", &login)]));
        let mail = json!({ "signIn.sendMail": { "visit": { "cookie": "" }, "login": login } });
        for command in [page, mail] {
            assert!(!is_too_many(&s.world.run(command)), "{n}");
        }
    }
    s.world.take_mails();
    s.world.ok(reset_asked(ADDRESS));
    assert_eq!(mail(&mut s.world)["to"], ADDRESS);
    assert!(s.world.store.keys("main.address.").is_empty(), "there is no address that all would share");
}

#[test]
fn rt_014_a_link_verifies_the_address_that_it_was_sent_to_and_no_other() {
    let mut s = mailing();
    s.world.ok(json!({ "accounts.sendVerification": { "id": s.subject } }));
    let old = token_of(&mail(&mut s.world));
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "claims": { "email": "eve@example.com" } } }));
    assert_eq!(s.world.ok(verify(&old))["status"], "token");
    assert!(!is_verified(&mut s));
}

#[test]
fn rt_014_of_two_changes_at_once_each_link_is_for_its_own_address() {
    let mut s = mailing();
    let ask = |email: &str| json!({ "accounts.requestEmailChange": { "id": s.subject, "email": email } });
    let (first, second) = (s.world.begin(ask("victim@example.com")), s.world.begin(ask("eve@example.com")));
    let mut waiting = vec![first, second];
    let mut mails = Vec::new();
    while let Some(step) = waiting.pop() {
        let answer = s.world.store.answer(&step["ask"]);
        let next = s.world.resume(&step["flow"], answer);
        if next.get("ask").is_some() {
            waiting.insert(0, next);
        } else {
            mails.extend(next["done"]["mail"].as_array().into_iter().flatten().cloned());
        }
    }
    // The one that was too late is told to wait, and its mail was never sent.
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    let done = s.world.ok(verify(&token_of(mail)));
    assert_eq!(done["email"], mail["to"]);
    let account = s.world.ok(json!({ "accounts.find": { "id": s.subject } }));
    assert_eq!((&account["claims"]["email"], &account["login"]), (&mail["to"], &mail["to"]));
}

#[test]
fn rt_014_a_newer_link_takes_the_place_of_an_older_one() {
    let mut s = mailing();
    s.world.ok(reset_asked(ADDRESS));
    let older = token_of(&mail(&mut s.world));
    s.world.advance(60);
    s.world.ok(reset_asked(ADDRESS));
    let newer = token_of(&mail(&mut s.world));
    assert_eq!(s.world.ok(reset(&older))["status"], "token");
    assert_eq!(s.world.ok(reset(&newer))["status"], "reset");
}

#[test]
fn rt_015_nobody_says_of_themselves_that_an_address_is_verified() {
    let mut s = mailing();
    let fields = [
        ("email", "eve@example.com"),
        ("password", NEW),
        ("email_verified", "true"),
        ("claims", "{\"email_verified\":true}"),
    ];
    s.browser.post(&mut s.world, "/sign-up", &form(&fields));
    let made = s.world.ok(json!({ "accounts.find": { "login": "eve@example.com" } }));
    assert_eq!(made["claims"], json!({ "email": "eve@example.com" }));
    let register = json!({ "email": "mallory@example.com", "password": NEW, "claims": { "email_verified": true } });
    assert_eq!(s.world.refused(json!({ "accounts.register": register })), "invalid_argument");
}

#[test]
fn rt_016_the_store_has_no_link_and_no_code() {
    let mut s = mailing();
    let Links { verify, change, reset, sign_in } = links(&mut s);
    s.world.advance(61);
    let code = text(&asked_to_sign_in(&mut s).1["code"]).to_owned();
    let dump = s.world.store.dump();
    assert!(dump.contains("link.reset-password") && dump.contains("link.sign-in"));
    for secret in [verify, change, reset, sign_in, code] {
        let part = secret.get(10..34).unwrap_or(&secret);
        assert!(!dump.contains(part), "{secret}");
    }
    assert!(!json!(s.world.take_events()).to_string().contains("cvl"));
}

#[test]
fn rt_017_rt_018_to_look_at_a_link_spends_nothing_and_tells_nobody() {
    let mut s = mailing();
    let Links { verify: of_verify, change, reset: of_reset, sign_in } = links(&mut s);
    let before = s.world.store.dump();
    for (path, token) in
        [("/verify-email", &of_verify), ("/verify-email", &change), ("/reset", &of_reset), ("/sign-in-link", &sign_in)]
    {
        for _ in 0..3 {
            let page = s.browser.get(&mut s.world, &format!("{path}?token={token}"));
            assert_eq!(page["status"], 200, "{path}: {page}");
            assert_eq!(header(&page, "referrer-policy"), Some("no-referrer"), "{path}");
            assert_eq!(header(&page, "cache-control"), Some("no-store"), "{path}");
            assert!(header(&page, "content-security-policy").unwrap().starts_with("default-src 'none'"), "{path}");
            let body = text(&page["body"]);
            assert!(!body.contains("src=") && !body.contains("href=\"http"), "{path}: {body}");
        }
    }
    assert_eq!(s.world.store.dump(), before);
    let command = press(&s.browser, "/verify-email", &of_verify);
    assert!(text(&s.world.ok(command)["body"]).contains("Your address is confirmed"));
    assert!(is_verified(&mut s));
}

#[test]
fn rt_017_a_form_of_another_site_presses_no_button() {
    let mut s = mailing();
    let Links { verify: of_verify, reset: of_reset, sign_in, .. } = links(&mut s);
    for (path, token) in [("/verify-email", &of_verify), ("/reset", &of_reset), ("/sign-in-link", &sign_in)] {
        let mut command = s.browser.post_command(path, &form(&[("token", token), ("password", NEW)]));
        command["http"]["headers"][2] = json!(["origin", "https://evil.example"]);
        command["http"]["headers"][3] = json!(["sec-fetch-site", "cross-site"]);
        assert_eq!(s.world.ok(command)["status"], 403, "{path}");
    }
    assert!(!is_verified(&mut s));
}
