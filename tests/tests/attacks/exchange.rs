//! Token exchange (RFC 8693): TK-057 to TK-066.

use claviger_tests::setting::{Setting, authorization_query, client, post_as, redeem_fields, reply, text};
use claviger_tests::{ClientKey, World, basic, claims_of, location_parameter, with_header};
use serde_json::{Value, json};

use crate::check::{refusal, send, send_unchanged};

pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub(crate) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
pub(crate) const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
pub(crate) const FRONT: &str = "https://front.example.com";
pub(crate) const BACK: &str = "https://back.example.com";
pub(crate) const OTHER: &str = "https://other.example.com";

/// An application, the front API that it calls, and the back API that the front one calls in turn.
pub(crate) struct Chain {
    pub(crate) s: Setting,
    pub(crate) front: (String, String),
}

impl Chain {
    pub(crate) fn new(form: &str) -> Self {
        Self::with(World::SECRET, form)
    }

    pub(crate) fn with(secret: &str, form: &str) -> Self {
        let resources = json!({ FRONT: { "accessToken": form }, BACK: { "accessToken": form }, OTHER: {} });
        let mut s = Setting::new(json!({ "resources": resources, "secret": secret }), form);
        let front = server(&mut s.world, json!({ "resources": [FRONT], "exchangeFor": [BACK] }));
        Self { s, front }
    }

    /// The application's tokens for the front API.
    pub(crate) fn tokens(&mut self) -> Value {
        let query = authorization_query(&self.s.client, &[("scope", Some("read write")), ("resource", Some(FRONT))]);
        let interaction = self.s.browser.begin(&mut self.s.world, &query);
        if self.s.browser.get(&mut self.s.world, &format!("/consent?interaction={interaction}"))["status"] == 303 {
            self.s.browser.sign_in(&mut self.s.world, &interaction, "ada", claviger_tests::setting::PASSWORD);
        }
        let answer = self.s.browser.allow(&mut self.s.world, &interaction, &["read", "write"]);
        let code = location_parameter(&answer, "code").unwrap_or_else(|| panic!("no code in {answer}"));
        let (status, tokens) = self.s.redeem(&code);
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    pub(crate) fn token(&mut self) -> String {
        text(&self.tokens()["access_token"]).to_owned()
    }

    /// The command with which the front API exchanges a token.
    pub(crate) fn command(&self, token: &str, fields: &[(&str, &str)]) -> Value {
        exchange(&self.front, token, fields)
    }

    pub(crate) fn good(&mut self, token: &str, fields: &[(&str, &str)]) -> Value {
        let command = self.command(token, fields);
        good(&mut self.s.world, command)
    }

    pub(crate) fn refused(&mut self, token: &str, fields: &[(&str, &str)]) -> (u64, String) {
        let command = self.command(token, fields);
        refusal(&mut self.s.world, command)
    }

    pub(crate) fn introspect(&mut self, token: &Value) -> Value {
        self.s.world.ok(json!({ "tokens.introspect": { "token": token } }))
    }

    pub(crate) fn is_active(&mut self, token: &Value) -> bool {
        self.introspect(token)["active"] == true
    }
}

/// A client that is a resource server, and may exchange.
pub(crate) fn server(world: &mut World, mut members: Value) -> (String, String) {
    members["redirectUris"] = json!([]);
    members["grantTypes"] = json!([GRANT, "client_credentials"]);
    client(world, members)
}

pub(crate) fn exchange(by: &(String, String), token: &str, fields: &[(&str, &str)]) -> Value {
    let usual = [("grant_type", GRANT), ("subject_token", token), ("subject_token_type", ACCESS_TOKEN)];
    post_as(&basic(&by.0, &by.1), "/token", &[&usual[..], fields].concat())
}

pub(crate) fn good(world: &mut World, command: Value) -> Value {
    let (status, body) = reply(&send(world, command));
    assert_eq!(status, 200, "{body}");
    body
}

pub(crate) fn invalid(error: &str) -> (u64, String) {
    (400, error.to_owned())
}

#[test]
fn a_resource_server_gets_a_token_for_the_one_it_calls_and_says_who_acts() {
    for form in ["jwt", "opaque"] {
        let mut chain = Chain::new(form);
        let token = chain.token();
        chain.s.world.take_events();
        let result = chain.good(&token, &[("resource", BACK), ("scope", "read")]);
        assert_eq!(chain.s.world.asked(), &["load", "commit"], "{form}");
        assert_eq!(
            (&result["issued_token_type"], &result["token_type"], &result["scope"], result.get("refresh_token")),
            (&json!(ACCESS_TOKEN), &json!("Bearer"), &json!("read"), None)
        );
        let told = chain.s.world.take_events();
        assert_eq!((&told[0]["name"], &told[0]["clientId"]), (&json!("token.exchanged"), &json!(chain.front.0)));
        let act = json!({ "sub": chain.front.0 });
        let verify = json!({ "tokens.verify": { "token": result["access_token"], "audience": BACK } });
        let principal = chain.s.world.ok(verify);
        assert_eq!((&principal["subject"], &principal["actor"]), (&json!(chain.s.subject), &act));
        assert_eq!((&principal["clientId"], &principal["audience"]), (&json!(chain.front.0), &json!([BACK])));
        if form == "jwt" {
            let claims = claims_of(text(&result["access_token"]));
            assert_eq!((&claims["act"], &claims["sub"], &claims["aud"]), (&act, &json!(chain.s.subject), &json!(BACK)));
            assert_eq!(claims["client_id"], json!(chain.front.0));
        }
        let introspected = chain.introspect(&result["access_token"]);
        assert_eq!((&introspected["act"], &introspected["client_id"]), (&act, &json!(chain.front.0)));
        let at_front = json!({ "tokens.verify": { "token": result["access_token"], "audience": FRONT } });
        assert_eq!(chain.s.world.refused(at_front), "invalid_token", "for one resource, and no other");
    }
}

#[test]
fn the_same_request_again_gets_the_same_token_and_stores_nothing() {
    let mut chain = Chain::new("opaque");
    let token = chain.token();
    let command = chain.command(&token, &[("audience", BACK)]);
    let first = good(&mut chain.s.world, command.clone());
    chain.s.world.advance(200);
    let again = reply(&send_unchanged(&mut chain.s.world, command.clone())).1;
    assert_eq!(chain.s.world.asked(), &["load"]);
    assert_eq!(again["access_token"], first["access_token"]);
    // With less than half of its life left, a caller may want more.
    chain.s.world.advance(500);
    let later = good(&mut chain.s.world, command);
    assert_ne!(later["access_token"], first["access_token"]);
    // The one that was exchanged is not taken for the client's own.
    let mine = exchange(&(chain.s.client.clone(), chain.s.secret.clone()), &token, &[]);
    assert_eq!(refusal(&mut chain.s.world, mine), invalid("unauthorized_client"));
}

#[test]
fn many_exchanges_forget_no_token_of_the_clients_own() {
    let mut chain = Chain::new("opaque");
    let token = chain.token();
    for _ in 0..12 {
        let (id, secret) = server(&mut chain.s.world, json!({ "resources": [FRONT] }));
        let command = exchange(&(id, secret), &token, &[]);
        good(&mut chain.s.world, command);
    }
    assert!(chain.is_active(&json!(token)));
}

#[test]
fn actors_stand_inside_one_another_and_the_chain_is_bounded() {
    let mut chain = Chain::new("jwt");
    let mut token = chain.token();
    let mut acted = Vec::new();
    for _ in 0..4 {
        let next = server(&mut chain.s.world, json!({ "resources": [FRONT] }));
        let command = exchange(&next, &token, &[]);
        token = text(&good(&mut chain.s.world, command)["access_token"]).to_owned();
        acted.push(next.0);
    }
    let expected = acted.iter().fold(Value::Null, |before, sub| match before {
        Value::Null => json!({ "sub": sub }),
        before => json!({ "sub": sub, "act": before }),
    });
    assert_eq!(claims_of(&token)["act"], expected);
    let last = server(&mut chain.s.world, json!({ "resources": [FRONT] }));
    let command = exchange(&last, &token, &[]);
    assert_eq!(refusal(&mut chain.s.world, command), invalid("invalid_request"));
}

#[test]
fn an_actor_token_names_who_acts() {
    let mut chain = Chain::new("jwt");
    let token = chain.token();
    let own = post_as(&basic(&chain.front.0, &chain.front.1), "/token", &[("grant_type", "client_credentials")]);
    let own = good(&mut chain.s.world, own);
    let fields = [("actor_token", text(&own["access_token"])), ("actor_token_type", JWT), ("resource", BACK)];
    let result = chain.good(&token, &fields);
    assert_eq!(claims_of(text(&result["access_token"]))["act"], json!({ "sub": chain.front.0 }));
    assert_eq!(chain.s.world.asked().iter().filter(|ask| *ask == "load").count(), 2);
    // A token of somebody else's is no actor of this client's, nor is one that was exchanged, or is none at all.
    let exchanged = text(&result["access_token"]).to_owned();
    for actor in [token.as_str(), &exchanged, "cva_x", "x.y.z"] {
        let fields = [("actor_token", actor), ("actor_token_type", ACCESS_TOKEN)];
        assert_eq!(chain.refused(&token, &fields), invalid("invalid_request"), "{actor}");
    }
}

#[test]
fn tk_057_missing_and_unknown_parameters_are_invalid_requests() {
    let mut chain = Chain::new("opaque");
    let token = chain.token();
    let authorization = basic(&chain.front.0, &chain.front.1);
    let usual = [("grant_type", GRANT), ("subject_token", token.as_str()), ("subject_token_type", ACCESS_TOKEN)];
    for missing in ["subject_token", "subject_token_type"] {
        let fields: Vec<_> = usual.into_iter().filter(|(name, _)| *name != missing).collect();
        let command = post_as(&authorization, "/token", &fields);
        assert_eq!(refusal(&mut chain.s.world, command), invalid("invalid_request"), "{missing}");
    }
    for fields in [
        &[("actor_token", token.as_str())][..],
        &[("actor_token_type", ACCESS_TOKEN)],
        &[("actor_token", token.as_str()), ("actor_token_type", "urn:x")],
        &[("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token")],
        &[("requested_token_type", "urn:ietf:params:oauth:token-type:id_token")],
        &[("subject_token", "x")],
    ] {
        assert_eq!(chain.refused(&token, fields), invalid("invalid_request"), "{fields:?}");
    }
    for token_type in ["urn:ietf:params:oauth:token-type:refresh_token", "urn:x", "access_token", JWT] {
        let fields = [("grant_type", GRANT), ("subject_token", &token), ("subject_token_type", token_type)];
        let command = post_as(&authorization, "/token", &fields);
        assert_eq!(refusal(&mut chain.s.world, command), invalid("invalid_request"), "{token_type}");
    }
}

#[test]
fn tk_058_a_subject_token_that_is_not_alive_and_ours_is_refused() {
    for form in ["jwt", "opaque"] {
        let mut chain = Chain::new(form);
        let tokens = chain.tokens();
        let token = text(&tokens["access_token"]).to_owned();
        let mut bent = token.clone();
        let last = if bent.pop() == Some('A') { 'B' } else { 'A' };
        bent.push(last);
        let key = ClientKey::es256(1);
        let foreign = key.sign(&json!({ "typ": "at+jwt", "alg": "ES256" }), &json!({ "iss": "https://other.example" }));
        let another = Chain::with("another root secret: k3Jx0PqLw9TzRv", form).token();
        for bad in [bent.as_str(), &foreign, text(&tokens["refresh_token"]), "x", &another] {
            assert_eq!(chain.refused(bad, &[]), invalid("invalid_request"), "{bad}");
        }
        let revoked = text(&chain.tokens()["access_token"]).to_owned();
        chain.s.post("/revoke", &[("token", &revoked)]);
        assert_eq!(chain.refused(&revoked, &[]), invalid("invalid_request"));
        let disable = |disabled| json!({ "clients.update": { "id": chain.s.client, "disabled": disabled } });
        let (disable, enable) = (disable(true), disable(false));
        chain.s.world.ok(disable);
        assert_eq!(chain.refused(&token, &[]), invalid("invalid_request"), "its client is disabled");
        chain.s.world.ok(enable);
        chain.good(&token, &[]);
        chain.s.world.advance(900);
        assert_eq!(chain.refused(&token, &[]), invalid("invalid_request"), "expired");
    }
}

#[test]
fn tk_058_tk_066_the_token_of_a_disabled_person_is_worth_nothing() {
    let mut chain = Chain::new("jwt");
    let token = chain.token();
    let result = chain.good(&token, &[("resource", BACK)]);
    chain.s.world.ok(json!({ "accounts.update": { "id": chain.s.subject, "disabled": true } }));
    assert_eq!(chain.refused(&token, &[]), invalid("invalid_request"));
    assert!(!chain.is_active(&result["access_token"]));
}

#[test]
fn tk_060_scopes_only_become_fewer() {
    let mut chain = Chain::new("jwt");
    let token = chain.token();
    let narrow = chain.good(&token, &[("scope", "read")]);
    let narrow = text(&narrow["access_token"]).to_owned();
    for wider in ["write", "read write", "admin", "read read2"] {
        assert_eq!(chain.refused(&narrow, &[("scope", wider)]), invalid("invalid_scope"), "{wider}");
    }
    assert_eq!(chain.good(&narrow, &[])["scope"], "read");
    // Nor does the client get what it may not have itself, or what means nothing at the resource.
    let poor = server(&mut chain.s.world, json!({ "resources": [FRONT], "scopes": ["write"] }));
    let command = exchange(&poor, &token, &[]);
    assert_eq!(good(&mut chain.s.world, command)["scope"], "write");
    let command = exchange(&poor, &token, &[("scope", "read")]);
    assert_eq!(refusal(&mut chain.s.world, command), invalid("invalid_scope"));
}

#[test]
fn tk_061_only_a_client_that_may_exchanges_and_only_what_was_sent_to_it() {
    let mut chain = Chain::new("opaque");
    let token = chain.token();
    let app = (chain.s.client.clone(), chain.s.secret.clone());
    let command = exchange(&app, &token, &[]);
    assert_eq!(refusal(&mut chain.s.world, command), invalid("unauthorized_client"));
    let public = json!({ "name": "App", "redirectUris": [], "authMethod": "none", "grantTypes": [GRANT] });
    assert_eq!(chain.s.world.refused(json!({ "clients.create": public })), "invalid_argument");
    // The server of another resource, though it may exchange.
    let stranger = server(&mut chain.s.world, json!({ "resources": [OTHER], "exchangeFor": [BACK] }));
    let command = exchange(&stranger, &token, &[]);
    assert_eq!(refusal(&mut chain.s.world, command), invalid("invalid_request"));
    // A client's own token is no person's to act for.
    let own = post_as(&basic(&stranger.0, &stranger.1), "/token", &[("grant_type", "client_credentials")]);
    let own = text(&good(&mut chain.s.world, own)["access_token"]).to_owned();
    let command = exchange(&stranger, &own, &[]);
    assert_eq!(refusal(&mut chain.s.world, command), invalid("invalid_request"));
    // Without its secret, it is nobody.
    let unproven = exchange(&(chain.front.0.clone(), "wrong".into()), &token, &[]);
    assert_eq!(reply(&send_unchanged(&mut chain.s.world, unproven)).0, 401);
}

#[test]
fn tk_061_a_target_must_be_the_tokens_own_or_one_that_the_client_may_exchange_for() {
    let mut chain = Chain::new("opaque");
    let token = chain.token();
    for bad in [
        &[("resource", OTHER)][..],
        &[("resource", "https://nowhere.example")],
        &[("resource", World::ISSUER)],
        &[("resource", BACK), ("audience", FRONT)],
        &[("resource", BACK), ("resource", FRONT)],
        &[("audience", "back")],
    ] {
        assert_eq!(chain.refused(&token, bad), invalid("invalid_target"), "{bad:?}");
    }
    for own in [&[("resource", FRONT)][..], &[("resource", BACK), ("audience", BACK)], &[]] {
        chain.good(&token, own);
    }
    chain.s.world.ok(json!({ "clients.update": { "id": chain.front.0, "exchangeFor": [] } }));
    assert_eq!(chain.refused(&token, &[("resource", BACK)]), invalid("invalid_target"));
    let unknown = json!({ "id": chain.front.0, "exchangeFor": ["https://nowhere.example"] });
    assert_eq!(chain.s.world.refused(json!({ "clients.update": unknown })), "invalid_argument");
}

#[test]
fn a_client_may_narrow_a_token_of_its_own() {
    let mut chain = Chain::new("jwt");
    let token = chain.token();
    let grants = json!([GRANT, "authorization_code", "refresh_token"]);
    chain.s.world.ok(json!({ "clients.update": { "id": chain.s.client, "grantTypes": grants } }));
    let app = (chain.s.client.clone(), chain.s.secret.clone());
    let command = exchange(&app, &token, &[("scope", "read"), ("requested_token_type", JWT)]);
    let result = good(&mut chain.s.world, command);
    assert_eq!((&result["scope"], &result["issued_token_type"]), (&json!("read"), &json!(JWT)));
    let claims = claims_of(text(&result["access_token"]));
    assert_eq!((&claims["aud"], &claims["act"]), (&json!(FRONT), &json!({ "sub": app.0 })));
}

#[test]
fn a_jwt_is_given_to_who_asks_for_one() {
    let mut chain = Chain::new("opaque");
    let token = chain.token();
    let opaque = chain.good(&token, &[("resource", BACK), ("requested_token_type", ACCESS_TOKEN)]);
    assert!(text(&opaque["access_token"]).starts_with("cva_"));
    let jwt = chain.good(&token, &[("resource", BACK), ("requested_token_type", JWT)]);
    assert_eq!(claims_of(text(&jwt["access_token"]))["aud"], BACK);
    assert_eq!(jwt["issued_token_type"], JWT);
}

#[test]
fn tk_064_a_bound_token_is_exchanged_only_with_its_key() {
    let key = ClientKey::es256(1);
    let mut chain = Chain::new("opaque");
    let code = {
        let query = authorization_query(&chain.s.client, &[("resource", Some(FRONT))]);
        let interaction = chain.s.browser.begin(&mut chain.s.world, &query);
        chain.s.browser.sign_in(&mut chain.s.world, &interaction, "ada", claviger_tests::setting::PASSWORD);
        location_parameter(&chain.s.browser.allow(&mut chain.s.world, &interaction, &["read"]), "code").unwrap()
    };
    let proof = |key: &ClientKey, chain: &Chain| key.proof(&chain.s.world, "/token");
    let redeem = chain.s.post_command("/token", &redeem_fields(&code));
    let command = with_header(redeem, "dpop", &proof(&key, &chain));
    let bound = text(&good(&mut chain.s.world, command)["access_token"]).to_owned();
    assert_eq!(chain.refused(&bound, &[]), invalid("invalid_dpop_proof"));
    let wrong = with_header(chain.command(&bound, &[]), "dpop", &proof(&ClientKey::es256(2), &chain));
    assert_eq!(refusal(&mut chain.s.world, wrong), invalid("invalid_dpop_proof"));
    let sent = proof(&key, &chain);
    let right = with_header(chain.command(&bound, &[]), "dpop", &sent);
    let result = good(&mut chain.s.world, right.clone());
    assert_eq!(result["token_type"], "DPoP");
    assert_eq!(chain.introspect(&result["access_token"])["cnf"], json!({ "jkt": key.jkt() }));
    assert_eq!(refusal(&mut chain.s.world, right), invalid("invalid_dpop_proof"), "a proof is good once");
    let again = with_header(chain.command(&bound, &[]), "dpop", &proof(&key, &chain));
    assert_eq!(good(&mut chain.s.world, again)["access_token"], result["access_token"]);
}
