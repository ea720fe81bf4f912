//! The operations of personal access tokens that must survive every fault of the store.

use claviger_tests::setting::{Setting, post_raw, reply, text};
use serde_json::{Value, json};

use crate::operations::Operation;
use crate::pats::{bearer, find, issue, reason, verify};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "pats.issue",
        start: || (setting(), json!({ "pats.issue": { "owner": "ada" } })),
        happened: |s, done| assert_eq!(reason(&mut s.world, text(&done["ok"]["token"])), ""),
    },
    Operation {
        name: "pats.update of roles",
        start: || of_token(|id| json!({ "pats.update": { "id": id, "addRoles": ["b"] } })),
        happened: |s, done| assert_eq!(stored(s, done)["roles"], json!(["a", "b"])),
    },
    Operation {
        name: "pats.revoke",
        start: || of_token(|id| json!({ "pats.revoke": { "id": id } })),
        happened: |s, done| assert!(stored(s, done)["revokedAt"].is_number()),
    },
    Operation {
        name: "pats.register",
        start: || {
            let mut s = setting();
            let generated = s.world.ok(json!({ "pats.generate": {} }));
            let ask = json!({ "id": generated["id"], "hash": generated["hash"], "owner": "ada", "roles": ["a"] });
            (s, json!({ "pats.register": ask }))
        },
        happened: |s, done| {
            let found = stored(s, done);
            assert_eq!((&found["owner"], &found["roles"]), (&json!("ada"), &json!(["a"])));
            assert_eq!(s.world.store.keys("main.pat.").len(), 1);
        },
    },
    Operation {
        name: "pats.restore",
        start: || {
            let (mut s, token) = used();
            let id = text(&s.world.ok(verify(&token))["pat"]["id"]).to_owned();
            s.world.ok(json!({ "pats.revoke": { "id": id } }));
            assert_eq!(reason(&mut s.world, &token), "revoked");
            (s, json!({ "pats.restore": { "id": id } }))
        },
        happened: |s, done| assert_eq!(stored(s, done)["revokedAt"], Value::Null),
    },
    Operation {
        name: "pats.list",
        start: || of_token(|_| json!({ "pats.list": { "owner": "ada" } })),
        happened: |_, done| {
            let items = done["ok"]["items"].as_array().unwrap();
            assert_eq!((items.len(), &items[0]["roles"]), (1, &json!(["a"])), "{done}");
        },
    },
    Operation {
        name: "pats.load",
        start: || of_token(|id| json!({ "pats.load": { "ids": [id] } })),
        // A store that shows no row is believed.
        happened: |s, done| {
            let id = text(&s.world.ok(json!({ "pats.list": {} }))["items"][0]["id"]).to_owned();
            let found = done["ok"]["found"][0]["id"] == json!(id) && done["ok"]["notFound"] == json!([]);
            assert!(found || done["ok"] == json!({ "found": [], "notFound": [id] }), "{done}");
        },
    },
    Operation {
        name: "pats.verify",
        start: || {
            let (s, token) = used();
            (s, verify(&token))
        },
        // Likewise.
        happened: |_, done| {
            let is_none = done["ok"] == json!({ "valid": false, "reason": "not_found" });
            assert!(is_none || (done["ok"]["valid"] == true && done["ok"]["pat"]["owner"] == "ada"), "{done}");
        },
    },
    Operation {
        name: "pats.delete",
        start: || of_token(|id| json!({ "pats.delete": { "id": id } })),
        happened: |s, _| assert!(s.world.store.keys("main.pat.").is_empty()),
    },
    Operation {
        name: "exchange a personal access token",
        start: || {
            let (mut s, token) = used();
            s.world.ok(json!({ "keys.list": {} }));
            s.world.advance(1);
            let authorization = format!("Bearer {token}");
            (s, post_raw("/token", &[("authorization", &authorization)], ""))
        },
        happened: |s, done| {
            let (_, exchanged) = reply(&done["ok"]);
            let who = s.world.ok(json!({ "authenticate": bearer(text(&exchanged["access_token"])) }));
            assert_eq!(who["pat"]["owner"], "ada");
        },
    },
    Operation {
        name: "authenticate by a personal access token",
        start: || {
            let (s, token) = used();
            (s, json!({ "authenticate": bearer(&token) }))
        },
        happened: |_, done| assert_eq!(done["ok"]["pat"]["owner"], "ada", "{done}"),
    },
    Operation {
        name: "the first use of the configured token",
        start: || {
            let mut s = setting();
            let generated = s.world.ok(json!({ "pats.generate": {} }));
            let bootstrap = json!({ "id": generated["id"], "hash": generated["hash"] });
            s.world.reopen(json!({ "pats": { "bootstrap": bootstrap } }));
            (s, json!({ "authenticate": bearer(text(&generated["token"])) }))
        },
        happened: |s, done| {
            assert_eq!(done["ok"]["pat"]["admin"], true, "{done}");
            assert_eq!(s.world.store.keys("main.pat.").len(), 1);
        },
    },
];

fn setting() -> Setting {
    Setting::new(json!({ "pats": {} }), "opaque")
}

fn of_token(command: impl Fn(&str) -> Value) -> (Setting, Value) {
    let mut s = setting();
    let (_, id) = issue(&mut s.world, json!({ "roles": ["a"] }));
    let command = command(&id);
    (s, command)
}

/// A token whose use was noted in this minute.
fn used() -> (Setting, String) {
    let mut s = setting();
    let (token, _) = issue(&mut s.world, json!({}));
    assert_eq!(reason(&mut s.world, &token), "");
    (s, token)
}

fn stored(s: &mut Setting, done: &Value) -> Value {
    find(&mut s.world, text(&done["ok"]["id"]))
}
