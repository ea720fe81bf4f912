//! Personal access tokens: their life, what they are exchanged for, and who administers them.

use serde_json::{Value, json};

use crate::World;
use crate::scenario::Scenario;
use crate::scenario::application::{post, text};
use crate::setting::post_raw;

/// What another system made of the 32 bytes of the token below.
const IMPORTED: &str = "$scrypt$ln=14,r=8,p=1$BwcHBwcHBwcHBwcHBwcHBw$hF+m9frz8p4qE91aHBqKRigxmh70eTqk71mtmwuj6+I";
const IMPORTED_ID: &str = "importedimportedimpor";
const IMPORTED_TOKEN: &str = "pat_importedimportedimpor.Afv7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=";
/// What `pats.generate` once gave.
const FIRST: &str = "pat_firstfirstfirstfirst1.Gn2kYxVSYj3dC1hAVzEQPLnHkG0hVqbO7HMqk7aCvDV";

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "pats",
        about: "A personal access token is issued, used, changed, revoked, restored and deleted; one made elsewhere is registered; lists",
        config: || json!({ "pats": {} }),
        way: life,
    },
    Scenario {
        name: "pats_exchange",
        about: "A personal access token is exchanged for a JWT in each way, and presented as it is; roles; a token of another system; what is refused",
        config: || json!({ "pats": { "imported": true, "lifetime": "10m" }, "capabilities": ["derive"] }),
        way: exchange,
    },
    Scenario {
        name: "pats_admin",
        about: "The configured token becomes an administrator's, and administers others over HTTP; what is refused",
        config: || json!({ "pats": { "admin": "/internal", "bootstrap": { "id": "firstfirstfirstfirst1", "hash": first_hash() } } }),
        way: admin,
    },
];

fn first_hash() -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    let secret = FIRST.rsplit('.').next().unwrap_or_default();
    let digest = sha2::Sha256::digest(secret.as_bytes());
    format!("$sha256${}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest))
}

fn life(world: &mut World) {
    let token = json!({ "owner": "ada", "roles": ["read"], "expiresAt": world.now + 86_400_000 });
    let issued = world.ok(json!({ "pats.issue": token }));
    let (token, id) = (text(&issued["token"]), issued["pat"]["id"].clone());
    let verified = world.ok(json!({ "pats.verify": { "token": token } }));
    assert_eq!((&verified["valid"], &verified["pat"]["id"]), (&json!(true), &id));
    for (change, roles) in [
        (json!({ "addRoles": ["write"] }), json!(["read", "write"])),
        (json!({ "removeRoles": ["read"], "owner": "bob" }), json!(["write"])),
        (json!({ "roles": [], "admin": true, "expiresAt": null }), json!([])),
    ] {
        let mut ask = change;
        ask["id"] = id.clone();
        assert_eq!(world.ok(json!({ "pats.update": ask }))["roles"], roles);
    }
    let by_id = json!({ "id": id });
    let reason = |world: &mut World, token: &str| {
        world.ok(json!({ "pats.verify": { "token": token } }))["reason"].as_str().unwrap_or_default().to_owned()
    };
    world.ok(json!({ "pats.revoke": by_id }));
    assert_eq!(reason(world, &token), "revoked");
    world.ok(json!({ "pats.restore": by_id }));
    assert_eq!(reason(world, &token), "");
    let generated = world.ok(json!({ "pats.generate": {} }));
    let register =
        json!({ "id": generated["id"], "hash": generated["hash"], "owner": "job", "expiresAt": world.now + 1000 });
    world.ok(json!({ "pats.register": register }));
    assert_eq!(world.refused(json!({ "pats.register": register })), "already_exists");
    assert_eq!(reason(world, &text(&generated["token"])), "");
    world.advance(1);
    assert_eq!(reason(world, &text(&generated["token"])), "expired");
    for bad in ["ghp_x", "pat_x", &token.replace('.', "")] {
        assert_ne!(reason(world, bad), "");
    }
    let unknown = "x".repeat(21);
    let loaded = world.ok(json!({ "pats.load": { "ids": [id, unknown] } }));
    assert_eq!((&loaded["found"][0]["owner"], &loaded["notFound"]), (&json!("bob"), &json!([unknown])));
    assert_eq!(world.ok(json!({ "pats.find": { "id": unknown } })), Value::Null);
    let first = world.ok(json!({ "pats.list": { "limit": 1, "includeExpired": true, "includeHash": true } }));
    world.ok(json!({ "pats.list": { "limit": 1, "includeExpired": true, "after": first["next"] } }));
    world.ok(json!({ "pats.list": { "hasRole": "none", "owner": "bob", "includeRevoked": true } }));
    world.ok(json!({ "pats.delete": by_id }));
    assert_eq!(reason(world, &token), "not_found");
    assert_eq!(world.ok(json!({ "pats.delete": by_id })), json!({ "deleted": false }));
    assert_eq!(world.refused(json!({ "pats.restore": by_id })), "not_found");
    for (command, ask) in [
        ("pats.issue", json!({ "owner": "" })),
        ("pats.issue", json!({ "owner": "x", "expiresAt": 1 })),
        ("pats.register", json!({ "owner": "x", "id": unknown, "hash": IMPORTED })),
        ("pats.update", json!({ "id": unknown, "roles": [], "addRoles": [] })),
        ("pats.load", json!({ "ids": [] })),
        ("pats.list", json!({ "after": "x" })),
        ("pats.find", json!({ "id": "x" })),
    ] {
        assert_eq!(world.refused(json!({ command: ask })), "invalid_argument");
    }
    world.advance(31 * 86_400);
    world.ok(json!({ "purge": {} }));
}

fn exchange(world: &mut World) {
    let issued = world.ok(json!({ "pats.issue": { "owner": "ada", "roles": ["ops"] } }));
    let (token, id) = (text(&issued["token"]), issued["pat"]["id"].clone());
    let (bearer, basic) = (format!("Bearer {token}"), crate::basic("anybody", &token));
    let json_body = json!({ "client_secret": token, "state": "s" }).to_string();
    let form = crate::form(&[("grant_type", "client_credentials"), ("client_secret", &token)]);
    let json_type = ("content-type", "application/json");
    let mut access_token = String::new();
    for (headers, body) in [
        (vec![], form.as_str()),
        (vec![("authorization", bearer.as_str())], ""),
        (vec![("authorization", basic.as_str())], "grant_type=client_credentials"),
        (vec![json_type], json_body.as_str()),
    ] {
        let (status, exchanged) = post(world, "/token", &headers, body);
        assert_eq!((status, &exchanged["token_type"]), (200, &json!("Bearer")), "{exchanged}");
        access_token = text(&exchanged["access_token"]);
    }
    let ask = |token: &str, more: Value| {
        let mut ask = json!({ "headers": [["authorization", format!("Bearer {token}")]] });
        for (name, value) in more.as_object().into_iter().flatten() {
            ask[name] = value.clone();
        }
        json!({ "authenticate": ask })
    };
    for presented in [&token, &access_token] {
        let who = world.ok(ask(presented, json!({ "roles": ["ops"] })));
        assert_eq!((&who["kind"], &who["pat"]["id"]), (&json!("pat"), &id));
        assert_eq!(world.refused(ask(presented, json!({ "admin": true }))), "insufficient_scope");
        world.ok(json!({ "tokens.verify": { "token": presented, "roles": ["ops"] } }));
        assert_eq!(world.ok(json!({ "tokens.introspect": { "token": presented } })), json!({ "active": false }));
    }
    world.ok(ask(&access_token, json!({ "revocation": "check" })));
    world.ok(json!({ "pats.revoke": { "id": id } }));
    assert_eq!(world.refused(ask(&access_token, json!({ "revocation": "check" }))), "invalid_token");
    assert_eq!(world.refused(ask(&token, json!({}))), "invalid_token");
    for (headers, body, status) in [
        (vec![], form.as_str(), 401),
        (vec![("authorization", bearer.as_str())], "", 401),
        (vec![("authorization", basic.as_str())], "", 401),
        (vec![json_type], "{}", 400),
        (vec![json_type], "[]", 400),
        (vec![], "client_secret=pat_x&grant_type=password", 400),
        (vec![], "client_secret=pat_x&scope=read", 400),
        (vec![], "client_secret=pat_x&resource=https%3A%2F%2Fapi.example.com", 400),
    ] {
        assert_eq!(post(world, "/token", &headers, body).0, status, "{body}");
    }
    let register = json!({ "id": IMPORTED_ID, "hash": IMPORTED, "owner": "old" });
    world.ok(json!({ "pats.register": register }));
    assert_eq!(world.refused(ask(&IMPORTED_TOKEN.replace("Afv", "Bfv"), json!({}))), "invalid_token");
    for _ in 0..2 {
        assert_eq!(world.ok(ask(IMPORTED_TOKEN, json!({})))["pat"]["owner"], "old");
    }
    assert_eq!(world.refused(ask(&IMPORTED_TOKEN.replacen("imported", "Imported", 1), json!({}))), "invalid_token");
}

fn admin(world: &mut World) {
    let first = with_checksum(FIRST);
    let request = |method: &str, path: &str, token: &str, body: &str| {
        let mut command = post_raw(
            &format!("/internal/tokens{path}"),
            &[("authorization", &format!("Bearer {token}")), ("content-type", "application/json")],
            body,
        );
        command["http"]["method"] = json!(method);
        command
    };
    let answer = |world: &mut World, method: &str, path: &str, body: Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let response = world.ok(request(method, path, &first, &body));
        let told = serde_json::from_str(response["body"].as_str().unwrap_or_default()).unwrap_or_default();
        (response["status"].as_u64().unwrap_or_default(), told)
    };
    let ask = json!({ "owner": "ada", "roles": ["a"], "expiresAt": world.now / 1000 + 60 });
    let (status, issued): (u64, Value) = answer(world, "POST", "", ask);
    assert_eq!(status, 201, "{issued}");
    let (token, id) = (text(&issued["token"]), text(&issued["record"]["tokenId"]));
    for (method, path, body, expected) in [
        ("GET", format!("/{id}"), Value::Null, 200),
        ("PATCH", format!("/{id}"), json!({ "roles": { "add": ["b"] }, "expiresAt": null }), 204),
        ("PATCH", format!("/{id}"), json!({ "roles": { "remove": ["a"] }, "isAdmin": true }), 204),
        ("PATCH", format!("/{id}"), json!({ "roles": ["c"], "isAdmin": false, "owner": "bob" }), 204),
        ("PUT", format!("/{id}/revoke"), Value::Null, 204),
        ("PUT", format!("/{id}/restore"), json!({}), 204),
        ("POST", "/batch".into(), json!({ "tokenIds": [id, "x".repeat(21)], "includeSecretPhc": true }), 200),
        ("GET", String::new(), Value::Null, 200),
        ("GET", "?limit=1&includeRevoked=1&includeExpired=0&hasRole=c".into(), Value::Null, 200),
        ("GET", "?limit=0".into(), Value::Null, 400),
        ("GET", "?unknown=1".into(), Value::Null, 400),
        ("POST", String::new(), json!({ "owner": "x", "admin": true }), 400),
        ("POST", String::new(), json!({ "owner": "x", "tokenId": id }), 409),
        ("PUT", format!("/{id}"), json!({ "owner": "x", "secretPhc": first_hash() }), 409),
        ("PATCH", format!("/{}", "x".repeat(21)), json!({}), 404),
        ("DELETE", String::new(), Value::Null, 405),
    ] {
        let (status, told) = answer(world, method, &path, body);
        assert_eq!(status, expected, "{method} {path}: {told}");
    }
    for (presented, expected) in [(token.as_str(), 403), ("pat_x", 401)] {
        assert_eq!(world.ok(request("GET", "", presented, ""))["status"], expected);
    }
    assert_eq!(answer(world, "DELETE", &format!("/{id}"), Value::Null).0, 204);
    // Whoever deletes the first one is out, and it comes back for nobody.
    world.ok(json!({ "pats.delete": { "id": "firstfirstfirstfirst1" } }));
    assert_eq!(answer(world, "GET", "", Value::Null).0, 401);
}

/// With the six characters that follow.
fn with_checksum(text: &str) -> String {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let mut rest = !crc;
    let mut digits = [0; 6];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    format!("{text}{}", String::from_utf8_lossy(&digits))
}
