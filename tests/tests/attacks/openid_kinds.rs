//! What an ID token is not, and what a sector is (JW-031, DC-023).

use claviger_tests::setting::{CALLBACK, reply, text};
use claviger_tests::{ClientKey, World};
use serde_json::{Value, json};

use crate::check::{redirected_error, refusal};
use crate::openid::{provider, signed_in};
use crate::registration::{metadata, register};

#[test]
fn jw_031_an_id_token_is_neither_an_access_token_nor_anything_else() {
    let mut s = provider(json!({}));
    s.world.ok(json!({ "clients.update": { "id": s.client, "accessToken": "jwt" } }));
    let tokens = signed_in(&mut s, "openid", &[]);
    let id_token = text(&tokens["id_token"]).to_owned();
    assert_eq!(s.world.refused(json!({ "tokens.verify": { "token": id_token } })), "invalid_token");
    let introspected = s.world.ok(json!({ "tokens.introspect": { "token": id_token } }));
    assert_eq!(introspected, json!({ "active": false }));
    let authorization = json!([["authorization", format!("Bearer {id_token}")]]);
    let userinfo =
        json!({ "http": { "method": "GET", "url": format!("{}/userinfo", World::ISSUER), "headers": authorization } });
    assert_eq!(s.world.ok(userinfo)["status"], 401);
    for command in [s.redeem_command(&id_token), s.refresh_command(&id_token)] {
        assert_eq!(refusal(&mut s.world, command), (400, "invalid_grant".into()));
    }
}

#[test]
fn jw_031_nothing_but_an_id_token_is_a_hint() {
    let mut s = provider(json!({}));
    s.world.ok(json!({ "clients.update": { "id": s.client, "accessToken": "jwt" } }));
    let tokens = signed_in(&mut s, "openid", &[]);
    let key = ClientKey::es256(1);
    let proof = key.proof_with(&s.world, "/authorize", json!({}), json!({ "sub": s.subject, "aud": s.client }));
    let assertion = key.assertion(&s.world, &s.client, json!({}), json!({}));
    for hint in [text(&tokens["access_token"]), text(&tokens["refresh_token"]), &proof, &assertion, "x"] {
        let answer = s.authorize(&[("scope", Some("openid")), ("id_token_hint", Some(hint))]);
        assert_eq!(redirected_error(&answer, CALLBACK, Some("s&t")), "invalid_request", "{hint}");
    }
}

/// What a registration with this list at its sector is answered.
fn registered_with(list: &Value) -> (u64, Value) {
    let salt = "0123456789abcdef0123456789abcdef";
    let mut world = World::with(json!({ "openid": { "pairwiseSalt": salt }, "capabilities": ["fetch"],
        "registration": { "mode": "open" } }));
    let uris = json!(["https://one.example/cb", "https://two.example/cb"]);
    let command = register(&metadata(json!({ "redirect_uris": uris, "subject_type": "pairwise",
        "sector_identifier_uri": "https://sector.example/uris.json" })));
    let done = world.run_with(command, |ask, _, store| match ask.get("fetch") {
        None => store.answer(ask),
        Some(fetch) => {
            assert_eq!(fetch["url"], "https://sector.example/uris.json");
            match list {
                Value::Number(status) => {
                    json!({ "response": { "status": status, "headers": [], "body": uris.to_string() } })
                }
                Value::Null => json!({ "failed": "no route" }),
                list => json!({ "response": { "status": 200, "headers": [], "body": list.to_string() } }),
            }
        }
    });
    reply(&done["ok"])
}

#[test]
fn dc_023_a_sector_lists_every_redirect_uri_of_its_clients() {
    let (status, client) =
        registered_with(&json!(["https://one.example/cb", "https://two.example/cb", "https://three.example/cb"]));
    assert_eq!((status, &client["subject_type"]), (201, &json!("pairwise")), "{client}");
    for bad in [
        json!(["https://one.example/cb"]),
        json!([]),
        json!({ "https://one.example/cb": 1, "https://two.example/cb": 1 }),
        json!(["https://one.example/cb", 2]),
        json!("https://one.example/cb https://two.example/cb"),
        json!(302),
        json!(404),
        json!(null),
    ] {
        let (status, error) = registered_with(&bad);
        assert_eq!((status, &error["error"]), (400, &json!("invalid_client_metadata")), "{bad}");
    }
}

#[test]
fn a_client_that_names_no_algorithm_gets_the_one_that_registration_promises_where_it_is_offered() {
    for (signing, expected) in [
        (json!({ "alternatives": ["RS256"] }), "RS256"),
        (json!({ "algorithm": "RS256", "alternatives": ["EdDSA"] }), "RS256"),
        (json!({ "alternatives": ["ES256"] }), "EdDSA"),
    ] {
        let mut world = World::with(json!({ "openid": {}, "signing": signing, "registration": { "mode": "open" } }));
        let (status, client) = reply(&world.ok(register(&metadata(json!({})))));
        assert_eq!((status, &client["id_token_signed_response_alg"]), (201, &json!(expected)), "{client}");
    }
}
