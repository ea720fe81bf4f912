//! Metadata (MD-001 to MD-005).

use claviger_tests::World;
use claviger_tests::setting::{Setting, header, text};
use serde_json::{Value, json};

use crate::check::hold_everywhere;

fn get(world: &mut World, url: &str, headers: Value) -> Value {
    let response = world.ok(json!({ "http": { "method": "GET", "url": url, "headers": headers } }));
    hold_everywhere(&response);
    response
}

fn document(world: &mut World, path: &str) -> Value {
    let response = get(world, &format!("{}{path}", World::ISSUER), json!([]));
    assert_eq!(response["status"], 200, "{response}");
    serde_json::from_str(text(&response["body"])).unwrap()
}

const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

#[test]
fn md_001_md_004_the_issuer_and_pkce_are_told() {
    let metadata = document(&mut World::new(), WELL_KNOWN);
    assert_eq!(metadata["issuer"], World::ISSUER);
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    for issuer in
        ["http://auth.example.com", "https://auth.example.com?x=1", "https://auth.example.com#x", "auth.example.com"]
    {
        let config = World::config(json!({ "issuer": issuer }));
        assert!(claviger_core::Engine::open(config.to_string().as_bytes()).is_err(), "{issuer}");
    }
}

#[test]
fn md_002_an_issuer_with_a_path_is_found_both_ways() {
    let issuer = "https://auth.example.com/tenant";
    let mut world = World::with(json!({ "issuer": issuer }));
    for path in [format!("{WELL_KNOWN}/tenant"), format!("/tenant{WELL_KNOWN}")] {
        let metadata = document(&mut world, &path);
        assert_eq!(metadata["issuer"], issuer);
        assert_eq!(metadata["token_endpoint"], format!("{issuer}/token"));
    }
    for path in [WELL_KNOWN.to_owned(), format!("{WELL_KNOWN}/other"), "/token".to_owned()] {
        assert_eq!(get(&mut world, &format!("{}{path}", World::ISSUER), json!([]))["status"], 404, "{path}");
    }
}

#[test]
fn md_003_every_endpoint_that_is_told_answers() {
    let mut s = Setting::opaque();
    let metadata = document(&mut s.world, WELL_KNOWN);
    let endpoints =
        metadata.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
    let mut count = 0;
    for (name, address) in endpoints {
        assert_ne!(get(&mut s.world, text(address), json!([]))["status"], 404, "{name}");
        count += 1;
    }
    assert_eq!(count, 7);
}

#[test]
fn md_005_what_the_request_says_of_the_host_changes_nothing() {
    let mut world = World::new();
    let spoofed = json!([
        ["host", "evil.example"],
        ["x-forwarded-host", "evil.example"],
        ["x-forwarded-proto", "http"],
        ["forwarded", "host=evil.example;proto=http"]
    ]);
    let response = get(&mut world, &format!("https://evil.example{WELL_KNOWN}"), spoofed.clone());
    assert_eq!(serde_json::from_str::<Value>(text(&response["body"])).unwrap(), document(&mut world, WELL_KNOWN));
    let mut s = Setting::opaque();
    let url = format!("https://evil.example/authorize?{}", s.query(&[]));
    let response = get(&mut s.world, &url, spoofed);
    assert!(header(&response, "location").unwrap().starts_with(World::ISSUER), "{response}");
}
