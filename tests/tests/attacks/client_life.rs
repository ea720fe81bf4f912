//! The life of a client as the operator decides it: stopped at any time, and what was deleted stays dead when its id is taken again.

use claviger_tests::setting::{CALLBACK, Setting, client, post_as, redeem_fields, reply, text};
use claviger_tests::{World, basic, location_parameter};
use serde_json::{Value, json};

use crate::check::{refusal, send};
use crate::device::{Tv, television};
use crate::registration::{metadata, open, registered, request, sign_in_and_redeem};

/// Another client takes the id: a public one, with the usual redirect URI.
fn replace(world: &mut World, id: &str, changes: Value) {
    world.advance(1);
    assert_eq!(world.ok(json!({ "clients.delete": { "id": id } })), json!({ "deleted": true }));
    client(world, {
        let mut members = json!({ "id": id, "authMethod": "none" });
        for (name, value) in changes.as_object().into_iter().flatten() {
            members[name] = value.clone();
        }
        members
    });
}

fn is_active(world: &mut World, token: &Value) -> bool {
    world.ok(json!({ "tokens.introspect": { "token": token } }))["active"] == true
}

#[test]
fn what_a_deleted_client_had_is_not_another_clients_of_the_same_id() {
    for form in ["jwt", "opaque"] {
        let mut s = Setting::new(json!({}), form);
        let tokens = s.tokens();
        let code = s.code();
        assert!(is_active(&mut s.world, &tokens["access_token"]));
        let id = s.client.clone();
        replace(&mut s.world, &id, json!({}));
        let own = ("client_id", id.as_str());
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens["refresh_token"])), own];
        assert_eq!(refusal(&mut s.world, post_as("", "/token", &refresh)), (400, "invalid_grant".into()));
        let redeem = [&redeem_fields(&code)[..], &[own]].concat();
        assert_eq!(refusal(&mut s.world, post_as("", "/token", &redeem)), (400, "invalid_grant".into()));
        for name in ["access_token", "refresh_token"] {
            assert!(!is_active(&mut s.world, &tokens[name]), "{form} {name}");
        }
        let code = s.code();
        let (status, new) = reply(&s.world.ok(post_as("", "/token", &[&redeem_fields(&code)[..], &[own]].concat())));
        assert_eq!(status, 200, "{new}");
        assert!(is_active(&mut s.world, &new["access_token"]), "its own are good");
    }
}

#[test]
fn what_was_allowed_to_a_deleted_client_is_asked_anew_and_not_added_up() {
    let mut s = Setting::opaque();
    let write = s.query(&[("scope", Some("write"))]);
    let interaction = s.browser.begin(&mut s.world, &write);
    s.browser.sign_in(&mut s.world, &interaction, "ada", claviger_tests::setting::PASSWORD);
    s.browser.allow(&mut s.world, &interaction, &["write"]);
    let again = |s: &mut Setting, scope| {
        let answer = s.authorize(&[("prompt", None), ("scope", Some(scope))]);
        location_parameter(&answer, "code").is_some()
    };
    assert!(again(&mut s, "write"));
    let id = s.client.clone();
    replace(&mut s.world, &id, json!({}));
    assert!(!again(&mut s, "write"));
    s.code();
    assert!(again(&mut s, "read"));
    assert!(!again(&mut s, "write"), "that was the other client's");
}

#[test]
fn a_clients_own_tokens_die_with_it() {
    for form in ["jwt", "opaque"] {
        let mut world = World::with(json!({ "defaultScopes": ["read"] }));
        let members = json!({ "id": "robot", "authMethod": "client_secret_basic", "redirectUris": [],
            "grantTypes": ["client_credentials"], "accessToken": form });
        let (id, secret) = client(&mut world, members.clone());
        // A JWT says when it was issued in whole seconds.
        world.now += 999;
        let ask = post_as(&basic(&id, &secret), "/token", &[("grant_type", "client_credentials")]);
        let token = reply(&world.ok(ask)).1["access_token"].clone();
        assert!(is_active(&mut world, &token));
        replace(&mut world, &id, members);
        assert!(!is_active(&mut world, &token), "{form}");
    }
}

#[test]
fn what_was_allowed_to_a_deleted_clients_device_is_not_anothers() {
    let mut tv = Tv::with("opaque");
    let asked = tv.approved();
    let id = tv.id.clone();
    replace(&mut tv.s.world, &id, television("opaque"));
    assert_eq!(tv.poll_error(&asked), "expired_token");
}

#[test]
fn a_registration_that_was_removed_leaves_nothing_to_its_id() {
    let mut world = open();
    let made = registered(&mut world, json!({}));
    let id = text(&made["client_id"]).to_owned();
    let authorization = basic(&id, text(&made["client_secret"]));
    let tokens = sign_in_and_redeem(&mut world, &id, &authorization);
    assert!(is_active(&mut world, &tokens["access_token"]));
    world.advance(1);
    let (uri, token) = (text(&made["registration_client_uri"]), text(&made["registration_access_token"]));
    assert_eq!(send(&mut world, request("DELETE", uri, Some(token), None))["status"], 204);
    client(&mut world, json!({ "id": id, "authMethod": "none" }));
    assert!(!is_active(&mut world, &tokens["access_token"]));
}

#[test]
fn sf_017_an_instance_whose_clock_is_behind_serves_a_client_that_was_just_made() {
    let members =
        json!({ "authMethod": "client_secret_basic", "redirectUris": [], "grantTypes": ["client_credentials"] });
    for form in ["jwt", "opaque"] {
        let mut tv = Tv::new(json!({ "defaultScopes": ["read"] }), form);
        let mut members = members.clone();
        members["accessToken"] = json!(form);
        let (id, secret) = client(&mut tv.s.world, members);
        tv.s.world.now -= 30_000;
        let asked = tv.approved();
        let (status, tokens) = tv.poll(&asked);
        assert_eq!(status, 200, "{tokens}");
        assert!(is_active(&mut tv.s.world, &tokens["access_token"]));
        let ask = post_as(&basic(&id, &secret), "/token", &[("grant_type", "client_credentials")]);
        let token = reply(&tv.s.world.ok(ask)).1["access_token"].clone();
        assert!(is_active(&mut tv.s.world, &token), "{form}");
    }
}

/// What the operator can always do.
fn stop(world: &mut World, id: &Value) {
    let stopped = world.ok(json!({ "clients.update": { "id": id, "disabled": true } }));
    assert_eq!(stopped["disabled"], true);
}

#[test]
fn a_client_is_stopped_whatever_else_it_holds() {
    let scopes = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), json!(name))).collect::<Value>();
    let mut world = World::with(json!({ "scopes": scopes(&["read", "write"]) }));
    let members = json!({ "name": "Old", "redirectUris": [CALLBACK], "scopes": ["write"], "resources": ["https://api.example.com"],
        "exchangeFor": ["https://api.example.com"] });
    let made = world.ok(json!({ "clients.create": members }));
    world.reopen(json!({ "scopes": scopes(&["read"]), "resources": {} }));
    let id = &made["client"]["id"];
    stop(&mut world, id);
    for stated in [json!({ "scopes": ["write"] }), json!({ "resources": ["https://api.example.com"] })] {
        let mut update = json!({ "id": id });
        for (name, value) in stated.as_object().unwrap() {
            update[name] = value.clone();
        }
        assert_eq!(
            world.refused(json!({ "clients.update": update })),
            "invalid_argument",
            "what is stated is looked at"
        );
    }
}

#[test]
fn a_resource_server_that_made_itself_public_is_stopped() {
    let mut world = open();
    let made = registered(&mut world, json!({}));
    let id = &made["client_id"];
    world.ok(json!({ "clients.update": { "id": id, "resources": ["https://api.example.com"] } }));
    let (uri, token) = (text(&made["registration_client_uri"]), text(&made["registration_access_token"]));
    let body = metadata(json!({ "client_id": id, "token_endpoint_auth_method": "none" })).to_string();
    assert_eq!(send(&mut world, request("PUT", uri, Some(token), Some(&body)))["status"], 200);
    stop(&mut world, id);
}

#[test]
fn the_id_of_a_forgotten_registration_can_be_given_again() {
    let mut world = open();
    let id = registered(&mut world, json!({}))["client_id"].clone();
    let create = json!({ "clients.create": { "id": id, "name": "New", "redirectUris": [CALLBACK] } });
    assert_eq!(world.refused(create.clone()), "already_exists");
    world.advance(31 * 86_400);
    let before = world.store.keys("client").len();
    let made = world.ok(create.clone());
    assert_eq!((&made["client"]["origin"], world.store.keys("client").len()), (&json!("operator"), before));
    assert_eq!(world.refused(create), "already_exists");
}
