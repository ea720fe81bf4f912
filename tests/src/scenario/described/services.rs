//! What a host does for the engine beside storage: it signs, verifies, and derives.

use serde_json::{Value, json};

use crate::World;
use crate::scenario::application::{Application, text};
use crate::scenario::{Export, Scenario};
use crate::services::host_key;

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "host_signs",
        about: "Tokens signed with RS256 by a key of the host, and verified by the engine",
        config: || with_key("RS256", &["sign"]),
        way: signed_by_the_host,
    },
    Scenario {
        name: "host_verifies",
        about: "Tokens signed with ES256 by a key of the host, and verified by the host",
        config: || with_key("ES256", &["sign", "verify"]),
        way: signed_by_the_host,
    },
    Scenario {
        name: "derive",
        about: "Passwords derived by the host, and the export that another thread derives with",
        config: || json!({ "capabilities": ["derive"] }),
        way: derived_by_the_host,
    },
];

fn with_key(algorithm: &str, capabilities: &[&str]) -> Value {
    json!({ "signing": { "hostKeys": [host_key(algorithm)] }, "capabilities": capabilities })
}

fn signed_by_the_host(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let tokens = app.tokens(world);
    let token = text(&tokens["access_token"]);
    let principal = world.ok(json!({ "tokens.verify": { "token": token } }));
    assert_eq!(principal["subject"], app.subject);
    let (message, signature) = token.rsplit_once('.').unwrap_or_default();
    let other: String = signature.chars().rev().collect();
    for forged in [format!("{message}.{other}"), format!("{message}."), token.replacen('.', ".e", 1)] {
        assert_eq!(world.refused(json!({ "tokens.verify": { "token": forged } })), "invalid_token");
    }
    let refreshed = app.refresh(world, &tokens["refresh_token"]).1;
    world.ok(json!({ "tokens.verify": { "token": refreshed["access_token"] } }));
    world.ok(
        json!({ "http": { "method": "GET", "url": format!("{}/jwks", World::ISSUER), "headers": [], "body": null } }),
    );
    world.ok(json!({ "keys.list": {} }));
}

fn derived_by_the_host(world: &mut World) {
    let mut app = Application::register(world, "opaque");
    let wrong = app.interaction(world, &[]);
    let refused = app.browser.sign_in(world, &wrong, "ada", "a wrong horse");
    assert_eq!(refused["status"], 401, "{refused}");
    app.tokens(world);
    world.ok(json!({ "accounts.setPassword": { "id": app.subject, "password": "another battery" } }));
    for ask in [
        // The argon2 reference's own test: "password" with the salt "somesalt".
        derive(65_536, 2, 1, 32, "cGFzc3dvcmQ", "c29tZXNhbHQ"),
        derive(7168, 1, 4, 16, "", "c29tZXNhbHQ"),
        derive(7168, 1, 1, 32, "cGFzc3dvcmQ", ""),
        derive(0, 1, 1, 32, "cGFzc3dvcmQ", "c29tZXNhbHQ"),
        derive(4_294_967_295, 1, 1, 32, "cGFzc3dvcmQ", "c29tZXNhbHQ"),
        derive(7168, 1, 1, 0, "cGFzc3dvcmQ", "c29tZXNhbHQ"),
        derive(7168, 1, 1, 32, "not base64url!", "c29tZXNhbHQ"),
        json!({ "algorithm": "md5" }),
        Value::Null,
    ] {
        world.exchange(Export::Derive, ask.to_string());
    }
    world.exchange(Export::Derive, String::new());
}

fn derive(memory: u64, passes: u64, lanes: u64, length: u64, secret: &str, salt: &str) -> Value {
    let parameters = json!({ "memory": memory, "passes": passes, "lanes": lanes, "length": length });
    json!({ "algorithm": "argon2id", "parameters": parameters, "secret": secret, "salt": salt })
}
