//! One grant, whole: sign in, consent, code, refresh, introspection, revocation.

use claviger_tests::{Browser, CHALLENGE, VERIFIER, World, basic, form, location_parameter};
use serde_json::{Value, json};

const CALLBACK: &str = "https://app.example.com/cb";

struct Setting {
    world: World,
    browser: Browser,
    client: String,
    secret: String,
}

fn setting(changes: Value, access_token: &str) -> Setting {
    let mut world = World::with(changes);
    let created = world
        .ok(json!({ "clients.create": { "name": "App", "redirectUris": [CALLBACK], "accessToken": access_token } }));
    world.ok(json!({ "accounts.create": { "login": "Ada", "password": "correct horse", "name": "Ada Lovelace" } }));
    let text = |name: &str, from: &Value| from[name].as_str().unwrap().to_owned();
    Setting { client: text("id", &created["client"]), secret: text("secret", &created), world, browser: Browser::new() }
}

impl Setting {
    fn query(&self) -> String {
        form(&[
            ("client_id", &self.client),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "read"),
            ("state", "s&t"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ])
    }

    fn code(&mut self) -> String {
        let query = self.query();
        let interaction = self.browser.begin(&mut self.world, &query);
        self.browser.sign_in(&mut self.world, &interaction, "ada", "correct horse");
        let answer = self.browser.allow(&mut self.world, &interaction, &["read"]);
        assert_eq!(answer["status"], 303, "{answer}");
        assert_eq!(location_parameter(&answer, "state").as_deref(), Some("s&t"));
        assert_eq!(location_parameter(&answer, "iss").as_deref(), Some(World::ISSUER));
        location_parameter(&answer, "code").unwrap()
    }

    fn post_command(&self, path: &str, fields: &[(&str, &str)]) -> Value {
        let headers = json!([
            ["authorization", basic(&self.client, &self.secret)],
            ["content-type", "application/x-www-form-urlencoded"]
        ]);
        json!({ "http": { "method": "POST", "url": format!("{}{path}", World::ISSUER), "headers": headers, "body": form(fields) } })
    }

    fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> (u64, Value) {
        let response = self.world.ok(self.post_command(path, fields));
        (response["status"].as_u64().unwrap(), serde_json::from_str(response["body"].as_str().unwrap()).unwrap())
    }

    fn redeem(&mut self, code: &str) -> (u64, Value) {
        self.post(
            "/token",
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ],
        )
    }

    fn refresh(&mut self, token: &str) -> (u64, Value) {
        self.post("/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    fn introspect(&mut self, token: &str) -> Value {
        self.post("/introspect", &[("token", token)]).1
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

#[test]
fn a_person_signs_in_consents_and_the_client_gets_tokens() {
    let mut s = setting(json!({}), "jwt");
    let code = s.code();
    let (status, tokens) = s.redeem(&code);
    assert_eq!(status, 200, "{tokens}");
    assert_eq!((text(&tokens["token_type"]), text(&tokens["scope"])), ("Bearer", "read"));
    assert_eq!(tokens["expires_in"], 900);
    let principal = s.world.ok(json!({ "tokens.verify": { "token": tokens["access_token"], "scopes": ["read"] } }));
    assert_eq!(principal["clientId"], s.client.as_str());
}

#[test]
fn the_round_trips_are_two_two_one_two_and_zero() {
    for form in ["jwt", "opaque"] {
        let mut s = setting(json!({}), form);
        let (first, second) = (s.code(), s.code());
        s.redeem(&first);
        let (_, tokens) = s.redeem(&second);
        assert_eq!(s.world.asked(), &["load", "commit"], "code exchange, {form}");
        let (_, tokens) = s.refresh(text(&tokens["refresh_token"]));
        assert_eq!(s.world.asked(), &["load", "commit"], "refresh, {form}");
        s.introspect(text(&tokens["access_token"]));
        assert_eq!(s.world.asked(), &["load"], "introspection, {form}");
        let verify = json!({ "tokens.verify": { "token": tokens["access_token"] } });
        s.world.ok(verify.clone());
        s.world.ok(verify);
        assert_eq!(s.world.asked().len(), if form == "jwt" { 0 } else { 1 }, "verification, {form}");
        s.post("/revoke", &[("token", text(&tokens["refresh_token"]))]);
        assert_eq!(s.world.asked(), &["load", "commit"], "revocation, {form}");
    }
}

#[test]
fn az_040_a_code_redeemed_twice_kills_every_token_of_its_grant() {
    let mut s = setting(json!({}), "opaque");
    let code = s.code();
    let (_, tokens) = s.redeem(&code);
    assert_eq!(s.introspect(text(&tokens["access_token"]))["active"], true);
    s.world.advance(1);
    let (status, error) = s.redeem(&code);
    assert_eq!((status, text(&error["error"])), (400, "invalid_grant"));
    assert_eq!(s.introspect(text(&tokens["access_token"])), json!({ "active": false }));
    assert_eq!(s.refresh(text(&tokens["refresh_token"])).0, 400);
}

#[test]
fn tk_044_two_tabs_end_with_the_same_live_successor() {
    for form in ["jwt", "opaque"] {
        let mut s = setting(json!({}), form);
        let code = s.code();
        let (_, tokens) = s.redeem(&code);
        let first = s.refresh(text(&tokens["refresh_token"])).1;
        s.world.advance(1);
        let mut second = s.refresh(text(&tokens["refresh_token"])).1;
        assert_eq!(s.world.asked(), &["load"]);
        assert_eq!(second["expires_in"], first["expires_in"].as_u64().unwrap() - 1);
        second["expires_in"] = first["expires_in"].clone();
        assert_eq!(first, second, "{form}");
        assert_eq!(s.refresh(text(&second["refresh_token"])).0, 200);
    }
}

#[test]
fn tk_043_a_replay_after_the_grace_revokes_that_grant_alone() {
    let mut s = setting(json!({}), "opaque");
    let (one, other) = (s.code(), s.code());
    let (tokens, others) = (s.redeem(&one).1, s.redeem(&other).1);
    let rotated = s.refresh(text(&tokens["refresh_token"])).1;
    s.world.advance(11);
    let (status, error) = s.refresh(text(&tokens["refresh_token"]));
    assert_eq!((status, text(&error["error"])), (400, "invalid_grant"));
    assert_eq!(s.introspect(text(&rotated["access_token"])), json!({ "active": false }));
    assert_eq!(s.refresh(text(&rotated["refresh_token"])).0, 400);
    assert_eq!(s.refresh(text(&others["refresh_token"])).0, 200);
}

#[test]
fn tk_070_the_store_holds_no_credential_in_clear() {
    let mut s = setting(json!({}), "opaque");
    let code = s.code();
    let (_, tokens) = s.redeem(&code);
    let dump = s.world.store.dump();
    for secret in [
        &code,
        &s.secret,
        text(&tokens["access_token"]),
        text(&tokens["refresh_token"]),
        "correct horse",
        World::SECRET,
        &s.browser.cookie_header(),
    ] {
        assert!(!dump.contains(secret), "{secret}");
    }
}

#[test]
fn az_042_of_64_concurrent_redemptions_one_succeeds_and_the_grant_dies() {
    let mut s = setting(json!({}), "opaque");
    let code = s.code();
    let command = s.post_command(
        "/token",
        &[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ],
    );
    let mut waiting: Vec<Value> = (0..64).map(|_| s.world.begin(command.clone())).collect();
    let mut ended = Vec::new();
    while !waiting.is_empty() {
        let mut still = Vec::new();
        for step in waiting {
            let answer = s.world.store.answer(&step["ask"]);
            let next = s.world.resume(&step["flow"], answer);
            if next.get("ask").is_some() { still.push(next) } else { ended.push(next["done"]["ok"].clone()) }
        }
        waiting = still;
    }
    let successes: Vec<&Value> = ended.iter().filter(|response| response["status"] == 200).collect();
    assert_eq!(successes.len(), 1);
    assert!(
        ended
            .iter()
            .filter(|response| response["status"] != 200)
            .all(|response| response["status"] == 400 && text(&response["body"]).contains("invalid_grant"))
    );
    let tokens: Value = serde_json::from_str(text(&successes[0]["body"])).unwrap();
    assert_eq!(s.introspect(text(&tokens["access_token"])), json!({ "active": false }));
}
