//! What the requester sees when the engine or its host failed (SF-001): no more than that, in the form that it reads.

use claviger_tests::World;
use claviger_tests::setting::{Setting, header, reply, text};
use serde_json::{Value, json};

const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// What comes of a request when every ask fails.
fn failed(s: &mut Setting, command: Value) -> Value {
    let done = s.world.run_with(command, |_, _, _| json!({ "failed": "the disk is gone" }));
    assert_eq!(done["fault"]["code"], "store_failed", "{done}");
    assert!(!done["ok"].to_string().contains("disk"), "{done}");
    done["ok"].clone()
}

fn get(path: &str, accept: &str, cookie: &str) -> Value {
    let headers = json!([["accept", accept], ["cookie", cookie]]);
    json!({ "http": { "method": "GET", "url": format!("{}{path}", World::ISSUER), "headers": headers } })
}

#[test]
fn sf_001_a_script_of_any_origin_reads_the_fault_where_it_reads_the_success() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let token = text(&tokens["refresh_token"]);
    let endpoints = [
        s.refresh_command(token),
        s.post_command("/revoke", &[("token", token)]),
        s.post_command("/introspect", &[("token", token)]),
        get("/jwks", "*/*", ""),
    ];
    for (command, for_scripts) in endpoints.into_iter().zip([true, true, false, true]) {
        let fault = failed(&mut s, command.clone());
        assert_eq!((&fault["status"], header(&fault, "retry-after")), (&json!(503), Some("1")));
        assert_eq!(header(&fault, "cache-control"), Some("no-store"));
        assert_eq!(reply(&fault).1["error"], "temporarily_unavailable");
        let origin = header(&fault, "access-control-allow-origin").map(str::to_owned);
        assert_eq!(origin.as_deref(), for_scripts.then_some("*"), "{command}");
        let success = s.world.ok(command);
        assert_eq!(header(&success, "access-control-allow-origin"), origin.as_deref(), "{success}");
    }
}

#[test]
fn sf_001_a_browser_at_a_page_is_shown_a_page_and_a_program_json() {
    let mut s = Setting::opaque();
    let (handle, cookie) = (s.interaction(), s.browser.cookie_header());
    let authorize = format!("/authorize?{}", s.query(&[]));
    for path in [authorize, format!("/sign-in?interaction={handle}"), format!("/consent?interaction={handle}")] {
        let page = failed(&mut s, get(&path, HTML, &cookie));
        assert_eq!((&page["status"], header(&page, "retry-after")), (&json!(503), Some("1")), "{path}");
        assert_eq!(header(&page, "content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert!(header(&page, "content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
        assert!(text(&page["body"]).contains("temporarily_unavailable"), "{page}");
        assert_eq!(header(&page, "location"), None);
        let json = failed(&mut s, get(&path, "application/json, */*", &cookie));
        assert_eq!(reply(&json).1["error"], "temporarily_unavailable", "{path}");
    }
    let post = failed(&mut s, get("/jwks", HTML, ""));
    assert_eq!(header(&post, "content-type"), Some("application/json"), "only pages are pages");
}

#[test]
fn a_full_table_of_flows_is_shown_as_any_other_fault() {
    let mut s = Setting::new(json!({ "limits": { "flows": 1 } }), "opaque");
    s.world.begin(json!({ "clients.find": { "id": "x" } }));
    let page = s.world.begin(get("/authorize", HTML, ""));
    assert_eq!(header(&page["done"]["ok"], "content-type"), Some("text/html; charset=utf-8"));
    let script = s.world.begin(s.post_command("/token", &[]));
    assert_eq!(header(&script["done"]["ok"], "access-control-allow-origin"), Some("*"));
    assert_eq!(script["done"]["fault"]["code"], "busy");
}

#[test]
fn a_browser_that_finds_nothing_is_shown_a_page_and_a_program_json() {
    let mut world = World::new();
    for path in ["/", "/nothing", "/sign-in/"] {
        for (accept, media_type) in [
            ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
            ("application/json", "application/json"),
            ("*/*", "application/json"),
        ] {
            let url = format!("{}{path}", World::ISSUER);
            let response =
                world.ok(json!({ "http": { "method": "GET", "url": url, "headers": [["accept", accept]] } }));
            assert_eq!(
                (&response["status"], header(&response, "content-type")),
                (&json!(404), Some(media_type)),
                "{path}"
            );
        }
    }
}

#[test]
fn a_faults_help_needs_no_file_that_no_package_has() {
    let config = World::config(json!({ "nonsense": 1 })).to_string();
    let fault = claviger_core::Engine::open(config.as_bytes()).unwrap_err();
    assert!(fault.told().help.contains("the message names"), "{:?}", fault.told());
    let mut world = World::new();
    for command in [json!({ "nonsense": {} }), json!({ "clients.find": { "id": 1 } })] {
        let done = world.run(command);
        let told = [&done["fault"], &done["refused"]].into_iter().find(|told| told.is_object()).unwrap();
        assert!(!text(&told["help"]).contains("docs/"), "{told}");
    }
}
