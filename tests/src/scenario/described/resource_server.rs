//! What a resource server does with the tokens that it is shown.

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::scenario::application::{Application, post, text};
use crate::{World, basic, form};

const API: &str = "https://auth.example.com/api";
const MAIL: &str = "https://mail.example.com";

pub(super) const ALL: &[Scenario] = &[Scenario {
    name: "resource_server",
    about: "Resource metadata, challenges, any of several scopes, revoked JWTs, introspection by the resource's own server",
    config: || json!({ "resources": { API: { "scopes": ["read"], "name": "API" }, MAIL: { "accessToken": "opaque" } } }),
    way: resource_server,
}];

fn resource_server(world: &mut World) {
    for (path, status) in [("/api", 200), ("", 200), ("/mail", 404)] {
        let url = format!("{}/.well-known/oauth-protected-resource{path}", World::ISSUER);
        let response = world.ok(json!({ "http": { "method": "GET", "url": url } }));
        assert_eq!(response["status"], status, "{path}");
    }
    world.ok(json!({ "resources.metadata": { "resource": MAIL } }));
    assert_eq!(world.refused(json!({ "resources.metadata": { "resource": "urn:other" } })), "not_found");

    let mut app = Application::register(world, "jwt");
    let code = app.code(world, &[("resource", API), ("scope", "read write")], &["read", "write"]);
    let tokens = app.redeem(world, &code).1;
    assert_eq!(tokens["scope"], "read");
    guard(world, &tokens["access_token"]);

    let server = json!({ "name": "API", "redirectUris": [], "grantTypes": [], "resources": [API] });
    let server = world.ok(json!({ "clients.create": server }));
    let own = basic(&text(&server["client"]["id"]), &text(&server["secret"]));
    let introspect = |world: &mut World, token: &Value| {
        post(world, "/introspect", &[("authorization", &own)], &form(&[("token", &text(token))])).1
    };
    assert_eq!(introspect(world, &tokens["access_token"])["aud"], API);
    assert_eq!(introspect(world, &tokens["refresh_token"]), json!({ "active": false }));
    // As a signed statement (RFC 9701).
    let fields = form(&[("token", &text(&tokens["access_token"]))]);
    let accept = [("authorization", own.as_str()), ("accept", "application/token-introspection+jwt")];
    assert_eq!(post(world, "/introspect", &accept, &fields).0, 200);

    app.post(world, "/revoke", &[("token", &text(&tokens["access_token"]))]);
    assert_eq!(introspect(world, &tokens["access_token"]), json!({ "active": false }));
    let verify = |policy: &str| json!({ "tokens.verify": { "token": tokens["access_token"], "audience": API, "revocation": policy } });
    world.ok(verify("expiry"));
    assert_eq!(world.refused(verify("check")), "invalid_token");
}

fn guard(world: &mut World, token: &Value) {
    let bearer = format!("Bearer {}", text(token));
    for (authorization, needed, code) in [
        (bearer.as_str(), json!({ "audience": API, "anyScopes": ["write", "read"] }), None),
        (&bearer, json!({ "audience": API, "revocation": "check", "only": "token" }), None),
        (&bearer, json!({ "audience": API, "scopes": ["write"] }), Some("insufficient_scope")),
        (&bearer, json!({ "audience": MAIL, "scopes": ["read"] }), Some("invalid_token")),
        (&bearer, json!({ "audience": "urn:other" }), Some("invalid_argument")),
        ("Bearer a b", json!({ "audience": API }), Some("invalid_request")),
        ("", json!({ "audience": API, "scopes": ["read"], "only": "token" }), Some("unauthenticated")),
    ] {
        let mut ask = needed;
        ask["headers"] = if authorization.is_empty() { json!([]) } else { json!([["authorization", authorization]]) };
        match code {
            None => assert_eq!(world.ok(json!({ "authenticate": ask }))["kind"], "token"),
            Some(code) => assert_eq!(world.refused(json!({ "authenticate": ask })), code),
        }
    }
}
