//! Where an authorization response may go (AZ-001 to AZ-030, AZ-094).

use claviger_tests::setting::{CALLBACK, Setting, client, header};
use claviger_tests::{World, location_parameter, parameter};
use serde_json::{Value, json};

use crate::check::{authorize, is_error_page, redirected_error};

fn registered(uris: &[&str]) -> Setting {
    let mut s = Setting::opaque();
    (s.client, s.secret) = client(&mut s.world, json!({ "redirectUris": uris }));
    s
}

/// Every one of these, sent where these are registered, is answered by an error page.
fn none_match(uris: &[&str], sent: &[&str]) {
    let mut s = registered(uris);
    for uri in sent {
        let response = authorize(&mut s, &[("redirect_uri", Some(uri))]);
        assert!(is_error_page(&response), "{uri}: {response}");
    }
}

/// The whole way, to where the code is sent.
fn sent_to(uris: &[&str], sent: &str) -> String {
    let mut s = registered(uris);
    let query = s.query(&[("redirect_uri", Some(sent))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
    let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
    header(&answer, "location").unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[test]
fn az_001_the_registered_uri_gets_code_state_and_iss() {
    let location = sent_to(&[CALLBACK], CALLBACK);
    assert!(location.starts_with("https://app.example.com/cb?code=cvc_"), "{location}");
    assert_eq!(parameter(&location, "state").as_deref(), Some("s&t"));
    assert_eq!(parameter(&location, "iss").as_deref(), Some(World::ISSUER));
}

#[test]
fn az_002_an_unregistered_uri_is_an_error_page() {
    none_match(&[CALLBACK], &["https://evil.example/cb", "https://app.example.com", "/cb", "cb"]);
}

#[test]
fn az_003_another_path_is_another_uri() {
    let sent = ["https://c.example/cb/", "https://c.example/cb/x", "https://c.example/c", "https://c.example/CB"];
    none_match(&["https://c.example/cb"], &sent);
}

#[test]
fn az_004_an_added_query_is_another_uri() {
    none_match(&["https://c.example/cb"], &["https://c.example/cb?x=1", "https://c.example/cb?"]);
}

#[test]
fn az_005_another_query_is_another_uri() {
    none_match(&["https://c.example/cb?foo=bar"], &["https://c.example/cb?foo=baz", "https://c.example/cb"]);
}

#[test]
fn a_registered_query_is_kept_in_the_response() {
    let location = sent_to(&["https://c.example/cb?foo=bar"], "https://c.example/cb?foo=bar");
    assert!(location.starts_with("https://c.example/cb?foo=bar&code="), "{location}");
}

#[test]
fn az_008_user_information_does_not_move_the_host() {
    let sent = [
        "https://c.example@evil.example/cb",
        "https://c.example%40evil.example/cb",
        "https://c.example:8080%25@evil.example/",
    ];
    none_match(&["https://c.example/cb"], &sent);
}

#[test]
fn az_009_dot_segments_are_not_followed() {
    let sent = [
        "https://c.example/cb/..;/evil",
        "https://c.example/cb/../evil",
        "https://c.example/cb/%2e%2e/evil",
        "https://c.example/cb%2f..%2fevil",
    ];
    none_match(&["https://c.example/cb"], &sent);
}

#[test]
fn az_010_backslashes_and_controls_match_nothing_and_reach_no_header() {
    let sent = [
        "https://c.example\\@evil.example",
        "https:\\\\evil",
        "https://c.example/cb\t",
        "https://c.example/cb\r\nset-cookie: a=b",
        "https://c.example/cb\n",
        " https://c.example/cb",
    ];
    none_match(&["https://c.example/cb"], &sent);
}

#[test]
fn az_011_a_fragment_is_another_uri() {
    none_match(&["https://c.example/cb"], &["https://c.example/cb#x", "https://c.example/cb#code=evil&state=s"]);
}

#[test]
fn az_012_a_uri_that_holds_parameters_of_a_response_is_refused_at_both_doors() {
    let polluting = ["code=x", "state=x", "iss=x", "error=x", "%63ode=x"].map(|query| format!("{CALLBACK}?{query}"));
    for uri in &polluting {
        none_match(&[CALLBACK], &[uri]);
        let create = json!({ "clients.create": { "name": "App", "redirectUris": [uri] } });
        assert_eq!(World::new().refused(create), "invalid_argument", "{uri}");
    }
}

#[test]
fn az_013_a_dot_is_no_pattern() {
    none_match(&["https://foo.example.com/cb"], &["https://fooaexample.com/cb"]);
}

#[test]
fn az_014_a_star_is_no_pattern_and_cannot_be_registered() {
    for uri in ["https://*.example/cb", "https://c.example/*"] {
        let create = json!({ "clients.create": { "name": "App", "redirectUris": [uri] } });
        assert_eq!(World::new().refused(create), "invalid_argument", "{uri}");
    }
    none_match(&["https://c.example/cb"], &["https://*.example/cb", "https://c.example/*", "*"]);
}

#[test]
fn az_015_az_016_the_port_of_a_loopback_address_is_free() {
    assert!(
        sent_to(&["http://127.0.0.1/cb"], "http://127.0.0.1:49152/cb").starts_with("http://127.0.0.1:49152/cb?code=")
    );
    assert!(sent_to(&["http://[::1]/cb"], "http://[::1]:51004/cb").starts_with("http://[::1]:51004/cb?code="));
}

#[test]
fn az_019_the_port_of_localhost_is_not_free() {
    none_match(&["http://localhost/cb"], &["http://localhost:9/cb"]);
}

#[test]
fn az_020_slashes_of_a_private_scheme_count() {
    none_match(&["com.example.app:/cb"], &["com.example.app://cb", "com.example.app:///cb", "com.example.app:cb"]);
}

#[test]
fn az_021_without_a_redirect_uri_only_a_single_registered_one_is_used() {
    let mut several = registered(&[CALLBACK, "https://c.example/cb"]);
    assert!(is_error_page(&authorize(&mut several, &[("redirect_uri", None)])));
    let mut single = registered(&[CALLBACK]);
    assert!(location_parameter(&authorize(&mut single, &[("redirect_uri", None)]), "interaction").is_some());
}

#[test]
fn az_022_two_redirect_uris_are_an_error_page_in_either_order() {
    let mut s = Setting::opaque();
    let evil = "redirect_uri=https%3A%2F%2Fevil.example%2Fcb";
    for query in [format!("{}&{evil}", s.query(&[])), format!("{evil}&{}", s.query(&[]))] {
        let response = s.browser.get(&mut s.world, &format!("/authorize?{query}"));
        assert!(is_error_page(&response), "{response}");
    }
}

#[test]
fn az_030_errors_go_nowhere_before_the_redirect_uri_is_known() {
    let mut s = Setting::opaque();
    let evil = ("redirect_uri", Some("https://evil.example/cb"));
    let wrongs = [
        ("response_type", Some("token")),
        ("scope", None),
        ("scope", Some("\"")),
        ("prompt", Some("none")),
        ("request", Some("e30.e30.")),
        ("code_challenge", None),
    ];
    for wrong in wrongs {
        assert!(is_error_page(&authorize(&mut s, &[evil, wrong])), "{wrong:?}");
    }
}

#[test]
fn az_094_hosts_are_compared_as_bytes() {
    none_match(
        &["https://apple.example/cb"],
        &["https://\u{430}pple.example/cb", "https://xn--pple-43d.example/cb", "https://xn--apple-.example/cb"],
    );
}

#[test]
fn an_error_goes_to_the_registered_uri_with_state_and_iss() {
    let mut s = Setting::opaque();
    let response = authorize(&mut s, &[("response_type", None)]);
    assert_eq!(redirected_error(&response, CALLBACK, Some("s&t")), "invalid_request");
}

#[test]
fn az_025_unknown_disabled_and_missing_clients_look_the_same() {
    let mut s = Setting::opaque();
    let id = s.client.clone();
    s.world.ok(json!({ "clients.update": { "id": id, "disabled": true } }));
    let answers: Vec<Value> =
        [Some(id.as_str()), Some("nobody"), None].map(|id| authorize(&mut s, &[("client_id", id)])).into();
    assert!(answers.iter().all(is_error_page));
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[1], answers[2]);
}
