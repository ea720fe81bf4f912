//! A grant's life after the code.

use serde_json::{Value, json};

use super::plain;
use crate::World;
use crate::scenario::Scenario;
use crate::scenario::application::{Application, post, text};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "code_flow_jwt",
        about: "Sign in, consent, code, a JWT access token, its use",
        config: plain,
        way: |world| code_flow(world, "jwt"),
    },
    Scenario {
        name: "code_flow_opaque",
        about: "The same with an opaque access token",
        config: plain,
        way: |world| code_flow(world, "opaque"),
    },
    Scenario {
        name: "refresh_jwt",
        about: "Rotation, a second tab inside the grace, a thief after it",
        config: plain,
        way: |world| refresh(world, "jwt"),
    },
    Scenario {
        name: "refresh_opaque",
        about: "The same with opaque access tokens",
        config: plain,
        way: |world| refresh(world, "opaque"),
    },
    Scenario { name: "code_replay", about: "A code redeemed twice kills its grant", config: plain, way: code_replay },
    Scenario {
        name: "introspection",
        about: "What a client learns of its own tokens, of a resource's, of others' and of none",
        config: plain,
        way: introspection,
    },
    Scenario {
        name: "revocation",
        about: "Access and refresh tokens are revoked, by their client and by the host",
        config: plain,
        way: revocation,
    },
    Scenario {
        name: "authenticate",
        about: "Who is behind a request: by token, by session, by nothing",
        config: plain,
        way: authenticate,
    },
    Scenario {
        name: "resources",
        about: "Tokens for resources (RFC 8707), with a form and a lifetime of their own",
        config: plain,
        way: resources,
    },
    Scenario { name: "lifetimes", about: "Everything expires, to the millisecond", config: short, way: lifetimes },
];

fn short() -> Value {
    json!({ "lifetimes": { "code": "30s", "accessToken": "1m", "refreshToken": "1h", "grant": "1d", "session": "2h" } })
}

fn code_flow(world: &mut World, access_token: &str) {
    let mut app = Application::register(world, access_token);
    let tokens = app.tokens(world);
    let verified = world.ok(json!({ "tokens.verify": { "token": tokens["access_token"], "scopes": ["read"] } }));
    assert_eq!(verified["subject"], app.subject.as_str());
    let verify = json!({ "token": tokens["access_token"], "scopes": ["write"] });
    assert_eq!(world.refused(json!({ "tokens.verify": verify })), "insufficient_scope");
    let verify = json!({ "token": tokens["access_token"], "audience": "https://api.example.com" });
    assert_eq!(world.refused(json!({ "tokens.verify": verify })), "invalid_token");
    let verify = json!({ "token": tokens["refresh_token"] });
    assert_eq!(world.refused(json!({ "tokens.verify": verify })), "invalid_token");
}

fn refresh(world: &mut World, access_token: &str) {
    let mut app = Application::register(world, access_token);
    let tokens = app.tokens(world);
    let rotated = app.refresh(world, &tokens["refresh_token"]).1;
    world.advance(1);
    let again = app.refresh(world, &tokens["refresh_token"]).1;
    assert_eq!(again["refresh_token"], rotated["refresh_token"]);
    let narrow = [("grant_type", "refresh_token"), ("refresh_token", &text(&rotated["refresh_token"])), ("scope", "")];
    let newest = app.token(world, &narrow).1;
    world.advance(11);
    assert_eq!(app.refresh(world, &rotated["refresh_token"]).0, 400);
    assert_eq!(app.refresh(world, &newest["refresh_token"]).0, 400);
    assert_eq!(app.introspect(world, &newest["refresh_token"]), json!({ "active": false }));
}

fn code_replay(world: &mut World) {
    let mut app = Application::register(world, "opaque");
    let code = app.code(world, &[], &["read"]);
    let tokens = app.redeem(world, &code).1;
    world.advance(1);
    assert_eq!(app.redeem(world, &code).0, 400);
    assert_eq!(app.introspect(world, &tokens["access_token"]), json!({ "active": false }));
    assert_eq!(app.refresh(world, &tokens["refresh_token"]).0, 400);
    assert_eq!(app.redeem(world, &code).0, 400);
}

fn introspection(world: &mut World) {
    let mut app = Application::register(world, "opaque");
    let tokens = app.tokens(world);
    assert_eq!(app.introspect(world, &tokens["access_token"])["active"], true);
    assert_eq!(app.introspect(world, &tokens["refresh_token"])["active"], true);
    assert_eq!(app.introspect(world, &json!("not a token"))["active"], false);
    world.ok(json!({ "tokens.introspect": { "token": tokens["access_token"] } }));
    world.ok(json!({ "tokens.introspect": { "token": "e30.e30.e30" } }));
    let other = json!({ "name": "Other", "redirectUris": ["https://other.example.com/"] });
    let other = world.ok(json!({ "clients.create": other }));
    let stranger = Application {
        browser: crate::Browser::new(),
        client: text(&other["client"]["id"]),
        secret: text(&other["secret"]),
        subject: app.subject.clone(),
    };
    stranger.introspect(world, &tokens["access_token"]);
    stranger.introspect(world, &tokens["refresh_token"]);
    assert_eq!(app.post(world, "/introspect", &[]).0, 400);
    assert_eq!(post(world, "/introspect", &[], "token=x").0, 401);
}

fn revocation(world: &mut World) {
    let apps = [Application::register(world, "jwt"), Application::register_for_ada(world, "opaque")];
    for mut app in apps {
        let tokens = app.tokens(world);
        let token = [("token", &*text(&tokens["access_token"])), ("token_type_hint", "access_token")];
        assert_eq!(app.post(world, "/revoke", &token).0, 200);
        app.introspect(world, &tokens["access_token"]);
        app.introspect(world, &tokens["refresh_token"]);
        let tokens = app.tokens(world);
        assert_eq!(app.post(world, "/revoke", &[("token", &text(&tokens["refresh_token"]))]).0, 200);
        assert_eq!(app.refresh(world, &tokens["refresh_token"]).0, 400);
        assert_eq!(app.post(world, "/revoke", &[("token", &text(&tokens["refresh_token"]))]).0, 200);
        let tokens = app.tokens(world);
        world.ok(json!({ "tokens.revoke": { "token": tokens["refresh_token"] } }));
        assert_eq!(app.refresh(world, &tokens["refresh_token"]).0, 400);
        assert_eq!(app.post(world, "/revoke", &[("token", "nothing")]).0, 200);
    }
}

fn authenticate(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let tokens = app.tokens(world);
    let bearer = format!("Bearer {}", text(&tokens["access_token"]));
    let by_token = json!({ "headers": [["authorization", bearer]], "scopes": ["read"] });
    assert_eq!(world.ok(json!({ "authenticate": by_token }))["kind"], "token");
    let by_session = json!({ "headers": [["cookie", app.browser.cookie_header()]] });
    assert_eq!(world.ok(json!({ "authenticate": by_session.clone() }))["kind"], "session");
    for (headers, code) in [
        (json!([]), "unauthenticated"),
        (json!([["cookie", "a=b; c"]]), "unauthenticated"),
        (json!([["authorization", "Basic YTpi"]]), "unauthenticated"),
        (json!([["authorization", "Bearer"]]), "invalid_request"),
        (json!([["authorization", "Bearer x"], ["cookie", app.browser.cookie_header()]]), "invalid_token"),
        (json!([["authorization", "Bearer x"], ["authorization", "Bearer y"]]), "invalid_request"),
    ] {
        assert_eq!(world.refused(json!({ "authenticate": { "headers": headers } })), code);
    }
    world.ok(json!({ "accounts.update": { "id": app.subject, "disabled": true } }));
    assert_eq!(world.refused(json!({ "authenticate": by_session })), "unauthenticated");
}

fn resources(world: &mut World) {
    const API: &str = "https://api.example.com";
    let mut app = Application::register(world, "jwt");
    let code = app.code(world, &[("resource", API)], &["read"]);
    let tokens = app.redeem(world, &code).1;
    assert_eq!(tokens["expires_in"], 300);
    world.ok(json!({ "tokens.verify": { "token": tokens["access_token"], "audience": API } }));
    assert_eq!(world.refused(json!({ "tokens.verify": { "token": tokens["access_token"] } })), "invalid_token");
    let refresh = text(&tokens["refresh_token"]);
    let wrong =
        [("grant_type", "refresh_token"), ("refresh_token", &*refresh), ("resource", "https://other.example.com")];
    assert_eq!(app.token(world, &wrong).1["error"], "invalid_target");
    let right = [("grant_type", "refresh_token"), ("refresh_token", &*refresh), ("resource", API)];
    assert_eq!(app.token(world, &right).0, 200);
}

fn lifetimes(world: &mut World) {
    let mut app = Application::register(world, "opaque");
    let code = app.code(world, &[], &["read"]);
    world.now += 30_000;
    assert_eq!(app.redeem(world, &code).0, 400);
    let code = app.code(world, &[], &["read"]);
    world.now += 29_999;
    let (status, tokens) = app.redeem(world, &code);
    assert_eq!(status, 200);
    world.now += 59_999;
    assert_eq!(app.introspect(world, &tokens["access_token"])["active"], true);
    world.now += 1;
    assert_eq!(app.introspect(world, &tokens["access_token"])["active"], false);
    world.advance(3600);
    assert_eq!(app.refresh(world, &tokens["refresh_token"]).0, 400);
    world.advance(7200);
    let session = json!({ "headers": [["cookie", app.browser.cookie_header()]] });
    assert_eq!(world.refused(json!({ "authenticate": session })), "unauthenticated");
}
