//! Clients that show a key: DPoP proofs, and assertions in the place of secrets.

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::scenario::application::{post, text};
use crate::services::{CLIENT_KEY, CLIENT_KEYS};
use crate::setting::{CALLBACK, PASSWORD, authorization_query, redeem_fields};
use crate::{Browser, ClientKey, World, form, location_parameter};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "dpop_code_and_refresh",
        about: "A public client binds its code, its tokens and its refresh tokens to its key, and uses them at a resource",
        config: || json!({}),
        way: dpop_code_and_refresh,
    },
    Scenario {
        name: "dpop_nonce",
        about: "A server that requires nonces tells them, and takes no other",
        config: || json!({ "dpop": { "requireNonce": true } }),
        way: dpop_nonce,
    },
    Scenario {
        name: "dpop_refusals",
        about: "Proofs that are none, of other requests, or used before; bound tokens without their key",
        config: || json!({}),
        way: dpop_refusals,
    },
    Scenario {
        name: "private_key_jwt",
        about: "A client authenticates by assertions, with keys that it registered, and with keys that are fetched",
        config: || json!({ "capabilities": ["fetch"] }),
        way: private_key_jwt,
    },
    Scenario {
        name: "private_key_jwt_refusals",
        about: "Assertions for others, by others, at other times, and used before; registrations of keys that are refused",
        config: || json!({}),
        way: private_key_jwt_refusals,
    },
];

const RESOURCE: &str = "https://api.example.com";
const THINGS: &str = "https://api.example.com/things";

/// A public client with a key.
struct Holder {
    id: String,
    key: ClientKey,
    browser: Browser,
}

impl Holder {
    fn register(world: &mut World, key: u8) -> Self {
        let client = json!({ "name": "App", "redirectUris": [CALLBACK], "authMethod": "none",
            "dpopBoundAccessTokens": true });
        let created = world.ok(json!({ "clients.create": client }));
        let id = text(&created["client"]["id"]);
        Self { id, key: ClientKey::es256(key), browser: Browser::new() }
    }

    fn code(&mut self, world: &mut World, changes: &[(&str, Option<&str>)]) -> String {
        let query = authorization_query(&self.id, changes);
        let interaction = self.browser.begin(world, &query);
        self.browser.sign_in(world, &interaction, "ada", PASSWORD);
        let answer = self.browser.allow(world, &interaction, &["read"]);
        location_parameter(&answer, "code").unwrap_or_else(|| panic!("no code in {answer}"))
    }

    fn post(&self, world: &mut World, fields: &[(&str, &str)], proof: &str) -> (u64, Value) {
        let fields = [fields, &[("client_id", self.id.as_str())]].concat();
        post(world, "/token", &[("dpop", proof)], &form(&fields))
    }

    fn redeem(&self, world: &mut World, code: &str, proof: &str) -> (u64, Value) {
        self.post(world, &redeem_fields(code), proof)
    }

    fn refresh(&self, world: &mut World, token: &Value, proof: &str) -> (u64, Value) {
        self.post(world, &[("grant_type", "refresh_token"), ("refresh_token", &text(token))], proof)
    }

    fn authenticate(&self, world: &World, token: &Value, claims: Value) -> Value {
        let mut of_claims = json!({ "htm": "GET", "htu": THINGS, "ath": ath(&text(token)) });
        for (name, value) in claims.as_object().into_iter().flatten() {
            of_claims[name] = value.clone();
        }
        let proof = self.key.proof_with(world, "/", json!({}), of_claims);
        let headers = json!([["authorization", format!("DPoP {}", text(token))], ["dpop", proof]]);
        json!({ "authenticate": { "headers": headers, "method": "GET", "url": THINGS, "audience": RESOURCE } })
    }
}

fn ath(token: &str) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(token))
}

fn ada(world: &mut World) {
    world.ok(json!({ "accounts.create": { "login": "Ada", "password": PASSWORD, "name": "Ada Lovelace" } }));
}

fn dpop_code_and_refresh(world: &mut World) {
    ada(world);
    let api = ("resource", Some(RESOURCE));
    for (access_token, key) in [("jwt", 1), ("opaque", 3)] {
        world.reopen(json!({ "resources": { RESOURCE: { "accessToken": access_token } } }));
        let mut holder = Holder::register(world, key);
        let jkt = holder.key.jkt();
        let code = holder.code(world, &[api, ("dpop_jkt", Some(&jkt))]);
        let proof = holder.key.proof(world, "/token");
        let (status, tokens) = holder.redeem(world, &code, &proof);
        assert_eq!((status, &tokens["token_type"]), (200, &json!("DPoP")), "{tokens}");
        let proof = holder.key.proof(world, "/token");
        let (_, refreshed) = holder.refresh(world, &tokens["refresh_token"], &proof);
        let proof = holder.key.proof(world, "/token");
        let (_, again) = holder.refresh(world, &tokens["refresh_token"], &proof);
        assert_eq!(again, refreshed, "the same key in the grace");
        let token = &refreshed["access_token"];
        let introspected = world.ok(json!({ "tokens.introspect": { "token": token } }));
        assert_eq!(introspected["cnf"]["jkt"], jkt, "{introspected}");
        let principal = world.ok(holder.authenticate(world, token, json!({})));
        assert_eq!(principal["jkt"], jkt, "{principal}");
        let metadata = world.ok(json!({ "resources.metadata": { "resource": RESOURCE } }));
        assert_eq!(metadata["dpop_signing_alg_values_supported"], json!(["ES256", "EdDSA"]));
    }
    // A client that authenticates, for itself.
    let service = json!({ "name": "Job", "redirectUris": [], "grantTypes": ["client_credentials"] });
    let created = world.ok(json!({ "clients.create": service }));
    let key = ClientKey::es256(2);
    for access_token in ["jwt", "opaque"] {
        let update = json!({ "id": created["client"]["id"], "accessToken": access_token });
        world.ok(json!({ "clients.update": update }));
        let authorization = crate::basic(&text(&created["client"]["id"]), &text(&created["secret"]));
        let proof = key.proof(world, "/token");
        let headers = [("authorization", authorization.as_str()), ("dpop", proof.as_str())];
        let (status, tokens) = post(world, "/token", &headers, "grant_type=client_credentials");
        assert_eq!((status, &tokens["token_type"]), (200, &json!("DPoP")), "{tokens}");
    }
}

fn dpop_nonce(world: &mut World) {
    ada(world);
    let mut holder = Holder::register(world, 1);
    let code = holder.code(world, &[("resource", Some(RESOURCE))]);
    let nonce_of = |response: &Value| {
        let headers = response["headers"].as_array().into_iter().flatten();
        headers.filter(|header| header[0] == "dpop-nonce").map(|header| text(&header[1])).next().unwrap_or_default()
    };
    let redeem = |world: &World, holder: &Holder, nonce: Value| {
        let proof = holder.key.proof_with(world, "/token", json!({}), json!({ "nonce": nonce }));
        let fields = [&redeem_fields(&code)[..], &[("client_id", holder.id.as_str())]].concat();
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("dpop", proof.as_str())];
        crate::setting::post_raw("/token", &headers, &form(&fields))
    };
    for bad in [Value::Null, json!(""), json!("of another server"), json!(7)] {
        let response = world.ok(redeem(world, &holder, bad));
        assert_eq!(response["status"], 400, "{response}");
        assert!(text(&response["body"]).contains("use_dpop_nonce"), "{response}");
    }
    let response = world.ok(redeem(world, &holder, Value::Null));
    let nonce = nonce_of(&response);
    let response = world.ok(redeem(world, &holder, json!(nonce)));
    assert_eq!((&response["status"], nonce_of(&response)), (&json!(200), nonce.clone()));
    let tokens: Value = serde_json::from_str(&text(&response["body"])).unwrap_or_default();
    let token = &tokens["access_token"];
    assert_eq!(world.refused(holder.authenticate(world, token, json!({}))), "use_dpop_nonce");
    world.ok(holder.authenticate(world, token, json!({ "nonce": nonce })));
    world.advance(10 * 60);
    assert_eq!(world.refused(holder.authenticate(world, token, json!({ "nonce": nonce }))), "use_dpop_nonce");
}

fn dpop_refusals(world: &mut World) {
    ada(world);
    let mut holder = Holder::register(world, 1);
    let other = ClientKey::es256(2);
    let code = holder.code(world, &[("resource", Some(RESOURCE))]);
    let now = world.now / 1000;
    let bad = |header: Value, claims: Value| (header, claims);
    for (header, claims) in [
        bad(json!({ "typ": "JWT" }), json!({})),
        bad(json!({ "alg": "EdDSA" }), json!({})),
        bad(json!({ "alg": "none" }), json!({})),
        bad(json!({ "jwk": holder.key.private_jwk() }), json!({})),
        bad(json!({ "jwk": null }), json!({})),
        bad(json!({ "jwk": other.bare_jwk() }), json!({})),
        bad(json!({}), json!({ "htm": "GET" })),
        bad(json!({}), json!({ "htu": "https://auth.example.com/authorize" })),
        bad(json!({}), json!({ "iat": now - 3600 })),
        bad(json!({}), json!({ "iat": now + 3600 })),
        bad(json!({}), json!({ "exp": now - 60 })),
        bad(json!({}), json!({ "jti": null })),
        bad(json!({}), json!({ "jti": "" })),
    ] {
        let proof = holder.key.proof_with(world, "/token", header, claims);
        let (status, refused) = holder.redeem(world, &code, &proof);
        assert_eq!((status, &refused["error"]), (400, &json!("invalid_dpop_proof")), "{refused}");
    }
    let (_, refused) = holder.redeem(world, &code, "no proof");
    assert_eq!(refused["error"], "invalid_dpop_proof");
    let fields = [&redeem_fields(&code)[..], &[("client_id", holder.id.as_str())]].concat();
    let (_, refused) = post(world, "/token", &[], &form(&fields));
    assert_eq!(refused["error"], "invalid_dpop_proof", "the client must send one");
    let proof = holder.key.proof(world, "/token");
    let (_, tokens) = holder.redeem(world, &code, &proof);
    let (_, refused) = holder.refresh(world, &tokens["refresh_token"], &proof);
    assert_eq!(refused["error"], "invalid_dpop_proof", "used before");
    let by_other = other.proof(world, "/token");
    let (_, refused) = holder.refresh(world, &tokens["refresh_token"], &by_other);
    assert_eq!(refused["error"], "invalid_grant");
    let token = &tokens["access_token"];
    for claims in
        [json!({ "ath": ath("another") }), json!({ "htm": "POST" }), json!({ "htu": "https://evil.example/things" })]
    {
        let command = holder.authenticate(world, token, claims);
        assert_eq!(world.refused(command), "invalid_dpop_proof");
    }
    let mut downgraded = holder.authenticate(world, token, json!({}));
    downgraded["authenticate"]["headers"][0][1] = json!(format!("Bearer {}", text(token)));
    assert_eq!(world.refused(downgraded), "invalid_token");
    let verify = json!({ "tokens.verify": { "token": token, "audience": RESOURCE } });
    assert_eq!(world.refused(verify), "invalid_token");
    let mut without_method = holder.authenticate(world, token, json!({}));
    without_method["authenticate"]["method"] = Value::Null;
    assert_eq!(world.refused(without_method), "invalid_argument");
}

/// A client that acts for itself, with a key.
fn keyed(world: &mut World, keys: Value) -> String {
    let mut client = json!({ "name": "Job", "redirectUris": [], "grantTypes": ["client_credentials"],
        "authMethod": "private_key_jwt" });
    for (name, value) in keys.as_object().into_iter().flatten() {
        client[name] = value.clone();
    }
    text(&world.ok(json!({ "clients.create": client }))["client"]["id"])
}

fn assert_by(world: &mut World, assertion: &str, path: &str, fields: &[(&str, &str)]) -> (u64, Value) {
    let kind = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    post(world, path, &[], &form(&[&[kind, ("client_assertion", assertion)], fields].concat()))
}

fn private_key_jwt(world: &mut World) {
    ada(world);
    // The assertion is spent before anything else is written: there must be nothing else.
    world.ok(json!({ "keys.rotate": {} }));
    let key = ClientKey::es256(CLIENT_KEY);
    for keys in [
        json!({ "jwks": { "keys": [key.public_jwk()] } }),
        json!({ "jwksUri": CLIENT_KEYS, "authSigningAlg": "ES256" }),
    ] {
        let id = keyed(world, keys);
        let grant = [("grant_type", "client_credentials")];
        let assertion = key.assertion(world, &id, json!({}), json!({}));
        let (status, tokens) = assert_by(world, &assertion, "/token", &grant);
        assert_eq!(status, 200, "{tokens}");
        let assertion = key.assertion(world, &id, json!({ "typ": "JWT" }), json!({ "nbf": world.now / 1000 }));
        let token = text(&tokens["access_token"]);
        let (_, introspected) = assert_by(world, &assertion, "/introspect", &[("token", &token)]);
        assert_eq!(introspected["active"], true, "{introspected}");
    }
    // Here the code is spent after the assertion: after a fault between them the client needs another, so nothing goes wrong here.
    let fault = world.fault.take();
    let members = json!({ "redirectUris": [CALLBACK], "grantTypes": ["authorization_code", "refresh_token"],
        "jwks": { "keys": [key.public_jwk()] } });
    let mut app = Holder { id: keyed(world, members), key: ClientKey::es256(CLIENT_KEY), browser: Browser::new() };
    let code = app.code(world, &[]);
    let assertion = key.assertion(world, &app.id, json!({}), json!({}));
    let (status, tokens) = assert_by(world, &assertion, "/token", &redeem_fields(&code));
    assert_eq!(status, 200, "{tokens}");
    let assertion = key.assertion(world, &app.id, json!({}), json!({}));
    let refresh_token = text(&tokens["refresh_token"]);
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str())];
    let (status, tokens) = assert_by(world, &assertion, "/token", &refresh);
    assert_eq!(status, 200, "{tokens}");
    let assertion = key.assertion(world, &app.id, json!({}), json!({}));
    assert_eq!(assert_by(world, &assertion, "/revoke", &[("token", &text(&tokens["refresh_token"]))]).0, 200);
    world.fault = fault;
}

fn private_key_jwt_refusals(world: &mut World) {
    world.ok(json!({ "keys.rotate": {} }));
    let key = ClientKey::es256(1);
    let id = keyed(world, json!({ "jwks": { "keys": [key.public_jwk()] } }));
    let grant = [("grant_type", "client_credentials")];
    let now = world.now / 1000;
    let bad = |header: Value, claims: Value| (header, claims);
    for (header, claims) in [
        bad(json!({ "alg": "none" }), json!({})),
        bad(json!({ "alg": "HS256" }), json!({})),
        bad(json!({ "typ": "at+jwt" }), json!({})),
        bad(json!({ "kid": "unknown" }), json!({})),
        bad(json!({}), json!({ "aud": "https://auth.example.com/token" })),
        bad(json!({}), json!({ "aud": ["https://auth.example.com"] })),
        bad(json!({}), json!({ "iss": "another" })),
        bad(json!({}), json!({ "sub": "another" })),
        bad(json!({}), json!({ "exp": null })),
        bad(json!({}), json!({ "exp": now - 300 })),
        bad(json!({}), json!({ "exp": now + 3600 })),
        bad(json!({}), json!({ "nbf": now + 60 })),
        bad(json!({}), json!({ "iat": now - 3600 })),
        bad(json!({}), json!({ "jti": null })),
    ] {
        let assertion = key.assertion(world, &id, header, claims);
        let (status, refused) = assert_by(world, &assertion, "/token", &grant);
        assert_eq!((status, &refused["error"]), (401, &json!("invalid_client")), "{refused}");
    }
    let by_other = ClientKey::es256(2).assertion(world, &id, json!({}), json!({}));
    assert_eq!(assert_by(world, &by_other, "/token", &grant).0, 401);
    let assertion = key.assertion(world, &id, json!({}), json!({}));
    assert_eq!(
        post(world, "/token", &[], &form(&[grant[0], ("client_assertion", &assertion)])).1["error"],
        "invalid_request"
    );
    assert_eq!(assert_by(world, &assertion, "/token", &grant).0, 200);
    assert_eq!(assert_by(world, &assertion, "/token", &grant).0, 401, "used before");
    assert_eq!(world.refused(json!({ "clients.rotateSecret": { "id": id } })), "invalid_argument");
    for keys in [
        json!({}),
        json!({ "jwks": { "keys": [] } }),
        json!({ "jwks": { "keys": [key.private_jwk()] } }),
        json!({ "jwks": 1 }),
        json!({ "jwksUri": "https://client.example.com/jwks" }),
        json!({ "jwks": { "keys": [key.public_jwk()] }, "authSigningAlg": "HS256" }),
        json!({ "jwks": { "keys": [key.public_jwk()] }, "authMethod": "none" }),
    ] {
        let mut client = json!({ "name": "Job", "redirectUris": [CALLBACK], "authMethod": "private_key_jwt" });
        for (name, value) in keys.as_object().into_iter().flatten() {
            client[name] = value.clone();
        }
        assert_eq!(world.refused(json!({ "clients.create": client })), "invalid_argument", "{keys}");
    }
}
