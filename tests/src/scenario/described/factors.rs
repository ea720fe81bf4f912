//! More than a password: the second factor, at the built-in pages and at the host's own; and how often it may be tried.

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::scenario::application::{Application, text};
use crate::setting::PASSWORD;
use crate::{Authenticator, World, form};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "second_factor",
        about: "An authenticator app at the built-in pages: wrong, right, used, a recovery code instead",
        config: super::plain,
        way: second_factor,
    },
    Scenario {
        name: "sign_in_commands",
        about: "The host's own pages sign in by a password, a code or the host's word, and out",
        config: super::plain,
        way: sign_in_commands,
    },
    Scenario {
        name: "throttled",
        about: "Guesses at one person and from one address, behind a trusted proxy, and a browser that is known",
        config: || json!({ "trustedHops": 1, "signIn": { "attempts": { "account": 3, "address": 5, "window": "10m" } } }),
        way: throttled,
    },
];

fn second_factor(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let (phone, codes) = Authenticator::confirmed(world, &app.subject);
    world.advance(30);
    let interaction = app.interaction(world, &[]);
    let pending = hidden(&app.browser.sign_in(world, &interaction, "ada", PASSWORD));
    let send = |world: &mut World, app: &mut Application, fields: &[(&str, &str)]| {
        app.browser.post(world, "/sign-in/second", &form(&[&[("pending", pending.as_str())], fields].concat()))
    };
    assert_eq!(send(world, &mut app, &[("by", "totp")])["status"], 200);
    assert_eq!(send(world, &mut app, &[("with", "recovery_code")])["status"], 200);
    assert_eq!(send(world, &mut app, &[("by", "totp"), ("code", "12345")])["status"], 401);
    let code = phone.code(world.now);
    assert_eq!(send(world, &mut app, &[("by", "totp"), ("code", &code)])["status"], 303);
    assert_eq!(send(world, &mut app, &[("by", "totp"), ("code", &code)])["status"], 401);
    assert_eq!(send(world, &mut app, &[("by", "recovery_code"), ("code", &codes[0])])["status"], 303);
    let headers = json!([["cookie", app.browser.cookie_header()]]);
    world.ok(json!({ "authenticate": { "headers": headers, "methods": ["mfa"], "maxAge": "1m" } }));
    world.advance(600);
    assert_eq!(send(world, &mut app, &[("by", "recovery_code"), ("code", &codes[1])])["status"], 400);
    let old = json!({ "authenticate": { "headers": headers, "maxAge": "1m" } });
    assert_eq!(world.refused(old), "insufficient_user_authentication");
}

fn sign_in_commands(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let visit = |app: &Application| json!({ "cookie": app.browser.cookie_header(), "remote": "203.0.113.9", "userAgent": "Test/1.0" });
    let by_password = |app: &Application, password: &str| json!({ "signIn.withPassword": { "visit": visit(app), "login": "ada", "password": password } });
    assert_eq!(world.refused(by_password(&app, "wrong")), "wrong_credentials");
    let full = world.ok(by_password(&app, PASSWORD));
    assert_eq!(full["stage"], "full");
    app.browser.keep(&full);
    let (_, codes) = Authenticator::confirmed(world, &app.subject);
    let pending = world.ok(by_password(&app, PASSWORD));
    assert_eq!(pending["stage"], "pending");
    app.browser.keep(&pending);
    let by_code = |app: &Application, code: &str| json!({ "signIn.withCode": { "visit": visit(app), "pending": pending["pending"], "code": code } });
    assert_eq!(world.refused(by_code(&app, "wrong")), "wrong_code");
    let full = world.ok(by_code(&app, &codes[0]));
    app.browser.keep(&full);
    let own_word = json!({ "visit": visit(&app), "subject": app.subject, "methods": ["fed"] });
    let full = world.ok(json!({ "signIn.as": own_word }));
    app.browser.keep(&full);
    let nobody = json!({ "visit": visit(&app), "subject": "", "methods": ["fed"] });
    assert_eq!(world.refused(json!({ "signIn.as": nobody })), "invalid_argument");
    world.ok(json!({ "sessions.list": { "subject": app.subject } }));
    world.ok(json!({ "signIn.out": { "visit": visit(&app) } }));
    world.ok(json!({ "signIn.out": { "visit": {} } }));
}

fn throttled(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let interaction = app.interaction(world, &[]);
    app.browser.sign_in(world, &interaction, "ada", PASSWORD);
    let guess = |world: &mut World, cookie: &str, login: &str, password: &str, from: &str| {
        let headers = json!([
            ["cookie", cookie],
            ["content-type", "application/x-www-form-urlencoded"],
            ["sec-fetch-site", "same-origin"],
            ["x-forwarded-for", format!("198.51.100.1, {from}")]
        ]);
        let body = form(&[("interaction", &interaction), ("login", login), ("password", password)]);
        let url = format!("{}/sign-in", World::ISSUER);
        let request = json!({ "method": "POST", "url": url, "headers": headers, "body": body, "remote": "10.0.0.1" });
        world.ok(json!({ "http": request }))["status"].clone()
    };
    // Where something went wrong, a guess was made again, and counted again.
    let is_faulty = world.fault.is_some();
    let held = |status: Value, expected: u64| assert!(is_faulty || status == expected, "{status}");
    let own = app.browser.cookie_header();
    let unknown: Vec<&str> = own.split("; ").filter(|pair| !pair.contains("-known=")).collect();
    let unknown = unknown.join("; ");
    for status in [401, 401, 401, 429] {
        held(guess(world, &unknown, "ada", "wrong", "[2001:db8::1]:4711"), status);
    }
    held(guess(world, &unknown, "ada", PASSWORD, "203.0.113.9"), 429);
    held(guess(world, &own, "ada", PASSWORD, "203.0.113.9"), 303);
    for status in [401, 401, 429] {
        held(guess(world, &unknown, "nobody", "wrong", "2001:db8::2"), status);
    }
    world.advance(600);
    held(guess(world, &unknown, "ada", PASSWORD, "2001:db8::1"), 303);
}

/// The handle between the factors.
fn hidden(page: &Value) -> String {
    let body = text(&page["body"]);
    let (_, rest) = body.split_once("name=\"pending\" value=\"").unwrap_or_else(|| panic!("{page}"));
    rest.split('"').next().unwrap_or_default().to_owned()
}
