//! Tokens that are bound to a key, at resources (DP-024, DP-025), and codes that are bound when they are asked for (DP-031).

use claviger_tests::setting::{CALLBACK, Setting, header, reply, text};
use claviger_tests::{CHALLENGE, ClientKey, Holder, World, form, location_parameter};
use serde_json::{Value, json};

use crate::check::{refusal, send};

const URL: &str = "https://auth.example.com/api/things?a=b";

/// A client with a bound token for the issuer's own API.
struct User {
    h: Holder,
    token: String,
}

impl User {
    fn new(config: Value, access_token: &str) -> Self {
        let mut h = Holder::public(config, json!({ "accessToken": access_token }));
        let token = text(&h.tokens()["access_token"]).to_owned();
        Self { h, token }
    }

    /// A proof for a GET of [`URL`] with the token.
    fn proof(&self, claims: Value) -> String {
        let ath = ath(&self.token);
        let mut of_claims = json!({ "htm": "GET", "htu": "https://auth.example.com/api/things", "ath": ath });
        for (name, value) in claims.as_object().into_iter().flatten() {
            of_claims[name] = value.clone();
        }
        self.h.key.proof_with(&self.h.s.world, "/", json!({}), of_claims)
    }

    fn ask(&self, authorization: &str, proofs: &[&str]) -> Value {
        let mut headers = vec![json!(["authorization", authorization])];
        headers.extend(proofs.iter().map(|proof| json!(["dpop", proof])));
        json!({ "authenticate": { "headers": headers, "method": "GET", "url": URL } })
    }

    fn with(&self, proofs: &[&str]) -> Value {
        self.ask(&format!("DPoP {}", self.token), proofs)
    }

    /// The code of a refusal that answers 401, changes nothing, and challenges by this scheme.
    fn refused(&mut self, command: Value, scheme: &str) -> String {
        let before = self.h.s.world.store.dump();
        let done = self.h.s.world.run(command);
        assert_eq!(self.h.s.world.store.dump(), before, "{done}");
        let refused = &done["refused"];
        assert_eq!(refused["status"], 401, "{done}");
        assert_eq!(refused["headers"][0][0], "www-authenticate", "{done}");
        let challenge = text(&refused["headers"][0][1]);
        assert!(challenge.starts_with(scheme), "{challenge}");
        assert!(challenge.contains(&format!("error=\"{}\"", text(&refused["code"]))), "{challenge}");
        text(&refused["code"]).to_owned()
    }

    fn refuses(&mut self, proofs: &[&str]) {
        let command = self.with(proofs);
        assert_eq!(self.refused(command, "DPoP "), "invalid_dpop_proof", "{proofs:?}");
    }
}

fn ath(token: &str) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(token))
}

#[test]
fn a_bound_token_with_a_proof_is_good_and_costs_a_commit() {
    for (form, asked) in [("jwt", &["commit"][..]), ("opaque", &["load", "commit"])] {
        let mut u = User::new(json!({}), form);
        let warm = u.with(&[&u.proof(json!({}))]);
        u.h.s.world.ok(warm);
        let command = u.with(&[&u.proof(json!({}))]);
        let principal = u.h.s.world.ok(command);
        assert_eq!(*u.h.s.world.asked(), asked);
        assert_eq!((&principal["jkt"], &principal["subject"]), (&json!(u.h.key.jkt()), &json!(u.h.s.subject)));
    }
}

#[test]
fn dp_024_the_proof_is_for_this_very_token() {
    let mut u = User::new(json!({}), "jwt");
    let other = text(&u.h.tokens()["access_token"]).to_owned();
    for ath in [Value::Null, json!(""), json!(ath(&other)), json!(7), json!(ath(&u.token).to_lowercase())] {
        let mut claims = json!({ "htm": "GET", "htu": "https://auth.example.com/api/things" });
        if !ath.is_null() {
            claims["ath"] = ath;
        }
        let bad = u.h.key.proof_with(&u.h.s.world, "/", json!({}), claims);
        u.refuses(&[&bad]);
    }
    let by_other = ClientKey::es256(2);
    let claims = json!({ "htm": "GET", "htu": "https://auth.example.com/api/things", "ath": ath(&u.token) });
    let bad = by_other.proof_with(&u.h.s.world, "/", json!({}), claims);
    let command = u.with(&[&bad]);
    assert_eq!(u.refused(command, "DPoP "), "invalid_token");
}

#[test]
fn dp_024_the_proof_is_for_this_very_request_once() {
    let mut u = User::new(json!({}), "jwt");
    u.refuses(&[]);
    let two = [u.proof(json!({})), u.proof(json!({}))];
    u.refuses(&[&two[0], &two[1]]);
    for claims in [
        json!({ "htm": "POST" }),
        json!({ "htu": "https://auth.example.com/api/other" }),
        json!({ "htu": "https://evil.example/api/things" }),
        json!({ "iat": u.h.s.world.now / 1000 - 3600 }),
    ] {
        let bad = u.proof(claims);
        u.refuses(&[&bad]);
    }
    let proof = u.proof(json!({}));
    let command = u.with(&[&proof]);
    u.h.s.world.ok(command);
    u.refuses(&[&proof]);
    u.h.s.world.advance(70);
    u.refuses(&[&proof]);
}

#[test]
fn dp_017_of_64_uses_of_one_proof_at_a_resource_one_is_let_through() {
    for form in ["jwt", "opaque"] {
        let mut u = User::new(json!({}), form);
        let command = u.with(&[&u.proof(json!({}))]);
        let ends = u.h.s.world.race(&command, 64);
        assert_eq!(ends.iter().filter(|end| end.get("ok").is_some()).count(), 1);
        assert!(ends.iter().all(|end| end.get("ok").is_some() || end["refused"]["code"] == "invalid_dpop_proof"));
    }
}

#[test]
fn dp_013_a_resource_is_where_it_is_configured_to_be() {
    let mut u = User::new(json!({}), "jwt");
    let mut command = u.with(&[&u.proof(json!({ "htu": "https://evil.example/api/things" }))]);
    command["authenticate"]["url"] = json!("https://evil.example/api/things");
    assert_eq!(u.refused(command, "DPoP "), "invalid_dpop_proof");
    let mut command = u.with(&[&u.proof(json!({}))]);
    command["authenticate"]["url"] = json!("http://10.0.0.7:3000/api/things");
    u.h.s.world.ok(command);
}

#[test]
fn dp_025_a_bound_token_is_no_bearer_token_and_the_other_way_round() {
    for form in ["jwt", "opaque"] {
        let mut u = User::new(json!({}), form);
        let proof = u.proof(json!({}));
        for proofs in [&[][..], &[proof.as_str()]] {
            let command = u.ask(&format!("Bearer {}", u.token), proofs);
            assert_eq!(u.refused(command, "Bearer "), "invalid_token");
        }
        let verify = json!({ "tokens.verify": { "token": u.token } });
        assert_eq!(u.h.s.world.refused(verify), "invalid_token", "only a whole request has a proof");
        let with_key = |jkt: String| json!({ "tokens.verify": { "token": u.token, "jkt": jkt } });
        let (own, other) = (with_key(u.h.key.jkt()), with_key(ClientKey::es256(2).jkt()));
        u.h.s.world.ok(own);
        assert_eq!(u.refused(other, "DPoP "), "invalid_token");
        let code = u.h.s.code();
        let command = u.h.redeem_command(&code, &[]);
        u.token = text(&reply(&send(&mut u.h.s.world, command)).1["access_token"]).to_owned();
        let command = u.with(&[&u.proof(json!({}))]);
        assert_eq!(u.refused(command, "DPoP "), "invalid_token");
        let command = u.ask(&format!("Bearer {}", u.token), &[]);
        u.h.s.world.ok(command);
        let with_key = json!({ "tokens.verify": { "token": u.token, "jkt": u.h.key.jkt() } });
        assert_eq!(u.refused(with_key, "DPoP "), "invalid_token");
    }
}

#[test]
fn dp_021_a_resource_tells_its_nonce_with_401() {
    let mut u = User::new(json!({}), "jwt");
    u.h.s.world.reopen(json!({ "dpop": { "requireNonce": true } }));
    let command = u.with(&[&u.proof(json!({}))]);
    let done = u.h.s.world.run(command.clone());
    assert_eq!(u.refused(command, "DPoP "), "use_dpop_nonce");
    assert_eq!(done["refused"]["headers"][1][0], "dpop-nonce");
    let nonce = text(&done["refused"]["headers"][1][1]).to_owned();
    let command = u.with(&[&u.proof(json!({ "nonce": nonce }))]);
    u.h.s.world.ok(command);
}

#[test]
fn a_request_that_is_refused_for_its_scopes_spends_no_proof() {
    let mut u = User::new(json!({}), "jwt");
    let proof = u.proof(json!({}));
    let mut command = u.with(&[&proof]);
    command["authenticate"]["scopes"] = json!(["write"]);
    assert_eq!(u.h.s.world.refused(command), "insufficient_scope");
    let command = u.with(&[&proof]);
    u.h.s.world.ok(command);
}

#[test]
fn a_host_that_says_not_what_was_asked_for_is_told_so() {
    let mut u = User::new(json!({}), "jwt");
    for member in ["method", "url"] {
        let mut command = u.with(&[&u.proof(json!({}))]);
        command["authenticate"].as_object_mut().unwrap().remove(member);
        assert_eq!(u.h.s.world.refused(command), "invalid_argument");
    }
}

#[test]
fn a_marker_that_cannot_be_kept_lets_nobody_through() {
    let mut u = User::new(json!({}), "jwt");
    let command = u.with(&[&u.proof(json!({}))]);
    let done = u.h.s.world.run_with(command, |ask, _, store| match ask.get("commit") {
        Some(_) => json!({ "failed": "full" }),
        None => store.answer(ask),
    });
    assert_eq!((&done["fault"]["code"], done.get("ok")), (&json!("store_failed"), None), "{done}");
}

/// The fields of a pushed request.
fn pushed(more: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    let mut fields: Vec<(&'static str, String)> = [
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "read"),
        ("state", "s&t"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec();
    fields.extend_from_slice(more);
    fields
}

fn push(h: &Holder, more: &[(&'static str, String)], proofs: &[&str]) -> Value {
    let fields = pushed(more);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    h.command("/par", &fields, proofs)
}

/// The code that a pushed request comes to.
fn code_of(s: &mut Setting, request_uri: &str) -> String {
    let query = form(&[("client_id", &s.client), ("request_uri", request_uri)]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", claviger_tests::setting::PASSWORD);
    let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
    location_parameter(&answer, "code").unwrap()
}

#[test]
fn dp_031_a_pushed_request_is_bound_to_the_key_of_its_proof() {
    let mut h = Holder::public(json!({}), json!({}));
    let named = [("dpop_jkt", ClientKey::es256(2).jkt())];
    let proof = h.key.proof(&h.s.world, "/par");
    let mismatched = push(&h, &named, &[&proof]);
    assert_eq!(refusal(&mut h.s.world, mismatched), (400, "invalid_dpop_proof".to_owned()));
    for proof in [h.key.proof(&h.s.world, "/token"), "x".to_owned()] {
        let bad = push(&h, &[], &[&proof]);
        assert_eq!(refusal(&mut h.s.world, bad), (400, "invalid_dpop_proof".to_owned()));
    }
    let good = push(&h, &[("dpop_jkt", h.key.jkt())], &[&proof]);
    let (status, body) = reply(&send(&mut h.s.world, good.clone()));
    assert_eq!((status, h.s.world.asked().as_slice()), (201, &["load".to_owned(), "commit".to_owned()][..]), "{body}");
    assert_eq!(refusal(&mut h.s.world, good), (400, "invalid_dpop_proof".to_owned()), "spent");
    let code = code_of(&mut h.s, text(&body["request_uri"]));
    let other = ClientKey::es256(2).proof(&h.s.world, "/token");
    let by_other = h.redeem_command(&code, &[&other]);
    assert_eq!(refusal(&mut h.s.world, by_other), (400, "invalid_grant".to_owned()));
    let own = h.redeem_command(&code, &[&h.proof()]);
    assert_eq!(send(&mut h.s.world, own)["status"], 200);
}

#[test]
fn dp_031_the_proof_alone_binds_too_and_is_good_once_among_64() {
    let mut h = Holder::public(json!({}), json!({}));
    let command = push(&h, &[], &[&h.key.proof(&h.s.world, "/par")]);
    let ends = h.s.world.race(&command, 64);
    let good: Vec<&Value> = ends.iter().filter(|end| end["ok"]["status"] == 201).collect();
    assert_eq!(good.len(), 1);
    let code = code_of(&mut h.s, text(&reply(&good[0]["ok"]).1["request_uri"]));
    let without = h.redeem_command(&code, &[]);
    assert_eq!(refusal(&mut h.s.world, without), (400, "invalid_dpop_proof".to_owned()));
    let own = h.redeem_command(&code, &[&h.proof()]);
    assert_eq!(send(&mut h.s.world, own)["status"], 200);
}

#[test]
fn dp_021_pushed_requests_need_and_tell_nonces_too() {
    let mut h = Holder::public(json!({ "dpop": { "requireNonce": true } }), json!({}));
    let proof = h.key.proof(&h.s.world, "/par");
    let command = push(&h, &[], &[&proof]);
    let response = send(&mut h.s.world, command);
    assert_eq!(reply(&response).1["error"], "use_dpop_nonce");
    let nonce = header(&response, "dpop-nonce").unwrap_or_default().to_owned();
    let proof = h.key.proof_with(&h.s.world, "/par", json!({}), json!({ "nonce": nonce }));
    let command = push(&h, &[], &[&proof]);
    let response = send(&mut h.s.world, command);
    assert_eq!((&response["status"], header(&response, "dpop-nonce")), (&json!(201), Some(nonce.as_str())));
}

#[test]
fn jw_031_each_consumer_takes_its_own_kind_of_token_alone() {
    let mut u = User::new(json!({}), "jwt");
    let now = u.h.s.world.now / 1000;
    let (client, key) = (u.h.s.client.clone(), ClientKey::es256(1));
    let proof = u.proof(json!({}));
    let assertion = key.assertion(&u.h.s.world, &client, json!({}), json!({}));
    let request_object = key.sign(
        &json!({ "alg": "ES256", "typ": "oauth-authz-req+jwt" }),
        &json!({ "iss": client, "aud": World::ISSUER, "iat": now, "exp": now + 60, "client_id": client }),
    );
    let session = u.h.s.browser.cookie_header();
    let session = session.split(['=', ';']).find(|part| part.starts_with("cvs_")).unwrap().to_owned();
    // As an access token: none of the others.
    for other in [&proof, &assertion, &request_object, &session] {
        let command = u.ask(&format!("Bearer {other}"), &[]);
        assert_eq!(u.refused(command, "Bearer "), "invalid_token", "{other}");
        let introspected = u.h.s.world.ok(json!({ "tokens.introspect": { "token": other } }));
        assert_eq!(introspected, json!({ "active": false }), "{other}");
    }
    // As a proof: none of the others.
    let token = u.token.clone();
    for other in [&token, &assertion, &request_object, &session] {
        u.refuses(&[other]);
    }
    // As a code and as a refresh token: none of them.
    for other in [&token, &proof, &assertion, &request_object, &session] {
        let command = u.h.redeem_command(other, &[]);
        assert_eq!(refusal(&mut u.h.s.world, command).1, "invalid_grant", "{other}");
        let command = u.h.refresh_command(other, &[]);
        assert_eq!(refusal(&mut u.h.s.world, command).1, "invalid_grant", "{other}");
    }
}
