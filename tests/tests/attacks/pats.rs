//! Personal access tokens by the typed commands: their form, their life, what is stored of them, and what they cost.

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

#[test]
fn p7_an_update_changes_what_it_says_and_nothing_is_written_for_nothing() {
    let mut world = world();
    let end = world.now + 60_000;
    let (_, id) = issue(&mut world, json!({ "roles": ["a"], "expiresAt": end }));
    let update = |world: &mut World, mut ask: Value| {
        ask["id"] = json!(id);
        world.ok(json!({ "pats.update": ask }))
    };
    let pat = update(&mut world, json!({ "owner": "bob", "admin": true }));
    assert_eq!((&pat["owner"], &pat["admin"], &pat["roles"]), (&json!("bob"), &json!(true), &json!(["a"])));
    assert_eq!(pat["expiresAt"], json!(end));
    assert_eq!(update(&mut world, json!({ "expiresAt": null }))["expiresAt"], Value::Null);
    assert_eq!(update(&mut world, json!({ "expiresAt": 5 }))["expiresAt"], 5);
    for (change, roles) in [
        (json!({ "addRoles": ["b", "a"] }), json!(["a", "b"])),
        (json!({ "addRoles": ["b", "a"] }), json!(["a", "b"])),
        (json!({ "removeRoles": ["a", "c"] }), json!(["b"])),
        (json!({ "roles": ["x", "x"] }), json!(["x"])),
        (json!({ "roles": [] }), json!([])),
        (json!({}), json!([])),
    ] {
        assert_eq!(update(&mut world, change)["roles"], roles);
    }
    assert_eq!(*world.asked(), ["load"]);
    for bad in [
        json!({ "roles": ["a"], "addRoles": ["b"] }),
        json!({ "owner": "" }),
        json!({ "owner": "x".repeat(101) }),
        json!({ "owner": "a\nb" }),
        json!({ "roles": [""] }),
        json!({ "roles": (0..51).map(|n| n.to_string()).collect::<Vec<_>>() }),
        json!({ "expiresAt": 9_007_199_254_740_992_u64 }),
        json!({ "hash": "x" }),
        json!({ "name": "x" }),
    ] {
        let mut ask = bad;
        ask["id"] = json!(id);
        assert_eq!(world.refused(json!({ "pats.update": ask })), "invalid_argument");
    }
    assert_eq!(world.refused(json!({ "pats.update": { "id": "x".repeat(21) } })), "not_found");
    // A secret of its own choosing takes the place of a stolen one.
    let next = world.ok(json!({ "pats.generate": { "id": id } }));
    update(&mut world, json!({ "hash": next["hash"], "expiresAt": null }));
    assert_eq!(reason(&mut world, text(&next["token"])), "");
}

#[test]
fn p8_revoking_and_restoring_keep_the_expiry_and_may_be_repeated() {
    let mut world = world();
    let end = world.now + 3_600_000;
    let (token, id) = issue(&mut world, json!({ "expiresAt": end }));
    let (revoke, restore) = (json!({ "pats.revoke": { "id": id } }), json!({ "pats.restore": { "id": id } }));
    let at = world.now;
    for _ in 0..2 {
        let pat = world.ok(revoke.clone());
        assert_eq!((&pat["revokedAt"], &pat["expiresAt"]), (&json!(at), &json!(end)));
        assert_eq!(reason(&mut world, &token), "revoked");
        world.advance(1);
    }
    for _ in 0..2 {
        let pat = world.ok(restore.clone());
        assert_eq!((&pat["revokedAt"], &pat["expiresAt"]), (&Value::Null, &json!(end)));
    }
    assert_eq!(reason(&mut world, &token), "");
    world.take_events();
    let pat = world.ok(json!({ "pats.revoke": { "id": id, "expiresAt": end - 1 } }));
    assert_eq!(pat["expiresAt"], json!(end - 1));
    assert_eq!(world.take_event_names(), ["pat.revoked"]);
    assert_eq!(world.refused(json!({ "pats.revoke": { "id": id, "owner": "x" } })), "invalid_argument");
    for command in ["pats.revoke", "pats.restore", "pats.update"] {
        assert_eq!(world.refused(json!({ command: { "id": "x".repeat(21) } })), "not_found");
        assert_eq!(world.refused(json!({ command: { "id": "../client" } })), "invalid_argument");
    }
}

#[test]
fn p9_a_list_is_read_to_its_end_by_a_cursor_whatever_is_left_out() {
    let mut world = world();
    let mut expected = Vec::new();
    for n in 0..25 {
        let (_, id) = issue(
            &mut world,
            json!({ "owner": format!("owner {}", n % 2), "roles": if n % 5 == 0 { json!(["ops"]) } else { json!([]) } }),
        );
        match n {
            3 => drop(world.ok(json!({ "pats.revoke": { "id": id } }))),
            4 => drop(world.ok(json!({ "pats.update": { "id": id, "expiresAt": 1 } }))),
            _ => expected.push(id),
        }
    }
    expected.sort();
    let mut all = |filter: Value, limit: u32| {
        let (mut ids, mut after) = (Vec::new(), Value::Null);
        loop {
            let mut ask = filter.clone();
            (ask["limit"], ask["after"]) = (json!(limit), after);
            let page = world.ok(json!({ "pats.list": ask }));
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit as usize);
            ids.extend(items.iter().map(|pat| text(&pat["id"]).to_owned()));
            after = page["next"].clone();
            if after.is_null() {
                return ids;
            }
        }
    };
    for limit in [1, 3, 25, 1000] {
        assert_eq!(all(json!({}), limit), expected);
        assert_eq!(all(json!({ "includeRevoked": true, "includeExpired": true }), limit).len(), 25);
        assert_eq!(all(json!({ "includeRevoked": true }), limit).len(), 24);
        assert_eq!(all(json!({ "hasRole": "ops" }), limit).len(), 5);
        assert_eq!(all(json!({ "owner": "owner 1", "includeRevoked": true }), limit).len(), 12);
        assert_eq!(all(json!({ "hasRole": "none" }), limit).len(), 0);
    }
    for bad in [json!({ "limit": 0 }), json!({ "limit": 1001 }), json!({ "after": "main.client.x/client" })] {
        assert_eq!(world.refused(json!({ "pats.list": bad })), "invalid_argument");
    }
}

#[test]
fn p9_a_batch_is_one_load_and_says_what_there_is_not() {
    let mut world = world();
    let ids: Vec<String> = (0..3).map(|_| issue(&mut world, json!({})).1).collect();
    let unknown = "x".repeat(21);
    let ask = json!({ "ids": [ids[0], unknown, ids[1], ids[0]] });
    let loaded = world.ok(json!({ "pats.load": ask }));
    assert_eq!(*world.asked(), ["load"]);
    assert_eq!((loaded["found"].as_array().unwrap().len(), &loaded["notFound"]), (2, &json!([unknown])));
    for bad in [json!([]), json!(["x"]), json!((0..101).map(|n| format!("{n:021}")).collect::<Vec<_>>())] {
        assert_eq!(world.refused(json!({ "pats.load": { "ids": bad } })), "invalid_argument");
    }
}

#[test]
fn use_is_noted_once_in_a_minute_by_one_of_a_crowd() {
    let mut world = world();
    let (token, id) = issue(&mut world, json!({}));
    assert_eq!(reason(&mut world, &token), "");
    assert_eq!(*world.asked(), ["load", "commit"]);
    for _ in 0..2 {
        world.advance(29);
        assert_eq!(reason(&mut world, &token), "");
        assert_eq!(*world.asked(), ["load"]);
    }
    world.advance(2);
    let before = world.store.dump();
    let ends = world.race(&verify(&token), 64);
    assert!(ends.iter().all(|done| done["ok"]["valid"] == true));
    assert_ne!(world.store.dump(), before);
    assert_eq!(find(&mut world, &id)["lastUsedAt"], json!(world.now));
}

#[test]
fn a_token_that_is_gone_or_revoked_meanwhile_is_not_brought_back_by_its_use() {
    for ending in ["pats.delete", "pats.revoke"] {
        let mut world = world();
        let (token, id) = issue(&mut world, json!({}));
        let step = world.begin(verify(&token));
        let rows = world.store.answer(&step["ask"]);
        let step = world.resume(&step["flow"], rows);
        assert!(step["ask"].get("commit").is_some(), "{step}");
        world.ok(json!({ ending: { "id": id } }));
        let dump = world.store.dump();
        let answer = world.store.answer(&step["ask"]);
        assert_eq!(answer["commit"], "stale");
        let step = world.resume(&step["flow"], answer);
        assert!(step.get("done").is_some(), "{step}");
        assert_eq!(world.store.dump(), dump, "{ending}");
        assert_ne!(reason(&mut world, &token), "");
    }
}

#[test]
fn p7_of_64_changes_of_roles_at_once_none_is_lost() {
    let mut world = world();
    let started: Vec<String> = (0..20).map(|n| format!("old {n}")).collect();
    let (_, id) = issue(&mut world, json!({ "roles": started }));
    let commands: Vec<Value> = (0..64)
        .map(|n| match n {
            0..20 => json!({ "pats.update": { "id": id, "removeRoles": [format!("old {n}")] } }),
            _ => json!({ "pats.update": { "id": id, "addRoles": [format!("new {}", n % 44)] } }),
        })
        .collect();
    let mut waiting: Vec<Value> = commands.into_iter().map(|command| world.begin(command)).collect();
    while !waiting.is_empty() {
        waiting = waiting
            .into_iter()
            .filter_map(|step| {
                let answer = world.store.answer(&step["ask"]);
                let next = world.resume(&step["flow"], answer);
                assert!(next.get("ask").is_some() || next["done"].get("ok").is_some(), "{next}");
                next.get("ask").is_some().then_some(next)
            })
            .collect();
    }
    let mut expected: Vec<String> = (0..44).map(|n| format!("new {n}")).collect();
    expected.sort();
    assert_eq!(find(&mut world, &id)["roles"], json!(expected));
}

/// A world whose configuration names a token, and that token.
pub(crate) fn bootstrapped(imported: bool) -> (World, String, String) {
    let mut world = world();
    let generated = world.ok(json!({ "pats.generate": {} }));
    let (token, id, hash) = match imported {
        false => (text(&generated["token"]).to_owned(), text(&generated["id"]).to_owned(), generated["hash"].clone()),
        true => (format!("pat_{IMPORTED_ID}.{IMPORTED_SECRET}"), IMPORTED_ID.to_owned(), json!(IMPORTED_PHC)),
    };
    world.reopen(json!({ "pats": { "imported": imported, "bootstrap": { "id": id, "hash": hash } } }));
    (world, token, id)
}

#[test]
fn p4_p10_the_configured_token_is_an_administrators_once_and_never_comes_back() {
    for imported in [false, true] {
        let (mut world, token, id) = bootstrapped(imported);
        let ends = world.race(&verify(&token), 64);
        assert!(ends.iter().all(|done| done["ok"]["valid"] == true), "{ends:?}");
        let made = |done: &&Value| done["events"].to_string().contains("pat.bootstrapped");
        assert_eq!(ends.iter().filter(made).count(), 1);
        let pat = find(&mut world, &id);
        assert_eq!((&pat["admin"], &pat["owner"]), (&json!(true), &json!("admin")));
        // Another id with the same secret is nobody's.
        let other = world.ok(json!({ "pats.generate": { "id": "0".repeat(21) } }));
        assert_eq!(reason(&mut world, text(&other["token"])), "not_found");
        if imported {
            assert_eq!(reason(&mut world, &format!("pat_{}.{IMPORTED_SECRET}", "0".repeat(21))), "not_found");
        }
        world.ok(json!({ "pats.revoke": { "id": id } }));
        assert_eq!(reason(&mut world, &token), "revoked");
        assert_eq!(world.ok(json!({ "pats.delete": { "id": id } })), json!({ "deleted": true }));
        assert_eq!(reason(&mut world, &token), "not_found");
        assert_eq!(world.ok(json!({ "pats.delete": { "id": id } })), json!({ "deleted": false }));
        assert_eq!(find(&mut world, &id), Value::Null);
        assert_eq!(world.ok(json!({ "pats.list": { "includeRevoked": true } }))["items"], json!([]));
        assert_eq!(world.ok(json!({ "pats.load": { "ids": [id] } }))["notFound"], json!([id]));
        assert_eq!(world.refused(json!({ "pats.restore": { "id": id } })), "not_found");
        assert_eq!(world.refused(json!({ "pats.issue": { "owner": "x", "id": id } })), "already_exists");
        world.advance(3650 * 86_400);
        world.ok(json!({ "purge": {} }));
        assert_eq!(reason(&mut world, &token), "not_found");
    }
}

#[test]
fn p10_a_wrong_secret_for_the_configured_id_makes_nobody_an_administrator() {
    let (mut world, token, id) = bootstrapped(false);
    let forged = world.ok(json!({ "pats.generate": { "id": id } }));
    assert_eq!(reason(&mut world, text(&forged["token"])), "invalid_secret");
    assert!(world.store.is_empty());
    assert_eq!(reason(&mut world, &token), "");
}

#[test]
fn p4_a_configuration_that_cannot_work_is_refused() {
    let hash = "$sha256$47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
    for (pats, member) in [
        (json!({ "prefix": "pat" }), "pats.prefix"),
        (json!({ "prefix": "_" }), "pats.prefix"),
        (json!({ "prefix": "a b_" }), "pats.prefix"),
        (json!({ "prefix": "cvr_" }), "pats.prefix"),
        (json!({ "lifetime": 9 }), "pats.lifetime"),
        (json!({ "lifetime": 3601 }), "pats.lifetime"),
        (json!({ "admin": "admin" }), "pats.admin"),
        (json!({ "admin": "/" }), "pats.admin"),
        (json!({ "admin": "/register" }), "pats.admin"),
        (json!({ "admin": "/a/../b" }), "pats.admin"),
        (json!({ "bootstrap": { "id": "short", "hash": hash } }), "pats.bootstrap"),
        (json!({ "bootstrap": { "id": IMPORTED_ID, "hash": "x" } }), "pats.bootstrap"),
        (json!({ "bootstrap": { "id": IMPORTED_ID, "hash": IMPORTED_PHC } }), "pats.bootstrap"),
    ] {
        let config = World::config(json!({ "pats": pats })).to_string();
        let fault = claviger_core::Engine::open(config.as_bytes()).err().unwrap();
        assert!(fault.told().message.starts_with(member), "{pats}: {fault:?}");
    }
    World::with(json!({ "pats": { "admin": null, "bootstrap": { "id": IMPORTED_ID, "hash": hash } } }));
}

#[test]
fn without_a_configuration_there_are_no_tokens() {
    let mut world = World::new();
    for (command, ask) in [
        ("pats.issue", json!({ "owner": "x" })),
        ("pats.generate", json!({})),
        ("pats.verify", json!({ "token": "pat_x" })),
    ] {
        assert_eq!(world.refused(json!({ command: ask })), "invalid_argument");
    }
    let (token, _) = issue(&mut self::world(), json!({}));
    assert_eq!(world.refused(json!({ "authenticate": bearer(&token) })), "invalid_token");
}

#[test]
fn a_row_stays_for_a_month_after_its_token_expired_and_is_purged_then() {
    let mut world = world();
    let end = world.now + 1000;
    let (token, _) = issue(&mut world, json!({ "expiresAt": end }));
    issue(&mut world, json!({}));
    world.advance(1 + 30 * 86_400 - 1);
    world.ok(json!({ "purge": {} }));
    assert_eq!(reason(&mut world, &token), "expired");
    world.advance(1);
    assert_eq!(world.ok(json!({ "purge": {} }))["purged"], json!({ "pat": 1 }));
    assert_eq!(world.store.keys("main.pat.").len(), 1);
}
