//! Every kind of refusal at the authorization endpoint and at the token endpoint, and requests to nowhere.

use serde_json::json;

use super::plain;
use crate::scenario::Scenario;
use crate::scenario::application::{Application, post};
use crate::setting::CALLBACK;
use crate::{VERIFIER, World, basic, form, location_parameter};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "authorization_refusals",
        about: "What the authorization endpoint refuses: on a page, or to the client",
        config: plain,
        way: authorization,
    },
    Scenario {
        name: "token_refusals",
        about: "What the token endpoint refuses",
        config: || json!({ "limits": { "body": 1000 } }),
        way: token,
    },
    Scenario {
        name: "http_refusals",
        about: "Requests to nowhere, by a wrong method, of a wrong type, too long",
        config: || json!({ "issuer": "https://auth.example.com/tenant", "limits": { "body": 1000 } }),
        way: http,
    },
];

fn authorization(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    for changes in [
        [("client_id", "")],
        [("client_id", "nobody")],
        [("redirect_uri", "https://app.example.com/cb/")],
        [("redirect_uri", "https://evil.example/cb")],
    ] {
        assert_eq!(app.authorize(world, &changes)["status"], 400, "{changes:?}");
    }
    let long = "s".repeat(4097);
    for (changes, error) in [
        ([("response_type", "")], "invalid_request"),
        ([("response_type", "token")], "unsupported_response_type"),
        ([("response_mode", "fragment")], "invalid_request"),
        ([("request", "e30.e30.")], "request_not_supported"),
        ([("request_uri", "urn:x")], "request_uri_not_supported"),
        ([("scope", "admin")], "invalid_scope"),
        ([("scope", "read  write")], "invalid_scope"),
        ([("resource", "https://other.example.com")], "invalid_target"),
        ([("code_challenge", "")], "invalid_request"),
        ([("code_challenge", "short")], "invalid_request"),
        ([("code_challenge_method", "")], "invalid_request"),
        ([("code_challenge_method", "plain")], "invalid_request"),
        ([("prompt", "none login")], "invalid_request"),
        ([("prompt", "dance")], "invalid_request"),
        ([("max_age", "-1")], "invalid_request"),
        ([("state", long.as_str())], "invalid_request"),
    ] {
        let response = app.authorize(world, &changes);
        assert_eq!(location_parameter(&response, "error").as_deref(), Some(error), "{changes:?}: {response}");
    }
    for wrong in ["&state=again", "&redirect_uri=https%3A%2F%2Fevil.example", "&x=%zz", "&x=%ff"] {
        let path = format!("/authorize?{}{wrong}", app.query(&[]));
        app.browser.get(world, &path);
    }
    let query = app.query(&[]);
    assert_eq!(app.browser.post(world, "/authorize", &query)["status"], 303);
    world.ok(json!({ "clients.update": { "id": app.client, "disabled": true } }));
    assert_eq!(app.authorize(world, &[])["status"], 400);
}

fn token(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let code = app.code(world, &[], &["read"]);
    let redeem = |changes: &[(&'static str, &'static str)]| {
        let usual = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let unchanged = usual.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        form(&unchanged.chain(changes.iter().copied()).collect::<Vec<_>>())
    };
    let authorization = basic(&app.client, &app.secret);
    let mut refused = |headers: &[(&str, &str)], body: &str, error: &str| {
        let (_, answer) = post(world, "/token", headers, body);
        assert_eq!(answer["error"], error, "{body}: {answer}");
    };
    let own = [("authorization", authorization.as_str())];
    for (changes, error) in [
        (("grant_type", ""), "invalid_request"),
        (("grant_type", "password"), "unsupported_grant_type"),
        (("code", ""), "invalid_request"),
        (("code", "forged"), "invalid_grant"),
        (("redirect_uri", "https://app.example.com/other"), "invalid_grant"),
        (("code_verifier", ""), "invalid_grant"),
        (("code_verifier", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), "invalid_grant"),
        (("resource", "https://api.example.com"), "invalid_target"),
    ] {
        refused(&own, &redeem(&[changes]), error);
    }
    let good = redeem(&[]);
    refused(&[], &good, "invalid_client");
    refused(&[], &format!("{good}&client_id={}&client_secret={}", app.client, app.secret), "invalid_client");
    for (id, secret) in [(app.client.as_str(), "wrong"), ("nobody", "wrong"), (&app.client, "")] {
        refused(&[("authorization", &basic(id, secret))], &good, "invalid_client");
    }
    refused(&[("authorization", "Basic !!!")], &good, "invalid_client");
    refused(&own, &format!("{good}&code=again"), "invalid_request");
    refused(&own, &format!("{good}&client_id=other"), "invalid_request");
    refused(&[own[0], ("content-type", "application/json")], "{}", "invalid_request");
    refused(&own, &format!("{good}&x={}", "x".repeat(1000)), "invalid_request");
    refused(&own, "grant_type=refresh_token", "invalid_request");
    refused(&own, "grant_type=refresh_token&refresh_token=forged", "invalid_grant");
    refused(&own, &format!("grant_type=refresh_token&refresh_token={code}"), "invalid_grant");
    let other = json!({ "id": "other", "name": "Other", "redirectUris": [CALLBACK],
        "grantTypes": ["refresh_token"], "authMethod": "client_secret_post" });
    let secret = world.ok(json!({ "clients.create": other }))["secret"].clone();
    let body = form(&[("client_id", "other"), ("client_secret", secret.as_str().unwrap_or_default())]);
    assert_eq!(post(world, "/token", &[], &format!("{good}&{body}")).1["error"], "unauthorized_client");
    assert_eq!(post(world, "/token", &own, &good).0, 200);
    world.ok(json!({ "clients.update": { "id": app.client, "disabled": true } }));
    assert_eq!(post(world, "/token", &own, &good).0, 401);
}

fn http(world: &mut World) {
    let long = format!("/tenant/authorize?{}", "x".repeat(16_384));
    for (method, path, status) in [
        ("GET", "/.well-known/oauth-authorization-server/tenant", 200),
        ("HEAD", "/tenant/.well-known/oauth-authorization-server", 200),
        ("GET", "/.well-known/oauth-authorization-server", 404),
        ("GET", "/", 404),
        ("GET", "/token", 404),
        ("GET", "/tenant/token", 405),
        ("DELETE", "/tenant/authorize", 405),
        ("POST", "/tenant/jwks", 405),
        ("OPTIONS", "/tenant/token", 204),
        ("OPTIONS", "/tenant/authorize", 405),
        ("GET", "/tenant/sign-in", 400),
        ("GET", "/tenant/consent?interaction=forged", 400),
        ("POST", "/tenant/revoke", 415),
        ("GET", long.as_str(), 414),
    ] {
        let url = format!("https://auth.example.com{path}");
        let response = world.ok(
            json!({ "http": { "method": method, "url": url, "headers": [], "body": null, "remote": "203.0.113.9" } }),
        );
        assert_eq!(response["status"], status, "{method} {path}: {response}");
    }
    let form = json!([["content-type", "application/x-www-form-urlencoded; charset=utf-8"]]);
    for body in ["\u{ff}\u{80}=1", "a=%00", "a=%c3%28", &"a=b&".repeat(101)] {
        world.ok(json!({ "http": { "method": "POST", "url": "https://auth.example.com/tenant/token", "headers": form, "body": body } }));
    }
}
