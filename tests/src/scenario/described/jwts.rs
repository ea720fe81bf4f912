//! The application's own JWTs.

use serde_json::{Value, json};

use crate::World;
use crate::scenario::Scenario;
use crate::scenario::application::{Application, text};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "jwts",
        about: "Tokens of the application's own: signed by each kind of key, verified, refused for each reason, taken back",
        config: || json!({ "lifetimes": { "jwt": "1h" } }),
        way: jwts,
    },
    Scenario {
        name: "session_token_claims",
        about: "Claims of the application in a session's tokens, which do not take turns",
        config: || json!({ "sessions": { "rotateTokens": false } }),
        way: session_token_claims,
    },
];

fn jwts(world: &mut World) {
    for algorithm in ["EdDSA", "ES256", "HS256", "HS384", "HS512"] {
        if algorithm != "EdDSA" {
            world.ok(json!({ "keys.rotate": { "algorithm": algorithm } }));
        }
        let signed = sign(world, json!({ "claims": { "sub": "ada" }, "algorithm": algorithm }));
        world.ok(json!({ "jwts.verify": { "token": signed["token"], "algorithms": [algorithm] } }));
    }
    let shared = sign(world, json!({ "claims": {}, "algorithm": "HS256" }));
    assert_eq!(world.refused(json!({ "jwts.verify": { "token": shared["token"] } })), "invalid_token");
    assert_eq!(world.refused(json!({ "jwts.sign": { "claims": {}, "algorithm": "PS512" } })), "invalid_argument");
    assert_eq!(world.refused(json!({ "jwts.sign": { "claims": {}, "typ": "at+jwt" } })), "invalid_argument");
    assert_eq!(world.refused(json!({ "jwts.sign": { "claims": { "iss": "me" } } })), "invalid_argument");
    let signed = sign(world, json!({ "claims": { "n": [1, 2.5] }, "typ": "reset+jwt", "audience": ["a", "b"] }));
    let token = text(&signed["token"]);
    let good = json!({ "token": token, "typ": "reset+jwt", "audience": ["b"], "maxAge": "5m" });
    world.ok(json!({ "jwts.verify": good }));
    for (member, value) in [
        ("token", json!(format!("{token}A"))),
        ("token", json!("x")),
        ("typ", json!("app+jwt")),
        ("audience", json!(["c"])),
        ("issuer", json!("https://other.example.com")),
        ("required", json!(["nonce"])),
        ("algorithms", json!(["RS256"])),
    ] {
        let mut bad = good.clone();
        bad[member] = value;
        assert_eq!(world.refused(json!({ "jwts.verify": bad })), "invalid_token");
    }
    let checked = json!({ "token": token, "typ": null, "audience": null, "revocation": "check" });
    world.ok(json!({ "jwts.verify": checked }));
    assert_eq!(world.ok(json!({ "jwts.deny": { "token": token } }))["denied"], true);
    assert_eq!(world.refused(json!({ "jwts.verify": checked })), "invalid_token");
    world.ok(json!({ "jwts.isDenied": { "jti": signed["jti"] } }));
    world.ok(json!({ "jwts.allow": { "jti": signed["jti"] } }));
    world.ok(json!({ "jwts.verify": checked }));
    world.advance(3600);
    assert_eq!(world.refused(json!({ "jwts.verify": checked })), "invalid_token");
}

fn sign(world: &mut World, ask: Value) -> Value {
    world.ok(json!({ "jwts.sign": ask }))
}

fn session_token_claims(world: &mut World) {
    let app = Application::register(world, "opaque");
    let ask = json!({ "subject": app.subject, "methods": ["pwd"], "claims": { "tenant": "acme" } });
    let tokens = world.ok(json!({ "sessions.issueTokens": ask }));
    let next = world.ok(json!({ "sessions.refreshTokens": { "refreshToken": tokens["refreshToken"] } }));
    assert_eq!(next["refreshToken"], tokens["refreshToken"]);
    let headers = json!([["authorization", format!("Bearer {}", text(&next["accessToken"]))]]);
    assert_eq!(world.ok(json!({ "authenticate": { "headers": headers } }))["kind"], "session");
    world.ok(json!({ "jwts.deny": { "token": next["accessToken"] } }));
    assert_eq!(world.refused(json!({ "authenticate": { "headers": headers } })), "invalid_token");
}
