//! The account page: what acts for a person, shown to them alone and ended by them alone (SE-008, SE-017, AZ-084, AZ-088, G3).

use claviger_tests::setting::{PASSWORD, Setting, client, header, post_raw, text};
use claviger_tests::{Browser, Memory, World, form, location_parameter};
use serde_json::{Value, json};

use crate::check::{hold_everywhere, send_unchanged};
use crate::operations::{Operation, nothing_is_live};

/// What must survive every fault of the store.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "a person looks at their account page",
        start: || {
            let (s, _) = at_account("remove");
            let command = s.browser.get_command("/account");
            (s, command)
        },
        happened: |_, done| assert!(text(&done["ok"]["body"]).contains("Ada Lovelace"), "{done}"),
    },
    Operation { name: "a person removes an application", start: || at_account("remove"), happened: nothing_is_live },
    Operation { name: "a person ends a session", start: || at_account("end"), happened: one_session_is_left },
    Operation {
        name: "a person ends all other sessions",
        start: || at_account("end_others"),
        happened: one_session_is_left,
    },
];

/// A person with tokens out and another browser, and what they press.
fn at_account(name: &str) -> (Setting, Value) {
    let mut s = Setting::opaque();
    s.tokens();
    let other = elsewhere(&mut s.world, "ada");
    let value = if name == "end" { session_id(&other, &mut s) } else { s.client.clone() };
    let command = button(&mut s.browser, &mut s.world, name, &value);
    (s, command)
}

fn one_session_is_left(s: &mut Setting, _: &Value) {
    assert_eq!(s.world.store.keys("/session.").len(), 1);
}

/// The page, and what is checked of every answer.
pub(crate) fn page(browser: &mut Browser, world: &mut World, path: &str) -> Value {
    let page = browser.get(world, path);
    hold_everywhere(&page);
    page
}

/// The token in the form of the account page.
pub(crate) fn form_token(browser: &mut Browser, world: &mut World) -> String {
    let page = page(browser, world, "/account");
    let body = text(&page["body"]);
    let from = body.find(r#"name="token" value=""#).unwrap_or_else(|| panic!("no token in {body}")) + 20;
    body[from..].split('"').next().unwrap().to_owned()
}

/// The command of a button.
pub(crate) fn button(browser: &mut Browser, world: &mut World, name: &str, value: &str) -> Value {
    let token = form_token(browser, world);
    browser.post_command("/account", &form(&[("token", &token), (name, value)]))
}

pub(crate) fn press(s: &mut Setting, name: &str, value: &str) -> Value {
    let command = button(&mut s.browser, &mut s.world, name, value);
    let response = s.world.ok(command);
    hold_everywhere(&response);
    s.browser.keep(&response);
    response
}

pub(crate) fn body(s: &mut Setting) -> String {
    let page = page(&mut s.browser, &mut s.world, "/account");
    assert_eq!(page["status"], 200, "{page}");
    text(&page["body"]).to_owned()
}

/// Another browser in which somebody is signed in.
pub(crate) fn elsewhere(world: &mut World, login: &str) -> Browser {
    let mut browser = Browser::new();
    let first = browser.get(world, "/account");
    let handle = location_parameter(&first, "interaction").unwrap();
    assert_eq!(browser.sign_in(world, &handle, login, PASSWORD)["status"], 303);
    browser
}

pub(crate) fn sessions(s: &mut Setting) -> Vec<Value> {
    let listed = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
    listed["items"].as_array().unwrap().clone()
}

pub(crate) fn is_signed_in(browser: &mut Browser, world: &mut World) -> bool {
    page(browser, world, "/account")["status"] == 200
}

#[test]
fn a_person_sees_the_applications_that_act_for_them_and_removes_one() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    s.world.advance(3 * 3600);
    s.refresh(text(&tokens["refresh_token"]));
    s.world.advance(3600);
    let shown = body(&mut s);
    for part in ["<bdi>App</bdi>", "app.example.com", "See your things", "Allowed 4 hours ago", "Used 1 hour ago"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let tokens = s.tokens();
    s.world.take_events();
    let client = s.client.clone();
    let response = press(&mut s, "remove", &client);
    assert_eq!(
        (&response["status"], header(&response, "location")),
        (&json!(303), Some("https://auth.example.com/account"))
    );
    assert_eq!(s.world.take_event_names(), ["grant.revoked", "grant.revoked"], "all that the application has");
    for name in ["access_token", "refresh_token"] {
        assert!(!s.is_active(&tokens[name]), "{name}");
    }
    assert_eq!(s.refresh(text(&tokens["refresh_token"])).1["error"], "invalid_grant");
    assert!(body(&mut s).contains("No application may use your account"));
    let asked_anew = s.authorize(&[("prompt", None)]);
    assert!(location_parameter(&asked_anew, "code").is_none(), "the consent is forgotten: {asked_anew}");
}

#[test]
fn what_is_only_remembered_is_shown_too_and_forgotten() {
    let mut s = Setting::opaque();
    s.code();
    // The code is over, and was never redeemed: nothing acts, but the next request would be allowed without a question.
    s.world.advance(3600);
    assert!(body(&mut s).contains("<bdi>App</bdi>"));
    let client = s.client.clone();
    assert_eq!(press(&mut s, "remove", &client)["status"], 303);
    assert!(!body(&mut s).contains("<bdi>App</bdi>"));
    assert!(location_parameter(&s.authorize(&[("prompt", None)]), "code").is_none());
}

#[test]
fn the_round_trips_are_two_and_for_a_change_two() {
    let mut s = Setting::opaque();
    s.tokens();
    elsewhere(&mut s.world, "ada");
    body(&mut s);
    assert_eq!(s.world.asked(), &["scan", "load"]);
    let client = s.client.clone();
    let other = sessions(&mut s).iter().map(|one| text(&one["id"]).to_owned()).collect::<Vec<_>>();
    let own = s.world.ok(json!({ "authenticate": { "headers": [["cookie", s.browser.cookie_header()]] } }));
    let other = other.into_iter().find(|id| *id != own["sessionId"]).unwrap();
    for (name, value) in [("remove", client.as_str()), ("end", other.as_str()), ("sign_out", "here")] {
        press(&mut s, name, value);
        assert_eq!(s.world.asked(), &["scan", "commit"], "{name}");
    }
    page(&mut s.browser, &mut s.world, "/account");
    assert!(s.world.asked().is_empty(), "without a session nothing is asked: {:?}", s.world.asked());
}

#[test]
fn who_is_not_signed_in_signs_in_first_and_comes_back() {
    let mut s = Setting::opaque();
    let first = page(&mut s.browser, &mut s.world, "/account");
    let to = header(&first, "location").unwrap();
    assert!(first["status"] == 303 && to.starts_with("https://auth.example.com/sign-in?interaction="), "{first}");
    let handle = location_parameter(&first, "interaction").unwrap();
    let sign_in = page(&mut s.browser, &mut s.world, &format!("/sign-in?interaction={handle}"));
    let policy = header(&sign_in, "content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self';"), "it leads to no other site: {policy}");
    let back = s.browser.sign_in(&mut s.world, &handle, "ada", PASSWORD);
    assert_eq!(header(&back, "location"), Some("https://auth.example.com/account"));
    assert!(body(&mut s).contains("Ada Lovelace"));
    // In the browser in which it began, and until it is over.
    let mut other = Browser::new();
    assert_eq!(other.sign_in(&mut s.world, &handle, "ada", PASSWORD)["status"], 403);
    let late = location_parameter(&Browser::new().get(&mut s.world, "/account"), "interaction").unwrap();
    s.world.advance(900);
    assert_eq!(s.browser.sign_in(&mut s.world, &late, "ada", PASSWORD)["status"], 400);
}

#[test]
fn the_handle_of_a_sign_in_decides_nothing() {
    let mut s = Setting::opaque();
    let handle = location_parameter(&page(&mut s.browser, &mut s.world, "/account"), "interaction").unwrap();
    s.browser.sign_in(&mut s.world, &handle, "ada", PASSWORD);
    let cookie = s.browser.cookie_header();
    for command in ["interactions.consent", "interactions.deny", "device.get", "device.approve", "device.deny"] {
        assert_eq!(s.world.refused(json!({ command: { "handle": handle, "cookie": cookie } })), "interaction_ended");
    }
    let looked = page(&mut s.browser, &mut s.world, &format!("/device?interaction={handle}"));
    assert_eq!(looked["status"], 400);
    let view = s.world.ok(json!({ "interactions.get": { "handle": handle, "cookie": cookie } }));
    assert_eq!((&view["prompt"], &view["client"]), (&json!("sign_in"), &Value::Null));
}

#[test]
fn g3_the_page_is_cached_by_nobody_framed_by_nobody_and_runs_nothing() {
    let mut s = Setting::opaque();
    s.tokens();
    let shown = page(&mut s.browser, &mut s.world, "/account");
    assert_eq!(header(&shown, "cache-control"), Some("no-store"));
    assert_eq!(header(&shown, "x-frame-options"), Some("DENY"));
    assert_eq!(header(&shown, "referrer-policy"), Some("no-referrer"));
    assert!(header(&shown, "access-control-allow-origin").is_none());
    let policy = header(&shown, "content-security-policy").unwrap();
    for rule in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self';", "base-uri 'none'"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("script-src"), "{policy}");
    let secret = s.browser.cookie_header();
    let secret = secret.split("cvs_").nth(1).unwrap();
    assert!(!text(&shown["body"]).contains(secret), "the page does not hold the cookie");
}

/// The id of a browser's session.
pub(crate) fn session_id(browser: &Browser, s: &mut Setting) -> String {
    let who = s.world.ok(json!({ "authenticate": { "headers": [["cookie", browser.cookie_header()]] } }));
    text(&who["sessionId"]).to_owned()
}

#[test]
fn az_088_what_applications_call_themselves_is_text() {
    const HOSTILE: &str = "<script>alert(1)</script>\"' onmouseover=x \u{202e}";
    let mut s = Setting::new(json!({ "scopes": { "read": HOSTILE } }), "opaque");
    let (id, _) = client(
        &mut s.world,
        json!({ "name": HOSTILE, "id": "\"><img src=x>", "redirectUris": ["https://app.example.com/cb"] }),
    );
    s.client = id;
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    assert_eq!(s.browser.allow(&mut s.world, &interaction, &["read"])["status"], 303);
    let shown = body(&mut s);
    for tag in ["<script", "<img", "\u{202e}</bdi>"] {
        assert!(!shown.contains(tag), "{tag}: {shown}");
    }
    let client = s.client.clone();
    assert_eq!(press(&mut s, "remove", &client)["status"], 303);
    assert!(!body(&mut s).contains("alert(1)"));
}

#[test]
fn an_application_that_made_itself_is_called_unchecked() {
    let mut s = Setting::new(json!({ "registration": { "mode": "open" } }), "opaque");
    let asked = json!({ "redirect_uris": ["https://app.example.com/cb"], "client_name": "Self made", "token_endpoint_auth_method": "none" });
    let made = s.world.ok(post_raw("/register", &[("content-type", "application/json")], &asked.to_string()));
    let made: Value = serde_json::from_str(text(&made["body"])).unwrap();
    s.client = text(&made["client_id"]).to_owned();
    s.code();
    assert!(body(&mut s).contains("Example has not checked this application"));
}

#[test]
fn many_rows_are_shown_page_by_page_and_ended_all() {
    let mut s = Setting::opaque();
    let tokens: Vec<Value> = (0..3).map(|_| s.tokens()).collect();
    let grant = s.world.store.keys("/grant.")[0].clone();
    let value = s.world.store.value(&grant).unwrap();
    let owner = grant.split("/grant.").next().unwrap().to_owned();
    // Between what is there already, so that the session is on another page than the account.
    for n in 0..250 {
        s.world.store.put(&format!("{owner}/grant.{n:022}"), &value.to_string());
    }
    let first = body(&mut s);
    assert_eq!(s.world.asked(), &["scan", "load", "load"], "the session is not among them");
    let after = first.split("/account?after=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let (mut seen, mut next) = (1, Some(after));
    let mut last = first;
    while let Some(after) = next {
        let shown = page(&mut s.browser, &mut s.world, &format!("/account?after={after}"));
        last = text(&shown["body"]).to_owned();
        next = last.split("/account?after=").nth(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        seen += 1;
    }
    assert_eq!(seen, 3, "a page has a hundred rows");
    assert!(last.contains("This browser") && last.contains("Back to the first page"), "{last}");
    let client = s.client.clone();
    assert_eq!(press(&mut s, "remove", &client)["status"], 303);
    assert!(!s.world.store.dump().contains("\"live\""), "however many there are");
    assert!(tokens.iter().all(|tokens| !s.refresh(text(&tokens["refresh_token"])).1["error"].is_null()));
    let own = session_id(&s.browser.clone(), &mut s);
    elsewhere(&mut s.world, "ada");
    assert_eq!(press(&mut s, "end_others", "all")["status"], 303);
    assert_eq!(sessions(&mut s).iter().map(|one| text(&one["id"]).to_owned()).collect::<Vec<_>>(), [own]);
}

#[test]
fn a_client_that_took_a_deleted_ones_id_is_not_shown_with_what_was_its() {
    let mut s = Setting::opaque();
    let (id, _) = client(&mut s.world, json!({ "id": "printer", "name": "Old printer" }));
    s.client = id;
    s.code();
    assert!(body(&mut s).contains("Old printer"));
    s.world.ok(json!({ "clients.delete": { "id": "printer" } }));
    assert!(!body(&mut s).contains("printer"));
    s.world.advance(1);
    client(&mut s.world, json!({ "id": "printer", "name": "New printer" }));
    assert!(!body(&mut s).contains("printer"));
}

#[test]
fn a_host_with_a_page_of_its_own_gets_a_person_who_is_signed_in() {
    for (page_of_its_own, address) in [
        ("/my/account", "https://auth.example.com/my/account"),
        ("https://app.example.com/me", "https://app.example.com/me"),
    ] {
        let mut s = Setting::new(json!({ "pages": { "account": page_of_its_own } }), "opaque");
        let first = page(&mut s.browser, &mut s.world, "/account");
        let handle = location_parameter(&first, "interaction").unwrap();
        let sign_in = page(&mut s.browser, &mut s.world, &format!("/sign-in?interaction={handle}"));
        let policy = header(&sign_in, "content-security-policy").unwrap();
        assert_eq!(policy.contains("form-action 'self' https:;"), page_of_its_own.starts_with("https"), "{policy}");
        let back = s.browser.sign_in(&mut s.world, &handle, "ada", PASSWORD);
        assert_eq!(header(&back, "location"), Some(address));
        let tokens = s.tokens();
        let again = page(&mut s.browser, &mut s.world, "/account");
        assert_eq!((&again["status"], header(&again, "location")), (&json!(303), Some(address)));
        let posted = form(&[("token", "x"), ("remove", &s.client)]);
        let command = s.browser.post_command("/account", &posted);
        assert_eq!(send_unchanged(&mut s.world, command)["status"], 303);
        assert!(s.is_active(&tokens["access_token"]));
    }
}

#[test]
fn a_host_with_people_of_its_own_has_the_page_too() {
    let mut s = Setting::new(json!({ "capabilities": ["subject"] }), "opaque");
    let known = |ask: &Value, _: usize, store: &mut Memory| match ask.get("subject") {
        Some(_) => json!({ "subject": { "id": "u7", "name": "Grace Hopper" } }),
        None => store.answer(ask),
    };
    let handle = location_parameter(&page(&mut s.browser, &mut s.world, "/account"), "interaction").unwrap();
    let fields = form(&[("interaction", &handle), ("login", "grace"), ("password", PASSWORD)]);
    let signed_in = s.world.run_with(s.browser.post_command("/sign-in", &fields), known);
    s.browser.keep(&signed_in["ok"]);
    let shown = s.world.run_with(s.browser.get_command("/account"), known);
    assert!(text(&shown["ok"]["body"]).contains("Grace Hopper"), "{shown}");
    assert_eq!(s.world.asked(), &["scan", "subject"]);
    let disabled = |ask: &Value, _: usize, store: &mut Memory| match ask.get("subject") {
        Some(_) => json!({ "subject": null }),
        None => store.answer(ask),
    };
    assert_eq!(s.world.run_with(s.browser.get_command("/account"), disabled)["ok"]["status"], 303);
}
