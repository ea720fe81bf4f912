//! Names that no two sectors have in common: how strangers must not come by another sector's (OI-012, DC-023).

use claviger_tests::setting::{PASSWORD, Setting, authorization_query, client, header, post_as, reply, text};
use claviger_tests::{Browser, VERIFIER, World, basic, claims_of, form, location_parameter};
use serde_json::{Value, json};

use crate::check::send;
use crate::device::{GRANT, enter, poll_as};
use crate::metadata_documents::{self, document};
use crate::openid::{provider, signed_in};
use crate::registration::{registered, request};

const SALT: &str = "0123456789abcdef0123456789abcdef";
const VICTIM: &str = "https://victim.example/cb";

/// What the userinfo endpoint tells whoever has this token.
pub(crate) fn userinfo(world: &mut World, tokens: &Value) -> (u64, Value) {
    let authorization = json!([["authorization", format!("Bearer {}", text(&tokens["access_token"]))]]);
    reply(&world.ok(
        json!({ "http": { "method": "GET", "url": format!("{}/userinfo", World::ISSUER), "headers": authorization } }),
    ))
}

/// A world in which anybody registers a client that knows people by pairwise names, and `ada`.
pub(crate) fn strangers(registration: Value) -> World {
    let mut config = json!({ "mode": "open", "perHour": 1000 });
    for (name, value) in registration.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    let mut world = World::with(json!({ "openid": { "pairwiseSalt": SALT }, "capabilities": ["fetch"],
        "registration": config }));
    world.ok(
        json!({ "accounts.create": { "login": "ada", "password": PASSWORD, "claims": { "email": "a@b.example" } } }),
    );
    world
}

/// The tokens of a sign-in to a client that registered itself.
fn sign_in(world: &mut World, made: &Value, redirect_uri: &str, browser: &mut Browser) -> Value {
    let id = text(&made["client_id"]);
    let query = authorization_query(id, &[("scope", Some("openid")), ("redirect_uri", Some(redirect_uri))]);
    let interaction = browser.begin(world, &query);
    browser.sign_in(world, &interaction, "ada", PASSWORD);
    let code = location_parameter(&browser.allow(world, &interaction, &["openid"]), "code").unwrap();
    redeem(world, made, &code)
}

fn redeem(world: &mut World, made: &Value, code: &str) -> Value {
    let fields = [("grant_type", "authorization_code"), ("code", code), ("code_verifier", VERIFIER)];
    let authorization = basic(text(&made["client_id"]), text(&made["client_secret"]));
    let (status, tokens) = reply(&world.ok(post_as(&authorization, "/token", &fields)));
    assert_eq!(status, 200, "{tokens}");
    tokens
}

fn sub_of(tokens: &Value) -> Value {
    claims_of(text(&tokens["id_token"]))["sub"].clone()
}

/// What `victim.example`, whose clients are honest, calls the person.
fn name_at_the_victim(world: &mut World) -> Value {
    let made = registered(world, json!({ "redirect_uris": [VICTIM], "subject_type": "pairwise" }));
    sub_of(&sign_in(world, &made, VICTIM, &mut Browser::new()))
}

#[test]
fn oi_012_a_client_does_not_join_a_sector_after_it_got_its_grants() {
    for before in ["pairwise", "public"] {
        let mut world = strangers(json!({}));
        let known_as = name_at_the_victim(&mut world);
        world.advance(1);
        let evil = "https://evil.example/cb";
        let made = registered(&mut world, json!({ "redirect_uris": [evil], "subject_type": before }));
        let tokens = sign_in(&mut world, &made, evil, &mut Browser::new());
        world.advance(1);
        let body = json!({ "client_id": made["client_id"], "redirect_uris": [VICTIM], "subject_type": "pairwise" });
        let uri = text(&made["registration_client_uri"]);
        let token = made["registration_access_token"].as_str();
        let (status, _) = reply(&send(&mut world, request("PUT", uri, token, Some(&body.to_string()))));
        assert_eq!(status, 200);
        let (_, told) = userinfo(&mut world, &tokens);
        assert_ne!(told["sub"], known_as, "{before}");
        let fields = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens["refresh_token"]))];
        let authorization = basic(text(&made["client_id"]), text(&made["client_secret"]));
        let (status, refreshed) = reply(&world.ok(post_as(&authorization, "/token", &fields)));
        assert_eq!(status, 400, "{refreshed}");
    }
}

#[test]
fn oi_012_who_gets_tokens_without_a_redirect_is_in_no_sector_of_others() {
    let mut world = strangers(json!({ "grantTypes": ["authorization_code", "refresh_token", GRANT] }));
    let known_as = name_at_the_victim(&mut world);
    let made = registered(
        &mut world,
        json!({ "redirect_uris": [VICTIM], "subject_type": "pairwise", "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", GRANT] }),
    );
    let id = text(&made["client_id"]).to_owned();
    let (_, asked) = reply(&world.ok(post_as("", "/device_authorization", &[("client_id", &id), ("scope", "openid")])));
    let mut browser = Browser::new();
    let (handle, _) = enter(&mut browser, &mut world, text(&asked["user_code"]));
    let back = browser.sign_in(&mut world, &handle, "ada", PASSWORD);
    let back = header(&back, "location").unwrap().to_owned();
    browser.get(&mut world, &back);
    let body = form(&[("interaction", &handle), ("decision", "allow"), ("scope", "openid")]);
    assert_eq!(browser.post(&mut world, "/device", &body)["status"], 200);
    world.advance(5);
    let (status, tokens) = reply(&world.ok(poll_as(&id, text(&asked["device_code"]))));
    assert_eq!(status, 200, "{tokens}");
    assert_ne!(sub_of(&tokens), known_as);
}

#[test]
fn oi_012_programs_on_the_same_kind_of_address_are_not_one_sector() {
    let mut world = strangers(json!({}));
    let names = [1, 2].map(|_| {
        let own = "http://127.0.0.1:3000/cb";
        let made = registered(&mut world, json!({ "redirect_uris": [own], "subject_type": "pairwise" }));
        sub_of(&sign_in(&mut world, &made, own, &mut Browser::new()))
    });
    assert_ne!(names[0], names[1]);
}

#[test]
fn dc_023_a_metadata_document_names_no_sector_of_others() {
    let registration = json!({ "documents": true, "mode": "open", "perHour": 1000 });
    let sector = "https://victim.example/sector.json";
    for (address, good) in [(sector, false), ("https://app.example.com/sector.json", true)] {
        let mut s = Setting::new(
            json!({ "openid": { "pairwiseSalt": SALT }, "registration": registration, "capabilities": ["fetch"] }),
            "opaque",
        );
        s.client = metadata_documents::ID.to_owned();
        let said = document(json!({ "subject_type": "pairwise", "sector_identifier_uri": address }));
        metadata_documents::serve(&mut s, said);
        assert_eq!(metadata_documents::is_taken(&mut s), good, "{address}");
    }
}

#[test]
fn oi_012_no_token_tells_a_client_what_others_call_the_person() {
    let mut s = provider(json!({ "openid": { "pairwiseSalt": SALT } }));
    for access_token in ["opaque", "jwt"] {
        let openid = json!({ "subjectType": "pairwise" });
        (s.client, s.secret) = client(&mut s.world, json!({ "openid": openid, "accessToken": access_token }));
        let tokens = signed_in(&mut s, "openid", &[]);
        let known_as = sub_of(&tokens);
        assert_ne!(known_as, json!(s.subject));
        let token = text(&tokens["access_token"]);
        if token.contains('.') {
            assert_ne!(claims_of(token)["sub"], json!(s.subject), "a JWT is read by whoever has it");
        }
        for name in ["access_token", "refresh_token"] {
            assert_eq!(s.introspect(text(&tokens[name]))["sub"], known_as, "{access_token} {name}");
        }
    }
}
