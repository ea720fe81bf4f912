use super::*;
use serde_json::json;

fn read(changes: Value) -> Result<Config, Fault> {
    let mut config = json!({ "issuer": "https://auth.example.com", "secret": "0123456789abcdefghijklmnopqrstuv" });
    for (name, value) in changes.as_object().unwrap() {
        config[name] = value.clone();
    }
    Ok(Config::read(config.to_string().as_bytes())?.0)
}

#[test]
fn the_defaults_are_those_of_the_table() {
    let config = read(json!({})).unwrap();
    assert_eq!(config.tenant, "main");
    assert_eq!(config.name, "auth.example.com");
    assert_eq!(config.lifetimes.code, Seconds(60));
    assert_eq!(config.refresh_grace, Seconds(10));
}

#[test]
fn an_empty_short_or_well_known_secret_is_refused() {
    for secret in ["", "short", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "changeme-changeme-changeme-0123456789"]
    {
        assert!(matches!(read(json!({ "secret": secret })), Err(Fault::Configuration(_))), "{secret}");
    }
    assert!(read(json!({ "secret": [] })).is_err());
}

#[test]
fn a_host_key_is_a_public_key_for_its_algorithm() {
    // RFC 8037 appendix A.2.
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let with = |algorithm: &str, jwk: &Value| {
        let key = json!({ "kid": "kms-1", "algorithm": algorithm, "publicJwk": jwk });
        read(json!({ "signing": { "hostKeys": [key] }, "capabilities": ["sign"] }))
    };
    assert!(with("EdDSA", &jwk).is_ok());
    for (algorithm, jwk) in [("ES256", &jwk), ("EdDSA", &json!({})), ("EdDSA", &json!({ "kty": "oct", "k": "AAAA" }))] {
        assert!(matches!(with(algorithm, jwk), Err(Fault::Configuration(_))), "{algorithm} {jwk}");
    }
}

#[test]
fn a_kid_names_one_host_key() {
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let key = |kid: &str| json!({ "kid": kid, "algorithm": "EdDSA", "publicJwk": jwk });
    let with = |kids: [&str; 3]| {
        read(json!({ "signing": { "hostKeys": kids.map(key) }, "capabilities": ["sign"] })).map(|_| ())
    };
    assert_eq!(with(["a", "b", "c"]), Ok(()));
    for bad in [["a", "a", "c"], ["a", "b", "a"], ["a", "b", "b"], ["a", "b", ""]] {
        assert!(matches!(with(bad), Err(Fault::Configuration(_))), "{bad:?}");
    }
}

#[test]
fn issuers_are_https_or_loopback_and_in_normal_form() {
    for good in [
        "https://a.example",
        "https://a.example/",
        "https://a.example/tenant",
        "http://127.0.0.1:8080",
        "http://localhost:1",
    ] {
        assert!(read(json!({ "issuer": good })).is_ok(), "{good}");
    }
    for bad in [
        "a.example",
        "http://a.example",
        "https://A.example",
        "https://a.example:443",
        "https://a.example?x",
        "https://a.example/#",
        "https://u@a.example",
        "ftp://a.example",
        "https://a.example/x/../y",
    ] {
        assert!(read(json!({ "issuer": bad })).is_err(), "{bad}");
    }
}

#[test]
fn every_bound_is_held() {
    for bad in [
        json!({ "lifetimes": { "code": "11m" } }),
        json!({ "lifetimes": { "accessToken": 5 } }),
        json!({ "refreshGrace": "3m" }),
        json!({ "scopes": { "a b": "x" } }),
        json!({ "defaultScopes": ["read"] }),
        json!({ "tenant": "Main" }),
        json!({ "name": "" }),
        json!({ "password": { "memory": 1 } }),
        json!({ "password": { "passes": 99 } }),
        json!({ "signing": { "algorithm": "HS256" } }),
        json!({ "signing": { "algorithm": "none" } }),
        json!({ "limits": { "flows": 0 } }),
        json!({ "pages": { "signIn": "//evil.example" } }),
        json!({ "resources": { "not a uri": {} } }),
        json!({ "resources": { format!("https://a.example/{}", "x".repeat(1024)): {} } }),
        json!({ "issuer": format!("https://a.example/{}", "x".repeat(1024)) }),
        json!({ "unknown": 1 }),
    ] {
        assert!(matches!(read(bad.clone()), Err(Fault::Configuration(_))), "{bad}");
    }
}

#[test]
fn debug_output_holds_no_secret() {
    assert!(!format!("{:?}", read(json!({})).unwrap()).contains("0123456789abcdef"));
}
