//! Several issuers in one engine: nothing of one is good for another.

use claviger_tests::setting::{CALLBACK, PASSWORD, authorization_query, header, redeem_fields, reply, text};
use claviger_tests::{Browser, World, basic, form, location_parameter};
use serde_json::{Value, json};

const SECOND: &str = "https://second.example.com";
const PATH: &str = "https://auth.example.com/tenant";

fn other(issuer: &str, tenant: &str) -> Value {
    json!({ "issuer": issuer, "tenant": tenant, "secret": "another root secret: 9Pw0TzRvk3Jx0qLx",
        "scopes": { "read": "See your things" }, "password": { "memory": 7168, "passes": 1, "lanes": 1 } })
}

fn world(others: &[Value]) -> World {
    World::with(json!({ "issuers": others }))
}

/// A command for an issuer.
fn at(world: &mut World, issuer: &str, command: Value) -> Value {
    let mut call = world.call(command);
    call["issuer"] = json!(issuer);
    world.run_call(&call)
}

fn ok(world: &mut World, issuer: &str, command: Value) -> Value {
    let done = at(world, issuer, command);
    assert!(done.get("ok").is_some() && done.get("fault").is_none(), "{done}");
    done["ok"].clone()
}

/// Somebody's tokens at an issuer: the client, its secret, and the token response.
fn tokens(world: &mut World, issuer: &str) -> (String, String, Value) {
    let created = ok(
        world,
        issuer,
        json!({ "clients.create": { "name": "App", "redirectUris": [CALLBACK], "accessToken": "opaque" } }),
    );
    let (client, secret) = (text(&created["client"]["id"]).to_owned(), text(&created["secret"]).to_owned());
    ok(world, issuer, json!({ "accounts.create": { "login": "ada", "password": PASSWORD } }));
    let mut browser = Browser::new();
    let query = authorization_query(&client, &[]);
    let begun = browser.get(world, &format!("{issuer}/authorize?{query}"));
    let interaction = location_parameter(&begun, "interaction").unwrap();
    assert!(header(&begun, "location").unwrap().starts_with(issuer), "{begun}");
    let fields = form(&[("interaction", &interaction), ("login", "ada"), ("password", PASSWORD)]);
    browser.post(world, &format!("{issuer}/sign-in"), &fields);
    let fields = form(&[("interaction", &interaction), ("decision", "allow"), ("scope", "read")]);
    let answer = browser.post(world, &format!("{issuer}/consent"), &fields);
    assert_eq!(location_parameter(&answer, "iss").as_deref(), Some(issuer));
    let code = location_parameter(&answer, "code").unwrap();
    let (status, tokens) = post(world, issuer, "/token", &basic(&client, &secret), &redeem_fields(&code));
    assert_eq!(status, 200, "{tokens}");
    (client, secret, tokens)
}

fn post(world: &mut World, issuer: &str, path: &str, authorization: &str, fields: &[(&str, &str)]) -> (u64, Value) {
    let headers = json!([["content-type", "application/x-www-form-urlencoded"], ["authorization", authorization]]);
    let request =
        json!({ "method": "POST", "url": format!("{issuer}{path}"), "headers": headers, "body": form(fields) });
    reply(&world.ok(json!({ "http": request })))
}

fn metadata(world: &mut World, address: &str) -> Value {
    let response = world.ok(json!({ "http": { "method": "GET", "url": address } }));
    serde_json::from_str(text(&response["body"])).unwrap()
}

#[test]
fn each_issuer_has_its_own_endpoints_by_origin_and_by_path() {
    let mut world = world(&[other(SECOND, "second"), other(PATH, "path")]);
    for (address, issuer) in [
        ("https://auth.example.com/.well-known/oauth-authorization-server", World::ISSUER),
        ("https://second.example.com/.well-known/oauth-authorization-server", SECOND),
        // An address of none of them is the first one's, as it is where there is but one.
        ("https://second.example.com.evil.example/.well-known/oauth-authorization-server", World::ISSUER),
        ("https://SECOND.example.com/.well-known/oauth-authorization-server", SECOND),
        ("https://auth.example.com/.well-known/oauth-authorization-server/tenant", PATH),
        ("https://auth.example.com/tenant/.well-known/oauth-authorization-server", PATH),
    ] {
        assert_eq!(metadata(&mut world, address)["issuer"], issuer, "{address}");
    }
    for (address, status) in [
        ("https://second.example.com/tenant/token", 404),
        ("https://elsewhere.example/tenant/token", 404),
        ("https://auth.example.com/tenant/token", 405),
    ] {
        let response = world.ok(json!({ "http": { "method": "GET", "url": address } }));
        assert_eq!(response["status"], status, "{address}");
    }
    let keys = [World::ISSUER, SECOND, PATH].map(|issuer| metadata(&mut world, &format!("{issuer}/jwks")).to_string());
    assert!(keys[0] != keys[1] && keys[1] != keys[2], "each signs with its own keys");
}

#[test]
fn where_all_have_one_origin_only_the_path_counts() {
    let mut world = world(&[other(PATH, "path")]);
    let behind_a_proxy = "http://10.0.0.7:8080/tenant/.well-known/oauth-authorization-server";
    assert_eq!(metadata(&mut world, behind_a_proxy)["issuer"], PATH);
}

#[test]
fn no_credential_of_one_is_good_for_another() {
    let mut world = world(&[other(SECOND, "second"), other(PATH, "path")]);
    let (client, secret, first) = tokens(&mut world, World::ISSUER);
    for issuer in [SECOND, PATH] {
        let (own, own_secret, own_tokens) = tokens(&mut world, issuer);
        let authorization = basic(&own, &own_secret);
        let refresh = |token: &Value| {
            [("grant_type", "refresh_token"), ("refresh_token", text(token))].map(|(a, b)| (a, b.to_owned()))
        };
        let foreign = refresh(&first["refresh_token"]);
        let foreign: Vec<(&str, &str)> = foreign.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(post(&mut world, issuer, "/token", &authorization, &foreign).1["error"], "invalid_grant");
        assert_eq!(post(&mut world, issuer, "/token", &basic(&client, &secret), &foreign).1["error"], "invalid_client");
        let asked = [("token", text(&first["access_token"]))];
        assert_eq!(post(&mut world, issuer, "/introspect", &authorization, &asked).1, json!({ "active": false }));
        let verify = |token: &Value| json!({ "tokens.verify": { "token": token } });
        assert_eq!(at(&mut world, issuer, verify(&first["access_token"]))["refused"]["code"], "invalid_token");
        assert_eq!(ok(&mut world, issuer, verify(&own_tokens["access_token"]))["clientId"], json!(own));
        assert!(ok(&mut world, issuer, json!({ "clients.find": { "id": client } })).is_null());
    }
}

#[test]
fn an_event_names_its_issuer_where_that_is_not_the_first() {
    let mut world = world(&[other(SECOND, "second")]);
    for (issuer, named) in [(World::ISSUER, Value::Null), (SECOND, json!(SECOND))] {
        let client = json!({ "clients.create": { "name": "App", "redirectUris": [CALLBACK] } });
        assert_eq!(at(&mut world, issuer, client)["events"][0]["issuer"], named);
    }
}

#[test]
fn two_on_one_origin_keep_their_sessions_apart() {
    let mut world = world(&[other(PATH, "path")]);
    let cookies = |world: &mut World, issuer: &str| {
        let created = ok(world, issuer, json!({ "clients.create": { "name": "App", "redirectUris": [CALLBACK] } }));
        let query = authorization_query(text(&created["client"]["id"]), &[]);
        let response = world.ok(json!({ "http": { "method": "GET", "url": format!("{issuer}/authorize?{query}") } }));
        header(&response, "set-cookie").unwrap().split('=').next().unwrap().to_owned()
    };
    assert_eq!(cookies(&mut world, World::ISSUER), "__Host-claviger-browser");
    assert_eq!(cookies(&mut world, PATH), "__Host-claviger-browser-path");
}

#[test]
fn a_purge_of_one_leaves_the_rows_of_the_others() {
    let mut world = world(&[other(SECOND, "second")]);
    tokens(&mut world, World::ISSUER);
    tokens(&mut world, SECOND);
    world.advance(400 * 86_400);
    assert_eq!(ok(&mut world, SECOND, json!({ "purge": {} }))["purged"]["grant"], 1);
    assert_eq!(world.store.keys("main.account").iter().filter(|key| key.contains("/grant.")).count(), 1);
}

#[test]
fn an_issuer_that_is_not_configured_and_settings_that_clash_are_faults() {
    let mut world = world(&[other(SECOND, "second")]);
    let done = at(&mut world, "https://nobody.example.com", json!({ "keys.list": {} }));
    assert_eq!(done["fault"]["code"], "bad_call", "{done}");
    let nested = json!({ "issuers": [other(PATH, "path")] });
    let mut with_nested = other(SECOND, "second");
    with_nested["issuers"] = nested["issuers"].clone();
    let mut with_capabilities = other(SECOND, "second");
    with_capabilities["capabilities"] = json!(["fetch"]);
    for others in [
        vec![other(SECOND, "main")],
        vec![other(World::ISSUER, "second")],
        vec![other(SECOND, "second"), other(PATH, "second")],
        vec![other("http://second.example.com", "second")],
        vec![with_nested],
        vec![with_capabilities],
    ] {
        let config = World::config(json!({ "issuers": others }));
        assert!(claviger_core::Engine::open(config.to_string().as_bytes()).is_err(), "{config}");
    }
}

#[test]
fn md_each_issuer_of_one_origin_serves_the_metadata_of_its_resources() {
    let mut second = other(PATH, "second");
    second["resources"] = json!({ "https://auth.example.com/api": {} });
    let mut world = world(&[second]);
    for (path, issuer) in [("", World::ISSUER), ("/tenant", PATH), ("/api", PATH)] {
        let url = format!("{}/.well-known/oauth-protected-resource{path}", World::ISSUER);
        let (status, described) = reply(&world.ok(json!({ "http": { "method": "GET", "url": url } })));
        assert_eq!((status, &described["authorization_servers"]), (200, &json!([issuer])), "{path}");
    }
    let url = format!("{}/.well-known/oauth-protected-resource/other", World::ISSUER);
    assert_eq!(world.ok(json!({ "http": { "method": "GET", "url": url } }))["status"], 404);
}
