//! `private_key_jwt` (TK-026 to TK-034, JW-031, JW-053): a client proves by an assertion that it has its key, once for each assertion.

use claviger_core::key::Algorithm;
use claviger_tests::setting::{Setting, client, post_as, redeem_fields, reply, text};
use claviger_tests::{ClientKey, World, basic};
use serde_json::{Value, json};

use crate::check::{refusal, send, send_unchanged};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const INVALID: (u64, &str) = (401, "invalid_client");

/// A client with a key, that may act for itself.
pub(crate) struct Keyed {
    pub(crate) world: World,
    pub(crate) id: String,
    pub(crate) key: ClientKey,
}

pub(crate) fn members(key: &ClientKey) -> Value {
    json!({
        "name": "Service", "redirectUris": [], "grantTypes": ["client_credentials"], "authMethod": "private_key_jwt",
        "jwks": { "keys": [key.public_jwk()] },
    })
}

impl Keyed {
    pub(crate) fn new() -> Self {
        Self::with(json!({}), json!({}), ClientKey::es256(1))
    }

    pub(crate) fn with(config: Value, changes: Value, key: ClientKey) -> Self {
        let mut world = World::with(config);
        let mut members = members(&key);
        for (name, value) in changes.as_object().into_iter().flatten() {
            members[name] = value.clone();
        }
        let (id, secret) = client(&mut world, members);
        assert_eq!(secret, "", "there is no secret");
        world.ok(json!({ "keys.rotate": {} }));
        Self { world, id, key }
    }

    pub(crate) fn assertion(&self, header: Value, claims: Value) -> String {
        self.key.assertion(&self.world, &self.id, header, claims)
    }

    pub(crate) fn command(&self, assertion: &str) -> Value {
        presenting(assertion, "/token", &[("grant_type", "client_credentials")])
    }

    pub(crate) fn takes(&mut self, assertion: &str) {
        let command = self.command(assertion);
        let (status, tokens) = reply(&send(&mut self.world, command));
        assert_eq!(status, 200, "{tokens}");
    }

    pub(crate) fn refuses(&mut self, assertion: &str) {
        let command = self.command(assertion);
        let (status, error) = refusal(&mut self.world, command);
        assert_eq!((status, error.as_str()), INVALID, "{assertion}");
    }

    pub(crate) fn refuses_with(&mut self, header: Value, claims: Value) {
        let assertion = self.assertion(header, claims);
        self.refuses(&assertion);
    }
}

/// A POST by whoever the assertion says.
fn presenting(assertion: &str, path: &str, fields: &[(&str, &str)]) -> Value {
    post_as("", path, &[&[("client_assertion_type", TYPE), ("client_assertion", assertion)], fields].concat())
}

#[test]
fn tk_026_the_issuer_alone_is_the_audience() {
    for algorithm in [Algorithm::ES256, Algorithm::EdDSA] {
        let mut k = Keyed::with(json!({}), json!({}), ClientKey::new(algorithm, 1));
        let assertion = k.assertion(json!({}), json!({}));
        k.takes(&assertion);
        assert_eq!(*k.world.asked(), ["load", "commit"], "the marker costs a trip");
        for typ in ["JWT", "client-authentication+jwt"] {
            let assertion = k.assertion(json!({ "typ": typ, "kid": null }), json!({ "iat": null }));
            k.takes(&assertion);
        }
    }
    let rsa = ClientKey::of_jwk(&rsa_jwk());
    let mut k = Keyed::with(json!({}), json!({}), rsa);
    let assertion = k.assertion(json!({}), json!({}));
    k.takes(&assertion);
}

fn rsa_jwk() -> String {
    let examples: Value = serde_json::from_str(include_str!("../../../core/tests/vectors/rfc.json")).unwrap();
    examples.as_array().unwrap().iter().find(|example| example["name"] == "RFC 7515 A.2").unwrap()["key"].to_string()
}

#[test]
fn tk_027_any_other_audience_is_refused() {
    let mut k = Keyed::new();
    for aud in [
        json!("https://auth.example.com/token"),
        json!("https://auth.example.com/par"),
        json!("https://auth.example.com/"),
        json!("https://auth.example.co"),
        json!("HTTPS://auth.example.com"),
        json!("https://other.example.com"),
        json!([World::ISSUER]),
        json!([World::ISSUER, "https://other.example.com"]),
        json!([]),
        json!(""),
        json!(1),
        Value::Null,
    ] {
        k.refuses_with(json!({}), json!({ "aud": aud }));
    }
}

#[test]
fn an_assertion_is_the_clients_own_about_itself() {
    let mut k = Keyed::new();
    let (other, _) = client(&mut k.world, members(&ClientKey::es256(2)));
    for claims in [
        json!({ "iss": other }),
        json!({ "sub": other }),
        json!({ "iss": other, "sub": other }),
        json!({ "iss": null }),
        json!({ "sub": null }),
        json!({ "iss": World::ISSUER }),
        json!({ "sub": "nobody", "iss": "nobody" }),
    ] {
        k.refuses_with(json!({}), claims);
    }
}

#[test]
fn an_assertion_is_good_once() {
    let mut k = Keyed::new();
    let assertion = k.assertion(json!({}), json!({ "jti": "once" }));
    k.takes(&assertion);
    k.refuses(&assertion);
    k.world.advance(69);
    let purged = k.world.ok(json!({ "purge": {} }));
    assert_eq!(purged["purged"].get("marker"), None, "{purged}");
    k.refuses(&assertion);
    // The same jti in another assertion is the same jti.
    let twin = k.assertion(json!({}), json!({ "jti": "once" }));
    k.refuses(&twin);
}

#[test]
fn of_64_requests_with_one_assertion_one_is_answered() {
    let mut k = Keyed::new();
    let command = k.command(&k.assertion(json!({}), json!({})));
    let ends = k.world.race(&command, 64);
    let statuses: Vec<u64> = ends.iter().map(|end| end["ok"]["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
    assert!(statuses.iter().all(|status| matches!(status, 200 | 401)), "{statuses:?}");
}

#[test]
fn tk_029_two_clients_may_use_the_same_jti() {
    let mut k = Keyed::new();
    let second = ClientKey::es256(2);
    let (other, _) = client(&mut k.world, members(&second));
    let assertion = k.assertion(json!({}), json!({ "jti": "same" }));
    k.takes(&assertion);
    let assertion = second.assertion(&k.world, &other, json!({}), json!({ "jti": "same" }));
    k.takes(&assertion);
}

#[test]
fn tk_030_a_marker_that_cannot_be_kept_authenticates_nobody() {
    let mut k = Keyed::new();
    let command = k.command(&k.assertion(json!({}), json!({})));
    for (answer, code) in
        [(json!({ "failed": "full" }), "store_failed"), (json!({ "commit": "unknown" }), "store_failed")]
    {
        let done = k.world.run_with(command.clone(), |ask, _, store| match ask.get("commit") {
            Some(_) => answer.clone(),
            None => store.answer(ask),
        });
        assert_eq!((&done["ok"]["status"], &done["fault"]["code"]), (&json!(503), &json!(code)), "{done}");
        assert!(!done.to_string().contains("access_token"), "{done}");
    }
}

#[test]
fn a_marker_of_unknown_outcome_is_found_by_reading_back() {
    let mut k = Keyed::new();
    let command = k.command(&k.assertion(json!({}), json!({})));
    let mut lost = false;
    let done = k.world.run_with(command, |ask, _, store| {
        let answer = store.answer(ask);
        if ask.get("commit").is_some() && !lost {
            lost = true;
            return json!({ "commit": "unknown" });
        }
        answer
    });
    assert_eq!(done["ok"]["status"], 200, "{done}");
}

#[test]
fn tk_031_times_are_bounded_on_both_sides() {
    let mut k = Keyed::new();
    let now = k.world.now / 1000;
    for claims in [
        json!({ "exp": null }),
        json!({ "exp": now - 300 }),
        json!({ "exp": now - 10 }),
        json!({ "exp": now + 611 }),
        json!({ "exp": now + 3601 }),
        json!({ "exp": "soon" }),
        json!({ "exp": u64::MAX }),
        json!({ "nbf": now + 60 }),
        json!({ "iat": now - 3600 }),
        json!({ "iat": now + 60 }),
    ] {
        k.refuses_with(json!({}), claims);
    }
    for claims in
        [json!({ "nbf": now + 8 }), json!({ "iat": now + 8 }), json!({ "exp": now + 600 }), json!({ "exp": now - 9 })]
    {
        let assertion = k.assertion(json!({}), claims);
        k.takes(&assertion);
    }
    for claims in [json!({ "jti": null }), json!({ "jti": "" }), json!({ "jti": 7 }), json!({ "jti": "j".repeat(257) })]
    {
        k.refuses_with(json!({}), claims);
    }
}

#[test]
fn tk_032_the_algorithm_is_that_of_the_key_and_of_the_registration() {
    let mut k = Keyed::new();
    for alg in ["none", "RS256", "PS256", "EdDSA", "es256", "ES384"] {
        k.refuses_with(json!({ "alg": alg }), json!({}));
    }
    for text in [k.key.public_jwk().to_string(), k.key.bare_jwk().to_string()] {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let secret =
            ClientKey::of_jwk(&json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(&text), "kid": "1" }).to_string());
        let forged = secret.assertion(&k.world, &k.id, json!({ "kid": null }), json!({}));
        k.refuses(&forged);
    }
    let mut k = Keyed::with(json!({}), json!({ "authSigningAlg": "ES384" }), ClientKey::new(Algorithm::ES384, 1));
    let assertion = k.assertion(json!({}), json!({}));
    k.takes(&assertion);
    k.refuses_with(json!({ "alg": "ES256" }), json!({}));
    let changes = json!({ "authSigningAlg": "EdDSA" });
    let mut k = Keyed::with(json!({}), changes, ClientKey::es256(1));
    k.refuses_with(json!({}), json!({}));
    let (id, both) = (k.id.clone(), ClientKey::new(Algorithm::EdDSA, 2));
    let jwks = json!({ "keys": [k.key.public_jwk(), both.public_jwk()] });
    k.world.ok(json!({ "clients.update": { "id": id, "jwks": jwks } }));
    let assertion = both.assertion(&k.world, &id, json!({}), json!({}));
    k.takes(&assertion);
    k.refuses_with(json!({}), json!({}));
}

#[test]
fn tk_033_only_a_registered_key_counts_whatever_the_header_names() {
    let mut k = Keyed::new();
    let other = ClientKey::es256(2);
    let by_other = other.assertion(&k.world, &k.id, json!({}), json!({}));
    k.refuses(&by_other);
    k.refuses_with(json!({ "kid": "unknown" }), json!({}));
    let named_as_ours = other.assertion(&k.world, &k.id, json!({ "kid": k.key.jkt() }), json!({}));
    k.refuses(&named_as_ours);
    for member in ["jwk", "jku", "x5u", "x5c"] {
        let value = if member == "jwk" { other.bare_jwk() } else { json!("https://evil.example/keys") };
        let forged = other.assertion(&k.world, &k.id, json!({ "kid": null, member: value }), json!({}));
        k.refuses(&forged);
        assert_eq!(*k.world.asked(), ["load"], "nothing is fetched");
    }
    let (other_id, _) = client(&mut k.world, members(&other));
    let of_another_client = k.key.assertion(&k.world, &other_id, json!({}), json!({}));
    k.refuses(&of_another_client);
}

#[test]
fn tk_034_type_and_assertion_come_together_once() {
    let mut k = Keyed::new();
    let assertion = k.assertion(json!({}), json!({}));
    let grant = ("grant_type", "client_credentials");
    for fields in [
        vec![grant, ("client_assertion", assertion.as_str())],
        vec![grant, ("client_assertion_type", TYPE)],
        vec![
            grant,
            ("client_assertion", &assertion),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
        ],
        vec![grant, ("client_assertion", &assertion), ("client_assertion_type", TYPE), ("client_assertion_type", TYPE)],
        vec![
            grant,
            ("client_assertion", &assertion),
            ("client_assertion", &assertion),
            ("client_assertion_type", TYPE),
        ],
        vec![grant, ("client_assertion", &assertion), ("client_assertion_type", TYPE), ("client_secret", "x")],
        vec![grant, ("client_assertion", &assertion), ("client_assertion_type", TYPE), ("client_id", "another")],
    ] {
        let (status, error) = refusal(&mut k.world, post_as("", "/token", &fields));
        assert_eq!((status, error.as_str()), (400, "invalid_request"), "{fields:?}");
    }
    let both = [grant, ("client_assertion", assertion.as_str()), ("client_assertion_type", TYPE)];
    let (status, error) = refusal(&mut k.world, post_as(&basic(&k.id, "x"), "/token", &both));
    assert_eq!((status, error.as_str()), (400, "invalid_request"));
    let id = k.id.clone();
    let named = [&both[..], &[("client_id", id.as_str())]].concat();
    assert_eq!(send(&mut k.world, post_as("", "/token", &named))["status"], 200);
    for bad in ["x", "a.b.c", "..", &"a".repeat(100_000)] {
        let (status, _) = refusal(&mut k.world, presenting(bad, "/token", &[grant]));
        assert!(matches!(status, 401 | 413), "{status}");
    }
}

#[test]
fn tk_018_a_client_with_a_key_has_no_other_way_and_others_not_this_one() {
    let mut k = Keyed::new();
    let grant = [("grant_type", "client_credentials")];
    let (status, _) = refusal(&mut k.world, post_as(&basic(&k.id, ""), "/token", &grant));
    assert_eq!(status, 401);
    let id = k.id.clone();
    let (status, _) = refusal(&mut k.world, post_as("", "/token", &[grant[0], ("client_id", &id)]));
    assert_eq!(status, 401);
    assert_eq!(k.world.refused(json!({ "clients.rotateSecret": { "id": id } })), "invalid_argument");
    let (secret_client, _) = client(&mut k.world, json!({ "grantTypes": ["client_credentials"], "redirectUris": [] }));
    let assertion = k.key.assertion(&k.world, &secret_client, json!({}), json!({}));
    k.refuses(&assertion);
    k.world.ok(json!({ "clients.update": { "id": id, "disabled": true } }));
    k.refuses_with(json!({}), json!({}));
    assert!(k.world.take_event_names().contains(&"client.authentication_failed".to_owned()));
}

#[test]
fn every_endpoint_that_authenticates_clients_takes_assertions() {
    let mut s = Setting::opaque();
    let key = ClientKey::es256(1);
    let members = json!({ "authMethod": "private_key_jwt", "jwks": { "keys": [key.public_jwk()] } });
    (s.client, s.secret) = client(&mut s.world, members);
    let code = s.code();
    let assertion = |s: &Setting| key.assertion(&s.world, &s.client, json!({}), json!({}));
    let command = presenting(&assertion(&s), "/token", &redeem_fields(&code));
    let (status, tokens) = reply(&send(&mut s.world, command));
    assert_eq!(status, 200, "{tokens}");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens["refresh_token"]))];
    let command = presenting(&assertion(&s), "/token", &refresh);
    let (_, tokens) = reply(&send(&mut s.world, command));
    assert_eq!(*s.world.asked(), ["load", "commit", "commit"]);
    let token = [("token", text(&tokens["access_token"]))];
    let command = presenting(&assertion(&s), "/introspect", &token);
    assert_eq!(reply(&send(&mut s.world, command)).1["active"], true);
    let command = presenting(&assertion(&s), "/revoke", &token);
    assert_eq!(send(&mut s.world, command)["status"], 200);
    let command = presenting(&assertion(&s), "/introspect", &token);
    assert_eq!(reply(&send(&mut s.world, command)).1, json!({ "active": false }));
}

#[test]
fn jw_031_no_token_of_another_kind_is_an_assertion() {
    let mut k = Keyed::new();
    let token = k.assertion(json!({}), json!({}));
    let command = k.command(&token);
    let (_, tokens) = reply(&send(&mut k.world, command));
    let access_token = text(&tokens["access_token"]).to_owned();
    k.refuses(&access_token);
    for typ in [
        "at+jwt",
        "application/at+jwt",
        "dpop+jwt",
        "logout+jwt",
        "oauth-authz-req+jwt",
        "token-introspection+jwt",
        "x",
        "",
    ] {
        k.refuses_with(json!({ "typ": typ }), json!({}));
    }
    let proof =
        k.key.proof_with(&k.world, "/token", json!({ "kid": k.key.jkt() }), json!({ "sub": k.id, "iss": k.id }));
    k.refuses(&proof);
}

#[test]
fn a_refused_assertion_leaves_no_marker_and_no_trace_of_itself() {
    let mut k = Keyed::new();
    let forged = ClientKey::es256(2).assertion(&k.world, &k.id, json!({}), json!({}));
    let command = k.command(&forged);
    let response = send_unchanged(&mut k.world, command);
    assert!(!response.to_string().contains(&forged[..40]), "{response}");
    assert!(!k.world.store.dump().contains("used."));
}
