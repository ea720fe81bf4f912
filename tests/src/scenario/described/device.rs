//! A device without a browser, and the person who enters its code elsewhere.

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::scenario::application::{Application, post, text};
use crate::{Browser, World, form, location_parameter, parameter};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "device",
        about: "A device asks, waits, is told to slow down, is allowed, gets its tokens once; another is denied, a third too late",
        config: || json!({ "defaultScopes": ["read"] }),
        way: device,
    },
    Scenario {
        name: "device_refusals",
        about: "Codes guessed until there are no more tries, codes of others, clients that may not, forms from elsewhere",
        config: || json!({ "defaultScopes": ["read"] }),
        way: refusals,
    },
    Scenario {
        name: "device_host_page",
        about: "A host with a page of its own uses the device commands",
        config: || json!({ "defaultScopes": ["read"], "pages": { "device": "/tv", "signIn": "/in" } }),
        way: host_page,
    },
];

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A public client on a device.
struct Device {
    client: String,
}

impl Device {
    fn register(world: &mut World, access_token: &str) -> Self {
        let client = json!({ "name": "Living room TV", "redirectUris": [], "authMethod": "none",
            "grantTypes": [GRANT, "refresh_token"], "accessToken": access_token });
        Self { client: text(&world.ok(json!({ "clients.create": client }))["client"]["id"]) }
    }

    fn ask(&self, world: &mut World, fields: &[(&str, &str)]) -> Value {
        let fields = [&[("client_id", self.client.as_str())], fields].concat();
        let (status, asked) = post(world, "/device_authorization", &[], &form(&fields));
        assert_eq!(status, 200, "{asked}");
        asked
    }

    fn poll(&self, world: &mut World, asked: &Value) -> Value {
        let code = text(&asked["device_code"]);
        let fields = [("client_id", self.client.as_str()), ("grant_type", GRANT), ("device_code", &code)];
        post(world, "/token", &[], &form(&fields)).1
    }
}

/// Types a code; the handle that the browser goes on with.
fn enter(browser: &mut Browser, world: &mut World, code: &str) -> String {
    let response = browser.post(world, "/device", &form(&[("user_code", code)]));
    location_parameter(&response, "interaction").unwrap_or_else(|| panic!("no interaction in {response}"))
}

fn look(browser: &mut Browser, world: &mut World, handle: &str) -> Value {
    browser.get(world, &format!("/device?interaction={handle}"))["status"].clone()
}

fn decide(browser: &mut Browser, world: &mut World, handle: &str, decision: &str) -> Value {
    let fields = form(&[("interaction", handle), ("decision", decision), ("scope", "read")]);
    browser.post(world, "/device", &fields)["status"].clone()
}

fn device(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    for access_token in ["jwt", "opaque"] {
        let tv = Device::register(world, access_token);
        let asked = tv.ask(world, &[("scope", "read write"), ("resource", "https://api.example.com")]);
        assert_eq!(tv.poll(world, &asked)["error"], "authorization_pending");
        world.advance(2);
        assert_eq!(tv.poll(world, &asked)["error"], "slow_down");
        app.browser.get(world, "/device");
        app.browser.get(world, &format!("/device?user_code={}", text(&asked["user_code"])));
        let handle = enter(&mut app.browser, world, &text(&asked["user_code"]).to_lowercase());
        if look(&mut app.browser, world, &handle) == 303 {
            app.browser.get(world, &format!("/sign-in?interaction={handle}"));
            assert_eq!(app.browser.sign_in(world, &handle, "ada", "correct horse")["status"], 303);
            assert_eq!(look(&mut app.browser, world, &handle), 200);
        }
        assert_eq!(decide(&mut app.browser, world, &handle, "allow"), 200);
        world.advance(10);
        let tokens = tv.poll(world, &asked);
        assert_eq!(tokens["scope"], "read", "{tokens}");
        assert_eq!(tv.poll(world, &asked)["error"], "invalid_grant");
        world.ok(json!({ "tokens.introspect": { "token": tokens["access_token"] } }));
        let fields = [
            ("client_id", tv.client.clone()),
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", text(&tokens["refresh_token"])),
        ];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(post(world, "/token", &[], &form(&fields)).0, 200);
        let denied = tv.ask(world, &[]);
        let handle = enter(&mut app.browser, world, &text(&denied["user_code"]));
        assert_eq!(look(&mut app.browser, world, &handle), 200);
        assert_eq!(decide(&mut app.browser, world, &handle, "deny"), 200);
        assert_eq!(tv.poll(world, &denied)["error"], "access_denied");
        let late = tv.ask(world, &[]);
        world.advance(600);
        assert_eq!(tv.poll(world, &late)["error"], "expired_token");
        // Tries that a failing store took count too.
        world.advance(1200);
    }
    world.ok(json!({ "grants.list": { "subject": app.subject } }));
}

fn refusals(world: &mut World) {
    let mut app = Application::register(world, "opaque");
    let (tv, other) = (Device::register(world, "opaque"), Device::register(world, "opaque"));
    assert_eq!(app.post(world, "/device_authorization", &[]).1["error"], "unauthorized_client");
    let asked = tv.ask(world, &[]);
    assert_eq!(other.poll(world, &asked)["error"], "invalid_grant");
    app.browser.post(world, "/device", &form(&[("user_code", "AEIOU")]));
    let handle = enter(&mut app.browser, world, &text(&asked["user_code"]));
    assert_eq!(decide(&mut app.browser, world, &handle, "allow"), 403);
    app.browser.sign_in(world, &handle, "ada", "correct horse");
    assert_eq!(decide(&mut app.browser, world, &handle, "allow"), 400);
    assert_eq!(look(&mut app.browser, world, &handle), 200);
    assert_eq!(look(&mut app.browser, world, &handle), 200);
    assert_eq!(decide(&mut app.browser, world, &handle, "perhaps"), 400);
    let forged = json!([
        ["cookie", app.browser.cookie_header()],
        ["content-type", "application/x-www-form-urlencoded"],
        ["origin", "https://evil.example"]
    ]);
    let fields = form(&[("interaction", &handle), ("decision", "allow")]);
    let forged = world.ok(json!({ "http": {
        "method": "POST", "url": "https://auth.example.com/device", "headers": forged, "body": fields } }));
    assert_eq!(forged["status"], 403);
    world.ok(json!({ "accounts.create": { "login": "grace", "password": "correct horse" } }));
    let mut grace = Browser::new();
    let hers = enter(&mut grace, world, &text(&asked["user_code"]));
    grace.sign_in(world, &hers, "grace", "correct horse");
    let seen = |browser: &Browser, handle: &str| {
        let mut command = browser.get_command(&format!("/device?interaction={handle}"));
        command["http"]["remote"] = json!("203.0.113.9");
        command
    };
    let statuses: Vec<Value> = (0..6).map(|_| world.ok(seen(&grace, &hers))["status"].clone()).collect();
    assert_eq!((&statuses[0], &statuses[5]), (&json!(400), &json!(429)));
    assert_eq!(decide(&mut app.browser, world, &handle, "switch_account"), 303);
    assert_eq!(look(&mut app.browser, world, &handle), 303);
    app.browser.sign_in(world, &handle, "ada", "correct horse");
    assert_eq!(look(&mut app.browser, world, &handle), 200);
    assert_eq!(decide(&mut app.browser, world, &handle, "allow"), 200);
    world.ok(json!({ "accounts.update": { "id": app.subject, "disabled": true } }));
    assert_eq!(tv.poll(world, &asked)["error"], "invalid_grant");
}

fn host_page(world: &mut World) {
    let mut app = Application::register(world, "opaque");
    let tv = Device::register(world, "opaque");
    for decision in ["device.approve", "device.deny"] {
        let asked = tv.ask(world, &[("scope", "read write")]);
        let begin = json!({ "userCode": asked["user_code"], "cookie": app.browser.cookie_header() });
        let onward = world.ok(json!({ "device.begin": begin }));
        app.browser.keep(&onward);
        let handle = parameter(&text(&onward["location"]), "interaction").unwrap_or_default();
        let at = |browser: &Browser| json!({ "handle": handle, "cookie": browser.cookie_header() });
        if world.ok(json!({ "device.get": at(&app.browser) }))["prompt"] == "sign_in" {
            world.ok(json!({ "interactions.get": at(&app.browser) }));
            let mut complete = at(&app.browser);
            complete["subject"] = json!(app.subject);
            complete["methods"] = json!(["pwd"]);
            app.browser.keep(&world.ok(json!({ "interactions.complete": complete })));
            assert_eq!(world.ok(json!({ "device.get": at(&app.browser) }))["prompt"], "confirm");
        }
        world.ok(json!({ decision: at(&app.browser) }));
        assert_eq!(world.refused(json!({ decision: at(&app.browser) })), "interaction_ended");
        let error = &tv.poll(world, &asked)["error"];
        assert_eq!(error, &if decision == "device.deny" { json!("access_denied") } else { Value::Null });
    }
    assert_eq!(world.refused(json!({ "device.begin": { "userCode": "AEIOU", "cookie": "" } })), "unknown_user_code");
}
