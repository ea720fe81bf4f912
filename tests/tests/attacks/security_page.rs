//! The page on what a person signs in with: changed by them alone, soon after they signed in (SE-018, AZ-084, AZ-088, G3).

use claviger_tests::setting::{PASSWORD, Setting, header, text};
use claviger_tests::{Authenticator, Browser, form, location_parameter};
use serde_json::{Value, json};

use crate::account_pages::{elsewhere, is_signed_in};
use crate::check::{hold_everywhere, send_unchanged};
use crate::email_sign_in::hidden;
use crate::operations::Operation;

const PAGE: &str = "/account/security";

/// What must survive every fault of the store.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "a person looks at what they sign in with",
        start: || {
            let s = at_page();
            let command = s.browser.get_command(PAGE);
            (s, command)
        },
        // Who is not known to be signed in is sent to sign in.
        happened: |_, done| {
            assert!(done["ok"]["status"] == 200 || location_parameter(&done["ok"], "interaction").is_some())
        },
    },
    Operation {
        name: "a person has codes mailed",
        start: || {
            let (mut s, _) = with_address();
            let command = command(&mut s, &[("mail", "on")]);
            (s, command)
        },
        happened: |s, done| {
            let asked_again = location_parameter(&done["ok"], "interaction").is_some();
            let listed = s.world.ok(json!({ "factors.list": { "subject": s.subject } }));
            assert!(asked_again || listed["kinds"] == json!(["email_code"]), "{done}");
        },
    },
    Operation {
        name: "a person adds an app",
        start: || {
            let mut s = at_page();
            let command = command(&mut s, &[("add", "totp")]);
            (s, command)
        },
        happened: |_, done| {
            let shown = text(&done["ok"]["body"]).contains("<svg");
            assert!(shown || location_parameter(&done["ok"], "interaction").is_some(), "{done}");
        },
    },
];

/// The same, whose address is verified, at a host that sends mail; with the browser in which she signed in elsewhere.
fn with_address() -> (Setting, Browser) {
    let mut s = Setting::new(json!({ "capabilities": ["mail"] }), "opaque");
    let claims = json!({ "email": "ada@example.com", "email_verified": true });
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "claims": claims } }));
    s.browser = elsewhere(&mut s.world, "ada");
    let other = elsewhere(&mut s.world, "ada");
    s.world.take_mails();
    (s, other)
}

fn told(s: &mut Setting) -> Vec<String> {
    s.world.take_mails().iter().map(|mail| text(&mail["kind"]).to_owned()).collect()
}

/// Ada, who has just signed in.
fn at_page() -> Setting {
    let mut s = Setting::opaque();
    s.browser = elsewhere(&mut s.world, "ada");
    s
}

fn change<'a>(current: &'a str, new: &'a str) -> [(&'static str, &'a str); 3] {
    [("change", "password"), ("current", current), ("new", new)]
}

fn page(s: &mut Setting) -> Value {
    let page = s.browser.get(&mut s.world, PAGE);
    hold_everywhere(&page);
    page
}

fn command(s: &mut Setting, fields: &[(&str, &str)]) -> Value {
    let page = page(s);
    s.browser.post_command(PAGE, &form(&[&[("token", hidden(&page, "token"))], fields].concat()))
}

fn press(s: &mut Setting, fields: &[(&str, &str)]) -> Value {
    let command = command(s, fields);
    let response = s.world.ok(command);
    hold_everywhere(&response);
    s.browser.keep(&response);
    response
}

/// The key that the page shows.
fn app_on(page: &Value) -> Authenticator {
    let body = text(&page["body"]);
    let (_, rest) = body.split_once("<code class=\"secret\">").unwrap_or_else(|| panic!("no key: {body}"));
    Authenticator::with(rest.split('<').next().unwrap())
}

fn codes_on(page: &Value) -> Vec<String> {
    let body = text(&page["body"]);
    body.split("<li><code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

fn add(s: &mut Setting) -> (Authenticator, Value) {
    let added = press(s, &[("add", "totp")]);
    assert_eq!(added["status"], 200, "{added}");
    let (app, id) = (app_on(&added), hidden(&added, "confirm"));
    let code = app.code(s.world.now);
    let confirmed = press(s, &[("confirm", id), ("code", &code)]);
    (app, confirmed)
}

#[test]
fn a_person_adds_an_app_sees_recovery_codes_once_and_removes_it() {
    let mut s = at_page();
    let shown = page(&mut s);
    assert_eq!((&shown["status"], s.world.asked()), (&json!(200), &vec!["load".to_owned()]));
    let added = press(&mut s, &[("add", "totp")]);
    assert!(
        text(&added["body"]).contains("<svg") && text(&added["body"]).contains("otpauth://totp/Example:ada?secret=")
    );
    let id = hidden(&added, "confirm");
    let wrong = press(&mut s, &[("confirm", id), ("code", "000000")]);
    assert_eq!(wrong["status"], 401);
    assert_eq!(app_on(&wrong).code(0), app_on(&added).code(0), "the same key again");
    let code = app_on(&added).code(s.world.now);
    let confirmed = press(&mut s, &[("confirm", id), ("code", &code)]);
    let codes = codes_on(&confirmed);
    assert_eq!((codes.len(), header(&confirmed, "cache-control")), (10, Some("no-store")));
    let shown = page(&mut s);
    assert!(text(&shown["body"]).contains("10 left.") && !codes.iter().any(|code| shown.to_string().contains(code)));
    let renewed = codes_on(&press(&mut s, &[("renew_codes", "all")]));
    assert!(renewed.len() == 10 && renewed.iter().all(|code| !codes.contains(code)));
    let removed = press(&mut s, &[("remove", id)]);
    assert_eq!(header(&removed, "location"), Some("https://auth.example.com/account/security?done=removed"));
    assert!(text(&page(&mut s)["body"]).contains("With an app on your phone"));
}

#[test]
fn a_person_calls_an_app_what_they_like() {
    let mut s = at_page();
    let long = "x".repeat(101);
    for (typed, shown) in [("My <b>phone</b>", "My &#60;b&#62;phone&#60;/b&#62;"), (" ", "Authenticator app")] {
        let added = press(&mut s, &[("add", "totp"), ("name", typed)]);
        let (app, id) = (app_on(&added), hidden(&added, "confirm"));
        let code = app.code(s.world.now);
        press(&mut s, &[("confirm", id), ("code", &code)]);
        let page = page(&mut s);
        assert!(text(&page["body"]).contains(shown), "{page}");
    }
    let refused = press(&mut s, &[("add", "totp"), ("name", &long)]);
    assert_eq!(refused["status"], 400);
    assert!(text(&refused["body"]).contains("Choose a name of up to 100 characters."), "{refused}");
}

#[test]
fn se_018_codes_by_mail_are_turned_on_and_off_and_end_the_sessions_elsewhere() {
    let (mut s, mut other) = with_address();
    assert!(is_signed_in(&mut other, &mut s.world));
    assert_eq!(
        header(&press(&mut s, &[("mail", "on")]), "location"),
        Some("https://auth.example.com/account/security?done=mail_on")
    );
    assert_eq!(told(&mut s), ["factor_added"]);
    assert!(!is_signed_in(&mut other, &mut s.world));
    let shown = page(&mut s);
    assert!(text(&shown["body"]).contains("value=\"off\""), "{shown}");
    let ask = json!({ "visit": { "cookie": "" }, "login": "ada", "password": PASSWORD });
    assert_eq!(s.world.ok(json!({ "signIn.withPassword": ask }))["kinds"], json!(["email_code"]));
    press(&mut s, &[("mail", "off")]);
    assert_eq!(told(&mut s), ["factor_removed"]);
    assert_eq!(s.world.ok(json!({ "signIn.withPassword": ask }))["stage"], "full");
}

#[test]
fn where_there_is_no_verified_address_there_are_no_codes_by_mail() {
    let mut s = at_page();
    assert!(!text(&page(&mut s)["body"]).contains("by mail"));
    assert_eq!(press(&mut s, &[("mail", "on")])["status"], 404);
    let (mut s, _) = with_address();
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "claims": { "email": "new@example.com" } } }));
    assert!(!text(&page(&mut s)["body"]).contains("by mail"));
    assert_eq!(press(&mut s, &[("mail", "on")])["status"], 400);
}

#[test]
fn a_person_is_told_by_mail_of_what_changes_about_their_factors() {
    let (mut s, _) = with_address();
    let (_, confirmed) = add(&mut s);
    assert_eq!((codes_on(&confirmed).len(), told(&mut s)), (10, vec!["factor_added".to_owned()]));
    press(&mut s, &[("renew_codes", "all")]);
    assert_eq!(told(&mut s), ["recovery_codes_regenerated"]);
    press(&mut s, &[("add", "totp")]);
    assert_eq!(told(&mut s), [] as [&str; 0], "one that waits is none yet");
    let listed = s.world.ok(json!({ "factors.list": { "subject": s.subject } }));
    let id = text(&listed["authenticators"][0]["id"]);
    press(&mut s, &[("remove", id)]);
    assert_eq!(told(&mut s), ["factor_removed"]);
    // By the host's word as well.
    let waiting = text(&listed["authenticators"][1]["id"]);
    s.world.ok(json!({ "factors.remove": { "subject": s.subject, "id": waiting } }));
    assert_eq!(told(&mut s), [] as [&str; 0]);
    s.world.ok(json!({ "factors.setEmail": { "subject": s.subject, "enabled": true } }));
    assert_eq!(told(&mut s), ["factor_added"]);
}

#[test]
fn recovery_codes_go_with_the_last_factor_whichever_it_is() {
    let (mut s, _) = with_address();
    let (_, _) = add(&mut s);
    press(&mut s, &[("mail", "on")]);
    let left = |s: &mut Setting| s.world.ok(json!({ "factors.list": { "subject": s.subject } }));
    let id = text(&left(&mut s)["authenticators"][0]["id"]).to_owned();
    press(&mut s, &[("remove", &id)]);
    assert_eq!(left(&mut s)["recoveryCodesLeft"], 10);
    press(&mut s, &[("mail", "off")]);
    assert_eq!(left(&mut s)["recoveryCodesLeft"], 0);
}

#[test]
fn se_018_an_app_or_a_new_password_ends_the_sessions_elsewhere() {
    for password in [true, false] {
        let mut s = at_page();
        let mut other = elsewhere(&mut s.world, "ada");
        if password {
            assert_eq!(press(&mut s, &change(PASSWORD, "another horse"))["status"], 303);
        } else {
            add(&mut s);
        }
        assert!(!is_signed_in(&mut other, &mut s.world));
        assert_eq!(page(&mut s)["status"], 200, "this one goes on");
    }
}

#[test]
fn long_after_the_sign_in_nothing_changes_before_another_one() {
    let mut s = at_page();
    s.world.advance(599);
    let (app, _) = add(&mut s);
    s.world.advance(1);
    let shown = page(&mut s);
    assert!(text(&shown["body"]).contains(r#"name="renew""#) && !text(&shown["body"]).contains(r#"name="add""#));
    let id = s.world.ok(json!({ "factors.list": { "subject": s.subject } }))["authenticators"][0]["id"].clone();
    for fields in [
        vec![("add", "totp")],
        vec![("remove", text(&id))],
        vec![("renew_codes", "all")],
        vec![("renew", "now")],
        change(PASSWORD, "another horse").to_vec(),
    ] {
        let command = command(&mut s, &fields);
        let response = send_unchanged(&mut s.world, command);
        assert!(location_parameter(&response, "interaction").is_some(), "{fields:?}: {response}");
    }
    s.world.advance(30);
    // The password and a code of the app, and the person is back.
    let sent = press(&mut s, &[("renew", "now")]);
    let interaction = location_parameter(&sent, "interaction").unwrap();
    let halfway = s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    let pending = hidden(&halfway, "pending");
    let code = app.code(s.world.now);
    let body = form(&[("pending", pending), ("by", "totp"), ("code", &code)]);
    let back = s.browser.post(&mut s.world, "/sign-in/second", &body);
    assert_eq!(header(&back, "location"), Some("https://auth.example.com/account/security"), "{back}");
    assert_eq!(press(&mut s, &[("remove", text(&id))])["status"], 303);
}

#[test]
fn a_form_of_another_site_or_of_another_session_changes_nothing() {
    let mut s = at_page();
    let mut other = elsewhere(&mut s.world, "ada");
    let shown = page(&mut s);
    let token = hidden(&shown, "token");
    let fields = |token: &str| form(&[("token", token), ("add", "totp")]);
    let foreign = other.post_command(PAGE, &fields(token));
    let forged = s.browser.post_command(PAGE, &fields("forged"));
    let missing = s.browser.post_command(PAGE, &form(&[("add", "totp")]));
    let mut of_another_site = s.browser.post_command(PAGE, &fields(token));
    for header in of_another_site["http"]["headers"].as_array_mut().unwrap() {
        if header[0] == "sec-fetch-site" || header[0] == "origin" {
            header[1] = json!(if header[0] == "origin" { "https://evil.example" } else { "cross-site" });
        }
    }
    of_another_site["http"]["headers"].as_array_mut().unwrap().push(json!(["sec-fetch-site", "cross-site"]));
    for command in [foreign, forged, missing, of_another_site] {
        assert_eq!(send_unchanged(&mut s.world, command)["status"], 403);
    }
    assert!(is_signed_in(&mut other, &mut s.world));
    let nobody = Browser::new().post_command(PAGE, &fields(token));
    assert!(location_parameter(&send_unchanged(&mut s.world, nobody), "interaction").is_some());
}

#[test]
fn a_session_that_ended_meanwhile_changes_nothing() {
    let mut s = at_page();
    let command = command(&mut s, &[("add", "totp")]);
    let subject = s.subject.clone();
    let mut ended = false;
    let done = s.world.run_with(command, |ask, _, store| {
        if ask.get("commit").is_some() && !ended {
            ended = true;
            let key = store.keys("/session.").remove(0);
            store.answer(&json!({ "commit": { "delete": [key] } }));
        }
        store.answer(ask)
    });
    assert!(location_parameter(&done["ok"], "interaction").is_some(), "{done}");
    assert!(s.world.store.keys(&format!("{subject}/factors")).is_empty());
}

#[test]
fn a_password_that_is_wrong_or_too_short_is_told_and_guesses_are_counted() {
    let mut s = at_page();
    let short = press(&mut s, &change(PASSWORD, "short"));
    assert_eq!(short["status"], 400);
    assert!(text(&short["body"]).contains("Choose another new password: it needs 8 to 512 characters."), "{short}");
    for _ in 0..10 {
        let wrong = press(&mut s, &change("wrong horse", "another horse"));
        assert_eq!(wrong["status"], 401);
        assert!(text(&wrong["body"]).contains("That is not your current password."));
    }
    let full = press(&mut s, &change(PASSWORD, "another horse"));
    assert_eq!((&full["status"], header(&full, "retry-after").is_some()), (&json!(429), true));
}

#[test]
fn five_apps_are_the_most_and_what_nobody_chose_is_refused() {
    let mut s = at_page();
    for _ in 0..5 {
        add(&mut s);
        s.world.advance(1);
    }
    let full = press(&mut s, &[("add", "totp")]);
    assert_eq!(full["status"], 409);
    assert!(text(&full["body"]).contains("You have five apps"));
    assert_eq!(press(&mut s, &[])["status"], 400);
    for field in ["remove", "confirm"] {
        assert_eq!(press(&mut s, &[(field, "nothing")])["status"], 404);
    }
}

#[test]
fn where_the_host_has_an_account_page_it_has_this_one_too() {
    let mut s = Setting::new(json!({ "pages": { "account": "https://www.example.com/me" } }), "opaque");
    let response = s.browser.get(&mut s.world, PAGE);
    assert_eq!(header(&response, "location"), Some("https://www.example.com/me"));
    let posted = s.browser.post(&mut s.world, PAGE, &form(&[("add", "totp")]));
    assert_eq!(header(&posted, "location"), Some("https://www.example.com/me"));
}

#[test]
fn the_account_page_leads_here() {
    let mut s = at_page();
    let account = s.browser.get(&mut s.world, "/account");
    assert!(text(&account["body"]).contains(r#"<a href="/account/security">"#));
    let nobody = Browser::new().get(&mut s.world, PAGE);
    assert!(location_parameter(&nobody, "interaction").is_some());
}
