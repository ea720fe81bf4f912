//! What two rules, each good by itself, must not allow together: claims and consent, updates and fetches, one client's keys and
//! another's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_tests::setting::{CALLBACK, Setting, client, header, post_as, reply, text};
use claviger_tests::{ClientKey, World, claims_of, location_parameter};
use serde_json::{Value, json};

use crate::check::{redirected_error, send};
use crate::openid::{provider, signed_in};
use crate::openid_pairwise::{strangers, userinfo};
use crate::registration::{metadata, register, registered, request};

#[test]
fn az_073_claims_that_nobody_consented_to_are_not_told() {
    let mut s = provider(json!({}));
    s.world.ok(json!({ "clients.update": { "id": s.client, "scopes": ["openid"] } }));
    signed_in(&mut s, "openid", &[]);
    let names = json!({ "email": null, "phone_number": null, "favourite": null });
    let asked = json!({ "userinfo": names, "id_token": names }).to_string();
    let answer = s.authorize(&[("scope", Some("openid")), ("claims", Some(&asked)), ("prompt", Some("none"))]);
    let code = location_parameter(&answer, "code").unwrap();
    let (_, tokens) = s.redeem(&code);
    let told = userinfo(&mut s.world, &tokens).1;
    assert_eq!(told, json!({ "sub": s.subject }));
    let said = claims_of(text(&tokens["id_token"]));
    assert!(said.get("email").is_none() && said.get("favourite").is_none(), "{said}");
}

#[test]
fn az_073_the_person_is_asked_for_claims_as_for_scopes() {
    let mut s = provider(json!({}));
    signed_in(&mut s, "openid", &[]);
    let claims = json!({ "userinfo": { "email": null, "given_name": null } }).to_string();
    let asked = [("scope", Some("openid")), ("claims", Some(claims.as_str())), ("prompt", Some("none"))];
    let answer = s.authorize(&asked);
    assert_eq!(redirected_error(&answer, CALLBACK, Some("s&t")), "consent_required");
    let query = s.query(&[("scope", Some("openid")), ("claims", Some(&claims))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let page = s.browser.get(&mut s.world, &format!("/consent?interaction={interaction}"));
    for shown in ["See your email address", "See your name, picture and the rest of your profile"] {
        assert!(text(&page["body"]).contains(shown), "{shown}: {page}");
    }
    let answer = s.browser.allow(&mut s.world, &interaction, &["openid", "email"]);
    let (_, tokens) = s.redeem(&location_parameter(&answer, "code").unwrap());
    let told = userinfo(&mut s.world, &tokens).1;
    assert_eq!(told, json!({ "sub": s.subject, "email": "ada@example.com", "email_verified": true }));
    let answer = s.authorize(&asked);
    assert_eq!(redirected_error(&answer, CALLBACK, Some("s&t")), "consent_required", "the profile was left unticked");
    let email = json!({ "userinfo": { "email": null } }).to_string();
    let answer = s.authorize(&[asked[0], ("claims", Some(&email)), asked[2]]);
    assert!(location_parameter(&answer, "code").is_some(), "{answer}");
}

#[test]
fn dc_019_a_registration_access_token_that_was_replaced_is_over_after_its_grace_however_it_is_used() {
    let mut world = strangers(json!({}));
    let made = registered(&mut world, json!({}));
    let token = made["registration_access_token"].as_str();
    let uri = text(&made["registration_client_uri"]);
    let body = json!({ "client_id": made["client_id"], "redirect_uris": [CALLBACK] }).to_string();
    let put = request("PUT", uri, token, Some(&body));
    for _ in 0..2 {
        assert_eq!(send(&mut world, put.clone())["status"], 200);
        world.advance(6);
    }
    assert_eq!(send(&mut world, put)["status"], 401);
}

#[test]
fn dc_021_a_registration_is_not_replaced_to_send_this_server_after_another() {
    let mut world = strangers(json!({ "perHour": 5 }));
    let mut made = registered(&mut world, json!({}));
    let address = "https://victim.example/list";
    let answer = json!({ "response": { "status": 200, "headers": [], "body": json!([CALLBACK]).to_string() } });
    world.store.web.insert(address.to_owned(), answer);
    for _ in 0..20 {
        let body = json!({ "client_id": made["client_id"], "redirect_uris": [CALLBACK],
            "sector_identifier_uri": address });
        let token = made["registration_access_token"].as_str().map(str::to_owned);
        let uri = text(&made["registration_client_uri"]).to_owned();
        let (status, next) = reply(&send(&mut world, request("PUT", &uri, token.as_deref(), Some(&body.to_string()))));
        if status != 200 {
            assert_eq!(status, 429, "{next}");
            break;
        }
        made = next;
    }
    assert!(world.store.fetched.len() <= 5, "{}", world.store.fetched.len());
}

#[test]
fn jw_053_strangers_do_not_use_up_the_fetches_of_a_clients_own_keys() {
    let mut world = World::with(json!({ "capabilities": ["fetch"] }));
    let keyed = |world: &mut World, path: &str, status: u64, key: &ClientKey| {
        let uri = format!("https://shared.example/{path}");
        let jwks = json!({ "keys": [key.public_jwk()] }).to_string();
        let answer = json!({ "response": { "status": status, "headers": [], "body": jwks } });
        world.store.web.insert(uri.clone(), answer);
        let members = json!({ "authMethod": "private_key_jwt", "jwksUri": uri, "grantTypes": ["client_credentials"],
            "redirectUris": [] });
        client(world, members).0
    };
    let ask = |world: &mut World, id: &str, key: &ClientKey| {
        let assertion = key.assertion(world, id, json!({}), json!({}));
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let fields = [("client_assertion", assertion.as_str()), ("client_assertion_type", kind)];
        let command = post_as("", "/token", &[&fields[..], &[("grant_type", "client_credentials")]].concat());
        world.run(command)["ok"]["status"].as_u64()
    };
    let (own, forged) = (ClientKey::es256(1), ClientKey::es256(9));
    let honest = keyed(&mut world, "honest", 200, &own);
    assert_eq!(ask(&mut world, &honest, &own), Some(200));
    world.advance(600);
    for number in 0..40 {
        let stranger = keyed(&mut world, &number.to_string(), 404, &own);
        ask(&mut world, &stranger, &forged);
    }
    assert_eq!(ask(&mut world, &honest, &own), Some(200));
}

#[test]
fn az_074_a_client_that_nobody_allowed_anything_does_not_learn_whose_browser_it_is() {
    let mut s = provider(json!({}));
    s.tokens();
    let (stranger, _) = client(&mut s.world, json!({}));
    let asked = |sub: &str| json!({ "id_token": { "sub": { "value": sub } } }).to_string();
    let subject = s.subject.clone();
    let [right, wrong] = [subject.as_str(), "somebody"].map(|sub| {
        let changes = [("scope", Some("openid")), ("prompt", Some("none")), ("client_id", Some(stranger.as_str()))];
        let claims = asked(sub);
        let answer = s.authorize(&[&changes[..], &[("claims", Some(claims.as_str()))]].concat());
        location_parameter(&answer, "error")
    });
    assert_eq!(right, wrong);
}

#[test]
fn az_010_a_cookie_that_was_not_made_here_is_not_sent_back() {
    let mut s = Setting::opaque();
    for sent in [
        "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
        "\u{1}234567890123456789012",
        "a\rset-cookie:x=y345678",
    ] {
        assert_eq!(sent.len(), 22);
        let url = format!("{}/authorize?{}", World::ISSUER, s.query(&[]));
        let cookie = format!("__Host-claviger-browser={sent}");
        let get = json!({ "http": { "method": "GET", "url": url, "headers": [["cookie", cookie]] } });
        let response = s.world.ok(get);
        let set = header(&response, "set-cookie").unwrap();
        assert!(!set.contains(sent) && set.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '), "{set}");
    }
}

#[test]
fn dc_021_a_registration_fits_in_a_row() {
    let scopes: Vec<String> = (0..12).map(|n| format!("{n:s>80}")).collect();
    let words: serde_json::Map<String, Value> = scopes.iter().map(|name| (name.clone(), json!("x"))).collect();
    let mut world = World::with(json!({ "openid": {}, "capabilities": ["fetch"], "scopes": words,
        "registration": { "mode": "open" } }));
    let long = |start: &str, length: usize, n: usize| {
        format!("{start}{n}{}", "x".repeat(length - start.len() - n.to_string().len()))
    };
    let uris: Vec<String> = (0..8).map(|n| long("https://app.example.com/", 2040, n)).collect();
    let rsa = |n: u8| {
        let modulus = URL_SAFE_NO_PAD.encode([n | 0x81; 512]);
        json!({ "kty": "RSA", "alg": "RS256", "e": "AQAB", "n": modulus, "kid": long("", 128, n.into()) })
    };
    let keys: Vec<Value> = (0..8).map(|n| rsa(n << 1)).collect();
    let page = long("https://app.example.com/", 1024, 0);
    let mut said = metadata(json!({ "redirect_uris": uris, "post_logout_redirect_uris": uris,
        "scope": scopes.join(" "), "client_name": "\u{1F600}".repeat(200), "contacts": vec!["\"".repeat(254); 20],
        "software_id": "\"".repeat(1024), "software_version": "\"".repeat(1024),
        "client_uri": page, "logo_uri": page, "tos_uri": page, "policy_uri": page,
        "backchannel_logout_uri": long("https://app.example.com/", 2048, 0),
        "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": keys } }));
    assert_eq!(reply(&send(&mut world, register(&said))).1["error"], "invalid_client_metadata");
    said["contacts"] = json!([]);
    let (_, made) = reply(&send(&mut world, register(&said)));
    let key = world.store.keys(&format!("main.client.{}", text(&made["client_id"]))).remove(0);
    let size = world.store.value(&key).unwrap().to_string().len();
    assert!((50 * 1024..=60 * 1024).contains(&size), "{size}");
}
