//! The userinfo endpoint (OI-001 to OI-008; OpenID Connect Core section 5.3).

use claviger_tests::setting::{PASSWORD, Setting, header, reply, text};
use claviger_tests::{ClientKey, World, claims_of, with_header};
use serde_json::{Value, json};

use crate::check::send;
use crate::openid::{provider, signed_in, signed_in_allowing};

fn asking(method: &str, authorization: Option<&str>, body: Option<&str>) -> Value {
    let mut headers = Vec::new();
    headers.extend(authorization.map(|value| json!(["authorization", value])));
    headers.extend(body.map(|_| json!(["content-type", "application/x-www-form-urlencoded"])));
    json!({ "http": { "method": method, "url": format!("{}/userinfo", World::ISSUER), "headers": headers, "body": body } })
}

fn told(s: &mut Setting, token: &str) -> (u64, Value) {
    reply(&send(&mut s.world, asking("GET", Some(&format!("Bearer {token}")), None)))
}

#[test]
fn oi_001_a_token_is_taken_from_the_header_or_the_body_of_a_post() {
    let mut s = provider(json!({}));
    let tokens = signed_in(&mut s, "openid", &[]);
    let (bearer, body) = (
        format!("Bearer {}", text(&tokens["access_token"])),
        format!("access_token={}", text(&tokens["access_token"])),
    );
    for command in
        [asking("GET", Some(&bearer), None), asking("POST", Some(&bearer), None), asking("POST", None, Some(&body))]
    {
        let response = send(&mut s.world, command);
        assert_eq!(reply(&response), (200, json!({ "sub": s.subject })));
        assert_eq!(s.world.asked().as_slice(), ["load"], "one trip");
    }
}

#[test]
fn oi_003_a_token_that_is_presented_twice_is_refused() {
    let mut s = provider(json!({}));
    let token = text(&signed_in(&mut s, "openid", &[])["access_token"]).to_owned();
    let both = asking("POST", Some(&format!("Bearer {token}")), Some(&format!("access_token={token}")));
    let response = send(&mut s.world, both);
    assert_eq!(
        (response["status"].as_u64(), reply(&response).1["error"].clone()),
        (Some(400), json!("invalid_request"))
    );
}

#[test]
fn oi_004_oi_005_without_a_good_token_nothing_is_told() {
    let mut s = provider(json!({}));
    let response = send(&mut s.world, asking("GET", None, None));
    assert_eq!(response["status"], 401);
    let challenge = header(&response, "www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer ") && !challenge.contains("error"), "{challenge}");
    let tokens = signed_in(&mut s, "openid", &[]);
    let token = text(&tokens["access_token"]).to_owned();
    for bad in ["x", text(&tokens["refresh_token"]), text(&tokens["id_token"])] {
        let response = send(&mut s.world, asking("GET", Some(&format!("Bearer {bad}")), None));
        assert_eq!(response["status"], 401, "{bad}");
        assert!(header(&response, "www-authenticate").unwrap().contains("error=\"invalid_token\""));
    }
    s.post("/revoke", &[("token", &token)]);
    assert_eq!(told(&mut s, &token).0, 401);
    let token = text(&signed_in(&mut s, "openid", &[])["access_token"]).to_owned();
    s.world.advance(901);
    assert_eq!(told(&mut s, &token).0, 401);
}

#[test]
fn oi_006_a_token_without_openid_or_for_another_audience_is_not_enough() {
    let mut s = provider(json!({}));
    let token = text(&signed_in(&mut s, "read", &[])["access_token"]).to_owned();
    let response = send(&mut s.world, asking("GET", Some(&format!("Bearer {token}")), None));
    assert_eq!(
        (response["status"].as_u64(), reply(&response).1["error"].clone()),
        (Some(403), json!("insufficient_scope"))
    );
    assert!(header(&response, "www-authenticate").unwrap().contains("scope=\"openid\""));
    let elsewhere = signed_in(&mut s, "openid", &[("resource", Some("https://api.example.com"))]);
    assert_eq!(told(&mut s, text(&elsewhere["access_token"])).0, 401);
}

#[test]
fn oi_007_each_scope_gives_its_claims_and_no_others() {
    let mut s = provider(json!({}));
    let of = |s: &mut Setting, scope: &str| {
        let token = text(&signed_in(s, &format!("openid{scope}"), &[])["access_token"]).to_owned();
        let (_, mut told) = told(s, &token);
        told.as_object_mut().unwrap().remove("sub");
        told
    };
    assert_eq!(of(&mut s, ""), json!({}));
    let profile = json!({ "name": "Ada Lovelace", "given_name": "Ada", "preferred_username": "ada" });
    assert_eq!(of(&mut s, " profile"), profile);
    assert_eq!(of(&mut s, " email"), json!({ "email": "ada@example.com", "email_verified": true }));
    assert_eq!(of(&mut s, " address"), json!({ "address": { "country": "GB" } }));
    assert_eq!(of(&mut s, " phone"), json!({ "phone_number": "+44 20", "phone_number_verified": false }));
    let all = of(&mut s, " profile email address phone");
    assert_eq!(all.as_object().unwrap().len(), 8, "{all}");
}

#[test]
fn az_073_claims_that_were_asked_for_one_by_one_are_told_here() {
    let mut s = provider(json!({ "openid": { "claims": { "read": ["favourite"] } } }));
    let claims = json!({ "userinfo": { "favourite": { "essential": true }, "sub": null } }).to_string();
    let tokens = signed_in_allowing(&mut s, "openid", &[("claims", Some(&claims))], "openid read");
    let token = text(&tokens["access_token"]).to_owned();
    assert_eq!(told(&mut s, &token).1, json!({ "sub": s.subject, "favourite": "engines" }));
}

#[test]
fn oi_008_the_sub_is_that_of_the_id_token_and_nobody_is_told_of_who_is_gone() {
    let mut s = provider(json!({}));
    let tokens = signed_in(&mut s, "openid", &[]);
    let token = text(&tokens["access_token"]).to_owned();
    assert_eq!(told(&mut s, &token).1["sub"], claims_of(text(&tokens["id_token"]))["sub"]);
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": true } }));
    assert_eq!(told(&mut s, &token).0, 401);
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": false } }));
    s.world.ok(json!({ "clients.update": { "id": s.client, "disabled": true } }));
    assert_eq!(told(&mut s, &token).0, 401);
}

/// Nobody signs in here through another provider; what there is of an address is a claim, and people are found by their login alone.
#[test]
fn oi_014_nobody_is_taken_for_who_has_the_address_that_they_claim() {
    let mut s = provider(json!({}));
    let eve = json!({ "login": "eve", "password": PASSWORD, "claims": { "email": "ada@example.com", "email_verified": true } });
    let eve = s.world.ok(json!({ "accounts.create": eve }))["id"].clone();
    assert_ne!(eve, json!(s.subject));
    assert_eq!(s.world.ok(json!({ "accounts.find": { "login": "ada@example.com" } })), json!(null));
    let query = s.query(&[("scope", Some("openid"))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let page = s.browser.sign_in(&mut s.world, &interaction, "ada@example.com", PASSWORD);
    assert_eq!((page["status"].as_u64(), header(&page, "set-cookie")), (Some(401), None), "{page}");
}

#[test]
fn oi_015_an_address_is_told_to_the_letter_and_judged_by_nobody_here() {
    for email in ["a@evil.example@good.example", "\"a b@good.example\"@evil.example", "a(@good.example)@evil.example"] {
        let mut s = provider(json!({}));
        let claims = json!({ "email": email });
        s.world.ok(json!({ "accounts.update": { "id": s.subject, "claims": claims } }));
        let tokens = signed_in(&mut s, "openid email", &[]);
        let (_, said) = told(&mut s, text(&tokens["access_token"]));
        assert_eq!((&said["email"], &said["email_verified"]), (&json!(email), &json!(false)), "{said}");
    }
}

#[test]
fn a_client_that_registered_an_algorithm_gets_a_signed_answer() {
    let mut s = provider(json!({}));
    s.world.ok(json!({ "clients.update": { "id": s.client, "openid": { "userinfoAlg": "EdDSA" } } }));
    let token = text(&signed_in(&mut s, "openid email", &[])["access_token"]).to_owned();
    let response = send(&mut s.world, asking("GET", Some(&format!("Bearer {token}")), None));
    assert_eq!(header(&response, "content-type"), Some("application/jwt"));
    let said = claims_of(text(&response["body"]));
    assert_eq!(
        (&said["iss"], &said["aud"], &said["email"]),
        (&json!(World::ISSUER), &json!(s.client), &json!("ada@example.com"))
    );
    assert_eq!(told(&mut s, text(&response["body"])).0, 401, "it is no token");
}

#[test]
fn a_bound_token_needs_its_key_and_each_proof_is_good_once() {
    let mut s = provider(json!({}));
    let key = ClientKey::es256(1);
    let query = s.query(&[("scope", Some("openid"))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    let answer = s.browser.allow(&mut s.world, &interaction, &["openid"]);
    let code = claviger_tests::location_parameter(&answer, "code").unwrap();
    let redeem = with_header(s.redeem_command(&code), "dpop", &key.proof(&s.world, "/token"));
    let token = text(&reply(&s.world.ok(redeem)).1["access_token"]).to_owned();
    assert_eq!(told(&mut s, &token).0, 401, "a bound token is no bearer token");
    let ath = ath(&token);
    let proof = key.proof_with(&s.world, "/userinfo", json!({}), json!({ "htm": "GET", "ath": ath }));
    let with_proof = with_header(asking("GET", Some(&format!("DPoP {token}")), None), "dpop", &proof);
    assert_eq!(reply(&send(&mut s.world, with_proof.clone())), (200, json!({ "sub": s.subject })));
    assert_eq!(send(&mut s.world, with_proof)["status"], 401, "spent");
}

fn ath(token: &str) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(token.as_bytes()))
}
