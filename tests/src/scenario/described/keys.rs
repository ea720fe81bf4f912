//! Signing keys, and the root secret that seals them.

use serde_json::{Value, json};

use super::plain;
use crate::World;
use crate::scenario::Scenario;
use crate::scenario::application::{Application, text};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "metadata_and_jwks",
        about: "What clients read before anything else; the first keys are made on the way",
        config: plain,
        way: metadata_and_jwks,
    },
    Scenario {
        name: "keys",
        about: "Keys are made, rotated by hand and by age, and withdrawn",
        config: || json!({ "signing": { "rotateEvery": "30d" } }),
        way: keys,
    },
    Scenario {
        name: "es256",
        about: "Tokens signed with ES256",
        config: || json!({ "signing": { "algorithm": "ES256" } }),
        way: signed,
    },
    Scenario {
        name: "es384",
        about: "Tokens signed with ES384",
        config: || json!({ "signing": { "algorithm": "ES384" } }),
        way: signed,
    },
    Scenario {
        name: "key_files",
        about: "Keys are brought along as PEM and as JWK, given out, and made for elsewhere",
        config: plain,
        way: key_files,
    },
    Scenario {
        name: "root_secret_rotation",
        about: "A new root secret signs and seals, the old one still opens, and then it is gone",
        config: plain,
        way: root_secret_rotation,
    },
];

fn get(world: &mut World, path: &str) -> Value {
    let url = format!("{}{path}", World::ISSUER);
    let response = world.ok(json!({ "http": { "method": "GET", "url": url, "headers": [], "body": null } }));
    serde_json::from_str(&text(&response["body"])).unwrap_or_default()
}

fn metadata_and_jwks(world: &mut World) {
    assert_eq!(get(world, "/.well-known/oauth-authorization-server")["issuer"], World::ISSUER);
    assert_eq!(get(world, "/.well-known/oauth-protected-resource")["resource"], World::ISSUER);
    let first = get(world, "/jwks");
    assert_eq!(first["keys"].as_array().map(Vec::len), Some(2), "the active key and the next");
    assert_eq!(get(world, "/jwks"), first);
    world.ok(json!({ "keys.list": {} }));
}

fn keys(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let old = app.tokens(world);
    let verify = json!({ "tokens.verify": { "token": old["access_token"] } });
    world.ok(json!({ "keys.generate": { "algorithm": "EdDSA" } }));
    world.advance(90);
    get(world, "/jwks");
    world.ok(json!({ "keys.rotate": {} }));
    world.ok(verify.clone());
    let new = app.tokens(world);
    world.ok(json!({ "tokens.verify": { "token": new["access_token"] } }));
    let kid = kid_of(&text(&old["access_token"]));
    world.ok(json!({ "keys.withdraw": { "kid": kid } }));
    assert_eq!(world.refused(verify), "invalid_token");
    assert_eq!(world.refused(json!({ "keys.withdraw": { "kid": "nobody" } })), "not_found");
    world.ok(json!({ "keys.rotate": { "algorithm": "ES256" } }));
    world.advance(31 * 86_400);
    get(world, "/jwks");
    app.tokens(world);
    world.ok(json!({ "keys.list": {} }));
}

/// The private key of RFC 8410 section 10.3.
const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

fn key_files(world: &mut World) {
    let imported = world.run(json!({ "keys.import": { "pem": PEM, "activate": true } }));
    // Under a fault it is tried again, and is there already.
    assert!(imported.get("ok").is_some() || imported["refused"]["code"] == "already_exists");
    assert_eq!(world.refused(json!({ "keys.import": { "pem": PEM } })), "already_exists");
    assert_eq!(world.refused(json!({ "keys.import": { "pem": "no key" } })), "invalid_argument");
    for algorithm in ["EdDSA", "ES256", "ES384", "HS256"] {
        let pair = world.ok(json!({ "keys.pair": { "algorithm": algorithm } }));
        world.ok(json!({ "keys.import": { "jwk": pair["privateJwk"] } }));
    }
    let signed = world.ok(json!({ "jwts.sign": { "claims": {} } }));
    world.ok(json!({ "jwts.verify": { "token": signed["token"] } }));
    let kid = kid_of(&text(&signed["token"]));
    assert_eq!(text(&world.ok(json!({ "keys.export": { "kid": kid } }))["publicPem"]).lines().count(), 3);
    world.ok(json!({ "keys.jwks": {} }));
    world.ok(json!({ "keys.list": {} }));
}

/// The `kid` in a JWT's header.
fn kid_of(token: &str) -> Value {
    use base64::Engine as _;
    let header = token.split('.').next().unwrap_or_default();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    serde_json::from_slice::<Value>(&header).unwrap_or_default()["kid"].clone()
}

fn signed(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let tokens = app.tokens(world);
    world.ok(json!({ "tokens.verify": { "token": tokens["access_token"] } }));
    app.refresh(world, &tokens["refresh_token"]);
    get(world, "/jwks");
}

fn root_secret_rotation(world: &mut World) {
    const NEW: &str = "the next root secret for tests: 7Hq2ZmXb4";
    let mut app = Application::register(world, "opaque");
    let tokens = app.tokens(world);
    let session = json!({ "headers": [["cookie", app.browser.cookie_header()]] });
    world.reopen(json!({ "secret": [NEW, World::SECRET] }));
    assert_eq!(app.introspect(world, &tokens["access_token"])["active"], true);
    let rotated = app.refresh(world, &tokens["refresh_token"]).1;
    world.ok(json!({ "authenticate": session }));
    get(world, "/jwks");
    world.reopen(json!({ "secret": NEW }));
    assert_eq!(app.introspect(world, &tokens["access_token"])["active"], false);
    app.introspect(world, &rotated["access_token"]);
    app.refresh(world, &rotated["refresh_token"]);
    assert_eq!(world.refused(json!({ "authenticate": session })), "unauthenticated");
}
