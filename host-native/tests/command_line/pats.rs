//! `claviger pats`, and what makes tokens those of a file.

use serde_json::Value;

use crate::{administer, folder, json, text};

#[test]
fn a_personal_access_token_is_issued_changed_revoked_restored_and_deleted() {
    let folder = folder();
    let plain = |arguments: &[&str]| administer(&folder, arguments).output().unwrap();
    let refused = plain(&["pats", "issue", "--owner", "ada"]);
    assert!(text(&refused.stderr).contains("pats: not configured"), "{}", text(&refused.stderr));
    std::fs::write(folder.path().join("claviger.toml"), "[pats]\n").unwrap();
    let run = |arguments: &[&str]| plain(&[&["--config", "claviger.toml", "pats"], arguments].concat());
    let end = "2099-01-02T03:04:05Z";
    let made = json(&run(&["issue", "--owner", "ada", "--role", "b", "--role", "a", "--expires-at", end]));
    assert!(made["token"].as_str().unwrap().starts_with("pat_"));
    assert_eq!(made["roles"], serde_json::json!(["a", "b"]));
    let id = made["id"].as_str().unwrap();
    assert_eq!(json(&run(&["list"])).as_array().unwrap().len(), 1);
    assert_eq!(json(&run(&["show", id]))["expiresAt"], made["expiresAt"]);
    let changed = json(&run(&["update", id, "--add-role", "c", "--expires-at", "null", "--admin", "true"]));
    assert_eq!((&changed["roles"], &changed["admin"]), (&serde_json::json!(["a", "b", "c"]), &Value::Bool(true)));
    assert!(changed["expiresAt"].is_null());
    assert_eq!(json(&run(&["update", id, "--remove-role", "a"]))["roles"], serde_json::json!(["b", "c"]));
    assert_eq!(json(&run(&["update", id, "--no-roles", "--owner", "bob"]))["roles"], serde_json::json!([]));
    assert!(json(&run(&["revoke", id]))["revokedAt"].is_u64());
    assert_eq!(json(&run(&["list"])).as_array().unwrap().len(), 0);
    assert_eq!(json(&run(&["list", "--include-revoked", "--owner", "bob"])).as_array().unwrap().len(), 1);
    assert!(json(&run(&["restore", id]))["revokedAt"].is_null());
    let generated = json(&run(&["generate"]));
    let (other, hash) = (generated["id"].as_str().unwrap(), generated["hash"].as_str().unwrap());
    assert_eq!(json(&run(&["register", other, "--hash", hash, "--owner", "job"]))["id"], generated["id"]);
    assert_eq!(json(&run(&["delete", id])), "deleted");
    for arguments in [["show", id], ["delete", id], ["revoke", id]] {
        let gone = run(&arguments);
        let error: Value = serde_json::from_slice(&gone.stderr).unwrap();
        assert_eq!((gone.status.code(), &error["error"]["code"]), (Some(1), &Value::from("not_found")));
    }
    for arguments in [
        &["issue"][..],
        &["update", id, "--role", "a", "--no-roles"],
        &["issue", "--owner", "x", "--expires-at", "soon"],
    ] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn tokens_are_made_what_a_file_says_and_those_that_it_does_not_name_are_revoked() {
    let folder = folder();
    std::fs::write(folder.path().join("claviger.toml"), "[pats]\n").unwrap();
    let run = |arguments: &[&str]| {
        administer(&folder, &[&["--config", "claviger.toml", "pats"], arguments].concat()).output().unwrap()
    };
    let (one, other) = (json(&run(&["generate"])), json(&run(&["generate"])));
    let orphan = json(&run(&["issue", "--owner", "nobody", "--expires-at", "2099-01-02T03:04:05Z"]));
    let member = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let (id, other_id, unknown) = (member(&one, "id"), member(&other, "id"), "x".repeat(21));
    let write = |text: &str| std::fs::write(folder.path().join("tokens.yaml"), text).unwrap();
    write(&format!(
        "# As JSON is YAML, so are the words of other tools.
tokens:
  - {{ id: {id}, hash: \"{}\", owner: ada, roles: [b, a], expiresAt: 2099-01-02T03:04:05Z }}
  - tokenId: {other_id}
    secretPhc: {}
    owner: job
    isAdmin: true
    revoked: true
  - {{ id: {unknown}, owner: nobody }}
",
        member(&one, "hash"),
        member(&other, "hash")
    ));
    let actions = |options: &[&str]| -> Vec<(String, String)> {
        let told = json(&run(&[&["sync", "tokens.yaml"], options].concat()));
        told.as_array().unwrap().iter().map(|step| (member(step, "action"), member(step, "id"))).collect()
    };
    let orphan_id = member(&orphan, "id");
    let expected: Vec<(String, String)> =
        [("revoke", &orphan_id), ("register", &id), ("register", &other_id), ("revoke", &other_id), ("skip", &unknown)]
            .map(|(action, id)| (action.to_owned(), id.clone()))
            .to_vec();
    assert_eq!(actions(&["--dry-run"]), expected);
    assert_eq!(json(&run(&["list", "--include-revoked"])).as_array().unwrap().len(), 1);
    assert_eq!(actions(&[]), expected);
    assert_eq!(actions(&[]), [("skip".to_owned(), unknown.clone())]);
    assert_eq!(json(&run(&["show", &orphan_id]))["expiresAt"], orphan["expiresAt"]);
    let shown = json(&run(&["show", &id]));
    assert_eq!((&shown["roles"], &shown["expiresAt"]), (&serde_json::json!(["a", "b"]), &orphan["expiresAt"]));
    write(&format!("tokens: [{{ id: {id}, owner: eve }}, {{ id: {other_id}, owner: job }}]"));
    let steps = json(&run(&["sync", "tokens.yaml"]));
    let told: Vec<&str> = steps.as_array().unwrap().iter().filter_map(|step| step["action"].as_str()).collect();
    assert_eq!((told, &steps[0]["what"]), (vec!["update", "update", "restore"], &Value::from("owner roles")));
    write(&format!(
        "tokens: [{{ id: {unknown}, hash: x, owner: eve }}, {{ id: {id}, owner: max }}, {{ id: {other_id}, owner: job }}]"
    ));
    let part = run(&["sync", "tokens.yaml"]);
    let error: Value = serde_json::from_slice(&part.stderr).unwrap();
    assert_eq!((part.status.code(), &error["error"]["message"]), (Some(1), &Value::from("1 of 2 steps failed")));
    let told: Value = serde_json::from_slice(&part.stdout).unwrap();
    assert!(told[0]["what"].as_str().unwrap().starts_with("failed: hash: "), "{told}");
    assert_eq!(json(&run(&["show", &id]))["owner"], "max");
    write("tokens: []");
    assert_eq!(actions(&["--orphan-expires-in", "60"]).len(), 2);
    assert!(json(&run(&["show", &other_id]))["expiresAt"].is_u64());
    for bad in
        ["x: 1", "tokens: 1", "tokens: [1]", "tokens: [{ id: a }]", "tokens: [{ id: a, owner: b, expiresAt: soon }]"]
    {
        write(bad);
        let refused = run(&["sync", "tokens.yaml"]);
        let error: Value = serde_json::from_slice(&refused.stderr).unwrap();
        assert_eq!((refused.status.code(), &error["error"]["code"]), (Some(1), &Value::from("bad_file")), "{bad}");
    }
}

#[test]
fn a_token_whose_change_failed_is_not_restored_and_ends_if_it_is_to() {
    let folder = folder();
    std::fs::write(folder.path().join("claviger.toml"), "[pats]\n").unwrap();
    let run = |arguments: &[&str]| {
        administer(&folder, &[&["--config", "claviger.toml", "pats"], arguments].concat()).output().unwrap()
    };
    let issue = |owner: &str| json(&run(&["issue", "--owner", owner]))["id"].as_str().unwrap().to_owned();
    let (leaked, live) = (issue("ada"), issue("bob"));
    json(&run(&["revoke", &leaked]));
    let tokens = serde_json::json!({ "tokens": [
        { "id": leaked, "owner": "ada", "hash": "$sha256$x", "revoked": false },
        { "id": live, "owner": "bob", "hash": "$sha256$x", "revoked": true },
    ] });
    std::fs::write(folder.path().join("tokens.json"), tokens.to_string()).unwrap();
    let part = run(&["sync", "tokens.json"]);
    let error: Value = serde_json::from_slice(&part.stderr).unwrap();
    assert_eq!((part.status.code(), &error["error"]["message"]), (Some(1), &Value::from("3 of 4 steps failed")));
    let steps: Value = serde_json::from_slice(&part.stdout).unwrap();
    let told = |action: &str| steps.as_array().unwrap().iter().find(|step| step["action"] == action).unwrap().clone();
    assert_eq!((&told("revoke")["id"], &told("revoke")["what"]), (&Value::from(live.as_str()), &Value::Null));
    assert_eq!(told("restore")["what"], "failed: a step before it failed");
    for id in [&leaked, &live] {
        assert!(json(&run(&["show", id]))["revokedAt"].is_u64());
    }
}

#[test]
fn the_token_of_the_configuration_stays_deleted_and_keeps_nothing_from_being_complete() {
    let folder = folder();
    let configure = |text: &str| std::fs::write(folder.path().join("claviger.toml"), text).unwrap();
    let run = |arguments: &[&str]| {
        administer(&folder, &[&["--config", "claviger.toml", "pats"], arguments].concat()).output().unwrap()
    };
    configure("[pats]\n");
    let made = json(&run(&["generate"]));
    let (id, hash) = (made["id"].as_str().unwrap(), made["hash"].as_str().unwrap());
    configure(&format!("[pats.bootstrap]\nid = \"{id}\"\nhash = \"{hash}\"\n"));
    json(&run(&["register", id, "--hash", hash, "--owner", "ada"]));
    json(&run(&["delete", id]));
    for (revoked, count) in [(false, 1), (true, 2)] {
        let tokens = serde_json::json!({ "tokens": [{ "id": id, "hash": hash, "owner": "ada", "revoked": revoked }] });
        std::fs::write(folder.path().join("tokens.json"), tokens.to_string()).unwrap();
        let skipped = serde_json::json!({ "action": "skip", "id": id, "owner": "ada", "what": "it was deleted" });
        assert_eq!(json(&run(&["sync", "tokens.json"])), Value::from(vec![skipped; count]));
    }
}
