//! Pushed authorization requests (RFC 9126): rows PA-001 to PA-015.

use claviger_tests::setting::{CALLBACK, Setting, client, header, post_as, post_raw, reply, text};
use claviger_tests::{Browser, World, form, location_parameter};
use serde_json::{Value, json};

use super::check::{hold_everywhere, is_error_page, redirected_error, refusal};

const CHALLENGE: &str = claviger_tests::CHALLENGE;

/// The fields of a good pushed request.
fn fields<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "read"),
        ("state", "s&t"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        fields.retain(|(own, _)| own != name);
        fields.push((name, value));
    }
    fields
}

fn push(s: &mut Setting, changes: &[(&str, &str)]) -> String {
    let (status, body) = s.post("/par", &fields(changes));
    assert_eq!(status, 201, "{body}");
    text(&body["request_uri"]).to_owned()
}

/// The browser comes with a reference.
fn come(world: &mut World, browser: &mut Browser, client: &str, request_uri: &str) -> Value {
    let query = form(&[("client_id", client), ("request_uri", request_uri)]);
    let response = browser.get(world, &format!("/authorize?{query}"));
    hold_everywhere(&response);
    response
}

fn come_here(s: &mut Setting, request_uri: &str) -> Value {
    let (client, mut browser) = (s.client.clone(), s.browser.clone());
    let response = come(&mut s.world, &mut browser, &client, request_uri);
    s.browser = browser;
    response
}

#[test]
fn pa_001_a_pushed_request_is_answered_with_a_reference_in_two_trips() {
    let mut s = Setting::opaque();
    let command = s.post_command("/par", &fields(&[]));
    let response = s.world.ok(command);
    assert_eq!(s.world.asked(), &["load", "commit"]);
    assert_eq!(header(&response, "cache-control"), Some("no-store"));
    let (status, body) = reply(&response);
    assert_eq!((status, &body["expires_in"]), (201, &json!(60)));
    assert!(text(&body["request_uri"]).starts_with("urn:ietf:params:oauth:request_uri:"), "{body}");
    let stored = s.world.store.dump();
    assert!(!stored.contains(text(&body["request_uri"])), "{stored}");
}

#[test]
fn pa_002_only_post_pushes() {
    let mut s = Setting::opaque();
    for method in ["GET", "PUT", "DELETE"] {
        let response = s.world.ok(json!({ "http": { "method": method, "url": format!("{}/par", World::ISSUER) } }));
        assert_eq!((&response["status"], header(&response, "allow")), (&json!(405), Some("POST")), "{method}");
    }
}

#[test]
fn pa_005_pa_014_what_the_authorization_endpoint_would_refuse_is_refused_at_once() {
    let mut s = Setting::opaque();
    let bad: [(&[(&str, &str)], &str); 11] = [
        (&[("redirect_uri", "https://evil.example/cb")], "invalid_request"),
        (&[("redirect_uri", "https://app.example.com/cb/")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("scope", "admin")], "invalid_scope"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("resource", "https://unknown.example")], "invalid_target"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("request_uri", "urn:ietf:params:oauth:request_uri:x")], "invalid_request"),
        (&[("request", "e30.e30.")], "request_not_supported"),
    ];
    for (changes, error) in bad {
        let command = s.post_command("/par", &fields(changes));
        assert_eq!(refusal(&mut s.world, command), (400, error.to_owned()), "{changes:?}");
    }
    let twice = format!("{}&scope=write", form(&fields(&[])));
    let command = json!({ "authorization": claviger_tests::basic(&s.client, &s.secret) });
    let headers =
        [("content-type", "application/x-www-form-urlencoded"), ("authorization", text(&command["authorization"]))];
    assert_eq!(refusal(&mut s.world, post_raw("/par", &headers, &twice)), (400, "invalid_request".into()));
}

#[test]
fn pa_005_the_client_authenticates_as_at_the_token_endpoint() {
    let mut s = Setting::opaque();
    let with_id: Vec<_> = fields(&[]);
    assert_eq!(refusal(&mut s.world, post_as("", "/par", &with_id)), (401, "invalid_client".into()));
    let wrong = claviger_tests::basic(&s.client, "wrong");
    assert_eq!(refusal(&mut s.world, post_as(&wrong, "/par", &with_id)), (401, "invalid_client".into()));
    let (public, _) = client(&mut s.world, json!({ "authMethod": "none" }));
    let mut own = with_id.clone();
    own.push(("client_id", &public));
    assert_eq!(
        reply(&s.world.ok(post_as("", "/par", &own))).0,
        201,
        "a public client has nothing to authenticate with"
    );
}

#[test]
fn pa_006_a_reference_is_good_for_the_client_that_pushed_it_alone() {
    let mut s = Setting::opaque();
    let request_uri = push(&mut s, &[]);
    let (other, _) = client(&mut s.world, json!({}));
    let before = s.world.store.dump();
    let response = come(&mut s.world, &mut Browser::new(), &other, &request_uri);
    assert!(is_error_page(&response), "{response}");
    assert!(text(&response["body"]).contains("invalid_request_uri"));
    assert_eq!(s.world.store.dump(), before);
    assert!(location_parameter(&come_here(&mut s, &request_uri), "interaction").is_some(), "the owner is not hurt");
}

#[test]
fn pa_007_a_reference_is_over_when_its_request_was_answered() {
    let mut s = Setting::opaque();
    let request_uri = push(&mut s, &[]);
    let interaction = location_parameter(&come_here(&mut s, &request_uri), "interaction").unwrap();
    s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
    let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
    let code = location_parameter(&answer, "code").unwrap();
    assert_eq!(location_parameter(&answer, "state").as_deref(), Some("s&t"));
    let before = s.world.store.dump();
    let again = come_here(&mut s, &request_uri);
    assert!(is_error_page(&again), "{again}");
    assert_eq!(s.world.store.dump(), before);
    assert_eq!(s.redeem(&code).0, 200, "and the answer is none the worse");
}

#[test]
fn pa_007_the_browser_that_began_may_come_again_until_then_and_no_other() {
    let mut s = Setting::opaque();
    let request_uri = push(&mut s, &[]);
    assert!(location_parameter(&come_here(&mut s, &request_uri), "interaction").is_some());
    assert!(location_parameter(&come_here(&mut s, &request_uri), "interaction").is_some(), "a reload");
    let client = s.client.clone();
    let stranger = come(&mut s.world, &mut Browser::new(), &client, &request_uri);
    assert!(is_error_page(&stranger), "{stranger}");
}

#[test]
fn pa_007_one_of_64_browsers_begins() {
    let mut s = Setting::opaque();
    let request_uri = push(&mut s, &[]);
    let query = form(&[("client_id", &s.client), ("request_uri", &request_uri)]);
    let ends = s.world.race(&Browser::new().get_command(&format!("/authorize?{query}")), 64);
    let begun = ends.iter().filter(|end| location_parameter(&end["ok"], "interaction").is_some()).count();
    assert_eq!(begun, 1);
    assert_eq!(ends.iter().filter(|end| is_error_page(&end["ok"])).count(), 63);
}

#[test]
fn pa_009_a_reference_is_over_with_its_lifetime_and_the_interaction_with_its_own() {
    let mut s = Setting::new(json!({ "lifetimes": { "pushedRequest": 30 } }), "opaque");
    let (late, begun) = (push(&mut s, &[]), push(&mut s, &[]));
    s.world.advance(29);
    assert!(location_parameter(&come_here(&mut s, &begun), "interaction").is_some());
    s.world.advance(1);
    assert!(is_error_page(&come_here(&mut s, &late)));
    assert!(location_parameter(&come_here(&mut s, &begun), "interaction").is_some(), "begun in time");
    s.world.advance(15 * 60);
    assert!(is_error_page(&come_here(&mut s, &begun)));
}

#[test]
fn pa_011_nothing_but_the_client_and_the_reference_counts() {
    let mut s = Setting::opaque();
    let request_uri = push(&mut s, &[]);
    let query = form(&[
        ("client_id", &s.client),
        ("request_uri", &request_uri),
        ("redirect_uri", "https://evil.example/cb"),
        ("scope", "read write"),
        ("state", "other"),
        ("response_mode", "form_post"),
    ]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
    let view = json!({ "handle": interaction, "cookie": s.browser.cookie_header() });
    let view = s.world.ok(json!({ "interactions.get": view }));
    assert_eq!(view["scopes"], json!([{ "name": "read", "description": "See your things" }]));
    let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
    assert!(header(&answer, "location").unwrap().starts_with(&format!("{CALLBACK}?")), "{answer}");
    assert_eq!(location_parameter(&answer, "state").as_deref(), Some("s&t"));
}

#[test]
fn pa_012_who_must_push_cannot_do_without() {
    let mut s = Setting::new(json!({ "requirePushedAuthorizationRequests": true }), "opaque");
    let plain = s.authorize(&[]);
    assert_eq!(redirected_error(&plain, CALLBACK, Some("s&t")), "invalid_request");
    let request_uri = push(&mut s, &[]);
    assert!(location_parameter(&come_here(&mut s, &request_uri), "interaction").is_some());

    let mut s = Setting::opaque();
    let require = json!({ "id": s.client, "requirePushedAuthorizationRequests": true });
    s.world.ok(json!({ "clients.update": require }));
    let plain = s.authorize(&[]);
    assert_eq!(redirected_error(&plain, CALLBACK, Some("s&t")), "invalid_request");
    assert!(location_parameter(&come_here_after_push(&mut s), "interaction").is_some());
}

fn come_here_after_push(s: &mut Setting) -> Value {
    let request_uri = push(s, &[]);
    come_here(s, &request_uri)
}

#[test]
fn pa_013_a_guessed_reference_costs_no_trip_and_says_nothing() {
    let mut s = Setting::opaque();
    let good = push(&mut s, &[]);
    let mut bodies = Vec::new();
    for guess in [
        "urn:ietf:params:oauth:request_uri:".to_owned(),
        "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c".to_owned(),
        format!("{good}A"),
        good.get(..good.len() - 1).unwrap().to_owned(),
    ] {
        let response = come_here(&mut s, &guess);
        assert!(s.world.asked().is_empty(), "{guess}");
        assert!(is_error_page(&response));
        bodies.push(response["body"].clone());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    for other in ["urn:x:y", "https://169.254.169.254/request"] {
        assert!(s.authorize(&[("request_uri", Some(other))])["status"].as_u64() < Some(500));
        assert!(!s.world.asked().iter().any(|ask| ask == "fetch" || ask == "commit"), "{other}");
    }
}

#[test]
fn pa_015_a_client_pushes_so_many_a_minute_and_what_is_over_is_purged() {
    let mut s = Setting::new(json!({ "limits": { "pushedPerMinute": 20 } }), "opaque");
    let before = s.world.store.keys("main.service.").len();
    let command = s.post_command("/par", &fields(&[]));
    let ends = s.world.race(&command, 64);
    let statuses: Vec<u64> = ends.iter().map(|end| end["ok"]["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 20, "{statuses:?}");
    let full = s.world.ok(command.clone());
    assert_eq!(full["status"], 429, "{full}");
    let wait: u64 = header(&full, "retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    s.world.advance(wait);
    assert_eq!(s.world.ok(command)["status"], 201);
    let large = s.post_command("/par", &[("state", "x".repeat(100_000).as_str())]);
    assert_eq!(s.world.ok(large)["status"], 413);
    s.world.advance(3600);
    s.world.ok(json!({ "purge": { "limit": 1000 } }));
    assert_eq!(s.world.store.keys("main.service.").len(), before);
}

#[test]
fn a_push_that_is_not_stored_gives_no_reference_and_a_begin_that_is_not_stored_begins_nothing() {
    let mut s = Setting::opaque();
    let request_uri = push(&mut s, &[]);
    let query = form(&[("client_id", &s.client), ("request_uri", &request_uri)]);
    for command in [s.post_command("/par", &fields(&[])), s.browser.get_command(&format!("/authorize?{query}"))] {
        for failing in 0..2 {
            let done = s.world.run_with(command.clone(), |ask, number, store| {
                if number == failing { json!({ "failed": "the disk is gone" }) } else { store.answer(ask) }
            });
            let whole = done.to_string();
            assert_eq!(done["ok"]["status"], 503, "{whole}");
            assert!(!whole.contains("request_uri:") && !whole.contains("cvi_"), "{whole}");
        }
    }
}

#[test]
fn th_a_stranger_who_pushes_for_a_public_client_takes_nothing_from_its_users() {
    let mut s = Setting::new(json!({ "limits": { "pushedPerMinute": 2 } }), "opaque");
    let (id, _) = client(&mut s.world, json!({ "authMethod": "none" }));
    let query = claviger_tests::setting::authorization_query(&id, &[]);
    let mut push = |remote: &str| {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let mut command = claviger_tests::setting::post_raw("/par", &headers, &query);
        command["http"]["remote"] = json!(remote);
        s.world.ok(command)["status"].clone()
    };
    assert_eq!(["198.51.100.7"; 3].map(&mut push), [201, 201, 429]);
    assert_eq!(
        ["203.0.113.9", "203.0.113.9", "2001:db8::1", "2001:db8::2", "2001:db8::3"].map(&mut push),
        [201, 201, 201, 201, 429]
    );
    assert_eq!(*s.world.asked(), ["load"], "no trip more for it");
}
