//! What a request of OpenID Connect may say: hints, claims by name, ages, PKCE left out (AZ-021, AZ-031, AZ-034, AZ-065 to AZ-075).

use claviger_core::key::Algorithm;
use claviger_tests::setting::{CALLBACK, PASSWORD, Setting, client, header, text};
use claviger_tests::{ClientKey, VERIFIER, World, claims_of, location_parameter};
use serde_json::{Value, json};

use crate::check::{is_error_page, redirected_error};
use crate::openid::{code, provider, signed_in, signed_in_allowing, verified};

/// A code for a request without a challenge, redeemed with these fields beside the usual ones.
fn redeemed_without_challenge(s: &mut Setting, fields: &[(&str, &str)]) -> (u64, Value) {
    let code = code(s, "openid", &[("code_challenge", None), ("code_challenge_method", None)]);
    let usual = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)];
    s.post("/token", &[&usual, fields].concat())
}

#[test]
fn az_034_where_pkce_is_optional_a_verifier_and_its_challenge_still_go_together() {
    let mut s = provider(json!({ "openid": { "pkceOptional": true } }));
    let (status, tokens) = redeemed_without_challenge(&mut s, &[]);
    assert_eq!((status, verified(&mut s, &tokens)["nonce"].as_str()), (200, Some("n-0S6")));
    let (status, refused) = redeemed_without_challenge(&mut s, &[("code_verifier", VERIFIER)]);
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));

    let code = code(&mut s, "openid", &[]);
    let without = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK)];
    assert_eq!(s.post("/token", &without).1["error"], "invalid_grant");
    assert_eq!(s.redeem(&code).0, 200);
}

#[test]
fn az_031_where_pkce_is_optional_it_is_required_of_public_clients_and_outside_openid_connect() {
    let missing = [("code_challenge", None), ("code_challenge_method", None)];
    let mut s = provider(json!({ "openid": { "pkceOptional": true } }));
    let of = |s: &mut Setting, scope: &'static str, changes: &[(&'static str, Option<&'static str>)]| {
        let answer = s.authorize(&[&[("scope", Some(scope))], changes].concat());
        redirected_error(&answer, CALLBACK, Some("s&t"))
    };
    assert_eq!(of(&mut s, "read", &missing), "invalid_request");
    assert_eq!(of(&mut s, "openid", &[("code_challenge", None)]), "invalid_request");
    let (public, _) = client(&mut s.world, json!({ "authMethod": "none" }));
    s.client = public;
    assert_eq!(of(&mut s, "openid", &missing), "invalid_request");
    let mut strict = provider(json!({}));
    assert_eq!(of(&mut strict, "openid", &missing), "invalid_request");
}

#[test]
fn az_021_a_request_of_openid_connect_always_says_its_redirect_uri() {
    let mut s = provider(json!({}));
    for scope in ["openid", "read openid"] {
        let query = s.query(&[("scope", Some(scope)), ("redirect_uri", None)]);
        let answer = s.browser.get(&mut s.world, &format!("/authorize?{query}"));
        assert!(is_error_page(&answer), "{answer}");
    }
    let query = s.query(&[("scope", Some("read")), ("redirect_uri", None)]);
    s.browser.begin(&mut s.world, &query);
}

#[test]
fn az_070_an_own_id_token_is_a_hint_even_when_it_is_over() {
    let mut s = provider(json!({}));
    let tokens = signed_in(&mut s, "openid", &[]);
    s.world.advance(7200);
    let hint = text(&tokens["id_token"]).to_owned();
    let changes = [("scope", Some("openid")), ("prompt", Some("none")), ("id_token_hint", Some(hint.as_str()))];
    let answer = s.authorize(&changes);
    let code = location_parameter(&answer, "code").unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(claims_of(text(&s.redeem(&code).1["id_token"]))["sub"], json!(s.subject));
}

#[test]
fn az_068_a_hint_about_somebody_else_is_answered_by_nobody_who_is_signed_in() {
    let mut s = provider(json!({}));
    let tokens = signed_in(&mut s, "openid", &[]);
    let hint = text(&tokens["id_token"]).to_owned();
    s.world.ok(json!({ "accounts.create": { "login": "eve", "password": PASSWORD } }));
    let mut eve = claviger_tests::Browser::new();
    let query = s.query(&[("scope", Some("openid")), ("id_token_hint", Some(&hint))]);
    let interaction = eve.begin(&mut s.world, &query);
    eve.sign_in(&mut s.world, &interaction, "eve", PASSWORD);
    let onward = eve.get(&mut s.world, &format!("/consent?interaction={interaction}"));
    assert!(header(&onward, "location").unwrap().contains("/sign-in?"), "{onward}");
    let silent = s.query(&[("scope", Some("openid")), ("id_token_hint", Some(&hint)), ("prompt", Some("none"))]);
    let answer = eve.get(&mut s.world, &format!("/authorize?{silent}"));
    assert_eq!(redirected_error(&answer, CALLBACK, Some("s&t")), "login_required");
}

#[test]
fn az_069_what_is_no_id_token_of_this_issuer_for_this_client_is_no_hint() {
    let mut s = provider(json!({}));
    s.world.ok(json!({ "clients.update": { "id": s.client, "accessToken": "jwt" } }));
    let tokens = signed_in(&mut s, "openid", &[]);
    let own = text(&tokens["id_token"]).to_owned();
    let (other, secret) = client(&mut s.world, json!({}));
    let first = std::mem::replace(&mut s.client, other);
    let first_secret = std::mem::replace(&mut s.secret, secret);
    let of_another = text(&signed_in(&mut s, "openid", &[])["id_token"]).to_owned();
    (s.client, s.secret) = (first, first_secret);
    let key = ClientKey::new(Algorithm::EdDSA, 7);
    let foreign = key.sign(&json!({ "alg": "EdDSA", "typ": "JWT" }), &claims_of(&own));
    let unsigned = format!("{}.{}.", "eyJhbGciOiJub25lIn0", own.split('.').nth(1).unwrap());
    let mut bent = own.clone();
    bent.replace_range(own.len() - 4..own.len() - 3, if own.as_bytes()[own.len() - 4] == b'A' { "B" } else { "A" });
    for bad in [of_another.as_str(), &foreign, &unsigned, &bent, text(&tokens["access_token"]), "x"] {
        let answer = s.authorize(&[("scope", Some("openid")), ("id_token_hint", Some(bad))]);
        assert_eq!(redirected_error(&answer, CALLBACK, Some("s&t")), "invalid_request", "{bad}");
    }
}

#[test]
fn az_074_a_sub_that_is_asked_for_is_the_only_one_that_answers() {
    let mut s = provider(json!({}));
    signed_in(&mut s, "openid", &[]);
    let asked = |sub: &str| json!({ "id_token": { "sub": { "value": sub } } }).to_string();
    for (sub, good) in [(s.subject.clone(), true), ("somebody-else".to_owned(), false)] {
        let claims = asked(&sub);
        let answer = s.authorize(&[("scope", Some("openid")), ("prompt", Some("none")), ("claims", Some(&claims))]);
        assert_eq!(location_parameter(&answer, "code").is_some(), good, "{answer}");
        if !good {
            assert_eq!(redirected_error(&answer, CALLBACK, Some("s&t")), "login_required");
        }
    }
}

#[test]
fn az_073_claims_that_are_asked_for_one_by_one_are_told_where_they_were_asked_for() {
    let mut s = provider(json!({ "openid": { "claims": { "read": ["favourite"] } } }));
    let claims =
        json!({ "id_token": { "email": { "essential": true }, "favourite": null, "nickname": null, "iss": null } });
    let asked = [("claims", Some(claims.to_string()))];
    let asked = asked.each_ref().map(|(name, value)| (*name, value.as_deref()));
    let tokens = signed_in_allowing(&mut s, "openid", &asked, "openid read email");
    assert_eq!(tokens["scope"], "openid", "a claim is not the scope that would give it");
    let said = verified(&mut s, &tokens);
    assert_eq!((&said["email"], &said["email_verified"]), (&json!("ada@example.com"), &json!(true)));
    assert_eq!(
        (&said["favourite"], said.get("nickname"), &said["iss"]),
        (&json!("engines"), None, &json!(World::ISSUER))
    );
    let answer = s.authorize(&[("scope", Some("openid")), ("claims", Some("{\"id_token\":[]}"))]);
    assert_eq!(redirected_error(&answer, CALLBACK, Some("s&t")), "invalid_request");
}

#[test]
fn az_072_what_only_advises_is_taken_and_what_is_not_offered_is_refused_by_its_name() {
    let mut s = provider(json!({}));
    let advice = [
        ("display", Some("popup")),
        ("ui_locales", Some("se")),
        ("claims_locales", Some("se")),
        ("acr_values", Some("1 2")),
    ];
    let tokens = signed_in(&mut s, "openid", &advice);
    verified(&mut s, &tokens);
    for (name, error) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ] {
        let answer = s.authorize(&[("scope", Some("openid")), (name, Some("{}"))]);
        assert_eq!(redirected_error(&answer, CALLBACK, Some("s&t")), error);
    }
}

#[test]
fn az_065_the_registered_max_age_counts_where_the_request_names_none() {
    let mut s = provider(json!({}));
    s.world.ok(json!({ "clients.update": { "id": s.client, "openid": { "defaultMaxAge": 60 } } }));
    signed_in(&mut s, "openid", &[]);
    s.world.advance(61);
    let answer = s.authorize(&[("scope", Some("openid")), ("prompt", Some("none"))]);
    assert_eq!(redirected_error(&answer, CALLBACK, Some("s&t")), "login_required");
    let answer = s.authorize(&[("scope", Some("openid")), ("prompt", Some("none")), ("max_age", Some("1000"))]);
    assert!(location_parameter(&answer, "code").is_some(), "{answer}");
}
