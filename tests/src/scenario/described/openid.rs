//! OpenID Connect: who signed in, told to the client.

use serde_json::{Value, json};

use crate::World;
use crate::scenario::Scenario;
use crate::scenario::application::{Application, text};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "openid",
        about: "A sign-in with an ID token, its refresh, and what the userinfo endpoint tells of each scope",
        config: || json!({ "openid": { "claims": { "read": ["favourite"] } } }),
        way: openid,
    },
    Scenario {
        name: "openid_choices",
        about: "Clients with ID tokens by ES256, signed answers, pairwise subjects and a registered max_age; hints and claims that are asked for",
        config: || json!({ "openid": { "claimsInIdToken": true, "pairwiseSalt": "0123456789abcdef0123456789abcdef" }, "signing": { "alternatives": ["ES256"] } }),
        way: choices,
    },
    Scenario {
        name: "openid_refusals",
        about: "Tokens that are not for the userinfo endpoint, hints that are none, claims that are malformed, what is not offered",
        config: || json!({ "openid": {} }),
        way: refusals,
    },
];

fn userinfo(world: &mut World, token: &Value) -> Value {
    let headers = json!([["authorization", format!("Bearer {}", text(token))]]);
    world.ok(json!({ "http": { "method": "GET", "url": format!("{}/userinfo", World::ISSUER), "headers": headers } }))
}

fn registered(world: &mut World) -> Application {
    let app = Application::register(world, "opaque");
    let claims = json!({ "given_name": "Ada", "email": "ada@example.com", "favourite": "engines" });
    world.ok(json!({ "accounts.update": { "id": app.subject, "claims": claims } }));
    app
}

fn tokens(world: &mut World, app: &mut Application, scope: &str, changes: &[(&str, &str)]) -> Value {
    let scopes: Vec<&str> = scope.split(' ').collect();
    let code = app.code(world, &[&[("scope", scope), ("nonce", "n-0S6")], changes].concat(), &scopes);
    let (status, tokens) = app.redeem(world, &code);
    assert_eq!(status, 200, "{tokens}");
    tokens
}

fn openid(world: &mut World) {
    world.ok(
        json!({ "http": { "method": "GET", "url": format!("{}/.well-known/openid-configuration", World::ISSUER) } }),
    );
    let mut app = registered(world);
    let first = tokens(world, &mut app, "openid profile email read", &[]);
    assert_eq!(userinfo(world, &first["access_token"])["status"], 200);
    let (_, again) = app.refresh(world, &first["refresh_token"]);
    assert!(again["id_token"].is_string(), "{again}");
    world.ok(json!({ "clients.update": { "id": app.client, "accessToken": "jwt" } }));
    let as_jwt = tokens(world, &mut app, "openid", &[]);
    assert_eq!(userinfo(world, &as_jwt["access_token"])["status"], 200);
}

fn choices(world: &mut World) {
    let mut app = registered(world);
    let choices =
        json!({ "idTokenAlg": "ES256", "userinfoAlg": "EdDSA", "subjectType": "pairwise", "defaultMaxAge": 60 });
    world.ok(json!({ "clients.update": { "id": app.client, "openid": choices } }));
    let asked = json!({ "id_token": { "favourite": null }, "userinfo": { "given_name": { "essential": true } } });
    let tokens = tokens(world, &mut app, "openid email", &[("claims", &asked.to_string())]);
    assert_eq!(userinfo(world, &tokens["access_token"])["status"], 200);
    let hint = text(&tokens["id_token"]);
    app.authorize(world, &[("scope", "openid"), ("prompt", "none"), ("id_token_hint", &hint)]);
    world.advance(61);
    app.authorize(world, &[("scope", "openid"), ("prompt", "none"), ("id_token_hint", &hint)]);
}

fn refusals(world: &mut World) {
    let mut app = registered(world);
    let plain = tokens(world, &mut app, "read", &[]);
    assert_eq!(userinfo(world, &plain["access_token"])["status"], 403);
    assert_eq!(userinfo(world, &plain["refresh_token"])["status"], 401);
    let elsewhere = tokens(world, &mut app, "openid", &[("resource", "https://api.example.com")]);
    assert_eq!(userinfo(world, &elsewhere["access_token"])["status"], 401);
    for (name, value) in [
        ("id_token_hint", "x"),
        ("claims", "[]"),
        ("registration", "{}"),
        ("request", "x"),
        ("claims", r#"{"id_token":{"sub":{"value":"eve"}}}"#),
    ] {
        app.authorize(world, &[("scope", "openid"), ("prompt", "none"), (name, value)]);
    }
    world.refused(json!({ "accounts.update": { "id": app.subject, "claims": { "sub": "eve" } } }));
    world.refused(json!({ "clients.update": { "id": app.client, "openid": { "idTokenAlg": "RS256" } } }));
}
