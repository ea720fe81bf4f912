//! When a metadata document is read anew, and what serves when it cannot be (DC-031).

use claviger_tests::setting::{Setting, header, post_as, redeem_fields, reply, text};
use claviger_tests::{ClientKey, World, location_parameter};
use serde_json::{Value, json};

use crate::check::is_error_page;
use crate::metadata_documents::{ID, JSON, answer, document, is_taken, response, serve, setting};

const DAY: u64 = 86_400;

/// Somebody begins an authorization and goes away while the document is fetched.
fn abort(s: &mut Setting) {
    let url = format!("{}/authorize?{}", World::ISSUER, s.query(&[]));
    let mut step = s.world.begin(json!({ "http": { "method": "GET", "url": url } }));
    while step["ask"].get("fetch").is_none() {
        let answer = s.world.store.answer(&step["ask"]);
        step = s.world.resume(&step["flow"].clone(), answer);
    }
    s.world.cancel(&step["flow"]);
}

#[test]
fn dc_031_a_claim_that_nobody_finished_heals_in_seconds() {
    let mut s = setting(document(json!({})));
    abort(&mut s);
    let told = s.authorize(&[]);
    assert_eq!((&told["status"], header(&told, "retry-after").is_some()), (&json!(503), true));
    s.world.advance(8);
    assert!(is_taken(&mut s));
}

#[test]
fn dc_031_a_failure_is_kept_from_nobody_for_longer_than_a_pause() {
    let mut s = setting(document(json!({})));
    answer(&mut s, response(500, &[], ""));
    let first = s.authorize(&[]);
    assert!(is_error_page(&first) && text(&first["body"]).contains("status 200"), "{first}");
    for _ in 0..5 {
        assert_eq!(s.authorize(&[])["status"], 503, "no error is told to those who did not meet it");
    }
    assert_eq!(s.world.store.fetched.len(), 1);
    serve(&mut s, document(json!({})));
    s.world.advance(7);
    assert_eq!(s.authorize(&[])["status"], 503);
    s.world.advance(1);
    assert!(is_taken(&mut s));
    assert_eq!(s.world.store.fetched.len(), 2);
}

#[test]
fn dc_031_what_a_document_said_serves_for_a_day_when_it_cannot_be_read() {
    for bad in [response(500, &[], ""), response(404, &[], ""), json!({ "failed": "no route" })] {
        let mut s = setting(document(json!({})));
        s.authorize(&[]);
        answer(&mut s, bad);
        s.world.advance(3600);
        for _ in 0..2 {
            assert_eq!(s.authorize(&[])["status"], 303);
        }
        assert_eq!(s.world.store.fetched.len(), 2);
        s.world.advance(DAY - 1);
        assert_eq!(s.authorize(&[])["status"], 303);
        s.world.advance(1);
        assert_eq!(s.authorize(&[])["status"], 503, "in the pause");
        s.world.advance(8);
        assert!(is_error_page(&s.authorize(&[])), "stale for too long");
        serve(&mut s, document(json!({})));
        s.world.advance(8);
        assert!(is_taken(&mut s));
    }
}

#[test]
fn dc_031_nobody_pins_a_stale_document_by_going_away() {
    let registration = json!({ "documents": true, "perHour": 3 });
    let mut s = Setting::new(json!({ "registration": registration, "capabilities": ["fetch"] }), "opaque");
    s.client = ID.to_owned();
    serve(&mut s, document(json!({})));
    s.authorize(&[]);
    s.world.advance(3600);
    for _ in 0..3 {
        abort(&mut s);
        s.world.advance(8);
    }
    assert_eq!(s.authorize(&[])["status"], 303, "this address made too many be read: what is known serves");
    let query = s.query(&[]);
    let command = json!({ "http": { "method": "GET", "url": format!("{}/authorize?{query}", World::ISSUER),
        "remote": "203.0.113.9" } });
    let before = s.world.store.fetched.len();
    s.world.ok(command);
    assert_eq!(s.world.store.fetched.len(), before + 1, "another address reads it");
}

/// What a client with a key sends to the token endpoint.
fn with_assertion(s: &Setting, key: &ClientKey, jti: &str, fields: &[(&str, &str)]) -> Value {
    let now = s.world.now / 1000;
    let claims = json!({ "iss": ID, "sub": ID, "aud": World::ISSUER, "jti": jti, "iat": now, "exp": now + 60 });
    let assertion = key.sign(&json!({ "alg": "ES256" }), &claims);
    let own = [
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion.as_str()),
    ];
    post_as("", "/token", &[fields, &own].concat())
}

#[test]
fn dc_031_a_key_that_the_document_names_no_more_gets_no_tokens() {
    let keyed = |key: &ClientKey| {
        document(json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.public_jwk()] } }))
    };
    let (stolen, next) = (ClientKey::es256(1), ClientKey::es256(2));
    let mut s = setting(keyed(&stolen));
    let code = s.code();
    let (status, tokens) = reply(&s.world.ok(with_assertion(&s, &stolen, "1", &redeem_fields(&code))));
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(s.world.store.fetched.len(), 1, "while it is fresh nothing is fetched");
    let refresh = |token: &Value| {
        [("grant_type", "refresh_token"), ("refresh_token", text(token))].map(|(n, v)| (n, v.to_owned()))
    };
    let mut live = refresh(&tokens["refresh_token"]);
    let send = |s: &mut Setting, key: &ClientKey, jti: &str, live: &[(&str, String); 2]| {
        let fields = [(live[0].0, live[0].1.as_str()), (live[1].0, live[1].1.as_str())];
        let command = with_assertion(s, key, jti, &fields);
        reply(&s.world.ok(command))
    };
    serve(&mut s, keyed(&next));
    s.world.advance(3600);
    let (status, refused) = send(&mut s, &stolen, "2", &live);
    assert_eq!((status, &refused["error"]), (401, &json!("invalid_client")));
    let (status, tokens) = send(&mut s, &next, "3", &live);
    assert_eq!(status, 200, "{tokens}");
    live = refresh(&tokens["refresh_token"]);
    answer(&mut s, response(404, &[], ""));
    s.world.advance(3600 + DAY);
    for jti in ["4", "5"] {
        let (status, refused) = send(&mut s, &next, jti, &live);
        assert_eq!((status, &refused["error"]), (503, &json!("temporarily_unavailable")));
    }
    answer(&mut s, response(200, &[JSON], &keyed(&next).to_string()));
    s.world.advance(8);
    assert_eq!(send(&mut s, &next, "6", &live).0, 200);
    assert!(location_parameter(&s.authorize(&[]), "interaction").is_some());
}
