//! The client credentials grant (TK-053 to TK-056): a client acts for itself, as itself, and for no one else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_tests::setting::{Setting, client, post_as, reply, text};
use claviger_tests::{World, basic};
use serde_json::{Value, json};

use crate::check::{refusal, send, send_unchanged};

const API: &str = "https://api.example.com";

/// A client that may act for itself, in a world of its own.
struct Service {
    world: World,
    id: String,
    secret: String,
}

impl Service {
    fn new(config: Value, changes: Value) -> Self {
        let mut world = World::with(config);
        let (id, secret) = client(&mut world, service(changes));
        Self { world, id, secret }
    }

    fn with(form: &str) -> Self {
        Self::new(json!({ "defaultScopes": ["read"] }), json!({ "accessToken": form }))
    }

    fn command(&self, path: &str, fields: &[(&str, &str)]) -> Value {
        post_as(&basic(&self.id, &self.secret), path, fields)
    }

    fn ask(&self, fields: &[(&str, &str)]) -> Value {
        self.command("/token", &[&[("grant_type", "client_credentials")], fields].concat())
    }

    fn tokens(&mut self, fields: &[(&str, &str)]) -> Value {
        let command = self.ask(fields);
        let (status, tokens) = reply(&send(&mut self.world, command));
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    fn token(&mut self) -> String {
        text(&self.tokens(&[])["access_token"]).to_owned()
    }

    fn refused(&mut self, fields: &[(&str, &str)]) -> (u64, String) {
        let command = self.ask(fields);
        refusal(&mut self.world, command)
    }

    fn introspect(&mut self, token: &str) -> Value {
        let command = self.command("/introspect", &[("token", token)]);
        reply(&send_unchanged(&mut self.world, command)).1
    }

    fn revoke(&mut self, token: &str) {
        let command = self.command("/revoke", &[("token", token)]);
        assert_eq!(reply(&send(&mut self.world, command)), (200, json!({})));
    }
}

/// The members that make a client one that may act for itself.
fn service(mut changes: Value) -> Value {
    changes["grantTypes"] = json!(["client_credentials"]);
    changes["redirectUris"] = json!([]);
    changes
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap_or_default();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn a_token_costs_one_trip_as_a_jwt_and_two_as_an_opaque_one() {
    for (form, issuing, verifying) in [("jwt", &["load"][..], 0), ("opaque", &["load", "commit"], 1)] {
        let mut s = Service::with(form);
        // The first of all makes the keys.
        s.token();
        let token = s.token();
        assert_eq!(s.world.asked(), issuing, "{form}");
        assert_eq!(s.introspect(&token)["active"], true);
        assert_eq!(s.world.asked(), &["load"], "introspection, {form}");
        let verify = json!({ "tokens.verify": { "token": token, "scopes": ["read"] } });
        s.world.ok(verify.clone());
        s.world.ok(verify);
        assert_eq!(s.world.asked().len(), verifying, "verification, {form}");
        s.revoke(&token);
        assert_eq!(s.world.asked(), &["load", "commit"], "revocation, {form}");
    }
}

#[test]
fn tk_053_a_public_client_is_refused_at_registration_and_at_the_token_endpoint() {
    let mut world = World::new();
    let public = json!({ "name": "App", "redirectUris": [], "authMethod": "none",
        "grantTypes": ["client_credentials"] });
    assert_eq!(world.refused(json!({ "clients.create": public })), "invalid_argument");
    let (id, _) = client(&mut world, json!({ "authMethod": "none" }));
    let update = json!({ "clients.update": { "id": id, "grantTypes": ["client_credentials"] } });
    assert_eq!(world.refused(update), "invalid_argument");
    let ask = post_as("", "/token", &[("grant_type", "client_credentials"), ("client_id", &id)]);
    assert_eq!(refusal(&mut world, ask.clone()), (400, "unauthorized_client".into()));

    // Even if its row came to allow it.
    let key = format!("main.client.{id}/client");
    let mut row = world.store.value(&key).unwrap();
    row["value"]["grant_types"] = json!(["client_credentials"]);
    world.store.put(&key, &row.to_string());
    assert_eq!(refusal(&mut world, ask), (400, "unauthorized_client".into()));
}

#[test]
fn tk_053_only_a_client_that_is_registered_for_it_and_proves_itself_gets_a_token() {
    let mut s = Setting::opaque();
    let ask = s.post_command("/token", &[("grant_type", "client_credentials")]);
    assert_eq!(refusal(&mut s.world, ask), (400, "unauthorized_client".into()));

    let mut s = Service::with("jwt");
    s.secret.push('x');
    assert_eq!(s.refused(&[]), (401, "invalid_client".into()));
    let nobody = post_as("", "/token", &[("grant_type", "client_credentials"), ("client_id", &s.id)]);
    assert_eq!(refusal(&mut s.world, nobody), (401, "invalid_client".into()));
    s.secret.pop();
    s.world.ok(json!({ "clients.update": { "id": s.id, "disabled": true } }));
    assert_eq!(s.refused(&[]), (401, "invalid_client".into()));
}

#[test]
fn tk_054_there_is_no_refresh_token_and_no_id_token() {
    for form in ["jwt", "opaque"] {
        let mut s = Service::with(form);
        let all = json!(["authorization_code", "refresh_token", "client_credentials"]);
        s.world.ok(json!({ "clients.update": { "id": s.id, "grantTypes": all,
            "redirectUris": ["https://app.example.com/cb"] } }));
        let tokens = s.tokens(&[]);
        let members: Vec<&String> = tokens.as_object().unwrap().keys().collect();
        assert_eq!(members, ["access_token", "expires_in", "scope", "token_type"]);
        assert_eq!((&tokens["scope"], &tokens["expires_in"]), (&json!("read"), &json!(900)));
    }
}

#[test]
fn tk_055_a_clients_token_names_nobody() {
    for form in ["jwt", "opaque"] {
        let mut s = Service::with(form);
        let token = s.token();
        let principal = s.world.ok(json!({ "tokens.verify": { "token": token } }));
        assert_eq!((&principal["subject"], &principal["clientId"]), (&Value::Null, &json!(s.id)), "{form}");
        assert_eq!(s.introspect(&token)["sub"], json!(s.id), "RFC 9068 section 2.2: {form}");
    }
    let mut s = Service::with("jwt");
    let said = claims(&s.token());
    assert_eq!((&said["sub"], &said["client_id"], said.get("auth_time")), (&json!(s.id), &json!(s.id), None));
}

#[test]
fn tk_055_a_client_with_the_id_of_a_person_gets_no_token_for_itself() {
    for form in ["jwt", "opaque"] {
        let mut s = Setting::new(json!({}), form);
        let (id, secret) = client(&mut s.world, service(json!({ "id": s.subject, "accessToken": form })));
        let ask = post_as(&basic(&id, &secret), "/token", &[("grant_type", "client_credentials")]);
        assert_eq!(refusal(&mut s.world, ask.clone()), (400, "unauthorized_client".into()));
        s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": true } }));
        assert_eq!(refusal(&mut s.world, ask), (400, "unauthorized_client".into()));
    }
}

#[test]
fn tk_055_nor_does_one_with_the_id_of_a_person_of_the_hosts() {
    let mut s = Service::new(json!({ "capabilities": ["subject"] }), json!({}));
    let ask = s.ask(&[]);
    for (known, status) in [(true, 400), (false, 200)] {
        let id = s.id.clone();
        let done = s.world.run_with(ask.clone(), |ask, _, store| match ask.get("subject") {
            Some(asked) => {
                assert_eq!(asked["status"]["id"], json!(id));
                json!({ "subject": known.then(|| json!({ "id": id, "name": null })) })
            }
            None => store.answer(ask),
        });
        assert_eq!(done["ok"]["status"], status, "{done}");
    }
}

#[test]
fn tk_056_scopes_of_a_person_and_scopes_the_client_may_not_have_are_refused() {
    let scopes = ["openid", "profile", "email", "address", "phone", "offline_access", "read", "write"];
    let known: serde_json::Map<String, Value> = scopes.iter().map(|name| ((*name).to_owned(), json!("x"))).collect();
    let config = json!({ "scopes": known, "defaultScopes": ["openid", "read", "write"] });
    let mut s = Service::new(
        config,
        json!({ "scopes": ["openid", "profile", "email", "address", "phone",
        "offline_access", "read"] }),
    );
    for scope in [
        "openid",
        "profile",
        "email",
        "address",
        "phone",
        "offline_access",
        "read openid",
        "write",
        "nonsense",
        "read  read",
        "\"",
        "read\u{7}",
    ] {
        assert_eq!(s.refused(&[("scope", scope)]), (400, "invalid_scope".into()), "{scope}");
    }
    assert_eq!(s.tokens(&[("scope", "read read")])["scope"], "read");
    assert_eq!(s.tokens(&[])["scope"], "read", "of the defaults, those that the client may have for itself");
}

#[test]
fn ri_005_a_token_for_one_api_is_good_there_and_nowhere_else() {
    let mut s = Service::with("jwt");
    let tokens = s.tokens(&[("resource", API)]);
    let token = text(&tokens["access_token"]).to_owned();
    assert!(token.starts_with("cva_"), "the resource says what its tokens look like");
    assert_eq!(tokens["expires_in"], 300);
    let verify = |audience: Value| json!({ "tokens.verify": { "token": token, "audience": audience } });
    assert_eq!(s.world.ok(verify(json!(API)))["audience"], json!([API]));
    assert_eq!(s.world.refused(verify(Value::Null)), "invalid_token");
    assert_eq!(s.introspect(&token)["aud"], API);
    assert_eq!(s.refused(&[("resource", "https://other.example.com")]), (400, "invalid_target".into()));
    assert_eq!(claims(&s.token())["aud"], World::ISSUER);
}

#[test]
fn rv_001_a_revoked_token_is_dead_at_once_and_leaves_nothing_behind_it() {
    for form in ["jwt", "opaque"] {
        let mut s = Service::with(form);
        let (token, other) = (s.token(), s.token());
        s.revoke(&token);
        assert_eq!(s.introspect(&token), json!({ "active": false }), "{form}");
        assert_eq!(s.introspect(&other)["active"], true, "{form}");
        if form == "opaque" {
            assert_eq!(s.world.refused(json!({ "tokens.verify": { "token": token } })), "invalid_token");
        }
        let before = s.world.store.dump();
        s.revoke(&token);
        assert_eq!(s.world.store.dump(), before, "once is enough: {form}");
        assert_eq!(s.world.ok(json!({ "tokens.revoke": { "token": other } })), json!({ "revoked": true }));
        assert_eq!(s.world.store.keys("main.service.").len(), 2, "{form}");
        s.world.advance(15 * 60);
        let purged = s.world.ok(json!({ "purge": {} }));
        assert_eq!((&purged["purged"]["service"], &purged["next"]), (&json!(2), &Value::Null), "{form}");
        assert!(s.world.store.keys("main.service.").is_empty());
    }
}

#[test]
fn rv_001_two_revocations_at_once_both_end_well() {
    for form in ["jwt", "opaque"] {
        let mut s = Service::with(form);
        let token = s.token();
        let revoke = s.command("/revoke", &[("token", &token)]);
        let mut steps: Vec<Value> = (0..2).map(|_| s.world.begin(revoke.clone())).collect();
        while steps.iter().any(|step| step.get("ask").is_some()) {
            for step in &mut steps {
                if step.get("ask").is_some() {
                    let answer = s.world.store.answer(&step["ask"]);
                    *step = s.world.resume(&step["flow"].clone(), answer);
                }
            }
        }
        assert!(steps.iter().all(|step| step["done"]["ok"]["status"] == 200), "{form}: {steps:?}");
        assert_eq!(s.introspect(&token), json!({ "active": false }), "{form}");
    }
}

#[test]
fn a_jwt_stores_nothing_and_no_list_of_clients_meets_a_token() {
    let mut s = Service::with("jwt");
    s.token();
    let before = s.world.store.dump();
    s.token();
    assert_eq!(s.world.store.dump(), before);
    s.world.ok(json!({ "clients.update": { "id": s.id, "accessToken": "opaque" } }));
    let token = s.token();
    assert_eq!(s.world.store.keys("main.service.").len(), 1);
    assert!(!s.world.store.dump().contains(&token), "the store holds no credential in clear");
    let clients = s.world.ok(json!({ "clients.list": {} }));
    assert_eq!(clients["items"].as_array().map(Vec::len), Some(1));
}

#[test]
fn the_tokens_of_a_disabled_or_deleted_client_are_dead_at_once() {
    for form in ["jwt", "opaque"] {
        let mut s = Service::with(form);
        let token = s.token();
        let ask = json!({ "tokens.introspect": { "token": token } });
        assert_eq!(s.world.ok(ask.clone())["active"], true);
        let disabled = |disabled: bool| json!({ "clients.update": { "id": s.id, "disabled": disabled } });
        let (disable, enable) = (disabled(true), disabled(false));
        s.world.ok(disable);
        assert_eq!(s.world.ok(ask.clone()), json!({ "active": false }), "{form}");
        if form == "opaque" {
            assert_eq!(s.world.refused(json!({ "tokens.verify": { "token": token } })), "invalid_token");
        }
        s.world.ok(enable);
        s.world.ok(json!({ "clients.delete": { "id": s.id } }));
        assert_eq!(s.world.ok(ask), json!({ "active": false }), "{form}");
    }
}

#[test]
fn ir_002_another_client_learns_nothing_of_it_and_cannot_end_it() {
    for form in ["jwt", "opaque"] {
        let mut s = Service::with(form);
        let token = s.token();
        let (other, secret) = client(&mut s.world, json!({}));
        for path in ["/introspect", "/revoke"] {
            let ask = post_as(&basic(&other, &secret), path, &[("token", &token)]);
            send_unchanged(&mut s.world, ask);
        }
        let ask = post_as(&basic(&other, &secret), "/introspect", &[("token", &token)]);
        assert_eq!(reply(&s.world.ok(ask)), (200, json!({ "active": false })));
        assert_eq!(s.introspect(&token)["active"], true, "{form}");
    }
}

#[test]
fn tk_052_it_passes_for_no_code_no_refresh_token_and_no_session() {
    for form in ["jwt", "opaque"] {
        let mut s = Service::with(form);
        let all = json!(["authorization_code", "refresh_token", "client_credentials"]);
        s.world.ok(json!({ "clients.update": { "id": s.id, "grantTypes": all,
            "redirectUris": ["https://app.example.com/cb"] } }));
        let token = s.token();
        let (code, refresh) = (token.replacen("cva_", "cvc_", 1), token.replacen("cva_", "cvr_", 1));
        for fields in [
            [("grant_type", "authorization_code"), ("code", token.as_str())],
            [("grant_type", "authorization_code"), ("code", &code)],
            [("grant_type", "refresh_token"), ("refresh_token", &token)],
            [("grant_type", "refresh_token"), ("refresh_token", &refresh)],
        ] {
            let command = s.command("/token", &fields);
            assert_eq!(refusal(&mut s.world, command), (400, "invalid_grant".into()), "{fields:?}");
        }
    }
}

#[test]
fn a_jti_is_no_token_and_a_bent_token_is_none() {
    let mut s = Service::with("jwt");
    let token = s.token();
    let jti = text(&claims(&token)["jti"]).to_owned();
    let (head, _) = token.rsplit_once('.').unwrap();
    let unsigned = format!("{head}.{}", "A".repeat(86));
    for bad in [&jti, &jti.replacen("cvj_", "cva_", 1), &unsigned] {
        assert_eq!(s.introspect(bad), json!({ "active": false }), "{bad}");
        assert_eq!(s.world.refused(json!({ "tokens.verify": { "token": bad } })), "invalid_token");
        assert_eq!(s.world.ok(json!({ "tokens.revoke": { "token": bad } })), json!({ "revoked": false }));
    }
    assert_eq!(s.introspect(&token)["active"], true);
}

#[test]
fn whoever_can_write_rows_but_does_not_know_the_secret_makes_no_token() {
    let mut s = Service::with("opaque");
    let token = s.token();
    let key = s.world.store.keys("main.service.")[0].clone();
    let mut row = s.world.store.value(&key).unwrap();
    row["value"]["live"]["secret_sha256"] = json!(URL_SAFE_NO_PAD.encode([7; 32]));
    s.world.store.put(&key, &row.to_string());
    assert_eq!(s.introspect(&token), json!({ "active": false }));
}

#[test]
fn it_is_over_to_the_millisecond() {
    for form in ["jwt", "opaque"] {
        let mut s = Service::with(form);
        let token = s.token();
        s.world.now += 899_999;
        assert_eq!(s.introspect(&token)["active"], true, "{form}");
        s.world.now += 1;
        assert_eq!(s.introspect(&token), json!({ "active": false }), "{form}");
        assert_eq!(s.world.refused(json!({ "tokens.verify": { "token": token } })), "invalid_token");
    }
}

#[test]
fn what_happened_is_told_without_a_secret_and_without_a_person() {
    for form in ["jwt", "opaque"] {
        let mut s = Service::with(form);
        s.token();
        s.world.take_events();
        let token = s.token();
        s.revoke(&token);
        let events = s.world.take_events();
        let names: Vec<&str> = events.iter().map(|event| text(&event["name"])).collect();
        assert_eq!(names, ["token.issued", "token.revoked"], "{form}");
        assert_eq!(events[0]["subject"], Value::Null);
        assert_eq!(events[0]["grantId"], events[1]["grantId"]);
        assert!(events.iter().all(|event| event["clientId"] == json!(s.id) && !event.to_string().contains(&token)));
    }
}

#[test]
fn nothing_is_told_or_given_when_the_store_cannot_say_that_it_kept_the_token() {
    let mut s = Service::with("opaque");
    s.token();
    let ask = s.ask(&[]);
    let done = s.world.run_with(ask, |ask, _, store| match ask.get("commit") {
        Some(_) => json!({ "failed": "full" }),
        None => store.answer(ask),
    });
    assert_eq!(done["ok"]["status"], 503);
    assert_eq!(done.get("events"), None);
}
