//! The life of a registration: read, replaced and removed by the client (RFC 7592), and forgotten when nobody uses it (DC-019 to DC-022).

use claviger_tests::setting::{PASSWORD, authorization_query, client, header, post_as, reply, text};
use claviger_tests::{Browser, World, basic};
use serde_json::{Value, json};

use crate::check::{refusal, send, send_unchanged};
use crate::registration::{metadata, open, register, registered, request, sign_in_and_redeem};

#[test]
fn dc_019_a_client_reads_replaces_and_removes_its_own_registration() {
    let mut world = open();
    let made = registered(&mut world, json!({ "client_name": "One", "software_id": "one" }));
    let (uri, token) = (text(&made["registration_client_uri"]), text(&made["registration_access_token"]));
    let (status, read) = reply(&send_unchanged(&mut world, request("GET", uri, Some(token), None)));
    let mut expected = made.clone();
    for shown_once in ["client_secret", "client_secret_expires_at"] {
        expected.as_object_mut().unwrap().remove(shown_once);
    }
    assert_eq!((status, &read), (200, &expected));
    let body = metadata(json!({ "client_id": made["client_id"], "client_secret": made["client_secret"],
        "client_name": "Two", "redirect_uris": ["https://app.example.com/other"] }));
    let put = request("PUT", uri, Some(token), Some(&body.to_string()));
    let (status, updated) = reply(&send(&mut world, put));
    assert_eq!((status, &updated["client_name"], updated.get("software_id")), (200, &json!("Two"), None), "{updated}");
    assert_eq!(*world.asked(), ["load", "commit"]);
    let next = text(&updated["registration_access_token"]);
    assert_ne!(next, token);
    world.advance(10);
    assert_eq!(refusal(&mut world, request("GET", uri, Some(token), None)), (401, "invalid_token".into()));
    let introspect =
        post_as(&basic(text(&made["client_id"]), text(&made["client_secret"])), "/introspect", &[("token", "x")]);
    assert_eq!(world.ok(introspect)["status"], 200, "its secret is as it was");
    let deleted = send(&mut world, request("DELETE", uri, Some(next), None));
    assert_eq!((&deleted["status"], &deleted["body"]), (&json!(204), &json!("")));
    for method in ["GET", "DELETE"] {
        assert_eq!(refusal(&mut world, request(method, uri, Some(next), None)), (401, "invalid_token".into()));
    }
    assert_eq!(world.ok(json!({ "clients.find": { "id": made["client_id"] } })), Value::Null);
}

#[test]
fn dc_019_an_update_names_its_client_and_nothing_of_the_servers() {
    let mut world = open();
    let made = registered(&mut world, json!({}));
    let other = registered(&mut world, json!({}));
    let (uri, token) = (text(&made["registration_client_uri"]), text(&made["registration_access_token"]));
    let id = &made["client_id"];
    for changes in [
        json!({}),
        json!({ "client_id": other["client_id"] }),
        json!({ "client_id": 1 }),
        json!({ "client_id": id, "registration_access_token": token }),
        json!({ "client_id": id, "registration_client_uri": uri }),
        json!({ "client_id": id, "client_secret_expires_at": 0 }),
        json!({ "client_id": id, "client_id_issued_at": 1_790_000_000 }),
        json!({ "client_id": id, "client_secret": "a secret of the client's own choosing" }),
    ] {
        let put = request("PUT", uri, Some(token), Some(&metadata(changes.clone()).to_string()));
        assert_eq!(refusal(&mut world, put), (400, "invalid_client_metadata".into()), "{changes}");
    }
    let bad = metadata(json!({ "client_id": id, "redirect_uris": ["http://evil.example/"] })).to_string();
    assert_eq!(refusal(&mut world, request("PUT", uri, Some(token), Some(&bad))).1, "invalid_redirect_uri");
}

#[test]
fn dc_022_only_its_own_token_opens_a_registration_and_no_secret_is_shown_again() {
    let mut world = open();
    let made = registered(&mut world, json!({}));
    let other = registered(&mut world, json!({}));
    let uri = text(&made["registration_client_uri"]);
    let (operators, _) = client(&mut world, json!({}));
    let by_hand = format!("/register/{operators}");
    let own = text(&made["registration_access_token"]);
    for (uri, token) in [
        (uri, Some(text(&other["registration_access_token"]))),
        (uri, Some(text(&made["client_secret"]))),
        (uri, Some("")),
        (uri, None),
        (by_hand.as_str(), Some(own)),
        ("/register/nobody", Some(own)),
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            let command = request(method, uri, token, Some(&metadata(json!({})).to_string()));
            let error = if token.is_some() { "invalid_token" } else { "unauthenticated" };
            assert_eq!(refusal(&mut world, command), (401, error.into()), "{method} {uri}");
        }
    }
    let read = send_unchanged(&mut world, request("GET", uri, Some(own), None));
    let dump = world.store.dump();
    for secret in [&made["client_secret"], &other["client_secret"], &other["registration_access_token"]] {
        assert!(!read.to_string().contains(text(secret)) && !dump.contains(text(secret)));
    }
    assert!(!read.to_string().contains("sha256") && !dump.contains(own));
    world.ok(json!({ "clients.update": { "id": made["client_id"], "disabled": true } }));
    assert_eq!(refusal(&mut world, request("GET", uri, Some(own), None)), (403, "access_denied".into()));
}

#[test]
fn a_client_that_becomes_confidential_gets_a_secret_and_one_that_becomes_public_loses_it() {
    let mut world = open();
    let made = registered(&mut world, json!({ "token_endpoint_auth_method": "none" }));
    let uri = text(&made["registration_client_uri"]);
    let put = |token: &Value, method: &str| {
        let body = metadata(json!({ "client_id": made["client_id"], "token_endpoint_auth_method": method }));
        request("PUT", uri, Some(text(token)), Some(&body.to_string()))
    };
    let (_, confidential) = reply(&send(&mut world, put(&made["registration_access_token"], "client_secret_post")));
    assert_eq!(confidential["client_secret_expires_at"], 0);
    let (_, public) = reply(&send(&mut world, put(&confidential["registration_access_token"], "none")));
    assert_eq!(public.get("client_secret"), None);
    let secret = text(&confidential["client_secret"]);
    let ask = post_as(
        "",
        "/introspect",
        &[("client_id", text(&made["client_id"])), ("client_secret", secret), ("token", "x")],
    );
    assert_eq!(world.ok(ask)["status"], 401);
}

#[test]
fn dc_021_one_address_registers_so_often_in_an_hour_and_others_as_ever() {
    let mut world = World::with(json!({ "registration": { "mode": "open", "perHour": 3 } }));
    for _ in 0..3 {
        registered(&mut world, json!({}));
    }
    let response = send_unchanged(&mut world, register(&metadata(json!({}))));
    assert_eq!(response["status"], 429);
    let wait: u64 = header(&response, "retry-after").unwrap().parse().unwrap();
    let from = |remote: Value| {
        let mut command = register(&metadata(json!({})));
        command["http"]["remote"] = remote;
        command
    };
    for others in [json!("203.0.113.10"), json!("2001:db8::1"), Value::Null] {
        assert_eq!(send(&mut world, from(others))["status"], 201);
    }
    world.advance(wait);
    registered(&mut world, json!({}));
    let mut world = World::with(json!({ "registration": { "mode": "open", "perHour": 5 } }));
    let ends = world.race(&register(&metadata(json!({}))), 64);
    assert_eq!(ends.iter().filter(|done| done["ok"]["status"] == 201).count(), 5);
    assert_eq!(world.store.keys("main.client.").len(), 5);
}

#[test]
fn dc_021_a_client_that_nobody_used_is_forgotten_and_one_that_somebody_did_is_not() {
    let mut world = open();
    let unused = registered(&mut world, json!({}));
    let used = registered(&mut world, json!({ "token_endpoint_auth_method": "none" }));
    let (operators, _) = client(&mut world, json!({}));
    sign_in_and_redeem(&mut world, text(&used["client_id"]), "");
    let find = |id: &Value| json!({ "clients.find": { "id": id } });
    world.advance(30 * 86_400 - 10);
    assert_ne!(world.ok(find(&unused["client_id"])), Value::Null);
    world.advance(10);
    assert_eq!(world.ok(find(&unused["client_id"])), Value::Null, "a row that is over is no row");
    world.ok(json!({ "purge": {} }));
    assert!(world.store.keys(text(&unused["client_id"])).is_empty());
    for kept in [&used["client_id"], &json!(operators)] {
        assert_eq!(world.ok(find(kept))["id"], *kept);
    }
}

#[test]
fn a_client_is_marked_as_used_once_in_its_life() {
    let mut world = open();
    let made = registered(&mut world, json!({}));
    let id = text(&made["client_id"]);
    world.ok(json!({ "accounts.create": { "login": "ada", "password": PASSWORD } }));
    for commits in [2, 1] {
        let mut browser = Browser::new();
        let interaction = browser.begin(&mut world, &authorization_query(id, &[]));
        browser.sign_in(&mut world, &interaction, "ada", PASSWORD);
        browser.allow(&mut world, &interaction, &["read"]);
        assert_eq!(world.asked().iter().filter(|ask| *ask == "commit").count(), commits);
    }
}
