//! Client id metadata documents (DC-025 to DC-033): what is at the address that a client calls itself by.

use claviger_tests::setting::{CALLBACK, Setting, authorization_query, header, post_as, redeem_fields, reply, text};
use claviger_tests::{Browser, CHALLENGE, World, form, location_parameter};
use serde_json::{Value, json};

use crate::check::{hold_everywhere, is_error_page};

pub(crate) const ID: &str = "https://app.example.com/client.json";

/// A setting whose host fetches, and the answer at [`ID`].
pub(crate) fn setting(document: Value) -> Setting {
    let registration = json!({ "documents": true, "perHour": 100_000 });
    let mut s = Setting::new(json!({ "registration": registration, "capabilities": ["fetch"] }), "opaque");
    s.client = ID.to_owned();
    serve(&mut s, document);
    s
}

pub(crate) fn document(changes: Value) -> Value {
    let mut document = json!({ "client_id": ID, "client_name": "Photo Printer", "redirect_uris": [CALLBACK] });
    for (name, value) in changes.as_object().into_iter().flatten() {
        document[name] = value.clone();
    }
    document
}

pub(crate) fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Value {
    json!({ "response": { "status": status, "headers": headers, "body": body } })
}

pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

pub(crate) fn serve(s: &mut Setting, document: Value) {
    answer(s, response(200, &[JSON], &document.to_string()));
}

pub(crate) fn answer(s: &mut Setting, answer: Value) {
    s.world.store.web.insert(ID.to_owned(), answer);
}

pub(crate) fn is_taken(s: &mut Setting) -> bool {
    let response = s.authorize(&[]);
    if response["status"] == 303 {
        return true;
    }
    assert!(is_error_page(&response), "{response}");
    assert!(s.world.store.keys("main.client.https").is_empty(), "an error is never kept as a client");
    false
}

pub(crate) fn redeem(s: &mut Setting, code: &str) -> (u64, Value) {
    let mut fields = redeem_fields(code).to_vec();
    fields.push(("client_id", ID));
    reply(&s.world.ok(post_as("", "/token", &fields)))
}

#[test]
fn pr3_5_a_client_is_who_its_document_says_and_people_are_told() {
    let mut s =
        setting(document(json!({ "client_uri": "https://app.example.com/", "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token", "urn:example:grant"], "response_types": ["code"] })));
    let interaction = s.interaction();
    let page = s.browser.get(&mut s.world, &format!("/consent?interaction={interaction}"));
    let html = text(&page["body"]);
    assert!(html.contains("Photo Printer") && html.contains("Example has not checked this application"), "{html}");
    assert!(html.contains(r#"it says who it is at <strong class="host">app.example.com</strong>"#), "{html}");
    let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
    let (status, tokens) = redeem(&mut s, &location_parameter(&answer, "code").unwrap());
    assert_eq!(status, 200, "{tokens}");
    assert!(tokens["refresh_token"].is_string());
    let found = s.world.ok(json!({ "clients.find": { "id": ID } }));
    assert_eq!((&found["origin"], &found["authMethod"]), (&json!("document"), &json!("none")));
}

#[test]
fn the_metadata_says_whether_documents_are_read() {
    for documents in [true, false] {
        let config = json!({ "registration": { "documents": documents }, "capabilities": ["fetch"] });
        let url = format!("{}/.well-known/oauth-authorization-server", World::ISSUER);
        let get = json!({ "http": { "method": "GET", "url": url } });
        let (_, metadata) = reply(&World::with(config).ok(get));
        assert_eq!(metadata.get("client_id_metadata_document_supported").is_some(), documents);
        assert!(metadata["token_endpoint_auth_methods_supported"].as_array().unwrap().contains(&json!("none")));
    }
    let config = World::config(json!({ "registration": { "documents": true } }));
    assert!(claviger_core::Engine::open(config.to_string().as_bytes()).is_err(), "it needs a host that fetches");
}

#[test]
fn dc_025_the_client_id_in_the_document_is_its_address_to_the_letter() {
    for other in [
        "https://App.example.com/client.json",
        "https://app.example.com/client.json/",
        "https://app.example.com:443/client.json",
        "https://app.example.com/client.json?x=1",
        "https://app.example.com/CLIENT.json",
        "https://evil.example/client.json",
        "",
    ] {
        assert!(!is_taken(&mut setting(document(json!({ "client_id": other })))), "{other}");
    }
    for other in [Value::Null, json!(1), json!([ID])] {
        assert!(!is_taken(&mut setting(document(json!({ "client_id": other })))), "{other}");
    }
    assert!(is_taken(&mut setting(document(json!({})))));
}

#[test]
fn dc_026_what_is_no_address_of_a_document_is_not_fetched() {
    let mut s = setting(document(json!({})));
    for id in [
        "http://app.example.com/client.json",
        "https://app.example.com",
        "https://app.example.com/",
        "https://app.example.com/client.json#x",
        "https://u@app.example.com/client.json",
        "https://u:p@app.example.com/client.json",
        "https://app.example.com/a/../client.json",
        "https://app.example.com/%2E%2e/client.json",
        "https://127.0.0.1/client.json",
        "https://[::1]/client.json",
        "https://0x7f000001/client.json",
        "https://localhost/client.json",
        "https://intranet/client.json",
        "file:///etc/passwd",
    ] {
        let response = s.authorize(&[("client_id", Some(id))]);
        assert!(is_error_page(&response), "{id}");
    }
    assert!(s.world.store.fetched.is_empty());
    let mut off = Setting::new(json!({ "capabilities": ["fetch"] }), "jwt");
    off.client = ID.to_owned();
    assert!(is_error_page(&off.authorize(&[])) && off.world.store.fetched.is_empty());
}

#[test]
fn dc_027_dc_028_dc_030_the_host_is_told_the_whole_policy() {
    let mut s = setting(document(json!({})));
    s.authorize(&[]);
    let ask = json!({ "method": "GET", "url": ID, "headers": [["accept", "application/json"]], "body": null,
        "limits": { "bytes": 5120, "millis": 5000, "redirects": 0, "publicOnly": true } });
    assert_eq!(s.world.store.fetched, [ask]);
}

#[test]
fn dc_028_dc_030_what_is_no_document_is_refused() {
    let good = document(json!({})).to_string();
    let mut long = document(json!({ "x": "x".repeat(5120) })).to_string();
    let deep = format!("{{\"client_id\":\"{ID}\",\"x\":{}{}}}", "[".repeat(100), "]".repeat(100));
    let twice = good.replacen('{', "{\"client_id\":\"https://evil.example/c\",", 1);
    for bad in [
        response(302, &[("location", "https://10.0.0.1/"), JSON], &good),
        response(404, &[JSON], &good),
        response(500, &[JSON], ""),
        response(204, &[JSON], ""),
        response(200, &[("content-type", "text/html")], &good),
        response(200, &[("content-type", "text/javascript")], &good),
        response(200, &[], &good),
        response(200, &[JSON], "<html></html>"),
        response(200, &[JSON], "[]"),
        response(200, &[JSON], ""),
        response(200, &[JSON], "\u{ff}"),
        response(200, &[JSON], "\u{100}"),
        response(200, &[JSON], &long),
        response(200, &[JSON], &deep),
        response(200, &[JSON], &twice),
        json!({ "failed": "10.0.0.1 is not an address of the public internet" }),
    ] {
        let mut s = setting(document(json!({})));
        answer(&mut s, bad.clone());
        assert!(!is_taken(&mut s), "{bad}");
        assert!(s.world.take_event_names().contains(&"client.document_refused".to_owned()), "{bad}");
    }
    long.truncate(0);
    let mut s = setting(document(json!({})));
    let padded = format!("{good}{}", " ".repeat(5120 - good.len()));
    answer(&mut s, response(200, &[("content-type", "application/client+json; charset=utf-8")], &padded));
    assert!(is_taken(&mut s), "exactly 5 kB, and JSON by its suffix");
}

#[test]
fn dc_031_a_crowd_fetches_once_and_again_only_after_a_while() {
    let mut s = setting(document(json!({})));
    let query = s.query(&[]);
    let command = json!({ "http": { "method": "GET", "url": format!("{}/authorize?{query}", World::ISSUER),
        "remote": "203.0.113.9" } });
    let ends = s.world.race(&command, 1000);
    assert_eq!(s.world.store.fetched.len(), 1);
    let (served, told_to_wait): (Vec<_>, Vec<_>) = ends.iter().partition(|done| done["ok"]["status"] == 303);
    assert!(!served.is_empty() && told_to_wait.iter().all(|done| done["ok"]["status"] == 503), "{told_to_wait:?}");
    assert!(told_to_wait.iter().all(|done| header(&done["ok"], "retry-after").is_some()));
    for _ in 0..10 {
        assert_eq!(s.authorize(&[])["status"], 303);
    }
    assert_eq!(s.world.store.fetched.len(), 1);
    s.world.advance(3600);
    let ends = s.world.race(&command, 64);
    assert_eq!(s.world.store.fetched.len(), 2, "stale, and read again by one");
    assert!(ends.iter().all(|done| done["ok"]["status"] == 303), "the others go by what was known");
}

#[test]
fn dc_031_a_document_is_fresh_as_its_headers_say_within_bounds() {
    for (cache_control, fresh) in
        [("max-age=0", 300), ("no-store", 300), ("max-age=900", 900), ("max-age=9999999", 86_400)]
    {
        let mut s = setting(document(json!({})));
        answer(&mut s, response(200, &[JSON, ("cache-control", cache_control)], &document(json!({})).to_string()));
        s.authorize(&[]);
        s.world.advance(fresh - 1);
        s.authorize(&[]);
        assert_eq!(s.world.store.fetched.len(), 1, "{cache_control}");
        s.world.advance(1);
        s.authorize(&[]);
        assert_eq!(s.world.store.fetched.len(), 2, "{cache_control}");
    }
}

#[test]
fn dc_021_one_address_makes_the_server_read_so_many_new_documents_in_an_hour() {
    let registration = json!({ "documents": true, "perHour": 2 });
    let mut s = Setting::new(json!({ "registration": registration, "capabilities": ["fetch"] }), "jwt");
    let ids: Vec<String> = (0..3).map(|n| format!("https://app.example.com/{n}")).collect();
    for id in &ids {
        let body = document(json!({ "client_id": id })).to_string();
        s.world.store.web.insert(id.clone(), response(200, &[JSON], &body));
    }
    let statuses: Vec<Value> = ids.iter().map(|id| s.authorize(&[("client_id", Some(id))])["status"].clone()).collect();
    assert_eq!(statuses, [303, 303, 429]);
    assert_eq!(s.world.store.fetched.len(), 2);
    s.world.advance(3600);
    assert_eq!(s.authorize(&[("client_id", Some(&ids[0]))])["status"], 303, "one that is known does not count");
}

#[test]
fn dc_032_a_document_has_no_secret_and_asks_for_none() {
    for changes in [
        json!({ "client_secret": "known to everybody" }),
        json!({ "client_secret_expires_at": 0 }),
        json!({ "token_endpoint_auth_method": "client_secret_basic" }),
        json!({ "token_endpoint_auth_method": "client_secret_post" }),
        json!({ "token_endpoint_auth_method": "client_secret_jwt" }),
    ] {
        assert!(!is_taken(&mut setting(document(changes.clone()))), "{changes}");
    }
}

#[test]
fn the_rules_of_registration_hold_for_documents() {
    for changes in [
        json!({ "redirect_uris": [] }),
        json!({ "redirect_uris": null }),
        json!({ "redirect_uris": ["http://app.example.com/cb"] }),
        json!({ "redirect_uris": CALLBACK }),
        json!({ "client_name": null }),
        json!({ "client_name": "\u{202e}" }),
        json!({ "client_uri": "javascript:alert(1)" }),
        json!({ "grant_types": ["client_credentials"] }),
        json!({ "response_types": ["token"] }),
        json!({ "software_statement": "x" }),
    ] {
        let mut s = setting(document(json!({})));
        let body: String = document(changes.clone()).to_string().bytes().map(char::from).collect();
        answer(&mut s, response(200, &[JSON], &body));
        assert!(!is_taken(&mut s), "{changes}");
    }
}

#[test]
fn dc_033_a_code_is_redeemed_by_what_was_so_when_it_was_issued() {
    let config =
        json!({ "registration": { "documents": true }, "capabilities": ["fetch"], "lifetimes": { "code": "10m" } });
    let mut s = Setting::new(config, "opaque");
    s.client = ID.to_owned();
    let short =
        |changes: Value| response(200, &[JSON, ("cache-control", "max-age=300")], &document(changes).to_string());
    answer(&mut s, short(json!({})));
    let code = s.code();
    let late = s.interaction();
    answer(&mut s, short(json!({ "redirect_uris": ["https://app.example.com/new"] })));
    s.world.advance(300);
    let old = s.authorize(&[]);
    assert!(is_error_page(&old), "{old}");
    let new = s.authorize(&[("redirect_uri", Some("https://app.example.com/new"))]);
    assert_eq!(new["status"], 303);
    assert_eq!(redeem(&mut s, &code).0, 200, "the code was issued for the old one");
    let answer = s.browser.allow(&mut s.world, &late, &["read"]);
    assert_eq!(answer["status"], 400, "nobody had allowed this yet");
}

#[test]
fn what_the_operator_decides_about_a_document_stays() {
    let mut s = setting(document(json!({})));
    s.authorize(&[]);
    let update = |changes: Value| {
        let mut update = json!({ "id": ID });
        for (name, value) in changes.as_object().into_iter().flatten() {
            update[name] = value.clone();
        }
        json!({ "clients.update": update })
    };
    for changes in [json!({ "name": "Bank" }), json!({ "redirectUris": [CALLBACK] }), json!({ "scopes": ["read"] })] {
        assert_eq!(s.world.refused(update(changes)), "invalid_argument");
    }
    s.world.ok(update(json!({ "disabled": true, "accessToken": "opaque" })));
    for seconds in [3600, 60 * 86_400] {
        s.world.advance(seconds);
        assert!(is_error_page(&s.authorize(&[])));
    }
    assert_eq!(s.world.ok(json!({ "clients.find": { "id": ID } }))["accessToken"], "opaque");
}

#[test]
fn a_document_that_was_disabled_stays_so_when_it_is_read_anew() {
    let long = format!("https://app.example.com/{}", "x".repeat(488));
    for id in [ID.to_owned(), long] {
        let mut s = setting(document(json!({})));
        s.client.clone_from(&id);
        let body = document(json!({ "client_id": id })).to_string();
        s.world.store.web.insert(id.clone(), response(200, &[JSON], &body));
        assert_eq!(s.authorize(&[])["status"], 303);
        s.world.ok(json!({ "clients.update": { "id": id, "disabled": true } }));
        for round in 2..5 {
            s.world.advance(86_400);
            assert!(is_error_page(&s.authorize(&[])));
            assert_eq!(s.world.store.fetched.len(), round, "it is read, and disabled all the same");
        }
    }
}

#[test]
fn a_document_that_was_deleted_begins_anew_without_what_it_had() {
    let mut s = setting(document(json!({})));
    let code = s.code();
    let (_, tokens) = redeem(&mut s, &code);
    s.world.advance(1);
    s.world.ok(json!({ "clients.delete": { "id": ID } }));
    s.world.advance(60);
    assert_eq!(s.authorize(&[])["status"], 303, "anybody may bring it back");
    let refresh =
        [("grant_type", "refresh_token"), ("refresh_token", text(&tokens["refresh_token"])), ("client_id", ID)];
    let (status, refused) = reply(&s.world.ok(post_as("", "/token", &refresh)));
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));
    let shown = s.world.ok(json!({ "tokens.introspect": { "token": tokens["access_token"] } }));
    assert_eq!(shown, json!({ "active": false }));
    let answer = s.authorize(&[("prompt", Some("none"))]);
    assert_eq!(location_parameter(&answer, "error").as_deref(), Some("consent_required"));
}

#[test]
fn a_client_that_the_operator_made_is_no_document_whatever_its_id_looks_like() {
    let mut s = setting(document(json!({ "client_name": "Another" })));
    let own = json!({ "id": ID, "name": "Own", "redirectUris": [CALLBACK], "authMethod": "none" });
    s.world.ok(json!({ "clients.create": own }));
    s.world.advance(100 * 86_400);
    assert_eq!(s.authorize(&[])["status"], 303);
    assert!(s.world.store.fetched.is_empty());
}

#[test]
fn a_forgotten_document_is_read_anew_though_its_row_is_still_there() {
    let mut s = setting(document(json!({})));
    s.authorize(&[]);
    for _ in 0..2 {
        s.world.advance(31 * 86_400);
        assert_eq!(s.world.ok(json!({ "clients.find": { "id": ID } })), Value::Null);
        let interaction = s.interaction();
        let page = s.browser.get(&mut s.world, &format!("/consent?interaction={interaction}"));
        assert_eq!(page["status"], 200, "{page}");
    }
    s.world.advance(31 * 86_400);
    s.world.ok(json!({ "purge": {} }));
    assert!(s.world.store.keys("app%2Eexample").is_empty());
}

#[test]
fn the_fetch_costs_a_load_and_three_commits_the_first_time_and_nothing_after() {
    let mut s = setting(document(json!({})));
    s.authorize(&[]);
    assert_eq!(*s.world.asked(), ["load", "load", "commit", "commit", "fetch", "commit"]);
    s.authorize(&[]);
    assert_eq!(*s.world.asked(), ["load"]);
    s.world.advance(3600);
    s.authorize(&[]);
    assert_eq!(*s.world.asked(), ["load", "load", "commit", "commit", "fetch", "commit"]);
}

#[test]
fn a_store_that_fails_denies_and_a_commit_in_doubt_fetches_once() {
    for failing in [0, 1, 2, 3, 5] {
        let mut s = setting(document(json!({})));
        let get = get_command(&mut s);
        let done = s.world.run_with(get, |ask, number, store| match number == failing {
            true => json!({ "failed": "down" }),
            false => store.answer(ask),
        });
        assert_eq!(done["ok"]["status"], 503, "{done}");
    }
    for (outcome, applied) in [("unknown", true), ("unknown", false), ("stale", false)] {
        let mut s = setting(document(json!({})));
        let get = get_command(&mut s);
        let mut seen = std::collections::BTreeSet::new();
        let done = s.world.run_with(get, |ask, _, store| {
            let keys = |commit: &Value| format!("{}{}", commit["put"][0]["key"], commit["add"][0]["key"]);
            match ask.get("commit") {
                Some(commit) if seen.insert(keys(commit)) => {
                    if applied {
                        store.answer(ask);
                    }
                    json!({ "commit": outcome })
                }
                _ => store.answer(ask),
            }
        });
        assert_eq!(done["ok"]["status"], 303, "{outcome} {applied} {done}");
        assert_eq!(s.world.store.fetched.len(), 1);
    }
}

fn get_command(s: &mut Setting) -> Value {
    let query = authorization_query(&s.client, &[]);
    Browser::new().get_command(&format!("/authorize?{query}"))
}

#[test]
fn a_client_of_a_document_says_who_it_is_by_its_id_alone() {
    let mut s = setting(document(json!({})));
    let code = s.code();
    let fields = [&redeem_fields(&code)[..], &[("client_id", ID), ("client_secret", "x")]].concat();
    let response = s.world.ok(post_as("", "/token", &fields));
    assert_eq!(response["status"], 401);
    hold_everywhere(&response);
    let other = form(&[("client_id", "https://app.example.com/other.json")]);
    assert_eq!(
        s.world.ok(post_as("", "/token", &[("grant_type", "refresh_token"), ("refresh_token", &other)]))["status"],
        401
    );
    assert_eq!(s.world.store.fetched.len(), 1, "the token endpoint fetches nothing");
    assert_eq!(redeem(&mut s, &code).0, 200);
}

#[test]
fn a_pushed_request_begins_with_the_document_too() {
    let mut s = setting(document(json!({})));
    let fields = [
        ("client_id", ID),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "read"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let (status, pushed) = reply(&s.world.ok(post_as("", "/par", &fields)));
    assert_eq!((status, s.world.store.fetched.len()), (201, 1), "{pushed}");
    let begun = s.browser.get(
        &mut s.world,
        &format!("/authorize?{}", form(&[("client_id", ID), ("request_uri", text(&pushed["request_uri"]))])),
    );
    assert_eq!(begun["status"], 303);
    answer(&mut s, response(500, &[], ""));
    s.world.advance(3600);
    assert_eq!(reply(&s.world.ok(post_as("", "/par", &fields))).0, 201, "what it said a while ago serves");
    s.world.advance(86_400);
    let (status, refused) = reply(&s.world.ok(post_as("", "/par", &fields)));
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_client")));
}
