//! The life of a personal access token: changed, revoked, restored, listed, used, and the first one of all (P4, P7 to P10).

use claviger_tests::World;
use claviger_tests::setting::text;
use serde_json::{Value, json};

use crate::pats::{IMPORTED_ID, IMPORTED_PHC, IMPORTED_SECRET, bearer, find, issue, reason, verify, world};

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
fn p10_nor_does_it_come_back_where_it_was_registered_by_hand_before_or_after() {
    for registered_first in [false, true] {
        let mut world = world();
        let generated = world.ok(json!({ "pats.generate": {} }));
        let (id, hash) = (generated["id"].clone(), generated["hash"].clone());
        let own = json!({ "id": id, "hash": hash, "owner": "ada", "expiresAt": world.now + 1000 });
        if registered_first {
            world.ok(json!({ "pats.register": own }));
        }
        world.reopen(json!({ "pats": { "bootstrap": { "id": id, "hash": hash } } }));
        if !registered_first {
            world.ok(json!({ "pats.register": own }));
        }
        world.ok(json!({ "pats.delete": { "id": id } }));
        world.advance(3650 * 86_400);
        world.ok(json!({ "purge": {} }));
        assert_eq!(reason(&mut world, text(&generated["token"])), "not_found");
        assert_eq!(find(&mut world, text(&id)), Value::Null);
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
