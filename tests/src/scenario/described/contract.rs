//! Hosts that break the contract: calls that cannot be read, answers that do not fit, flows that are not there.

use serde_json::{Value, json};

use super::plain;
use crate::World;
use crate::scenario::{Export, Scenario};

pub(super) const ALL: &[Scenario] = &[
    Scenario { name: "malformed_calls", about: "Calls that cannot be read", config: plain, way: calls },
    Scenario { name: "wrong_answers", about: "Answers that do not fit their asks", config: plain, way: answers },
    Scenario {
        name: "many_flows",
        about: "Flows side by side, more than there is room for, ended out of order",
        config: || json!({ "limits": { "flows": 3 } }),
        way: flows,
    },
];

fn find() -> Value {
    json!({ "clients.find": { "id": "app" } })
}

fn calls(world: &mut World) {
    let call = world.call(find());
    let changed = |member: &str, value: Value| {
        let mut call = call.clone();
        call[member] = value;
        call.to_string()
    };
    for input in [
        String::new(),
        "{".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        format!("{call} {call}"),
        "[".repeat(1000),
        changed("now", json!(-1)),
        changed("now", json!("1")),
        changed("seed", json!("AAAA")),
        changed("seed", json!(null)),
        changed("extra", json!(1)),
        changed("command", json!({})),
        changed("command", json!("purge")),
        changed("command", json!({ "clients.conjure": {} })),
        changed("command", json!({ "clients.find": {}, "keys.list": {} })),
        changed("command", json!({ "clients.find": { "id": 1 } })),
        changed("command", json!({ "clients.find": { "id": "app", "name": "App" } })),
        changed("command", json!({ "keys.generate": { "algorithm": "none" } })),
        changed("command", json!({ "http": { "method": "GET" } })),
        changed("command", json!({ "clients.find": { "id": "\u{0}\u{2028}\"\\\u{10ffff}" } })),
    ] {
        world.exchange(Export::Begin, input);
    }
    for input in ["", "{}", "{\"flow\":1}", "{\"flow\":1,\"answer\":{\"rows\":[]}}", "{\"flow\":-1,\"answer\":{}}"] {
        world.exchange(Export::Resume, input.to_owned());
        world.exchange(Export::Cancel, input.to_owned());
    }
    world.ok(find());
}

fn answers(world: &mut World) {
    let version = json!({ "version": "1", "value": "not the engine's" });
    for answer in [
        json!({ "rows": [] }),
        json!({ "rows": [null, null] }),
        json!({ "rows": [version] }),
        json!({ "rows": [{ "version": 1, "value": "" }] }),
        json!({ "commit": "committed" }),
        json!({ "page": { "rows": [], "next": null } }),
        json!({ "verified": true }),
        json!({ "subject": null }),
        json!({ "failed": "" }),
        json!({ "rows": [null], "failed": "both" }),
        json!({}),
        json!(null),
        json!("rows"),
    ] {
        for command in [find(), json!({ "keys.list": {} }), json!({ "http": { "method": "GET", "url": "/jwks" } })] {
            world.run_with(command, |_, _, _| answer.clone());
        }
        let create = json!({ "clients.create": { "name": "App", "redirectUris": ["https://app.example.com/"] } });
        world.run_with(create, |_, _, _| answer.clone());
        world.run_with(json!({ "clients.list": {} }), |_, _, _| answer.clone());
    }
    let create = json!({ "clients.create": { "name": "App", "redirectUris": ["https://app.example.com/"] } });
    for commit in ["stale", "unknown", "perhaps"] {
        world.run_with(create.clone(), |ask, _, _| match ask.get("load") {
            Some(_) => json!({ "rows": [null] }),
            None => json!({ "commit": commit }),
        });
    }
    world.ok(create);
}

fn flows(world: &mut World) {
    let steps: Vec<Value> = (0..4).map(|_| world.begin(find())).collect();
    assert_eq!(steps[3]["done"]["fault"]["code"], "busy");
    let rows = json!({ "rows": [null] });
    world.cancel(&steps[1]["flow"]);
    world.cancel(&steps[1]["flow"]);
    assert_eq!(world.resume(&steps[1]["flow"], rows.clone())["done"]["fault"]["code"], "bad_answer");
    let fourth = world.begin(find());
    assert_ne!(fourth["flow"], steps[1]["flow"]);
    for step in [&steps[2], &fourth, &steps[0]] {
        assert_eq!(world.resume(&step["flow"], rows.clone())["done"]["ok"], Value::Null);
    }
    assert_eq!(world.resume(&steps[0]["flow"], rows)["done"]["fault"]["code"], "bad_answer");
    world.ok(find());
}
