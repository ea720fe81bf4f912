//! The code around the engine: clients, accounts, sessions, grants, purge.

use serde_json::{Value, json};

use super::plain;
use crate::World;
use crate::scenario::Scenario;
use crate::scenario::application::{Application, text};
use crate::setting::CALLBACK;

pub(super) const ALL: &[Scenario] = &[
    Scenario { name: "clients", about: "A client's life, and what may not be registered", config: plain, way: clients },
    Scenario { name: "accounts", about: "An account's life, by id and by login", config: plain, way: accounts },
    Scenario {
        name: "sessions_and_grants",
        about: "A person's sessions and grants are listed and revoked",
        config: plain,
        way: sessions_and_grants,
    },
    Scenario { name: "purge", about: "What is over is counted, then removed, page by page", config: plain, way: purge },
];

fn clients(world: &mut World) {
    let created =
        world.ok(json!({ "clients.create": { "name": "App", "redirectUris": [CALLBACK], "scopes": ["read"] } }));
    let id = text(&created["client"]["id"]);
    world.ok(json!({ "clients.create": {
        "id": "spa", "name": "In the browser", "redirectUris": ["http://127.0.0.1/cb", "com.example.app:/cb"],
        "authMethod": "none", "accessToken": "opaque", "grantTypes": ["authorization_code"] } }));
    assert_eq!(
        world.refused(json!({ "clients.create": { "id": "spa", "name": "Again", "redirectUris": [CALLBACK] } })),
        "already_exists"
    );
    assert_eq!(world.ok(json!({ "clients.find": { "id": id } }))["name"], "App");
    assert_eq!(world.ok(json!({ "clients.find": { "id": "nobody" } })), Value::Null);
    let first = world.ok(json!({ "clients.list": { "limit": 1 } }));
    let rest = world.ok(json!({ "clients.list": { "after": first["next"] } }));
    assert_eq!((first["items"].as_array().unwrap().len(), rest["next"].clone()), (1, Value::Null));
    world.ok(json!({ "clients.update": { "id": id, "name": "Äpp \u{1f511}", "scopes": ["read", "write"] } }));
    world.advance(60);
    world.ok(json!({ "clients.rotateSecret": { "id": id, "overlap": "1h" } }));
    assert_eq!(world.refused(json!({ "clients.rotateSecret": { "id": "spa" } })), "invalid_argument");
    for wrong in [
        json!({ "name": "", "redirectUris": [CALLBACK] }),
        json!({ "name": "App", "redirectUris": ["http://app.example.com/cb"] }),
        json!({ "name": "App", "redirectUris": ["https://app.example.com/cb#here"] }),
        json!({ "name": "App", "redirectUris": [] }),
        json!({ "name": "App", "redirectUris": [CALLBACK], "scopes": ["unheard-of"] }),
    ] {
        assert_eq!(world.refused(json!({ "clients.create": wrong })), "invalid_argument");
    }
    assert_eq!(world.refused(json!({ "clients.update": { "id": "nobody", "name": "X" } })), "not_found");
    world.ok(json!({ "clients.delete": { "id": id } }));
    assert_eq!(world.ok(json!({ "clients.delete": { "id": id } }))["deleted"], false);
}

fn accounts(world: &mut World) {
    let account = json!({ "login": " Ada@Example.COM ", "password": "correct horse", "name": "Ada Lovelace" });
    let id = text(&world.ok(json!({ "accounts.create": account.clone() }))["id"]);
    assert_eq!(world.refused(json!({ "accounts.create": account })), "already_exists");
    world.ok(json!({ "accounts.create": { "login": "grace" } }));
    assert_eq!(world.ok(json!({ "accounts.find": { "login": "ADA@example.com" } }))["id"], id.as_str());
    assert_eq!(world.ok(json!({ "accounts.find": { "id": id } }))["name"], "Ada Lovelace");
    assert_eq!(world.ok(json!({ "accounts.find": { "login": "nobody" } })), Value::Null);
    assert_eq!(world.refused(json!({ "accounts.find": {} })), "invalid_argument");
    let first = world.ok(json!({ "accounts.list": { "limit": 1 } }));
    world.ok(json!({ "accounts.list": { "after": first["next"], "limit": 10 } }));
    world.ok(json!({ "accounts.update": { "id": id, "name": "Ada King", "disabled": true } }));
    world.ok(json!({ "accounts.setPassword": { "id": id, "password": "another horse" } }));
    assert_eq!(
        world.refused(json!({ "accounts.setPassword": { "id": "nobody", "password": "another horse" } })),
        "not_found"
    );
    assert_eq!(world.refused(json!({ "accounts.create": { "login": "" } })), "invalid_argument");
    assert_eq!(world.refused(json!({ "accounts.list": { "limit": 0 } })), "invalid_argument");
}

fn sessions_and_grants(world: &mut World) {
    let mut app = Application::register(world, "opaque");
    let tokens = app.tokens(world);
    let subject = app.subject.clone();
    let grants = world.ok(json!({ "grants.list": { "subject": subject } }));
    let grant = grants["items"][0]["id"].clone();
    world.ok(json!({ "grants.revoke": { "subject": subject, "id": grant } }));
    assert_eq!(app.introspect(world, &tokens["access_token"]), json!({ "active": false }));
    world.ok(json!({ "grants.list": { "subject": subject } }));
    let sessions = world.ok(json!({ "sessions.list": { "subject": subject, "limit": 5 } }));
    for session in sessions["items"].as_array().unwrap() {
        world.ok(json!({ "sessions.revoke": { "subject": subject, "id": session["id"] } }));
    }
    let left = world.ok(json!({ "sessions.list": { "subject": subject } }));
    assert_eq!(left["items"], json!([]));
    assert_eq!(world.refused(json!({ "grants.revoke": { "subject": subject, "id": "short" } })), "invalid_argument");
    assert_eq!(world.ok(json!({ "sessions.list": { "subject": "nobody" } }))["items"], json!([]));
}

fn purge(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    app.tokens(world);
    app.code(world, &[], &["read"]);
    assert_eq!(world.ok(json!({ "purge": {} }))["purged"], json!({}));
    world.advance(400 * 86_400);
    let dry = world.ok(json!({ "purge": { "dryRun": true } }));
    assert!(dry["purged"]["grant"].as_u64() >= Some(2), "{dry}");
    let kept = world.ok(json!({ "purge": { "dryRun": true, "retention": "400d" } }));
    assert_eq!(kept["purged"]["grant"], Value::Null, "{kept}");
    let first = world.ok(json!({ "purge": { "limit": 2 } }));
    world.ok(json!({ "purge": { "after": first["next"] } }));
    assert_eq!(world.ok(json!({ "purge": {} }))["purged"], json!({}));
    assert_eq!(world.refused(json!({ "purge": { "limit": 1001 } })), "invalid_argument");
}
