//! What resources want of tokens for them, and which are known (RI-002, RI-004), scopes that are none, and namesakes (RFC 9068 section 5).

use claviger_tests::setting::{CALLBACK, PASSWORD, Setting, client, post_as, redeem_fields, reply, text};
use claviger_tests::{Browser, basic, claims_of, form, location_parameter};
use serde_json::{Value, json};

use crate::check::{is_error_page, refusal, send};
use crate::device::{GRANT, television};

const A: &str = "https://a.example.com";
const B: &str = "https://b.example.com";
const C: &str = "https://c.example.com";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A code for these scopes and resources, all of them allowed.
fn code(s: &mut Setting, scope: &str, resources: &[&str]) -> String {
    let resources: Vec<_> = resources.iter().map(|resource| ("resource", *resource)).collect();
    let query = format!("{}&{}", s.query(&[("scope", Some(scope))]), form(&resources));
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    let answer = s.browser.allow(&mut s.world, &interaction, &scope.split(' ').collect::<Vec<_>>());
    location_parameter(&answer, "code").unwrap_or_else(|| panic!("no code in {answer}"))
}

fn tokens(s: &mut Setting, scope: &str, resources: &[&str]) -> Value {
    let code = code(s, scope, resources);
    let (status, tokens) = s.redeem(&code);
    assert_eq!(status, 200, "{tokens}");
    tokens
}

fn is_of(tokens: &Value, form: &str, expires_in: u64) {
    let is_opaque = text(&tokens["access_token"]).starts_with("cva_");
    assert_eq!((is_opaque, &tokens["expires_in"]), (form == "opaque", &json!(expires_in)), "{tokens}");
}

#[test]
fn ri_004_a_token_for_several_resources_is_as_the_strictest_of_them_wants_in_any_order() {
    let resources = json!({ A: { "accessToken": "jwt", "lifetime": "1h" },
        B: { "accessToken": "opaque", "lifetime": "10m" }, C: { "lifetime": "1m" } });
    for (order, client_form, form, expires_in) in [
        (&[A][..], "opaque", "jwt", 3600),
        (&[A, B], "jwt", "opaque", 600),
        (&[B, A], "jwt", "opaque", 600),
        (&[A, C], "jwt", "jwt", 60),
        (&[C, A], "jwt", "jwt", 60),
        (&[A, C], "opaque", "opaque", 60),
        (&[C, A, B], "jwt", "opaque", 60),
        (&[A, "https://auth.example.com"], "jwt", "jwt", 900),
    ] {
        let mut s = Setting::new(json!({ "resources": resources }), client_form);
        let tokens = tokens(&mut s, "read", order);
        is_of(&tokens, form, expires_in);
        is_of(&s.refresh(text(&tokens["refresh_token"])).1, form, expires_in);
        let own = json!({ "redirectUris": [], "grantTypes": ["client_credentials", EXCHANGE], "resources": [A],
            "accessToken": client_form });
        let (id, secret) = client(&mut s.world, own);
        let fields: Vec<_> = order.iter().map(|resource| ("resource", *resource)).collect();
        let fields = [&[("grant_type", "client_credentials")][..], &fields].concat();
        let command = post_as(&basic(&id, &secret), "/token", &fields);
        is_of(&reply(&send(&mut s.world, command)).1, form, expires_in);
        let token = text(&tokens["access_token"]);
        let fields = [("grant_type", EXCHANGE), ("subject_token", token), ("subject_token_type", ACCESS_TOKEN)];
        let command = post_as(&basic(&id, &secret), "/token", &fields);
        is_of(&reply(&send(&mut s.world, command)).1, form, expires_in);
    }
}

#[test]
fn ri_002_a_resource_that_was_taken_out_of_the_configuration_gets_no_more_tokens() {
    let with = |resources: Value| json!({ "resources": resources });
    let mut s = Setting::new(with(json!({ A: { "scopes": ["read"] }, B: {} })), "opaque");
    let grants = json!([EXCHANGE, "authorization_code", "refresh_token"]);
    s.world.ok(json!({ "clients.update": { "id": s.client, "grantTypes": grants } }));
    let both = tokens(&mut s, "read write", &[A, B]);
    let unspent = code(&mut s, "read", &[A]);
    s.world.reopen(with(json!({ B: {} })));
    let refresh = |fields: &[(&'static str, &'static str)]| {
        let token = text(&both["refresh_token"]);
        let fields = [&[("grant_type", "refresh_token"), ("refresh_token", token)], fields].concat();
        s.post_command("/token", &fields)
    };
    let bad = [refresh(&[]), refresh(&[("resource", A)]), refresh(&[("resource", A), ("resource", B)])];
    let of_b = refresh(&[("resource", B)]);
    let redeem = s.post_command("/token", &redeem_fields(&unspent));
    for command in bad.into_iter().chain([redeem]) {
        assert_eq!(refusal(&mut s.world, command), (400, "invalid_target".into()));
    }
    let token = text(&both["access_token"]);
    let fields = [("grant_type", EXCHANGE), ("subject_token", token), ("subject_token_type", ACCESS_TOKEN)];
    let exchange = s.post_command("/token", &fields);
    assert_eq!(refusal(&mut s.world, exchange), (400, "invalid_target".into()));
    let (status, tokens) = reply(&send(&mut s.world, of_b));
    assert_eq!((status, &tokens["scope"]), (200, &json!("read write")), "the others are as they were");
}

#[test]
fn a_scope_of_nothing_is_left_out_wherever_it_would_stand() {
    for form in ["jwt", "opaque"] {
        let mut s = Setting::new(json!({}), form);
        let query = s.query(&[("scope", None)]);
        let interaction = s.browser.begin(&mut s.world, &query);
        s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
        let answer = s.browser.allow(&mut s.world, &interaction, &[]);
        let (_, tokens) = s.redeem(&location_parameter(&answer, "code").unwrap());
        let (id, secret) = client(
            &mut s.world,
            json!({ "redirectUris": [], "grantTypes": ["client_credentials"], "accessToken": form }),
        );
        let own = post_as(&basic(&id, &secret), "/token", &[("grant_type", "client_credentials")]);
        let own = reply(&send(&mut s.world, own)).1;
        for response in [&tokens, &own] {
            assert!(response["access_token"].is_string() && response.get("scope").is_none(), "{response}");
            if form == "jwt" {
                assert_eq!(claims_of(text(&response["access_token"])).get("scope"), None);
            }
        }
        for token in [&tokens["access_token"], &tokens["refresh_token"], &own["access_token"]] {
            let introspected = s.world.ok(json!({ "tokens.introspect": { "token": token } }));
            assert_eq!((&introspected["active"], introspected.get("scope")), (&json!(true), None));
        }
        let verify = json!({ "tokens.verify": { "token": tokens["access_token"] } });
        assert_eq!(s.world.ok(verify)["scopes"], json!([]));
    }
}

#[test]
fn nobody_allows_anything_to_a_client_of_their_own_name() {
    for form in ["jwt", "opaque"] {
        let mut s = Setting::new(json!({}), form);
        let members = json!({ "id": s.subject, "redirectUris": [CALLBACK], "accessToken": form });
        (s.client, s.secret) = client(&mut s.world, members);
        let interaction = s.interaction();
        let before = s.world.store.dump();
        let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
        assert!(is_error_page(&answer), "{answer}");
        let consent = json!({ "handle": interaction, "cookie": s.browser.cookie_header() });
        assert_eq!(s.world.refused(json!({ "interactions.consent": consent })), "unauthorized_client");
        assert_eq!(s.world.store.dump(), before);
    }
}

#[test]
fn nobody_allows_anything_to_a_device_of_their_own_name() {
    let mut s = Setting::opaque();
    let mut members = television("jwt");
    members["id"] = json!(s.subject);
    let (id, _) = client(&mut s.world, members);
    let start = post_as("", "/device_authorization", &[("client_id", &id), ("scope", "read")]);
    let (_, asked) = reply(&send(&mut s.world, start));
    let mut browser = Browser::new();
    let (handle, _) = crate::device::enter(&mut browser, &mut s.world, text(&asked["user_code"]));
    let signed_in = browser.sign_in(&mut s.world, &handle, "ada", PASSWORD);
    browser.get(&mut s.world, claviger_tests::setting::header(&signed_in, "location").unwrap());
    let approve = json!({ "handle": handle, "cookie": browser.cookie_header() });
    assert_eq!(s.world.refused(json!({ "device.approve": approve })), "unauthorized_client");
    let code = text(&asked["device_code"]);
    let poll = post_as("", "/token", &[("client_id", &id), ("grant_type", GRANT), ("device_code", code)]);
    assert_eq!(refusal(&mut s.world, poll), (400, "authorization_pending".into()));
}
