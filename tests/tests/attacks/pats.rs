//! Personal access tokens by the typed commands: their form, what is stored of them, and what they cost.

use claviger_tests::World;
use claviger_tests::setting::text;
use serde_json::{Value, json};

/// What another system made of the 32 bytes that [`IMPORTED_SECRET`] says: scrypt with its usual costs.
pub(crate) const IMPORTED_PHC: &str =
    "$scrypt$ln=14,r=8,p=1$BwcHBwcHBwcHBwcHBwcHBw$hF+m9frz8p4qE91aHBqKRigxmh70eTqk71mtmwuj6+I";
const IMPORTED_PHC_64: &str = "$scrypt$ln=14,r=8,p=1$BwcHBwcHBwcHBwcHBwcHBw$hF+m9frz8p4qE91aHBqKRigxmh70eTqk71mtmwuj6+Kxxyu/q5BW7btMFcoRNB0GIieXJWuvWLr4X4k6CtU1Sg";
pub(crate) const IMPORTED_SECRET: &str = "Afv7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=";
pub(crate) const IMPORTED_ID: &str = "importedimportedimpor";

pub(crate) fn world() -> World {
    World::with(json!({ "pats": {} }))
}

/// A token, and its id.
pub(crate) fn issue(world: &mut World, ask: Value) -> (String, String) {
    let mut new = json!({ "owner": "ada" });
    for (name, value) in ask.as_object().into_iter().flatten() {
        new[name] = value.clone();
    }
    let issued = world.ok(json!({ "pats.issue": new }));
    (text(&issued["token"]).to_owned(), text(&issued["pat"]["id"]).to_owned())
}

pub(crate) fn verify(token: &str) -> Value {
    json!({ "pats.verify": { "token": token } })
}

/// Why a token is not good, empty when it is.
pub(crate) fn reason(world: &mut World, token: &str) -> String {
    let verified = world.ok(verify(token));
    assert_eq!(verified["valid"], json!(verified.get("reason").is_none()), "{verified}");
    verified["reason"].as_str().unwrap_or_default().to_owned()
}

pub(crate) fn find(world: &mut World, id: &str) -> Value {
    world.ok(json!({ "pats.find": { "id": id } }))
}

pub(crate) fn bearer(token: &str) -> Value {
    json!({ "headers": [["authorization", format!("Bearer {token}")]] })
}

#[test]
fn p1_p3_p5_a_token_is_issued_with_what_is_said_of_it() {
    let mut world = world();
    let ask = json!({ "owner": "ada@example.com", "admin": true, "roles": ["write", "read", "read"],
        "expiresAt": world.now + 1000 });
    let issued = world.ok(json!({ "pats.issue": ask }));
    assert_eq!(*world.asked(), ["commit"]);
    let (token, id) = (text(&issued["token"]), text(&issued["pat"]["id"]));
    let (before, secret) = token.split_once('.').unwrap();
    assert_eq!((before, id.len(), secret.len()), (format!("pat_{id}").as_str(), 21, 49));
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.'), "{token}");
    let pat = json!({ "id": id, "owner": "ada@example.com", "admin": true, "roles": ["read", "write"],
        "createdAt": world.now, "lastUsedAt": null, "revokedAt": null, "expiresAt": world.now + 1000 });
    assert_eq!(issued["pat"], pat);
    assert_eq!(find(&mut world, id), pat);
    assert_eq!(find(&mut world, &"x".repeat(21)), Value::Null);
    let verified = world.ok(verify(token));
    assert_eq!((&verified["valid"], &verified["pat"]["lastUsedAt"]), (&json!(true), &json!(world.now)));
    assert_eq!(world.take_event_names(), ["pat.issued"]);
}

#[test]
fn p1_a_prefix_of_ones_own_is_the_only_one_that_is_taken() {
    let mut world = World::with(json!({ "pats": { "prefix": "acme_pat_" } }));
    let (token, _) = issue(&mut world, json!({}));
    assert!(token.starts_with("acme_pat_"));
    assert_eq!(reason(&mut world, &token), "");
    world.reopen(json!({ "pats": {} }));
    assert_eq!(reason(&mut world, &token), "invalid_prefix");
    assert_eq!(
        reason(&mut world, token.trim_start_matches("acme_")),
        "invalid_format",
        "the checksum knows the prefix"
    );
}

#[test]
fn p5_a_token_made_elsewhere_is_registered_by_its_hash_and_once() {
    let mut world = world();
    let generated = world.ok(json!({ "pats.generate": {} }));
    assert!(world.asked().is_empty() && world.store.is_empty());
    let token = text(&generated["token"]);
    assert_eq!(reason(&mut world, token), "not_found");
    let register = json!({ "pats.register": { "id": generated["id"], "hash": generated["hash"], "owner": "job" } });
    assert_eq!(world.ok(register.clone())["owner"], "job");
    assert_eq!(reason(&mut world, token), "");
    assert_eq!(world.refused(register), "already_exists");
    assert_eq!(world.refused(json!({ "pats.issue": { "owner": "x", "id": generated["id"] } })), "already_exists");
    let own = world.ok(json!({ "pats.generate": { "id": "0123456789abcdefghijk" } }));
    assert!(text(&own["token"]).starts_with("pat_0123456789abcdefghijk."));
}

#[test]
fn p2_p6_a_token_of_another_system_verifies_and_gets_a_digest_by_its_first_use() {
    for (phc, secret) in [
        (IMPORTED_PHC, IMPORTED_SECRET.to_owned()),
        (IMPORTED_PHC_64, IMPORTED_SECRET.to_owned()),
        (IMPORTED_PHC, IMPORTED_SECRET.replace('+', "-").replace('/', "_")),
    ] {
        let mut world = World::with(json!({ "pats": { "imported": true } }));
        let (token, key) = (format!("pat_{IMPORTED_ID}.{secret}"), format!("main.pat.{IMPORTED_ID}/token"));
        world.ok(json!({ "pats.register": { "id": IMPORTED_ID, "hash": phc, "owner": "ada" } }));
        assert_eq!(world.store.value(&key).unwrap()["value"]["hash"], phc);
        let bent = token.replace("Afv", "Bfv");
        assert_eq!(reason(&mut world, &bent), "invalid_secret");
        assert_eq!(world.store.value(&key).unwrap()["value"]["hash"], phc);
        assert_eq!(reason(&mut world, &token), "");
        assert_eq!(*world.asked(), ["load", "commit"], "the digest takes its place in the commit of the use");
        assert!(text(&world.store.value(&key).unwrap()["value"]["hash"]).starts_with("$sha256$"));
        assert_eq!(reason(&mut world, &token), "");
        assert_eq!(*world.asked(), ["load"]);
        assert_eq!(reason(&mut world, &bent), "invalid_secret");
        world.reopen(json!({ "pats": {} }));
        assert_eq!(reason(&mut world, &token), "invalid_format");
        assert!(world.asked().is_empty());
    }
}

#[test]
fn p2_whoever_guesses_at_tokens_of_another_system_pays_for_each() {
    let mut world = World::with(json!({ "pats": { "imported": true }, "capabilities": ["derive"] }));
    world.ok(json!({ "pats.register": { "id": IMPORTED_ID, "hash": IMPORTED_PHC, "owner": "ada" } }));
    let (_, own) = issue(&mut world, json!({}));
    let secret = IMPORTED_SECRET.replace("Afv", "Bfv");
    // Unknown, known, of this engine's own, and, after the right one was used, known by a digest.
    for id in ["x".repeat(21), IMPORTED_ID.to_owned(), own] {
        assert_ne!(reason(&mut world, &format!("pat_{id}.{secret}")), "");
        assert_eq!(*world.asked(), ["load", "derive"], "{id}");
    }
    assert_eq!(reason(&mut world, &format!("pat_{IMPORTED_ID}.{IMPORTED_SECRET}")), "");
    assert_eq!(*world.asked(), ["load", "derive", "commit"]);
    assert_eq!(reason(&mut world, &format!("pat_{IMPORTED_ID}.{secret}")), "invalid_secret");
    assert_eq!(*world.asked(), ["load", "derive"]);
    assert_eq!(reason(&mut world, &format!("pat_{IMPORTED_ID}.{IMPORTED_SECRET}")), "");
    assert_eq!(*world.asked(), ["load"]);
}

#[test]
fn p6_each_reason_is_told_and_nothing_of_a_token_whose_secret_is_wrong() {
    let mut world = world();
    let end = world.now + 60_000;
    let (token, id) = issue(&mut world, json!({ "expiresAt": end }));
    let (_, other) = issue(&mut world, json!({}));
    let generated = world.ok(json!({ "pats.generate": { "id": other } }));
    let wrong = world.ok(verify(text(&generated["token"])));
    assert_eq!(wrong, json!({ "valid": false, "reason": "invalid_secret" }));
    assert_eq!(reason(&mut world, "ghp_x"), "invalid_prefix");
    assert_eq!(reason(&mut world, "pat_x"), "invalid_format");
    world.ok(json!({ "pats.revoke": { "id": id } }));
    let revoked = world.ok(verify(&token));
    assert_eq!((&revoked["reason"], &revoked["pat"]["owner"]), (&json!("revoked"), &json!("ada")));
    world.ok(json!({ "pats.restore": { "id": id } }));
    world.advance(60);
    assert_eq!(reason(&mut world, &token), "expired");
    world.ok(json!({ "pats.delete": { "id": id } }));
    assert_eq!(reason(&mut world, &token), "not_found");
    // What stands in a row may have been written by anybody.
    let key = format!("main.pat.{other}/token");
    let salt_and_hash = "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (hash, expected) in [
        ("x".to_owned(), "invalid_phc"),
        (format!("$argon2id$v=19$m=19456,t=2,p=1${salt_and_hash}"), "unsupported_algorithm"),
        (format!("$scrypt$ln=20,r=32,p=1${salt_and_hash}"), "invalid_parameters"),
    ] {
        let mut row = world.store.value(&key).unwrap();
        row["value"]["hash"] = json!(hash);
        world.store.put(&key, &row.to_string());
        assert_eq!(reason(&mut world, text(&generated["token"])), expected);
        let register = json!({ "id": id, "hash": hash, "owner": "x" });
        assert_eq!(world.refused(json!({ "pats.register": register })), "invalid_argument");
    }
}

#[test]
fn pt_002_pt_003_pt_004_what_is_bent_is_refused_without_a_look_at_the_store() {
    let mut world = world();
    let (token, id) = issue(&mut world, json!({}));
    let secret = token.rsplit('.').next().unwrap().to_owned();
    let swapped: String = token
        .chars()
        .map(
            |letter| {
                if letter.is_ascii_uppercase() { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() }
            },
        )
        .collect();
    let mut bad = vec![
        token[..token.len() - 1].to_owned(),
        "pat_".to_owned(),
        format!("pat_{id}"),
        format!("pat_{id}."),
        swapped.replacen("PAT_", "pat_", 1),
        swapped,
        format!("{token}\n"),
        format!("{token} "),
        token.replace('.', "%2E"),
        token.replace('_', "\u{2010}"),
        format!("pat_{token}"),
        format!("{id}.{secret}"),
        format!("pat_{id}.{secret}.{secret}"),
        "pat_".to_owned() + &"a".repeat(5000),
    ];
    let last = if token.ends_with('0') { "1" } else { "0" };
    bad.push(format!("{}{last}", &token[..token.len() - 1]));
    for bad in bad {
        assert_ne!(reason(&mut world, &bad), "", "{bad}");
        assert!(world.asked().is_empty(), "{bad}");
        let done = world.run(json!({ "authenticate": bearer(&bad) }));
        // What does not even begin as one is a malformed header, or no token of any kind.
        let told = done["refused"]["status"].as_u64();
        assert!(told == Some(401) || (told == Some(400) && !bad.starts_with("pat_")), "{bad}: {done}");
        assert!(world.asked().iter().all(|ask| ask != "commit"), "{bad}");
    }
    // A header may have more spaces than one before the token (RFC 9110 section 11.4); a text may not.
    assert_eq!(reason(&mut world, &format!(" {token}")), "invalid_prefix");
    assert_eq!(reason(&mut world, &token), "");
}

#[test]
fn pt_005_pt_012_a_token_is_shown_once_and_stands_nowhere_else() {
    let mut world = world();
    let (token, id) = issue(&mut world, json!({}));
    let secret = &token[26..69];
    world.ok(verify(&token));
    world.ok(json!({ "authenticate": bearer(&token) }));
    let shown = [
        find(&mut world, &id),
        world.ok(json!({ "pats.list": { "includeHash": true } })),
        world.ok(json!({ "pats.load": { "ids": [id], "includeHash": true } })),
        world.ok(json!({ "pats.update": { "id": id, "owner": "other" } })),
        json!(world.take_events()),
        json!(world.store.dump()),
    ];
    for shown in shown {
        assert!(!shown.to_string().contains(secret), "{shown}");
    }
    assert!(!find(&mut world, &id).to_string().contains("$sha256$"));
    let listed = world.ok(json!({ "pats.list": { "includeHash": true } }));
    assert!(text(&listed["items"][0]["hash"]).starts_with("$sha256$"));
    // Nor in what is written to a log: of calls, and of what comes back.
    for command in [verify(&token), json!({ "authenticate": bearer(&token) })] {
        let call: claviger_core::call::Call = serde_json::from_value(world.call(command)).unwrap();
        assert!(!format!("{call:?}{call:#?}").contains(secret));
    }
    let done = world.run_with(verify(&token), |_, _, _| json!({ "failed": "down" }));
    assert!(done.get("fault").is_some() && !done.to_string().contains(secret), "{done}");
}
