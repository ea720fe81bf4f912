//! Signing keys under rotation and withdrawal, seen from several engines on one store (JW-052, JW-054, SF-016), and keys that only the
//! host has (HW-017).

use claviger_tests::World;
use claviger_tests::services::host_key;
use claviger_tests::setting::{Setting, header, reply, text};
use serde_json::{Value, json};

const MINUTE: u64 = 60;
const DAY: u64 = 86_400;

fn jwt(changes: Value) -> Setting {
    Setting::new(changes, "jwt")
}

/// Another engine with the same settings, whose calls have other seeds.
fn beside(s: &Setting) -> World {
    let mut other = World::new();
    (0..1000).for_each(|_| drop(other.call(json!({}))));
    (other.store, other.now) = (s.world.store.clone(), s.world.now);
    other
}

fn verify(token: &str) -> Value {
    json!({ "tokens.verify": { "token": token } })
}

fn verifies(world: &mut World, token: &str) -> bool {
    let done = world.run(verify(token));
    assert!(done.get("ok").is_some() || done["refused"]["code"] == "invalid_token", "{done}");
    done.get("ok").is_some()
}

fn kids(world: &mut World, state: &str) -> Vec<String> {
    let listed = world.ok(json!({ "keys.list": {} }));
    let keys = listed["keys"].as_array().into_iter().flatten().filter(|key| key["state"] == state);
    keys.map(|key| text(&key["kid"]).to_owned()).collect()
}

fn jwks(world: &mut World) -> Value {
    let url = format!("{}/jwks", World::ISSUER);
    world.ok(json!({ "http": { "method": "GET", "url": url } }))
}

fn published(world: &mut World) -> Vec<String> {
    let response = jwks(world);
    let set: Value = serde_json::from_str(text(&response["body"])).unwrap();
    set["keys"].as_array().into_iter().flatten().map(|key| text(&key["kid"]).to_owned()).collect()
}

fn withdraw(world: &mut World) {
    let active = kids(world, "active");
    world.ok(json!({ "keys.withdraw": { "kid": active[0] } }));
}

#[test]
fn jw_052_a_key_is_published_before_it_signs_and_for_as_long_as_what_it_signed_lives() {
    let mut s = jwt(json!({}));
    let token = text(&s.tokens()["access_token"]).to_owned();
    let (old, next) = (kids(&mut s.world, "active"), kids(&mut s.world, "next"));
    assert!(published(&mut s.world).contains(&next[0]));
    s.world.ok(json!({ "keys.rotate": {} }));
    assert_eq!((kids(&mut s.world, "active"), kids(&mut s.world, "retired")), (next.clone(), old.clone()));
    s.world.advance(15 * MINUTE - 1);
    assert!(verifies(&mut s.world, &token));
    // An engine that has not heard signs with the old key for a minute, and clocks are a minute apart.
    s.world.advance(2 * MINUTE);
    assert!(published(&mut s.world).contains(&old[0]));
    s.world.advance(1);
    assert_eq!(published(&mut s.world).len(), 2);
    assert!(!published(&mut s.world).contains(&old[0]));
}

/// However often keys are rotated by their age, whoever keeps the set as long as it may sees each key before it signs.
#[test]
fn jw_052_the_keys_may_be_kept_for_less_than_a_key_waits() {
    let mut s = jwt(json!({ "signing": { "rotateEvery": "1h" } }));
    s.tokens();
    s.world.advance(60 * MINUTE - 1);
    let kept = published(&mut s.world);
    let cache_control = header(&jwks(&mut s.world), "cache-control").unwrap_or_default().to_owned();
    let seconds: u64 = cache_control.strip_prefix("public, max-age=").unwrap().parse().unwrap();
    assert!((MINUTE..=30 * MINUTE).contains(&seconds));
    for elapsed in [0, 2, seconds - 2] {
        s.world.advance(elapsed);
        s.tokens();
        assert!(kept.contains(&kids(&mut s.world, "active")[0]), "after {elapsed} seconds more");
    }
}

#[test]
fn of_keys_made_beside_each_other_the_oldest_is_the_next_to_sign() {
    let mut s = jwt(json!({}));
    s.tokens();
    s.world.ok(json!({ "keys.generate": { "algorithm": "EdDSA" } }));
    let next = kids(&mut s.world, "next");
    assert_eq!(next.len(), 2);
    for left in [1, 1] {
        let oldest = kids(&mut s.world, "next").remove(0);
        s.world.ok(json!({ "keys.rotate": {} }));
        assert_eq!((kids(&mut s.world, "active"), kids(&mut s.world, "next").len()), (vec![oldest], left));
    }
    assert!(!kids(&mut s.world, "next").contains(&next[1]));
}

#[test]
fn jw_052_what_an_engine_signs_before_it_hears_of_a_rotation_verifies_to_its_end() {
    let mut s = jwt(json!({}));
    s.tokens();
    let mut other = beside(&s);
    other.ok(json!({ "keys.rotate": {} }));
    s.world.store = other.store.clone();
    s.world.advance(MINUTE - 1);
    let token = text(&s.tokens()["access_token"]).to_owned();
    other.store = s.world.store.clone();
    other.now = s.world.now + (15 * MINUTE - 1) * 1000;
    assert!(verifies(&mut other, &token));
}

#[test]
fn jw_054_a_withdrawn_key_verifies_nothing_at_once_and_elsewhere_within_a_minute() {
    let mut s = jwt(json!({}));
    let token = text(&s.tokens()["access_token"]).to_owned();
    let mut other = beside(&s);
    assert!(verifies(&mut other, &token));
    let active = kids(&mut s.world, "active");
    withdraw(&mut s.world);
    assert!(!verifies(&mut s.world, &token));
    assert!(!published(&mut s.world).contains(&active[0]));
    assert_eq!(s.introspect(&token), json!({ "active": false }));
    other.store = s.world.store.clone();
    other.now += 60_000;
    assert!(!verifies(&mut other, &token));
    // What is issued from now on is good, and the withdrawn key's private half is gone.
    let next = text(&s.tokens()["access_token"]).to_owned();
    assert!(verifies(&mut s.world, &next));
    let sealed = s.world.store.value("main.keys.signing/set").map(|row| row.to_string()).unwrap_or_default();
    assert!(!sealed.is_empty() && sealed.contains("withdrawn"));
}

#[test]
fn jw_054_a_load_from_before_a_withdrawal_does_not_bring_the_key_back() {
    for begin in [0, 1] {
        let mut s = jwt(json!({}));
        let token = text(&s.tokens()["access_token"]).to_owned();
        let refresh = text(&s.tokens()["refresh_token"]).to_owned();
        s.world.advance(2 * MINUTE);
        let command = [verify(&token), s.refresh_command(&refresh)][begin].clone();
        let step = s.world.begin(command);
        let late = s.world.store.answer(&step["ask"]);
        withdraw(&mut s.world);
        let mut step = s.world.resume(&step["flow"], late);
        while step.get("ask").is_some() {
            let answer = s.world.store.answer(&step["ask"]);
            step = s.world.resume(&step["flow"], answer);
        }
        assert!(!verifies(&mut s.world, &token), "{step}");
        let fresh = text(&s.tokens()["access_token"]).to_owned();
        assert!(verifies(&mut s.world, &fresh));
        assert!(verifies(&mut beside(&s), &fresh), "it was signed with a key that is withdrawn");
    }
}

#[test]
fn sf_016_a_clock_that_jumped_and_came_back_keeps_no_withdrawn_key() {
    let mut s = jwt(json!({}));
    let token = text(&s.tokens()["access_token"]).to_owned();
    let mut other = beside(&s);
    // A key set is read, and remembered, tomorrow.
    other.now += DAY * 1000;
    verifies(&mut other, &token);
    published(&mut other);
    withdraw(&mut s.world);
    other.store = s.world.store.clone();
    other.now = s.world.now + 60_000;
    assert!(!verifies(&mut other, &token));
}

#[test]
fn hw_017_a_wrong_signature_of_the_host_spends_nothing_and_leaves_in_no_token() {
    for algorithm in ["ES256", "RS256"] {
        let host_signs = json!({ "signing": { "hostKeys": [host_key(algorithm)] }, "capabilities": ["sign"] });
        let mut s = Setting::new(host_signs, "jwt");
        let code = s.code();
        let mut earlier = json!({ "signature": "" });
        for wrong in ["", "AAAA", &"A".repeat(86), "MEUCIQ", "not base64url!", "earlier"] {
            let command = s.redeem_command(&code);
            let done = s.world.run_with(command, |ask, _, store| match (ask.get("sign"), wrong) {
                (Some(_), "earlier") => earlier.take(),
                (Some(_), wrong) => json!({ "signature": wrong }),
                (None, _) => store.answer(ask),
            });
            let (status, body) = reply(&done["ok"]);
            assert_eq!((status, body.get("access_token")), (500, None), "{wrong}: {done}");
            assert_eq!(done["fault"]["code"], "bad_answer");
            assert!(!s.world.asked().contains(&"commit".to_owned()));
            // A good one, but of another token.
            let message = json!({ "sign": { "key": algorithm, "algorithm": algorithm, "message": "AAAA" } });
            earlier = s.world.store.answer(&message);
        }
        assert_eq!(s.redeem(&code).0, 200);
    }
}

#[test]
fn two_keys_of_the_host_under_one_kid_are_no_configuration() {
    let mut other = host_key("RS256");
    other["kid"] = json!("ES256");
    let signing = json!({ "signing": { "hostKeys": [host_key("ES256"), other] }, "capabilities": ["sign"] });
    let fault = claviger_core::Engine::open(World::config(signing).to_string().as_bytes()).unwrap_err();
    assert!(fault.told().message.contains("each has a kid of its own"), "{fault:?}");
}

/// The private key of RFC 8410 section 10.3.
pub(crate) const PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----";

fn sign_jwt(world: &mut World) -> String {
    text(&world.ok(json!({ "jwts.sign": { "claims": {} } }))["token"]).to_owned()
}

fn jwt_verifies(world: &mut World, token: &str) -> bool {
    world.run(json!({ "jwts.verify": { "token": token } })).get("ok").is_some()
}

#[test]
fn w2_a_key_file_is_imported_and_signs_when_its_turn_comes_or_at_once() {
    let mut w = World::new();
    let before = sign_jwt(&mut w);
    w.take_events();
    let imported = w.ok(json!({ "keys.import": { "pem": PEM } }));
    assert_eq!(w.asked(), &["load", "commit"]);
    assert_eq!(w.take_event_names(), ["key.imported"]);
    assert_eq!((&imported["state"], &imported["algorithm"]), (&json!("next"), &json!("EdDSA")));
    let kid = text(&imported["kid"]).to_owned();
    assert!(published(&mut w).contains(&kid), "published before it signs");
    assert_eq!(w.refused(json!({ "keys.import": { "pem": PEM } })), "already_exists");
    assert!(!w.store.dump().contains("1O5y2_kTWErVttjx92n4rTr-fCjL8dT74Jeoj0R1WEI"), "the private half is sealed");
    for _ in 0..2 {
        w.ok(json!({ "keys.rotate": {} }));
    }
    assert!(kids(&mut w, "active").contains(&kid));
    assert!(jwt_verifies(&mut w, &before));
    // At once: what others signed before verifies on.
    let mut w = World::new();
    let before = sign_jwt(&mut w);
    let active = kids(&mut w, "active");
    w.ok(json!({ "keys.import": { "pem": PEM, "activate": true } }));
    assert_eq!((kids(&mut w, "active"), kids(&mut w, "retired")), (vec![kid], active));
    let after = sign_jwt(&mut w);
    assert!(jwt_verifies(&mut w, &before) && jwt_verifies(&mut w, &after));
}

#[test]
fn p23_p24_a_key_set_of_another_system_verifies_what_it_signed_and_signs_on() {
    let mut w = World::new();
    let made = w.ok(json!({ "keys.pair": { "algorithm": "EdDSA" } }));
    assert!(w.asked().is_empty() && w.store.is_empty(), "it is kept nowhere");
    let key = claviger_tests::ClientKey::of_jwk(&made["privateJwk"].to_string());
    let now = w.now / 1000;
    // Without a kid, as others make them.
    let claims = json!({ "iss": World::ISSUER, "aud": World::ISSUER, "exp": now + 60 });
    let theirs = key.sign(&json!({ "alg": "EdDSA", "typ": "app+jwt" }), &claims);
    assert!(!jwt_verifies(&mut w, &theirs));
    let mut jwk = made["privateJwk"].clone();
    jwk["kid"] = json!("2026-01");
    assert_eq!(w.ok(json!({ "keys.import": { "jwk": jwk, "activate": true } }))["kid"], "2026-01");
    assert!(jwt_verifies(&mut w, &theirs));
    let exported = w.ok(json!({ "keys.export": { "kid": "2026-01" } }));
    assert_eq!((&exported["publicJwk"]["x"], &exported["publicPem"]), (&made["publicJwk"]["x"], &made["publicPem"]));
    let set = w.ok(json!({ "keys.jwks": {} }));
    assert!(set["keys"].as_array().unwrap().contains(&exported["publicJwk"]));
    assert_eq!(w.refused(json!({ "keys.export": { "kid": "nobody" } })), "not_found");
    for bad in [
        json!({}),
        json!({ "pem": PEM, "jwk": jwk }),
        json!({ "pem": "no key" }),
        json!({ "pem": PEM, "algorithm": "ES256" }),
        json!({ "jwk": made["publicJwk"] }),
        json!({ "jwk": jwk, "algorithm": "RS256" }),
        json!({ "jwk": "text" }),
    ] {
        assert_eq!(w.refused(json!({ "keys.import": bad })), "invalid_argument", "{bad}");
    }
}

#[test]
fn a9_a_secret_of_another_system_verifies_its_tokens_and_makes_no_access_tokens() {
    let mut s = jwt(json!({}));
    let secret = json!({ "kty": "oct", "k": format!("{}YWE", "YWFh".repeat(10)) });
    let imported = s.world.ok(json!({ "keys.import": { "jwk": secret, "algorithm": "HS256", "activate": true } }));
    let key = claviger_tests::ClientKey::of_jwk(&secret.to_string());
    let now = s.world.now / 1000;
    let old = key.sign(&json!({ "alg": "HS256", "typ": "JWT" }), &json!({ "sub": "ada", "exp": now + 60 }));
    // A secret is shared: where it is not named, nothing that it signed is taken.
    let mut lax = json!({ "token": old, "typ": null, "issuer": null, "audience": null });
    assert_eq!(s.world.refused(json!({ "jwts.verify": lax })), "invalid_token");
    lax["algorithms"] = json!(["HS256"]);
    assert_eq!(s.world.ok(json!({ "jwts.verify": lax }))["claims"]["sub"], "ada");
    // Whoever shares the secret makes no access token of this issuer with it, with the name of the key or without.
    let kid = &text(&imported["kid"]).to_owned();
    let claims = json!({
        "iss": World::ISSUER, "aud": World::ISSUER, "sub": s.subject, "client_id": s.client,
        "exp": now + 60, "iat": now, "jti": "x", "scope": "read",
    });
    for header in [json!({ "alg": "HS256", "typ": "at+jwt" }), json!({ "alg": "HS256", "typ": "at+jwt", "kid": kid })] {
        assert!(!verifies(&mut s.world, &key.sign(&header, &claims)));
    }
    assert!(!published(&mut s.world).contains(kid));
    assert_eq!(s.world.refused(json!({ "keys.export": { "kid": kid } })), "invalid_argument");
}

#[test]
fn jw_054_a_key_that_takes_the_place_of_a_withdrawn_one_under_its_name_is_another_key() {
    let mut s = jwt(json!({}));
    let keys = [1, 2].map(|number| claviger_tests::ClientKey::new(claviger_core::key::Algorithm::EdDSA, number));
    let import = |key: &claviger_tests::ClientKey| {
        let mut jwk = key.private_jwk();
        jwk["kid"] = json!("service");
        json!({ "keys.import": { "jwk": jwk, "activate": true } })
    };
    let now = s.world.now / 1000;
    let claims = json!({
        "iss": World::ISSUER, "aud": World::ISSUER, "sub": s.subject, "client_id": s.client,
        "exp": now + 600_000, "iat": now, "jti": "x", "scope": "read",
    });
    let signed =
        keys.each_ref().map(|key| key.sign(&json!({ "alg": "EdDSA", "typ": "app+jwt", "kid": "service" }), &claims));
    let lax = |token: &str| json!({ "jwts.verify": { "token": token, "audience": null } });
    s.world.ok(import(&keys[0]));
    s.world.ok(lax(&signed[0]));
    s.world.ok(json!({ "keys.withdraw": { "kid": "service" } }));
    // Its row is gone with a later rotation, and the name is free.
    for _ in 0..3 {
        s.world.advance(400 * 86_400);
        s.world.ok(json!({ "keys.rotate": {} }));
    }
    s.world.ok(import(&keys[1]));
    let now = s.world.now / 1000;
    let fresh = json!({ "iss": World::ISSUER, "sub": "x", "exp": now + 60, "iat": now, "jti": "y" });
    let [old, new] =
        keys.each_ref().map(|key| key.sign(&json!({ "alg": "EdDSA", "typ": "app+jwt", "kid": "service" }), &fresh));
    assert_eq!(s.world.refused(lax(&old)), "invalid_token");
    s.world.ok(lax(&new));
}

#[test]
fn w2_sixty_four_imports_at_once_are_one() {
    let mut w = World::new();
    sign_jwt(&mut w);
    let ends = w.race(&json!({ "keys.import": { "pem": PEM } }), 64);
    assert_eq!(ends.iter().filter(|done| done.get("ok").is_some()).count(), 1);
    assert!(ends.iter().all(|done| done.get("ok").is_some() || done["refused"]["code"] == "already_exists"));
}
