//! Pushed requests, remembered consent, and answers by form.

use serde_json::{Value, json};

use super::plain;
use crate::scenario::Scenario;
use crate::scenario::application::{Application, text};
use crate::setting::{CALLBACK, PASSWORD, header};
use crate::{Browser, CHALLENGE, World, form, location_parameter};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "pushed_request",
        about: "A request is pushed, begun in one browser, answered once, and refused afterwards",
        config: plain,
        way: pushed_request,
    },
    Scenario {
        name: "pushed_refusals",
        about: "What may not be pushed, by whom, how often, and who must push",
        config: || json!({ "requirePushedAuthorizationRequests": true, "limits": { "pushedPerMinute": 2 } }),
        way: pushed_refusals,
    },
    Scenario {
        name: "remembered_consent",
        about: "What was allowed before is not asked again, until it is taken back",
        config: plain,
        way: remembered_consent,
    },
    Scenario {
        name: "form_post",
        about: "A code and an error go to the client by a form",
        config: plain,
        way: form_post,
    },
];

fn fields<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "read write"),
        ("state", "s&t"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        fields.retain(|(own, _)| own != name);
        fields.push((name, value));
    }
    fields
}

fn come(world: &mut World, browser: &mut Browser, client: &str, request_uri: &str) -> Value {
    let query = form(&[("client_id", client), ("request_uri", request_uri)]);
    browser.get(world, &format!("/authorize?{query}"))
}

fn pushed_request(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let (status, pushed) = app.post(world, "/par", &fields(&[("resource", "https://api.example.com")]));
    assert_eq!(status, 201, "{pushed}");
    let request_uri = text(&pushed["request_uri"]);
    let client = app.client.clone();
    let begun = come(world, &mut app.browser, &client, &request_uri);
    let interaction = location_parameter(&begun, "interaction").unwrap_or_default();
    assert_eq!(come(world, &mut Browser::new(), &client, &request_uri)["status"], 400);
    assert_eq!(come(world, &mut app.browser, "another", &request_uri)["status"], 400);
    app.browser.sign_in(world, &interaction, "ada", PASSWORD);
    let answer = app.browser.allow(world, &interaction, &["read"]);
    let code = location_parameter(&answer, "code").unwrap_or_default();
    assert_eq!(app.redeem(world, &code).0, 200);
    assert_eq!(come(world, &mut app.browser, &client, &request_uri)["status"], 400);
    world.advance(15 * 60);
    world.ok(json!({ "purge": {} }));
}

fn pushed_refusals(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let error = app.authorize(world, &[]);
    assert_eq!(location_parameter(&error, "error").as_deref(), Some("invalid_request"));
    for changes in [
        ("redirect_uri", "https://evil.example/"),
        ("scope", "admin"),
        ("code_challenge", ""),
        ("response_type", "token"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x"),
    ] {
        assert_eq!(app.post(world, "/par", &fields(&[changes])).0, 400, "{changes:?}");
    }
    let anonymous = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(crate::scenario::application::post(world, "/par", &anonymous, &form(&fields(&[]))).0, 401);
    for status in [201, 201, 429] {
        assert_eq!(app.post(world, "/par", &fields(&[])).0, status);
    }
    world.advance(60);
    let (_, pushed) = app.post(world, "/par", &fields(&[]));
    world.advance(60);
    let client = app.client.clone();
    assert_eq!(come(world, &mut app.browser, &client, &text(&pushed["request_uri"]))["status"], 400);
}

fn remembered_consent(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    app.code(world, &[("scope", "read write")], &["read"]);
    let came = |response: &Value| location_parameter(response, "code").is_some();
    assert!(came(&app.authorize(world, &[("prompt", "")])));
    assert!(came(&app.authorize(world, &[("prompt", "none")])));
    assert!(!came(&app.authorize(world, &[("prompt", ""), ("scope", "read write")])));
    app.code(world, &[("scope", "write")], &["write"]);
    assert!(came(&app.authorize(world, &[("prompt", ""), ("scope", "read write")])));
    let grants = world.ok(json!({ "grants.list": { "subject": app.subject } }));
    let revoke = json!({ "subject": app.subject, "id": grants["items"][0]["id"] });
    world.ok(json!({ "grants.revoke": revoke }));
    assert!(!came(&app.authorize(world, &[("prompt", "")])));
    app.code(world, &[], &["read"]);
    let all = json!({ "subject": app.subject, "clientId": app.client });
    world.ok(json!({ "grants.revokeAll": all }));
    assert!(!came(&app.authorize(world, &[("prompt", "")])));
}

fn form_post(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let interaction = app.interaction(world, &[("response_mode", "form_post"), ("state", "\"><b>'")]);
    app.browser.sign_in(world, &interaction, "ada", PASSWORD);
    let answer = app.browser.allow(world, &interaction, &["read"]);
    let location = header(&answer, "location").unwrap_or_default().to_owned();
    assert_eq!(app.browser.get(world, &location)["status"], 200);
    let error = app.authorize(world, &[("response_mode", "form_post"), ("scope", "admin")]);
    app.browser.get(world, header(&error, "location").unwrap_or_default());
    world.advance(120);
    assert_eq!(app.browser.get(world, &location)["status"], 400);
}
