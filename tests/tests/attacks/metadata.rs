//! Metadata (MD-001 to MD-005).

use claviger_core::key::PublicKey;
use claviger_tests::setting::{CALLBACK, Setting, header, reply, text};
use claviger_tests::{ClientKey, World, location_parameter};
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

fn listed(metadata: &Value, member: &str) -> Vec<String> {
    let list = metadata[member].as_array().unwrap_or_else(|| panic!("{member} is no list"));
    list.iter().map(|item| text(item).to_owned()).collect()
}

/// Which of these an authorization request may hold, as far as the client is told.
fn accepted(s: &mut Setting, parameter: &str, values: &[&str]) -> Vec<String> {
    let told = |s: &mut Setting, value: &str| {
        let response = s.authorize(&[(parameter, Some(value))]);
        let error = location_parameter(&response, "error").unwrap_or_default();
        // A prompt that needs nobody is answered by who is not there.
        if error == "login_required" { String::new() } else { error }
    };
    values.iter().filter(|value| told(s, value).is_empty()).map(|value| (*value).to_owned()).collect()
}

#[test]
fn md_003_what_is_told_works_and_what_is_not_told_does_not() {
    let mut s = Setting::opaque();
    let metadata = document(&mut s.world, WELL_KNOWN);
    let everything: [(&str, &str, &[&str]); 5] = [
        ("response_types_supported", "response_type", &["code", "token", "id_token", "code id_token", "none"]),
        ("response_modes_supported", "response_mode", &["query", "form_post", "fragment", "web_message", "query.jwt"]),
        ("prompt_values_supported", "prompt", &["none", "login", "consent", "select_account", "create"]),
        ("code_challenge_methods_supported", "code_challenge_method", &["S256", "plain"]),
        ("scopes_supported", "scope", &["read", "write", "admin", "openid"]),
    ];
    for (member, parameter, values) in everything {
        assert_eq!(accepted(&mut s, parameter, values), listed(&metadata, member), "{member}");
    }
    let grant_types = [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "password",
        "implicit",
    ];
    let known = |s: &mut Setting, grant_type: &str| {
        s.post("/token", &[("grant_type", grant_type)]).1["error"] != "unsupported_grant_type"
    };
    let working: Vec<&str> = grant_types.into_iter().filter(|grant_type| known(&mut s, grant_type)).collect();
    assert_eq!(working, listed(&metadata, "grant_types_supported"));
}

#[test]
fn md_003_every_way_to_authenticate_that_is_told_can_be_registered_and_no_other() {
    let mut s = Setting::opaque();
    let metadata = document(&mut s.world, WELL_KNOWN);
    let methods = [
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "client_secret_jwt",
        "tls_client_auth",
        "self_signed_tls_client_auth",
    ];
    let key = ClientKey::es256(1).public_jwk();
    let registered = |s: &mut Setting, method: &str| {
        let mut client = json!({ "name": "App", "redirectUris": [CALLBACK], "authMethod": method });
        if method == "private_key_jwt" {
            client["jwks"] = json!({ "keys": [key] });
        }
        s.world.run(json!({ "clients.create": client })).get("ok").is_some()
    };
    let working: Vec<&str> = methods.into_iter().filter(|method| registered(&mut s, method)).collect();
    assert_eq!(working, listed(&metadata, "token_endpoint_auth_methods_supported"));
    assert_eq!(working, listed(&metadata, "revocation_endpoint_auth_methods_supported"));
    let confidential: Vec<&str> = working.into_iter().filter(|method| *method != "none").collect();
    assert_eq!(confidential, listed(&metadata, "introspection_endpoint_auth_methods_supported"));
}

#[test]
fn s14_the_key_set_is_public_and_each_key_is_named_by_its_thumbprint() {
    let mut s = Setting::new(json!({ "signing": { "algorithm": "RS256", "alternatives": ["EdDSA", "ES256"] } }), "jwt");
    s.tokens();
    let response = get(&mut s.world, "https://auth.example.com/jwks", json!([]));
    assert_eq!(header(&response, "content-type"), Some("application/jwk-set+json"));
    assert_eq!(header(&response, "cache-control"), Some("public, max-age=900"));
    let (_, jwks) = reply(&response);
    let keys = jwks["keys"].as_array().unwrap();
    assert!(!keys.is_empty());
    for jwk in keys {
        let members: Vec<&str> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(members.iter().all(|name| !["d", "p", "q", "dp", "dq", "qi", "k"].contains(name)), "{members:?}");
        assert_eq!(jwk["kid"], json!(PublicKey::from_jwk(jwk).unwrap().thumbprint()));
        assert_eq!(jwk["use"], "sig");
        assert!(jwk["alg"].is_string());
    }
}
