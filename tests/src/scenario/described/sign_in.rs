//! A person in front of a browser: the built-in pages, the host's own pages, no.

use serde_json::{Value, json};

use super::plain;
use crate::scenario::Scenario;
use crate::scenario::application::{Application, text};
use crate::{World, form, location_parameter};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "sign_in",
        about: "Wrong passwords, unknown people, disabled accounts, and then the right password",
        config: plain,
        way: sign_in,
    },
    Scenario {
        name: "consent_pages",
        about: "Both pages are shown, the account is switched, less is allowed than was asked for",
        config: plain,
        way: consent_pages,
    },
    Scenario { name: "deny", about: "The person says no, and the client is told", config: plain, way: deny },
    Scenario {
        name: "host_pages",
        about: "A host with pages of its own uses the interactions commands",
        config: || json!({ "pages": { "signIn": "https://www.example.com/in?x=1", "consent": "/my/consent" } }),
        way: host_pages,
    },
    Scenario {
        name: "themed_pages",
        about: "Pages in the colour and with the logo of the service",
        config: || json!({ "theme": { "accent": "#7a1f5c", "logo": "https://cdn.example.com/logo.svg" } }),
        way: themed_pages,
    },
    Scenario {
        name: "prompts",
        about: "prompt and max_age, signed in or not",
        config: || json!({ "defaultScopes": ["read"] }),
        way: prompts,
    },
];

fn sign_in(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let interaction = app.interaction(world, &[("login_hint", "Ada <b>")]);
    app.browser.get(world, &format!("/sign-in?interaction={interaction}"));
    for (login, password) in [("ada", "wrong"), ("nobody", "correct horse"), ("ada", "c\u{f6}rrect \u{1f40e}")] {
        let response = app.browser.sign_in(world, &interaction, login, password);
        assert_eq!(response["status"], 401, "{response}");
    }
    app.browser.post(world, "/sign-in", &form(&[("interaction", &interaction), ("login", "ada")]));
    world.ok(json!({ "accounts.update": { "id": app.subject, "disabled": true } }));
    assert_eq!(app.browser.sign_in(world, &interaction, "ada", "correct horse")["status"], 401);
    world.ok(json!({ "accounts.update": { "id": app.subject, "disabled": false } }));
    assert_eq!(app.browser.sign_in(world, &interaction, "ada", "correct horse")["status"], 303);
    let other_site = json!([
        ["cookie", app.browser.cookie_header()],
        ["content-type", "application/x-www-form-urlencoded"],
        ["origin", "https://evil.example"]
    ]);
    let fields = form(&[("interaction", &interaction), ("login", "ada"), ("password", "correct horse")]);
    let forged = world.ok(json!({ "http": {
        "method": "POST", "url": "https://auth.example.com/sign-in", "headers": other_site, "body": fields } }));
    assert_eq!(forged["status"], 403);
    world.advance(16 * 60);
    assert_eq!(app.browser.sign_in(world, &interaction, "ada", "correct horse")["status"], 400);
}

fn consent_pages(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let interaction = app.interaction(world, &[("scope", "read write")]);
    app.browser.get(world, &format!("/consent?interaction={interaction}"));
    app.browser.get(world, &format!("/sign-in?interaction={interaction}"));
    app.browser.sign_in(world, &interaction, "ada", "correct horse");
    assert_eq!(app.browser.get(world, &format!("/consent?interaction={interaction}"))["status"], 200);
    let switch = form(&[("interaction", &interaction), ("decision", "switch_account")]);
    app.browser.post(world, "/consent", &switch);
    assert_eq!(app.browser.allow(world, &interaction, &["read"])["status"], 403);
    app.browser.sign_in(world, &interaction, "ada", "correct horse");
    app.browser.post(world, "/consent", &form(&[("interaction", &interaction)]));
    let code = location_parameter(&app.browser.allow(world, &interaction, &["write"]), "code").unwrap();
    let (status, tokens) = app.redeem(world, &code);
    assert_eq!((status, text(&tokens["scope"])), (200, "write".to_owned()));
    assert_eq!(app.browser.allow(world, &interaction, &["write"])["status"], 400);
}

fn deny(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let interaction = app.interaction(world, &[]);
    let no = form(&[("interaction", &interaction), ("decision", "deny")]);
    let early = app.browser.post(world, "/consent", &no);
    assert_eq!(location_parameter(&early, "error").as_deref(), Some("access_denied"));
    app.browser.sign_in(world, &interaction, "ada", "correct horse");
    let answer = app.browser.post(world, "/consent", &no);
    assert_eq!(location_parameter(&answer, "state").as_deref(), Some("s&t"));
}

fn host_pages(world: &mut World) {
    let mut app = Application::register(world, "opaque");
    let handle = app.interaction(world, &[("scope", "read write")]);
    let interaction = |app: &Application| json!({ "handle": handle, "cookie": app.browser.cookie_header() });
    let shown = world.ok(json!({ "interactions.get": interaction(&app) }));
    assert_eq!(shown["prompt"], "sign_in");
    assert_eq!(world.refused(json!({ "interactions.consent": interaction(&app) })), "forbidden");
    let mut complete = interaction(&app);
    complete["methods"] = json!([]);
    complete["subject"] = json!(app.subject);
    assert_eq!(world.refused(json!({ "interactions.complete": complete.clone() })), "invalid_argument");
    complete["methods"] = json!(["pwd", "otp"]);
    let onward = world.ok(json!({ "interactions.complete": complete }));
    app.browser.keep(&onward);
    assert_eq!(world.ok(json!({ "interactions.get": interaction(&app) }))["prompt"], "consent");
    world.ok(json!({ "interactions.deny": interaction(&app) }));
    let mut consent = interaction(&app);
    consent["scopes"] = json!(["read", "admin"]);
    assert_eq!(world.refused(json!({ "interactions.consent": consent.clone() })), "invalid_request");
    consent["scopes"] = json!(["read"]);
    let onward = world.ok(json!({ "interactions.consent": consent.clone() }));
    let code = crate::parameter(&text(&onward["location"]), "code").unwrap();
    assert_eq!(app.redeem(world, &code).0, 200);
    assert_eq!(world.refused(json!({ "interactions.consent": consent })), "interaction_ended");
    let stranger = json!({ "handle": handle, "cookie": "" });
    assert_eq!(world.refused(json!({ "interactions.get": stranger })), "forbidden");
    let forged = json!({ "handle": handle.replace('A', "B"), "cookie": app.browser.cookie_header() });
    assert_eq!(world.refused(json!({ "interactions.get": forged })), "interaction_ended");
}

fn themed_pages(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let interaction = app.interaction(world, &[]);
    app.browser.get(world, &format!("/sign-in?interaction={interaction}"));
    app.browser.get(world, "/sign-in");
    app.browser.sign_in(world, &interaction, "ada", "wrong");
}

fn prompts(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let error = |response: &Value| location_parameter(response, "error").unwrap_or_default();
    assert_eq!(error(&app.authorize(world, &[("prompt", "none")])), "login_required");
    app.code(world, &[("scope", "")], &["read"]);
    assert_eq!(error(&app.authorize(world, &[("prompt", "none"), ("scope", "read write")])), "consent_required");
    assert!(location_parameter(&app.authorize(world, &[("prompt", "none")]), "code").is_some());
    assert!(location_parameter(&app.authorize(world, &[("prompt", "")]), "code").is_some());
    for changes in [
        ("prompt", "login"),
        ("prompt", "consent"),
        ("prompt", "select_account"),
        ("prompt", "login consent"),
        ("max_age", "0"),
    ] {
        assert_eq!(error(&app.authorize(world, &[changes])), "");
    }
    world.advance(3600);
    app.authorize(world, &[("max_age", "3600")]);
    app.authorize(world, &[("max_age", "3599")]);
    app.authorize(world, &[("prompt", "none"), ("max_age", "1")]);
}
