//! How a client proves to be itself (TK-010 to TK-024, TK-037).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use claviger_tests::setting::{Setting, client, header, post_as, post_raw, redeem_fields, text};
use claviger_tests::{basic, form};
use serde_json::{Value, json};

use crate::check::{refusal, send, send_unchanged};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const INVALID_CLIENT: (u64, &str) = (401, "invalid_client");

fn is_refused(s: &mut Setting, command: Value, expected: (u64, &str)) {
    let (status, error) = refusal(&mut s.world, command.clone());
    assert_eq!((status, error.as_str()), expected, "{command}");
}

/// A request that only an authenticated client gets `invalid_grant` for.
fn probe(authorization: &str, more: &[(&str, &str)]) -> Value {
    let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", "none")];
    fields.extend_from_slice(more);
    post_as(authorization, "/token", &fields)
}

#[test]
fn tk_010_id_and_secret_are_form_decoded_from_the_header() {
    let mut s = Setting::opaque();
    let id = "a:b%c+d e\u{e9}";
    (s.client, s.secret) = client(&mut s.world, json!({ "id": id }));
    let encoded = form(&[(id, &s.secret)]).replacen('=', ":", 1);
    let plus = encoded.replace("%20", "+");
    for (scheme, pair) in [("Basic", &encoded), ("Basic", &plus), ("bAsIc", &encoded)] {
        is_refused(&mut s, probe(&format!("{scheme} {}", STANDARD.encode(pair)), &[]), (400, "invalid_grant"));
    }
}

#[test]
fn tk_011_tk_012_a_malformed_header_is_a_challenged_invalid_client() {
    let mut s = Setting::opaque();
    let (id, secret) = (s.client.clone(), s.secret.clone());
    let pair = format!("{id}:{secret}");
    let padded = STANDARD.encode(format!("{pair}x"));
    let unpadded = [pair.clone(), format!("{id}:{secret}%20")].map(|pair| STANDARD_NO_PAD.encode(pair));
    let headers = [
        basic(&id, "%zz"),
        basic(&id, "%"),
        format!("Basic {}", STANDARD.encode(&id)),
        "Basic !!!!".to_owned(),
        "Basic".to_owned(),
        "Basic ".to_owned(),
        format!("Basic {}\n{}", &padded[..8], &padded[8..]),
        format!("Basic {padded}="),
        format!("Basic {}", STANDARD.encode(format!("\0{pair}"))),
        format!("Basic {}", STANDARD.encode(format!("{pair}\0"))),
        format!("Basic {}", STANDARD.encode(b"\xff:\xff")),
        format!("Basic {}", "A".repeat(65_536)),
        format!("Bearer {}", STANDARD.encode(&pair)),
        basic("", ""),
        basic("", &secret),
    ];
    let short = unpadded.into_iter().filter(|text| text.len() % 4 != 0).map(|text| format!("Basic {text}"));
    for header_value in headers.into_iter().chain(short) {
        let response = send_unchanged(&mut s.world, probe(&header_value, &[]));
        assert_eq!(response["status"], 401, "{header_value}");
        assert!(header(&response, "www-authenticate").unwrap().starts_with("Basic "), "{header_value}");
    }
}

#[test]
fn tk_014_two_headers_authenticate_nobody() {
    let mut s = Setting::opaque();
    let own = basic(&s.client, &s.secret);
    let body = form(&[("grant_type", "refresh_token"), ("refresh_token", "none")]);
    let twice = post_raw("/token", &[FORM, ("authorization", &own), ("authorization", &own)], &body);
    is_refused(&mut s, twice, (400, "invalid_request"));
    is_refused(&mut s, probe(&format!("{own}, {own}"), &[]), INVALID_CLIENT);
}

#[test]
fn tk_015_two_methods_at_once_are_an_invalid_request() {
    let mut s = Setting::opaque();
    let own = basic(&s.client, &s.secret);
    let (id, secret) = (s.client.clone(), s.secret.clone());
    let asserted = ("client_assertion", "e30.e30.x");
    is_refused(&mut s, probe(&own, &[("client_secret", &secret)]), (400, "invalid_request"));
    is_refused(&mut s, probe(&own, &[asserted]), (400, "invalid_request"));
    is_refused(
        &mut s,
        probe("", &[("client_id", &id), ("client_secret", &secret), asserted]),
        (400, "invalid_request"),
    );
    let kind = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    is_refused(&mut s, probe("", &[("client_id", &id), asserted, kind]), INVALID_CLIENT);
}

#[test]
fn tk_016_tk_017_a_client_id_in_the_body_must_be_the_headers() {
    let mut s = Setting::opaque();
    let (other, _) = client(&mut s.world, json!({ "authMethod": "none" }));
    let own = basic(&s.client, &s.secret);
    let id = s.client.clone();
    let code = s.code();
    is_refused(&mut s, probe(&own, &[("client_id", &other)]), (400, "invalid_request"));
    let mut fields = redeem_fields(&code).to_vec();
    fields.push(("client_id", &id));
    assert_eq!(send(&mut s.world, post_as(&own, "/token", &fields))["status"], 200);
}

#[test]
fn tk_018_tk_019_a_client_uses_the_method_that_it_registered() {
    let mut s = Setting::opaque();
    for (method, by_header, by_body, by_id) in [
        ("client_secret_basic", true, false, false),
        ("client_secret_post", false, true, false),
        ("none", false, false, true),
    ] {
        let (id, secret) = client(&mut s.world, json!({ "authMethod": method }));
        let secret = if secret.is_empty() { "none".to_owned() } else { secret };
        let expected = |right: bool| if right { (400, "invalid_grant") } else { INVALID_CLIENT };
        is_refused(&mut s, probe(&basic(&id, &secret), &[]), expected(by_header));
        is_refused(&mut s, probe("", &[("client_id", &id), ("client_secret", &secret)]), expected(by_body));
        is_refused(&mut s, probe("", &[("client_id", &id)]), expected(by_id));
        is_refused(&mut s, probe(&basic(&id, ""), &[]), INVALID_CLIENT);
    }
    is_refused(&mut s, probe("", &[]), INVALID_CLIENT);
}

#[test]
fn tk_021_tk_024_every_wrong_secret_and_every_unknown_client_look_the_same() {
    let mut s = Setting::opaque();
    let (id, secret) = (s.client.clone(), s.secret.clone());
    let (gone, old) = client(&mut s.world, json!({}));
    s.world.ok(json!({ "clients.update": { "id": gone, "disabled": true } }));
    let flipped: String = secret
        .chars()
        .map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    let longer = format!("{secret}x");
    let cut = format!("{secret}\0");
    let wrongs = [
        (id.as_str(), "wrong"),
        (&id, &longer),
        (&id, &secret[..secret.len() - 1]),
        (&id, ""),
        (&id, &flipped),
        (&id, &cut),
        ("nobody", &secret),
        (&gone, &old),
        (&gone, "wrong"),
    ];
    let answers: Vec<Value> =
        wrongs.map(|(id, secret)| send_unchanged(&mut s.world, probe(&basic(id, secret), &[]))).into();
    assert_eq!(answers[0]["status"], 401);
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[test]
fn tk_023_a_secret_that_ran_out_authenticates_nobody() {
    let mut s = Setting::opaque();
    let rotated = s.world.ok(json!({ "clients.rotateSecret": { "id": s.client, "overlap": 60 } }));
    let (id, old, new) = (s.client.clone(), s.secret.clone(), text(&rotated["secret"]).to_owned());
    s.world.advance(59);
    is_refused(&mut s, probe(&basic(&id, &old), &[]), (400, "invalid_grant"));
    s.world.advance(1);
    is_refused(&mut s, probe(&basic(&id, &old), &[]), INVALID_CLIENT);
    is_refused(&mut s, probe(&basic(&id, &new), &[]), (400, "invalid_grant"));
}

#[test]
fn tk_023_each_secret_ends_when_it_was_told_or_sooner_and_none_lasts_longer_for_another_rotation() {
    let mut s = Setting::opaque();
    let id = s.client.clone();
    let rotate = |s: &mut Setting, overlap: u64| {
        let rotated = s.world.ok(json!({ "clients.rotateSecret": { "id": id, "overlap": overlap } }));
        text(&rotated["secret"]).to_owned()
    };
    let first = s.secret.clone();
    let second = rotate(&mut s, 60);
    let third = rotate(&mut s, 3600);
    let works = |s: &mut Setting, secret: &str| {
        let (status, _) = refusal(&mut s.world, probe(&basic(&s.client, secret), &[]));
        status == 400
    };
    assert_eq!([&first, &second, &third].map(|secret| works(&mut s, secret)), [true, true, true]);
    s.world.advance(60);
    assert_eq!([&first, &second, &third].map(|secret| works(&mut s, secret)), [false, true, true]);
    let fourth = rotate(&mut s, 0);
    let all = [&first, &second, &third, &fourth];
    assert_eq!(all.map(|secret| works(&mut s, secret)), [false, false, false, true], "an end at once is for all");
    for _ in 0..9 {
        rotate(&mut s, 3600);
    }
    assert!(!works(&mut s, &fourth), "there are at most four");
    assert_eq!(
        s.world.refused(json!({ "clients.rotateSecret": { "id": s.client, "overlap": "31d" } })),
        "invalid_argument"
    );
    let rows = s.world.store.dump();
    assert!(all.iter().all(|secret| !rows.contains(secret.as_str())), "the store has digests alone");
}

#[test]
fn tk_037_a_challenge_answers_the_header_and_only_the_header() {
    let mut s = Setting::opaque();
    let id = s.client.clone();
    let by_header = send_unchanged(&mut s.world, probe(&basic(&id, "wrong"), &[]));
    assert!(header(&by_header, "www-authenticate").is_some());
    let by_body = send_unchanged(&mut s.world, probe("", &[("client_id", &id), ("client_secret", "wrong")]));
    assert_eq!((by_body["status"].as_u64(), header(&by_body, "www-authenticate")), (Some(401), None));
}
