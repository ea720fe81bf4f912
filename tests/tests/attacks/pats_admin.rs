//! The administration of personal access tokens over HTTP: who may, what is answered, and what is refused.

use claviger_tests::World;
use claviger_tests::setting::{Setting, header, reply, text};
use serde_json::{Value, json};

use crate::check::{refusal, send, send_unchanged};
use crate::pats::{IMPORTED_ID, find, issue, reason, world};
use crate::pats_exchange::exchanged;
use crate::pats_life::bootstrapped;

fn request(method: &str, path: &str, token: &str, body: Option<Value>) -> Value {
    let mut headers = vec![json!(["authorization", format!("Bearer {token}")])];
    headers.extend(body.as_ref().map(|_| json!(["content-type", "application/json"])));
    let url = format!("{}{path}", World::ISSUER);
    json!({ "http": { "method": method, "url": url, "headers": headers, "body": body.map(|body| body.to_string()) } })
}

/// A world, and its administrator's token.
fn administered() -> (World, String) {
    let mut world = world();
    let (token, _) = issue(&mut world, json!({ "owner": "root", "admin": true }));
    (world, token)
}

fn answer(world: &mut World, method: &str, path: &str, token: &str, body: Option<Value>) -> (u64, Value) {
    let response = send(world, request(method, path, token, body));
    let body = text(&response["body"]);
    let body = if body.is_empty() { Value::Null } else { serde_json::from_str(body).unwrap() };
    (response["status"].as_u64().unwrap(), body)
}

#[test]
fn p18_the_life_of_a_token_with_the_codes_that_are_documented() {
    let (mut world, root) = administered();
    let jwt = exchanged(&mut world, &root);
    for admin in [&root, &jwt] {
        let end = world.now / 1000 + 3600;
        let ask = json!({ "owner": "ada", "roles": ["b", "a"], "expiresAt": end });
        let (status, issued) = answer(&mut world, "POST", "/admin/tokens", admin, Some(ask));
        let (token, id) = (text(&issued["token"]), text(&issued["record"]["tokenId"]));
        let record = json!({ "tokenId": id, "owner": "ada", "isAdmin": false, "roles": ["a", "b"],
            "createdAt": world.now / 1000, "expiresAt": end });
        assert_eq!((status, &issued["record"]), (201, &record));
        assert_eq!(reason(&mut world, token), "");
        let path = format!("/admin/tokens/{id}");
        let patch = |world: &mut World, body: Value| {
            let response = send(world, request("PATCH", &path, admin, Some(body)));
            assert_eq!((&response["status"], &response["body"]), (&json!(204), &json!("")));
            find(world, id)
        };
        assert_eq!(patch(&mut world, json!({ "roles": { "add": ["c"] } }))["roles"], json!(["a", "b", "c"]));
        assert_eq!(patch(&mut world, json!({ "roles": { "remove": ["a"] } }))["roles"], json!(["b", "c"]));
        assert_eq!(patch(&mut world, json!({ "roles": [], "isAdmin": true }))["admin"], json!(true));
        assert_eq!(patch(&mut world, json!({ "expiresAt": null, "owner": "bob" }))["expiresAt"], Value::Null);
        patch(&mut world, json!({ "expiresAt": end }));
        for (action, expected) in [("revoke", "revoked"), ("revoke", "revoked"), ("restore", ""), ("restore", "")] {
            assert_eq!(answer(&mut world, "PUT", &format!("{path}/{action}"), admin, None), (204, Value::Null));
            assert_eq!(reason(&mut world, token), expected);
            assert_eq!(find(&mut world, id)["expiresAt"], json!(end * 1000));
        }
        let (status, shown) = answer(&mut world, "GET", &path, admin, None);
        assert_eq!((status, &shown["record"]["owner"]), (200, &json!("bob")));
        let batch = json!({ "tokenIds": [id, "x".repeat(21)] });
        let (status, loaded) = answer(&mut world, "POST", "/admin/tokens/batch", admin, Some(batch));
        assert_eq!((status, &loaded["notFound"]), (200, &json!(["x".repeat(21)])));
        assert_eq!(loaded["found"][0]["tokenId"], json!(id));
        assert_eq!(answer(&mut world, "DELETE", &path, admin, None), (204, Value::Null));
        assert_eq!(answer(&mut world, "GET", &path, admin, None).0, 404);
    }
}

#[test]
fn p17_lists_are_of_a_hundred_and_hide_what_is_over() {
    let (mut world, root) = administered();
    let ids: Vec<String> = (0..120).map(|n| issue(&mut world, json!({ "roles": [(n % 2).to_string()] })).1).collect();
    world.ok(json!({ "pats.revoke": { "id": ids[0] } }));
    world.ok(json!({ "pats.update": { "id": ids[1], "expiresAt": 1 } }));
    let list = |world: &mut World, query: &str| {
        let (status, body) = answer(world, "GET", &format!("/admin/tokens{query}"), &root, None);
        assert_eq!(status, 200, "{body}");
        body
    };
    let count = |body: &Value| body["records"].as_array().unwrap().len();
    let first = list(&mut world, "");
    assert_eq!(count(&first), 100);
    let rest = list(&mut world, &format!("?afterTokenId={}", text(&first["next"])));
    assert_eq!((count(&rest), rest.get("next")), (19, None));
    assert_eq!(count(&list(&mut world, "?limit=1000")), 119);
    assert_eq!(count(&list(&mut world, "?limit=1000&includeRevoked=1&includeExpired=true")), 121);
    assert_eq!(count(&list(&mut world, "?limit=1000&includeRevoked=0&includeExpired=false&hasRole=0")), 59);
    assert_eq!(count(&list(&mut world, "?limit=1000&owner=root")), 1);
    assert!(!first.to_string().contains("secretPhc"));
    assert!(text(&list(&mut world, "?limit=1&includeSecretPhc=1")["records"][0]["secretPhc"]).starts_with("$sha256$"));
    for bad in ["?limit=0", "?limit=1001", "?limit=x", "?limit=-1", "?includeRevoked=yes", "?x=1", "?afterTokenId=x"] {
        assert_eq!(answer(&mut world, "GET", &format!("/admin/tokens{bad}"), &root, None).0, 400, "{bad}");
    }
}

#[test]
fn p18_a_token_made_elsewhere_is_registered_under_its_id() {
    let (mut world, root) = administered();
    let generated = world.ok(json!({ "pats.generate": {} }));
    let path = format!("/admin/tokens/{}", text(&generated["id"]));
    let body = json!({ "secretPhc": generated["hash"], "owner": "job", "isAdmin": false });
    let (status, registered) = answer(&mut world, "PUT", &path, &root, Some(body.clone()));
    assert_eq!((status, &registered["record"]["owner"]), (200, &json!("job")));
    assert!(registered.get("token").is_none());
    assert_eq!(reason(&mut world, text(&generated["token"])), "");
    let before = world.store.dump();
    assert_eq!(refusal(&mut world, request("PUT", &path, &root, Some(body))), (409, "already_exists".into()));
    let taken = json!({ "owner": "x", "tokenId": generated["id"] });
    assert_eq!(refusal(&mut world, request("POST", "/admin/tokens", &root, Some(taken))).0, 409);
    assert_eq!(world.store.dump(), before);
}

#[test]
fn p19_what_does_not_fit_is_told_by_its_member_and_changes_nothing() {
    let (mut world, root) = administered();
    let (_, id) = issue(&mut world, json!({}));
    let path = format!("/admin/tokens/{id}");
    reason(&mut world, &root);
    for (method, path, body, member) in [
        ("POST", "/admin/tokens", json!({}), "owner"),
        ("POST", "/admin/tokens", json!({ "owner": 1 }), "owner"),
        ("POST", "/admin/tokens", json!({ "owner": "" }), "owner"),
        ("POST", "/admin/tokens", json!({ "owner": "x", "admin": true }), "admin"),
        ("POST", "/admin/tokens", json!({ "owner": "x", "secretPhc": "x" }), "secretPhc"),
        ("POST", "/admin/tokens", json!({ "owner": "x", "isAdmin": "true" }), "isAdmin"),
        ("POST", "/admin/tokens", json!({ "owner": "x", "roles": "a" }), "roles"),
        ("POST", "/admin/tokens", json!({ "owner": "x", "roles": { "add": ["a"] } }), "roles"),
        ("POST", "/admin/tokens", json!({ "owner": "x", "roles": [""] }), "roles"),
        ("POST", "/admin/tokens", json!({ "owner": "x", "tokenId": "short" }), "tokenId"),
        ("POST", "/admin/tokens", json!({ "owner": "x", "expiresAt": 1 }), "expiresAt"),
        ("POST", "/admin/tokens", json!({ "owner": "x", "expiresAt": "2030-01-01" }), "expiresAt"),
        ("POST", "/admin/tokens", json!({ "owner": "x", "expiresAt": 18_446_744_073_709_551_615_u64 }), "expiresAt"),
        ("PUT", path.as_str(), json!({ "owner": "x" }), "secretPhc"),
        ("PUT", path.as_str(), json!({ "owner": "x", "secretPhc": "x" }), "secretPhc"),
        ("PATCH", path.as_str(), json!({ "roles": { "add": ["a"], "remove": ["b"] } }), "roles"),
        ("PATCH", path.as_str(), json!({ "roles": {} }), "roles"),
        ("PATCH", path.as_str(), json!({ "roles": null }), "roles"),
        ("PATCH", path.as_str(), json!({ "revokedAt": 1 }), "revokedAt"),
        ("POST", "/admin/tokens/batch", json!({}), "tokenIds"),
        ("POST", "/admin/tokens/batch", json!({ "tokenIds": ["x"] }), "tokenId"),
        ("PUT", &format!("{path}/revoke"), json!({ "at": 1 }), "at"),
        ("PUT", &format!("{path}/restore"), json!({ "expiresAt": 1 }), "expiresAt"),
        ("POST", "/admin/tokens", json!([]), ""),
    ] {
        let response = send_unchanged(&mut world, request(method, path, &root, Some(body.clone())));
        let (status, told) = reply(&response);
        assert_eq!((status, &told["error"]), (400, &json!("invalid_request")), "{body}");
        assert_eq!(told["details"][0]["path"], member, "{body}: {told}");
        assert!(!text(&told["details"][0]["message"]).is_empty());
    }
    let twice = r#"{"owner":"a","owner":"b"}"#;
    let mut command = request("POST", "/admin/tokens", &root, Some(json!({})));
    command["http"]["body"] = json!(twice);
    assert_eq!(send_unchanged(&mut world, command.clone())["status"], 400);
    command["http"]["headers"][1][1] = json!("text/plain");
    assert_eq!(send_unchanged(&mut world, command)["status"], 415);
}

#[test]
fn p16_p20_pt_007_who_is_no_administrator_sees_and_does_nothing() {
    let mut s = Setting::new(json!({ "pats": {} }), "jwt");
    let (root, _) = issue(&mut s.world, json!({ "admin": true }));
    let (plain, own) = issue(&mut s.world, json!({ "owner": "ada" }));
    let (_, foreign) = issue(&mut s.world, json!({ "owner": "bob" }));
    let jwt = exchanged(&mut s.world, &plain);
    let access_token = text(&s.tokens()["access_token"]).to_owned();
    reason(&mut s.world, &plain);
    let path = |id: &str| format!("/admin/tokens/{id}");
    let commands = |token: &str| {
        [
            request("GET", "/admin/tokens", token, None),
            request("POST", "/admin/tokens", token, Some(json!({ "owner": "bob" }))),
            request("POST", "/admin/tokens", token, Some(json!({ "nonsense": 1 }))),
            request("GET", &path(&foreign), token, None),
            request("PATCH", &path(&own), token, Some(json!({ "isAdmin": true }))),
            request("DELETE", &path(&foreign), token, None),
            request("PUT", &format!("{}/revoke", path(&foreign)), token, None),
            request("POST", "/admin/tokens/batch", token, Some(json!({ "tokenIds": [foreign] }))),
            request("GET", "/admin/tokens/nothing/here/at/all", token, None),
        ]
    };
    for token in [&plain, &jwt] {
        for command in commands(token) {
            assert_eq!(refusal(&mut s.world, command.clone()), (403, "insufficient_scope".into()), "{command}");
        }
    }
    for token in ["", "pat_x", "x", &access_token, &s.secret.clone()] {
        for command in commands(token) {
            let (status, code) = refusal(&mut s.world, command.clone());
            // A person's own token is good, and no administrator's.
            let expected = if token == access_token { (403, "insufficient_scope") } else { (401, "invalid_token") };
            assert_eq!((status, code.as_str()), expected, "{command}");
        }
    }
    let mut nobody = request("GET", "/admin/tokens", "", None);
    nobody["http"]["headers"] = json!([["cookie", s.browser.cookie_header()]]);
    let response = send_unchanged(&mut s.world, nobody);
    assert_eq!((&response["status"], header(&response, "www-authenticate")), (&json!(401), Some("Bearer")));
    // Whose token was revoked, or is no administrator's any more, is out at once, whatever their JWT says.
    let (other, other_id) = issue(&mut s.world, json!({ "admin": true }));
    let admin_jwt = exchanged(&mut s.world, &other);
    let list = request("GET", "/admin/tokens", &admin_jwt, None);
    assert_eq!(send(&mut s.world, list.clone())["status"], 200);
    s.world.ok(json!({ "pats.update": { "id": other_id, "admin": false } }));
    assert_eq!(refusal(&mut s.world, list.clone()), (403, "insufficient_scope".into()));
    s.world.ok(json!({ "pats.revoke": { "id": other_id } }));
    assert_eq!(refusal(&mut s.world, list), (401, "invalid_token".into()));
    // Of what there is not, 404; of a method that there is not, 405.
    reason(&mut s.world, &root);
    let unknown = path(&"x".repeat(21));
    for (method, path) in [
        ("GET", unknown.clone()),
        ("PATCH", unknown.clone()),
        ("PUT", format!("{unknown}/revoke")),
        ("PUT", format!("{unknown}/restore")),
        ("GET", path("short")),
        ("GET", "/admin/tokens/a/b/c".into()),
    ] {
        assert_eq!(refusal(&mut s.world, request(method, &path, &root, None)).0, 404, "{method} {path}");
    }
    for (method, path, allow) in [
        ("DELETE", "/admin/tokens".to_owned(), "GET, POST"),
        ("GET", "/admin/tokens/batch".into(), "POST"),
        ("POST", path(&own), "GET, PUT, PATCH, DELETE"),
        ("GET", format!("{}/revoke", path(&own)), "PUT"),
        ("HEAD", "/admin/tokens".into(), "GET, POST, PUT, PATCH, DELETE"),
    ] {
        let response = send_unchanged(&mut s.world, request(method, &path, &root, None));
        assert_eq!((&response["status"], header(&response, "allow")), (&json!(405), Some(allow)), "{method} {path}");
    }
    // No script of another origin may read it.
    let response = send(&mut s.world, request("GET", "/admin/tokens", &root, None));
    assert_eq!(header(&response, "access-control-allow-origin"), None);
}

#[test]
fn p16_the_api_is_where_the_configuration_says_or_nowhere() {
    let (mut world, root) = administered();
    world.reopen(json!({ "pats": { "admin": "/internal/access" } }));
    assert_eq!(answer(&mut world, "GET", "/internal/access/tokens", &root, None).0, 200);
    assert_eq!(answer(&mut world, "GET", "/admin/tokens", &root, None).0, 404);
    for pats in [json!({ "admin": null }), Value::Null] {
        world.reopen(json!({ "pats": pats }));
        assert_eq!(answer(&mut world, "GET", "/admin/tokens", &root, None).0, 404);
    }
}

#[test]
fn p10_the_configured_token_administers_at_once() {
    let (mut world, token, id) = bootstrapped(false);
    let (status, body) = answer(&mut world, "GET", "/admin/tokens", &token, None);
    assert_eq!((status, &body["records"][0]["tokenId"]), (200, &json!(id)));
    let imported = format!("/admin/tokens/{IMPORTED_ID}");
    let body = json!({ "secretPhc": crate::pats::IMPORTED_PHC, "owner": "x" });
    assert_eq!(answer(&mut world, "PUT", &imported, &token, Some(body)).0, 400, "other systems' are not taken");
}
