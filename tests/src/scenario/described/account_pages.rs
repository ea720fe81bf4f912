//! A person in front of their account page.

use serde_json::{Value, json};

use super::plain;
use crate::scenario::Scenario;
use crate::scenario::application::{Application, text};
use crate::{Browser, World, form, location_parameter};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "account_pages",
        about: "A person sees what acts for them, removes an application, ends one session, all others, and their own",
        config: plain,
        way: account_pages,
    },
    Scenario {
        name: "account_page_refusals",
        about: "The account page without a session, with forged forms, and with what is another person's or gone",
        config: plain,
        way: refusals,
    },
    Scenario {
        name: "account_page_of_the_host",
        about: "The host has an account page of its own, where people come signed in",
        config: || json!({ "pages": { "account": "https://app.example.com/me", "signIn": "/in" } }),
        way: of_the_host,
    },
];

/// Signs somebody in by way of the account page.
fn arrive(world: &mut World, login: &str) -> Browser {
    let mut browser = Browser::new();
    let handle = knock(world, &mut browser);
    browser.get(world, &format!("/sign-in?interaction={handle}"));
    assert_eq!(browser.sign_in(world, &handle, login, "correct horse")["status"], 303);
    browser
}

fn knock(world: &mut World, browser: &mut Browser) -> String {
    let response = browser.get(world, "/account");
    location_parameter(&response, "interaction").unwrap_or_else(|| panic!("no interaction in {response}"))
}

fn page(world: &mut World, browser: &mut Browser) -> String {
    let page = browser.get(world, "/account");
    assert_eq!(page["status"], 200, "{page}");
    text(&page["body"])
}

fn token(world: &mut World, browser: &mut Browser) -> String {
    let page = page(world, browser);
    let token = page.split_once(r#"name="token" value=""#).and_then(|(_, rest)| rest.split_once('"'));
    token.unwrap_or_else(|| panic!("no token in {page}")).0.to_owned()
}

fn press(world: &mut World, browser: &mut Browser, name: &str, value: &str) -> Value {
    let token = token(world, browser);
    browser.post(world, "/account", &form(&[("token", &token), (name, value)]))["status"].clone()
}

/// The session of a browser.
fn session(world: &mut World, browser: &Browser) -> String {
    let who = world.ok(json!({ "authenticate": { "headers": [["cookie", browser.cookie_header()]] } }));
    text(&who["sessionId"])
}

fn account_pages(world: &mut World) {
    let mut app = Application::register(world, "opaque");
    let tokens = app.tokens(world);
    world.advance(3 * 3600);
    app.refresh(world, &tokens["refresh_token"]);
    let (mut phone, mut tablet) = (arrive(world, "ada"), arrive(world, "ada"));
    world.advance(600);
    let shown = page(world, &mut app.browser);
    assert!(shown.contains("<bdi>App</bdi>") && shown.contains("Sign out everywhere else"), "{shown}");
    assert_eq!(press(world, &mut phone, "remove", &app.client), 303);
    assert_eq!(app.introspect(world, &tokens["refresh_token"])["active"], false);
    let ended = session(world, &tablet);
    press(world, &mut phone, "end", &ended);
    assert_eq!(tablet.get(world, "/account")["status"], 303);
    assert_eq!(press(world, &mut phone, "end_others", "all"), 303);
    assert_eq!(app.browser.get(world, "/account")["status"], 303);
    let token = token(world, &mut phone);
    phone.post(world, "/account", &form(&[("token", &token), ("sign_out", "here")]));
    assert_eq!(phone.get(world, "/account")["status"], 303);
}

fn refusals(world: &mut World) {
    let mut app = Application::register(world, "opaque");
    world.ok(json!({ "accounts.create": { "login": "grace", "password": "correct horse" } }));
    let tokens = app.tokens(world);
    let hers = session(world, &app.browser);
    let mut grace = arrive(world, "grace");
    for (name, value) in [("remove", app.client.as_str()), ("end", &hers), ("end", "?")] {
        assert_eq!(press(world, &mut grace, name, value), 404);
    }
    assert_eq!(press(world, &mut grace, "dance", "x"), 400);
    let another = token(world, &mut app.browser);
    for fields in [form(&[("token", &another), ("remove", &app.client)]), form(&[("remove", &app.client)])] {
        assert_eq!(grace.post(world, "/account", &fields)["status"], 403);
    }
    let mut forged = app.browser.post_command("/account", &form(&[("token", &another), ("remove", &app.client)]));
    forged["http"]["headers"][2][1] = json!("https://evil.example");
    assert_eq!(world.ok(forged)["status"], 403);
    let nobody = Browser::new().post_command("/account", &form(&[("token", &another), ("remove", &app.client)]));
    assert_eq!(world.ok(nobody)["status"], 303);
    let handle = knock(world, &mut Browser::new());
    assert_eq!(grace.sign_in(world, &handle, "grace", "correct horse")["status"], 403);
    assert_eq!(grace.get(world, "/account?after=grant.x")["status"], 200);
    assert_eq!(app.introspect(world, &tokens["access_token"])["active"], true);
}

fn of_the_host(world: &mut World) {
    let account = world.ok(json!({ "accounts.create": { "login": "ada", "password": "correct horse" } }));
    let mut browser = Browser::new();
    let handle = knock(world, &mut browser);
    let cookie = browser.cookie_header();
    let view = world.ok(json!({ "interactions.get": { "handle": handle, "cookie": cookie } }));
    assert_eq!(view["prompt"], "sign_in");
    let complete = json!({ "handle": handle, "cookie": cookie, "subject": account["id"], "methods": ["hwk"] });
    let onward = world.ok(json!({ "interactions.complete": complete }));
    assert_eq!(onward["location"], "https://app.example.com/me");
    browser.keep(&onward);
    assert_eq!(browser.get(world, "/account")["status"], 303);
    assert_eq!(browser.post(world, "/account", &form(&[("sign_out", "here")]))["status"], 303);
}
