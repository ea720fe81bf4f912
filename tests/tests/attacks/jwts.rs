//! The application's own JWTs (seeds A9 to A11, A13, W5; JW-031, JW-058): signed, verified under a policy, taken back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_tests::services::{CLIENT_KEY, CLIENT_KEYS};
use claviger_tests::setting::{Setting, text};
use claviger_tests::{ClientKey, World};
use serde_json::{Value, json};

use crate::operations::Operation;

const DAY: u64 = 86_400;

fn world() -> World {
    World::with(json!({ "lifetimes": { "jwt": "7d" } }))
}

fn sign(world: &mut World, changes: Value) -> Value {
    let mut ask = json!({ "claims": { "sub": "ada", "role": "admin" } });
    merge(&mut ask, changes);
    world.ok(json!({ "jwts.sign": ask }))
}

fn merge(ask: &mut Value, changes: Value) {
    let changes = changes.as_object().cloned().unwrap_or_default();
    for (name, value) in changes {
        ask[name] = value;
    }
}

fn verify(token: &Value, changes: Value) -> Value {
    let mut ask = json!({ "token": token });
    merge(&mut ask, changes);
    json!({ "jwts.verify": ask })
}

/// Why a token is refused; its outward look is always the same.
fn reason(world: &mut World, command: Value) -> String {
    let done = world.run(command);
    let refused = &done["refused"];
    assert_eq!(
        (&refused["code"], &refused["status"], &refused["message"]),
        (&json!("invalid_token"), &json!(401), &json!("The token is not valid here")),
        "{done}"
    );
    text(&refused["reason"]).to_owned()
}

fn part(token: &Value, index: usize) -> Value {
    let part = text(token).split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn a10_a_token_says_what_the_application_says_and_who_made_it() {
    let mut w = world();
    let signed = sign(&mut w, json!({ "expiresIn": "15m" }));
    let (header, claims) = (part(&signed["token"], 0), part(&signed["token"], 1));
    let now = w.now / 1000;
    assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("app+jwt")));
    let expected = json!({
        "iss": World::ISSUER, "aud": World::ISSUER, "sub": "ada", "role": "admin",
        "iat": now, "exp": now + 900, "jti": signed["jti"],
    });
    assert_eq!(claims, expected);
    assert_eq!(signed["expiresAt"], (now + 900) * 1000);
    let verified = w.ok(verify(&signed["token"], json!({})));
    assert_eq!((&verified["claims"], &verified["header"]), (&expected, &header));
    // Neither costs a trip while the keys are remembered.
    assert!(w.asked().is_empty());
    let again = sign(&mut w, json!({}));
    assert!(w.asked().is_empty());
    assert_ne!(signed["jti"], again["jti"]);
}

#[test]
fn a9_durations_are_seconds_or_text_with_a_unit() {
    let mut w = world();
    for (written, seconds) in
        [(json!(90), 90), (json!("90s"), 90), (json!("15m"), 900), (json!("2h"), 7200), (json!("7d"), 7 * DAY)]
    {
        let signed = sign(&mut w, json!({ "expiresIn": written }));
        assert_eq!(signed["expiresAt"], w.now / 1000 * 1000 + seconds * 1000, "{written}");
    }
    for bad in [json!("1w"), json!("1.5h"), json!(""), json!(-1), json!(0), json!("8d"), json!(null)] {
        let ask = json!({ "jwts.sign": { "claims": {}, "expiresIn": bad } });
        if bad.is_null() {
            w.ok(ask);
        } else {
            assert_eq!(w.refused(ask), "invalid_argument", "{bad}");
        }
    }
    // Without lifetimes.jwt a token lives as long as an access token at most.
    let mut plain = World::new();
    assert_eq!(plain.refused(json!({ "jwts.sign": { "claims": {}, "expiresIn": "16m" } })), "invalid_argument");
    assert_eq!(sign(&mut plain, json!({}))["expiresAt"], plain.now / 1000 * 1000 + 900_000);
}

#[test]
fn a9_every_algorithm_signs_and_is_pinned_to_its_key() {
    let mut w = world();
    assert_eq!(w.refused(json!({ "jwts.sign": { "claims": {}, "algorithm": "HS256" } })), "invalid_argument");
    for algorithm in ["HS256", "HS384", "HS512", "ES256", "PS256", "RS512"] {
        w.ok(json!({ "keys.rotate": { "algorithm": algorithm } }));
        let signed = sign(&mut w, json!({ "algorithm": algorithm }));
        assert_eq!(part(&signed["token"], 0)["alg"], algorithm);
        w.ok(verify(&signed["token"], json!({ "algorithms": [algorithm] })));
        // A secret is shared, so that it is to be named.
        let unnamed = w.run(verify(&signed["token"], json!({})));
        assert_eq!(unnamed.get("ok").is_some(), !algorithm.starts_with("HS"), "{unnamed}");
        let pinned = verify(&signed["token"], json!({ "algorithms": ["EdDSA"] }));
        assert_eq!(reason(&mut w, pinned), "signature");
    }
    let unknown = verify(&json!("e30.e30.e30"), json!({ "algorithms": ["none"] }));
    assert_eq!(w.refused(unknown), "invalid_argument");
}

#[test]
fn a_symmetric_key_is_never_published_and_verifies_nothing_of_the_engines() {
    let mut s = Setting::new(json!({}), "jwt");
    s.world.ok(json!({ "keys.rotate": { "algorithm": "HS256" } }));
    let keys = s.world.ok(json!({ "keys.list": {} }));
    let symmetric: Vec<_> = keys["keys"].as_array().unwrap().iter().filter(|key| key["algorithm"] == "HS256").collect();
    assert!(!symmetric.is_empty() && symmetric.iter().all(|key| key.get("publicJwk").is_none()), "{keys}");
    let url = format!("{}/jwks", World::ISSUER);
    let published = s.world.ok(json!({ "http": { "method": "GET", "url": url } }));
    assert!(!text(&published["body"]).contains("HS256"));
    // What it signed is good as the application's own, and under no name as an access token or a session's.
    let signed = s.world.ok(json!({ "jwts.sign": { "claims": { "sub": s.subject }, "algorithm": "HS256" } }));
    s.world.ok(verify(&signed["token"], json!({ "algorithms": ["HS256"] })));
    assert_eq!(s.world.refused(json!({ "tokens.verify": { "token": signed["token"] } })), "invalid_token");
}

#[test]
fn jw_031_a_token_of_the_application_is_no_other_kind_and_no_other_kind_is_one() {
    let mut s = Setting::new(json!({}), "jwt");
    for typ in ["JWT", "at+jwt", "AT+JWT", "session+jwt", "logout+jwt", "dpop+jwt", "client-authentication+jwt"] {
        assert_eq!(s.world.refused(json!({ "jwts.sign": { "claims": {}, "typ": typ } })), "invalid_argument", "{typ}");
    }
    for typ in ["", "application/app+jwt", "a b", "ü", &"x".repeat(101)] {
        assert_eq!(s.world.refused(json!({ "jwts.sign": { "claims": {}, "typ": typ } })), "invalid_argument", "{typ}");
    }
    let own = s.world.ok(json!({ "jwts.sign": { "claims": { "sub": s.subject, "scope": "read" } } }))["token"].clone();
    let reset = s.world.ok(json!({ "jwts.sign": { "claims": {}, "typ": "reset+jwt" } }))["token"].clone();
    let access = s.tokens()["access_token"].clone();
    let of_session = s.world.ok(json!({ "sessions.issueTokens": { "subject": s.subject, "methods": ["pwd"] } }));
    for other in [&own, &reset] {
        assert_eq!(s.world.refused(json!({ "tokens.verify": { "token": other } })), "invalid_token");
        let headers = json!([["authorization", format!("Bearer {}", text(other))]]);
        assert_eq!(s.world.refused(json!({ "authenticate": { "headers": headers } })), "invalid_token");
        assert_eq!(s.introspect(text(other)), json!({ "active": false }));
    }
    for other in [&reset, &access, &of_session["accessToken"]] {
        assert_eq!(reason(&mut s.world, verify(other, json!({}))), "type");
    }
    s.world.ok(verify(&reset, json!({ "typ": "application/RESET+jwt" })));
    s.world.ok(verify(&access, json!({ "typ": "at+jwt", "audience": null })));
    s.world.ok(verify(&reset, json!({ "typ": null })));
}

#[test]
fn nobody_speaks_for_the_engine_in_claims() {
    let mut w = world();
    for name in ["iss", "aud", "exp", "nbf", "iat", "jti", "sid", "auth_time", "amr", "cnf", "act", "client_id", "azp"]
    {
        assert_eq!(w.refused(json!({ "jwts.sign": { "claims": { name: "x" } } })), "invalid_argument", "{name}");
    }
    for bad in [json!([]), json!("x"), json!({ "sub": 7 }), json!({ "x": "y".repeat(4096) })] {
        assert_eq!(w.refused(json!({ "jwts.sign": { "claims": bad } })), "invalid_argument", "{bad}");
    }
    for bad in [json!([""]), json!(vec!["x"; 17]), json!(["x".repeat(1025)])] {
        assert_eq!(w.refused(json!({ "jwts.sign": { "claims": {}, "audience": bad } })), "invalid_argument");
    }
}

#[test]
fn a13_jw_058_every_refusal_looks_alike_and_tells_the_host_its_reason() {
    let mut w = world();
    let signed = sign(&mut w, json!({ "expiresIn": 60, "audience": ["api", "web"] }));
    let token = signed["token"].clone();
    w.ok(verify(&token, json!({ "audience": ["web"] })));
    w.ok(verify(&token, json!({ "audience": null, "issuer": null, "typ": null })));
    let (message, _) = text(&token).rsplit_once('.').unwrap();
    let forged = json!(format!("{message}.{}", "A".repeat(86)));
    let api = json!({ "audience": ["api"] });
    for (token, changes, why) in [
        (&token, json!({}), "audience"),
        (&token, json!({ "audience": ["other"] }), "audience"),
        (&token, json!({ "audience": ["api"], "issuer": "https://other.example.com" }), "issuer"),
        (&token, json!({ "audience": ["api"], "typ": "other+jwt" }), "type"),
        (&token, json!({ "audience": ["api"], "required": ["exp", "nonce"] }), "claim"),
        (&forged, api.clone(), "signature"),
        (&json!("a.b.c"), api.clone(), "malformed"),
        (&json!(""), api.clone(), "malformed"),
    ] {
        assert_eq!(reason(&mut w, verify(token, changes)), why);
    }
    w.advance(60);
    assert_eq!(reason(&mut w, verify(&token, api.clone())), "expired");
    w.ok(verify(&token, json!({ "audience": ["api"], "leeway": 1 })));
    w.ok(verify(&token, json!({ "audience": ["api"], "leeway": "10m" })));
    assert_eq!(w.refused(verify(&token, json!({ "leeway": "11m" }))), "invalid_argument");
    w.ok(json!({ "jwts.deny": { "token": token } }));
    let checked = json!({ "audience": ["api"], "leeway": 1, "revocation": "check" });
    assert_eq!(reason(&mut w, verify(&token, checked)), "denied");
}

#[test]
fn a_token_may_have_to_be_young() {
    let mut w = world();
    let token = sign(&mut w, json!({ "expiresIn": "1h" }))["token"].clone();
    w.advance(59);
    w.ok(verify(&token, json!({ "maxAge": "1m" })));
    w.advance(1);
    assert_eq!(reason(&mut w, verify(&token, json!({ "maxAge": "1m" }))), "expired");
    w.now -= 120_000;
    assert_eq!(reason(&mut w, verify(&token, json!({ "maxAge": "1m" }))), "not_yet_valid");
}

#[test]
fn a11_a_denied_token_is_refused_where_it_is_looked_at_until_it_is_over() {
    let mut w = world();
    let signed = sign(&mut w, json!({ "expiresIn": "1h" }));
    let (token, jti) = (&signed["token"], &signed["jti"]);
    let checked = verify(token, json!({ "revocation": "check" }));
    w.ok(checked.clone());
    assert_eq!(w.asked(), &["load"]);
    w.take_events();
    assert_eq!(w.ok(json!({ "jwts.deny": { "token": token } })), json!({ "denied": true }));
    assert_eq!(w.asked(), &["load", "commit"]);
    assert_eq!(w.take_events()[0]["jti"], *jti);
    assert_eq!(reason(&mut w, checked.clone()), "denied");
    // Who does not look takes it: that is what expiry is for.
    w.ok(verify(token, json!({})));
    assert!(w.asked().is_empty());
    // Again is no change, and no commit.
    assert_eq!(
        w.ok(json!({ "jwts.deny": { "jti": jti, "expiresAt": signed["expiresAt"] } })),
        json!({ "denied": true })
    );
    assert_eq!(w.asked(), &["load"]);
    assert_eq!(w.ok(json!({ "jwts.isDenied": { "jti": jti } })), json!({ "denied": true }));
    // The row outlives the largest leeway that a reader may have, and no longer.
    w.advance(3600 + 599);
    let late = verify(token, json!({ "revocation": "check", "leeway": "10m" }));
    assert_eq!(reason(&mut w, late.clone()), "denied");
    w.advance(1);
    assert_eq!(reason(&mut w, late), "expired");
    assert_eq!(w.ok(json!({ "purge": {} }))["purged"]["denied"], 1);
    assert_eq!(w.ok(json!({ "jwts.deny": { "token": token } })), json!({ "denied": false }));
    assert!(w.store.keys("denied").is_empty());
}

#[test]
fn a11_a_denial_can_be_taken_back_and_made_longer() {
    let mut w = world();
    let signed = sign(&mut w, json!({ "expiresIn": "1h" }));
    let (token, jti, soon) = (&signed["token"], &signed["jti"], w.now + 1000);
    w.ok(json!({ "jwts.deny": { "jti": jti, "expiresAt": soon } }));
    w.ok(json!({ "jwts.deny": { "token": token } }));
    w.advance(1800);
    assert_eq!(w.ok(json!({ "jwts.isDenied": { "jti": jti } })), json!({ "denied": true }), "the later end counts");
    assert_eq!(w.ok(json!({ "jwts.allow": { "jti": jti } })), json!({ "allowed": true }));
    assert_eq!(w.ok(json!({ "jwts.allow": { "jti": jti } })), json!({ "allowed": false }));
    w.ok(verify(token, json!({ "revocation": "check" })));
    for bad in [
        json!({}),
        json!({ "jti": "x" }),
        json!({ "token": "a.b.c", "jti": "x", "expiresAt": 1 }),
        json!({ "jti": "", "expiresAt": soon }),
        json!({ "jti": "x".repeat(1025), "expiresAt": soon }),
        json!({ "jti": "x", "expiresAt": w.now + 3651 * DAY * 1000 }),
    ] {
        assert_eq!(w.refused(json!({ "jwts.deny": bad })), "invalid_argument");
    }
    // Nobody fills the list with tokens of their own making.
    let stranger =
        ClientKey::es256(7).sign(&json!({ "alg": "ES256", "typ": "app+jwt" }), &json!({ "jti": "x", "exp": w.now }));
    assert_eq!(reason(&mut w, json!({ "jwts.deny": { "token": stranger } })), "signature");
}

#[test]
fn a11_sixty_four_denials_at_once_are_one() {
    let mut w = world();
    let token = sign(&mut w, json!({}))["token"].clone();
    let ends = w.race(&json!({ "jwts.deny": { "token": token } }), 64);
    assert!(ends.iter().all(|done| done["ok"]["denied"] == true));
    assert_eq!(ends.iter().filter(|done| done["events"][0]["name"] == "jwt.denied").count(), 1);
}

#[test]
fn a11_a_token_that_nobody_looks_up_in_the_list_is_not_said_to_be_denied() {
    let mut s = Setting::new(json!({}), "jwt");
    let tokens = s.tokens();
    let deny = json!({ "jwts.deny": { "token": tokens["access_token"] } });
    assert_eq!(s.world.refused(deny), "invalid_argument");
}

#[test]
fn a11_a_denied_access_token_of_a_session_lets_nobody_in_in_the_same_trip() {
    let mut s = Setting::opaque();
    let tokens = s.world.ok(json!({ "sessions.issueTokens": { "subject": s.subject, "methods": ["pwd"] } }));
    let headers = json!([["authorization", format!("Bearer {}", text(&tokens["accessToken"]))]]);
    let who = json!({ "authenticate": { "headers": headers } });
    s.world.ok(who.clone());
    s.world.ok(json!({ "jwts.deny": { "token": tokens["accessToken"] } }));
    assert_eq!(s.world.refused(who), "invalid_token");
    assert_eq!(s.world.asked(), &["load"]);
    // The next one is another token.
    s.world.ok(json!({ "sessions.refreshTokens": { "refreshToken": tokens["refreshToken"] } }));
}

#[test]
fn a10_a_sessions_tokens_carry_the_applications_claims_through_every_refresh() {
    let mut s = Setting::opaque();
    let ask =
        json!({ "subject": s.subject, "methods": ["pwd"], "claims": { "tenant": "acme", "plan": { "seats": 3 } } });
    let first = s.world.ok(json!({ "sessions.issueTokens": ask }));
    let second = s.world.ok(json!({ "sessions.refreshTokens": { "refreshToken": first["refreshToken"] } }));
    let (one, two) = (part(&first["accessToken"], 1), part(&second["accessToken"], 1));
    for claims in [&one, &two] {
        assert_eq!((&claims["tenant"], &claims["plan"]), (&json!("acme"), &json!({ "seats": 3 })));
        assert_eq!((&claims["sub"], &claims["sid"]), (&json!(s.subject), &first["sessionId"]));
    }
    assert_ne!(one["jti"], two["jti"]);
    for bad in [json!({ "sub": "eve" }), json!({ "sid": "x" }), json!({ "exp": 1 }), json!([])] {
        let ask = json!({ "subject": s.subject, "methods": ["pwd"], "claims": bad });
        assert_eq!(s.world.refused(json!({ "sessions.issueTokens": ask })), "invalid_argument", "{bad}");
    }
}

#[test]
fn a12_without_rotation_a_refresh_token_stays_the_same_and_ends_with_its_session() {
    let mut s = Setting::new(json!({ "sessions": { "rotateTokens": false } }), "opaque");
    let first = s.world.ok(json!({ "sessions.issueTokens": { "subject": s.subject, "methods": ["pwd"] } }));
    let refresh = json!({ "sessions.refreshTokens": { "refreshToken": first["refreshToken"] } });
    for _ in 0..3 {
        s.world.advance(60);
        let next = s.world.ok(refresh.clone());
        assert_eq!(next["refreshToken"], first["refreshToken"]);
        assert_eq!(s.world.asked(), &["load"], "nothing is written");
    }
    s.world.ok(json!({ "sessions.revoke": { "subject": s.subject, "id": first["sessionId"] } }));
    assert_eq!(s.world.refused(refresh), "invalid_grant");
}

#[test]
fn a_retired_key_verifies_until_the_longest_token_that_it_signed_is_over() {
    let mut w = world();
    let token = sign(&mut w, json!({ "expiresIn": "7d" }))["token"].clone();
    w.ok(json!({ "keys.rotate": {} }));
    w.advance(7 * DAY - 1);
    w.ok(verify(&token, json!({})));
    let mut w = world();
    let token = sign(&mut w, json!({}))["token"].clone();
    let kid = part(&token, 0)["kid"].clone();
    w.ok(json!({ "keys.withdraw": { "kid": kid } }));
    assert_eq!(reason(&mut w, verify(&token, json!({}))), "signature");
}

#[test]
fn tokens_of_others_are_verified_with_their_keys_given_or_fetched() {
    let mut w = World::with(json!({ "capabilities": ["fetch"] }));
    let key = ClientKey::es256(CLIENT_KEY);
    let (now, issuer) = (w.now / 1000, "https://other.example.com");
    let claims = json!({ "iss": issuer, "aud": "api", "exp": now + 60, "sub": "eve" });
    let token = json!(key.sign(&json!({ "alg": "ES256" }), &claims));
    let policy = |keys: Value| {
        let mut policy = json!({ "issuer": issuer, "audience": ["api"], "typ": null });
        merge(&mut policy, keys);
        policy
    };
    let given = policy(json!({ "jwks": { "keys": [key.public_jwk()] } }));
    assert_eq!(w.ok(verify(&token, given.clone()))["claims"], claims);
    assert!(w.asked().is_empty());
    let fetched = policy(json!({ "jwksUri": CLIENT_KEYS }));
    w.ok(verify(&token, fetched.clone()));
    assert_eq!(w.asked(), &["fetch"]);
    w.ok(verify(&token, fetched.clone()));
    assert!(w.asked().is_empty(), "the keys are kept");
    // A token of another key does not make the address be asked again at once.
    let forged = json!(ClientKey::es256(9).sign(&json!({ "alg": "ES256" }), &claims));
    assert_eq!(reason(&mut w, verify(&forged, fetched.clone())), "signature");
    assert!(w.asked().is_empty());
    w.advance(11);
    assert_eq!(reason(&mut w, verify(&forged, fetched.clone())), "signature");
    assert_eq!(w.asked(), &["fetch"]);
    // Keys of others are for tokens of others: whose, must be said.
    for bad in [
        json!({ "jwks": { "keys": [key.public_jwk()] } }),
        policy(json!({ "jwks": { "keys": [] }, "jwksUri": CLIENT_KEYS })),
        policy(json!({ "jwksUri": CLIENT_KEYS, "revocation": "check" })),
        policy(json!({ "jwksUri": "http://client.example.com/jwks" })),
        policy(json!({ "jwks": [] })),
    ] {
        assert_eq!(w.refused(verify(&token, bad.clone())), "invalid_argument", "{bad}");
    }
    assert_eq!(World::new().refused(verify(&token, fetched)), "invalid_argument");
    // Nor does a key of others make a token of this issuer.
    let own = json!(key.sign(
        &json!({ "alg": "ES256", "typ": "app+jwt" }),
        &json!({ "iss": World::ISSUER, "aud": World::ISSUER, "exp": now + 60 })
    ));
    assert_eq!(reason(&mut w, verify(&own, json!({}))), "signature");
}

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "jwts.sign on cold keys",
        start: || (Setting::opaque(), json!({ "jwts.sign": { "claims": { "sub": "ada" } } })),
        happened: |s, done| {
            s.world.ok(verify(&done["ok"]["token"], json!({})));
        },
    },
    Operation {
        name: "keys.import on cold keys",
        start: || (Setting::opaque(), json!({ "keys.import": { "pem": crate::keys::PEM, "activate": true } })),
        happened: |s, done| {
            let token = sign(&mut s.world, json!({}))["token"].clone();
            assert_eq!(part(&token, 0)["kid"], done["ok"]["kid"]);
        },
    },
    Operation {
        name: "jwts.verify, looked at",
        start: || {
            let mut s = Setting::opaque();
            let token = sign(&mut s.world, json!({}))["token"].clone();
            (s, verify(&token, json!({ "revocation": "check" })))
        },
        happened: |_, done| assert_eq!(done["ok"]["claims"]["sub"], "ada", "{done}"),
    },
    Operation {
        name: "jwts.deny",
        start: || {
            let mut s = Setting::opaque();
            let token = sign(&mut s.world, json!({}))["token"].clone();
            (s, json!({ "jwts.deny": { "token": token } }))
        },
        happened: |s, _| assert_eq!(s.world.store.keys("denied").len(), 1),
    },
    Operation {
        name: "jwts.isDenied",
        start: || {
            let mut s = Setting::opaque();
            let signed = sign(&mut s.world, json!({}));
            s.world.ok(json!({ "jwts.deny": { "token": signed["token"] } }));
            (s, json!({ "jwts.isDenied": { "jti": signed["jti"] } }))
        },
        // A store that shows no row is believed, and for that one time.
        happened: |s, done| {
            let jti = s.world.store.keys("main.denied.").remove(0);
            let jti = jti.trim_start_matches("main.denied.").trim_end_matches("/jti");
            assert!(done["ok"] == json!({ "denied": true }) || done["ok"] == json!({ "denied": false }), "{done}");
            assert_eq!(s.world.ok(json!({ "jwts.isDenied": { "jti": jti } })), json!({ "denied": true }));
        },
    },
    Operation {
        name: "jwts.allow",
        start: || {
            let mut s = Setting::opaque();
            let signed = sign(&mut s.world, json!({}));
            s.world.ok(json!({ "jwts.deny": { "token": signed["token"] } }));
            (s, json!({ "jwts.allow": { "jti": signed["jti"] } }))
        },
        // A store that shows no row is believed.
        happened: |s, done| assert_eq!(s.world.store.keys("denied").is_empty(), done["ok"]["allowed"] == true),
    },
];
