//! Consent that was given before, and the two ways an answer travels (AZ-048 to AZ-050, AZ-061, AZ-087, AZ-089, seeds S22, S23, 1.d).

use claviger_tests::setting::{CALLBACK, PASSWORD, Setting, authorization_query, client, header, text};
use claviger_tests::{Browser, World, form, location_parameter};
use serde_json::{Value, json};

use super::check::hold_everywhere;

/// Comes without being made to consent.
fn come(s: &mut Setting, changes: &[(&str, Option<&str>)]) -> Value {
    let mut all = vec![("prompt", None)];
    all.extend_from_slice(changes);
    let response = s.authorize(&all);
    hold_everywhere(&response);
    response
}

fn has_code(response: &Value) -> bool {
    location_parameter(response, "code").is_some()
}

#[test]
fn what_was_allowed_before_is_not_asked_again() {
    let mut s = Setting::opaque();
    s.code();
    let response = come(&mut s, &[]);
    assert_eq!(s.world.asked(), &["load", "commit"]);
    let code = location_parameter(&response, "code").unwrap();
    assert_eq!(location_parameter(&response, "state").as_deref(), Some("s&t"));
    assert_eq!(s.redeem(&code).1["scope"], "read");
    assert!(has_code(&come(&mut s, &[("prompt", Some("none"))])));
    assert!(!has_code(&come(&mut s, &[("prompt", Some("consent"))])), "the client may ask for it");
    s.world.advance(1);
    assert!(!has_code(&come(&mut s, &[("prompt", Some("login"))])));
    assert!(!has_code(&come(&mut s, &[("scope", Some("read write"))])), "more than before");
    assert!(!has_code(&come(&mut s, &[("resource", Some("https://api.example.com"))])), "elsewhere than before");
    let (other, _) = client(&mut s.world, json!({}));
    assert!(!has_code(&come(&mut s, &[("client_id", Some(&other))])), "another client");
}

#[test]
fn what_was_allowed_adds_up_and_what_was_not_is_not_remembered() {
    let mut s = Setting::opaque();
    let allow = |s: &mut Setting, asked: &str, allowed: &[&str]| {
        let query = s.query(&[("scope", Some(asked))]);
        let interaction = s.browser.begin(&mut s.world, &query);
        s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
        assert!(has_code(&s.browser.allow(&mut s.world, &interaction, allowed)));
    };
    allow(&mut s, "read write", &["read"]);
    assert!(!has_code(&come(&mut s, &[("scope", Some("read write"))])), "write was left unticked");
    allow(&mut s, "write", &["write"]);
    assert!(has_code(&come(&mut s, &[("scope", Some("read write"))])));
}

#[test]
fn what_was_allowed_at_one_resource_is_not_allowed_at_another() {
    const A: &str = "https://a.example.com";
    const B: &str = "https://b.example.com";
    let mut s = Setting::new(json!({ "resources": { A: {}, B: {} } }), "opaque");
    let allow = |s: &mut Setting, scope: &str, resource: &str| {
        let query = s.query(&[("scope", Some(scope)), ("resource", Some(resource))]);
        let interaction = s.browser.begin(&mut s.world, &query);
        s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
        assert!(has_code(&s.browser.allow(&mut s.world, &interaction, &[scope])));
    };
    let asked = |s: &mut Setting, scope: &str, resource: Option<&str>| {
        !has_code(&come(s, &[("scope", Some(scope)), ("resource", resource)]))
    };
    allow(&mut s, "read", A);
    assert!(!asked(&mut s, "read", Some(A)));
    allow(&mut s, "write", B);
    assert!(!asked(&mut s, "write", Some(B)) && !asked(&mut s, "read", Some(A)));
    assert!(asked(&mut s, "write", Some(A)) && asked(&mut s, "read", Some(B)));
    assert!(asked(&mut s, "read write", Some(A)) && asked(&mut s, "read", None) && asked(&mut s, "write", None));
    let both = |s: &Setting, scope: &str| {
        let query = s.query(&[("prompt", None), ("scope", Some(scope)), ("resource", Some(A))]);
        format!("/authorize?{query}&{}", form(&[("resource", B)]))
    };
    for scope in ["read", "write", "read write"] {
        let address = both(&s, scope);
        assert!(!has_code(&s.browser.get(&mut s.world, &address)), "{scope} at both");
    }
    allow(&mut s, "read", B);
    let address = both(&s, "read");
    assert!(has_code(&s.browser.get(&mut s.world, &address)));
    // Without a resource a token is for the issuer, and so it is when the issuer is named.
    allow(&mut s, "read", World::ISSUER);
    assert!(!asked(&mut s, "read", None) && asked(&mut s, "write", None));
}

#[test]
fn who_signs_in_and_allowed_it_before_goes_straight_back() {
    let mut s = Setting::opaque();
    s.code();
    s.browser = Browser::new();
    let query = s.query(&[("prompt", None)]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let signed_in = s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
    let onward = header(&signed_in, "location").unwrap().to_owned();
    assert!(has_code(&s.browser.get(&mut s.world, &onward)));
    let again = s.browser.get(&mut s.world, &onward);
    assert!(!has_code(&again), "an interaction is answered once");
}

#[test]
fn a_host_with_its_own_pages_is_asked_only_when_there_is_something_to_ask() {
    let pages = json!({ "pages": { "signIn": "/my/login", "consent": "/my/consent" } });
    let mut s = Setting::new(pages, "opaque");
    for (remembered, prompt) in [(false, None), (true, None), (false, Some("consent"))] {
        let query = s.query(&[("prompt", prompt)]);
        let mut browser = Browser::new();
        let interaction = browser.begin(&mut s.world, &query);
        let handle = json!({ "handle": interaction, "cookie": browser.cookie_header() });
        let mut complete = handle.clone();
        complete["subject"] = json!(s.subject);
        complete["methods"] = json!(["pwd"]);
        let onward = s.world.ok(json!({ "interactions.complete": complete }));
        browser.keep(&onward);
        let next = browser.get(&mut s.world, text(&onward["location"]));
        assert_eq!(has_code(&next), remembered, "{next}");
        if !remembered {
            assert!(header(&next, "location").unwrap().starts_with("https://auth.example.com/my/consent?"), "{next}");
            let consent = json!({ "handle": interaction, "cookie": browser.cookie_header() });
            s.world.ok(json!({ "interactions.consent": consent }));
        }
    }
}

#[test]
fn az_087_an_application_on_the_device_is_asked_about_each_time() {
    let mut s = Setting::opaque();
    for (redirect_uri, method, remembered) in [
        ("com.example.app:/cb", "none", false),
        ("http://127.0.0.1/cb", "none", false),
        ("https://spa.example.com/cb", "none", true),
        ("http://127.0.0.1/cb", "client_secret_basic", true),
    ] {
        let (id, _) = client(&mut s.world, json!({ "redirectUris": [redirect_uri], "authMethod": method }));
        let query = authorization_query(&id, &[("redirect_uri", Some(redirect_uri)), ("prompt", None)]);
        let interaction = s.browser.begin(&mut s.world, &query);
        s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
        assert!(has_code(&s.browser.allow(&mut s.world, &interaction, &["read"])));
        let response = s.browser.get(&mut s.world, &format!("/authorize?{query}"));
        assert_eq!(has_code(&response), remembered, "{redirect_uri} {method}");
    }
}

#[test]
fn az_089_taking_a_grant_back_forgets_the_consent_and_kills_its_code() {
    let mut s = Setting::opaque();
    let code = s.code();
    let grants = s.world.ok(json!({ "grants.list": { "subject": s.subject } }));
    let id = &grants["items"][0]["id"];
    s.world.ok(json!({ "grants.revoke": { "subject": s.subject, "id": id } }));
    assert_eq!(s.redeem(&code), (400, s.redeem("cvc_x").1));
    assert!(!has_code(&come(&mut s, &[])));
}

#[test]
fn a_client_that_revokes_its_token_is_not_forgotten() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    s.post("/revoke", &[("token", text(&tokens["refresh_token"]))]);
    assert!(has_code(&come(&mut s, &[])));
}

#[test]
fn az_089_a_grant_that_its_client_gave_back_is_taken_back_with_its_consent() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    s.post("/revoke", &[("token", text(&tokens["refresh_token"]))]);
    let grants = s.world.ok(json!({ "grants.list": { "subject": s.subject } }));
    let revoke = json!({ "grants.revoke": { "subject": s.subject, "id": grants["items"][0]["id"] } });
    let done = s.world.run_with(revoke.clone(), |ask, _, store| match ask.get("commit") {
        Some(_) => json!({ "failed": "the disk is full" }),
        None => store.answer(ask),
    });
    assert_eq!(done["fault"]["code"], "store_failed", "{done}");
    s.world.take_events();
    assert_eq!(s.world.ok(revoke), json!({ "revoked": false }));
    assert!(s.world.take_events().is_empty());
    assert!(!has_code(&come(&mut s, &[])));
}

#[test]
fn taking_all_back_tells_and_counts_each_grant_once_however_many_races_it_loses() {
    for lost in [1, 2] {
        let mut s = Setting::opaque();
        let tokens = [s.tokens(), s.tokens(), s.tokens()];
        let mut commits = 0;
        let command = json!({ "grants.revokeAll": { "subject": s.subject } });
        let done = s.world.run_with(command, |ask, _, store| {
            // The first is of the consent, the second of a grant; those after it come too late.
            commits += usize::from(ask.get("commit").is_some());
            if ask.get("commit").is_some() && (3..3 + lost).contains(&commits) {
                return json!({ "commit": "stale" });
            }
            store.answer(ask)
        });
        assert_eq!(done["ok"], json!({ "revoked": 3 }), "{done}");
        let told: Vec<&Value> = done["events"].as_array().unwrap().iter().map(|event| &event["grantId"]).collect();
        let grants = s.world.ok(json!({ "grants.list": { "subject": s.subject } }));
        let ids: Vec<&Value> = grants["items"].as_array().unwrap().iter().map(|grant| &grant["id"]).collect();
        assert_eq!(told, ids, "each once, in the store's order");
        assert!(tokens.iter().all(|tokens| !s.is_active(&tokens["access_token"])));
    }
}

#[test]
fn what_was_not_taken_back_is_not_told() {
    let mut s = Setting::opaque();
    let _ = [s.tokens(), s.tokens()];
    let mut commits = 0;
    let command = json!({ "grants.revokeAll": { "subject": s.subject } });
    let done = s.world.run_with(command, |ask, _, store| {
        commits += usize::from(ask.get("commit").is_some());
        if ask.get("commit").is_some() && commits == 3 {
            return json!({ "failed": "the disk is full" });
        }
        store.answer(ask)
    });
    assert_eq!(done["fault"]["code"], "store_failed", "{done}");
    assert_eq!(done["events"].as_array().map(Vec::len), Some(1), "{done}");
}

#[test]
fn everything_of_a_person_or_of_one_client_is_taken_back_at_once() {
    let mut s = Setting::opaque();
    let (other, _) = client(&mut s.world, json!({}));
    let first = s.tokens();
    let second = s.tokens();
    let query = authorization_query(&other, &[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
    s.browser.allow(&mut s.world, &interaction, &["read"]);
    let revoked = s.world.ok(json!({ "grants.revokeAll": { "subject": s.subject, "clientId": s.client } }));
    assert_eq!(revoked, json!({ "revoked": 2 }));
    assert!(!s.is_active(&first["access_token"]) && !s.is_active(&second["access_token"]));
    assert!(!has_code(&come(&mut s, &[])));
    assert!(has_code(&come(&mut s, &[("client_id", Some(&other))])));
    assert_eq!(s.world.ok(json!({ "grants.revokeAll": { "subject": s.subject } })), json!({ "revoked": 2 }));
    assert!(!has_code(&come(&mut s, &[("client_id", Some(&other))])));
    assert_eq!(s.world.ok(json!({ "grants.revokeAll": { "subject": "nobody" } })), json!({ "revoked": 0 }));
}

#[test]
fn nothing_is_remembered_when_the_configuration_says_so_or_the_time_is_over() {
    let mut s = Setting::new(json!({ "rememberConsent": false }), "opaque");
    s.code();
    assert!(!has_code(&come(&mut s, &[])));
    assert!(s.world.store.keys("/consent.").is_empty());

    let mut s = Setting::new(json!({ "lifetimes": { "grant": "1d", "session": "30d" } }), "opaque");
    s.code();
    s.world.advance(86_400 - 1);
    assert!(has_code(&come(&mut s, &[])));
    s.world.advance(1);
    assert!(!has_code(&come(&mut s, &[])));
    // The row is over, and the store has it still: it is written over, and only with what is allowed now.
    let query = s.query(&[("scope", Some("write"))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    assert_eq!(s.world.store.keys("/consent.").len(), 1);
    assert!(has_code(&s.browser.allow(&mut s.world, &interaction, &["write"])));
    assert!(has_code(&come(&mut s, &[("scope", Some("write"))])) && !has_code(&come(&mut s, &[])));
}

#[test]
fn what_was_allowed_on_another_day_is_over_on_its_own() {
    let mut s = Setting::new(json!({ "lifetimes": { "grant": "1d", "session": "30d" } }), "opaque");
    s.code();
    s.world.advance(3600);
    let query = s.query(&[("scope", Some("write"))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    assert!(has_code(&s.browser.allow(&mut s.world, &interaction, &["write"])));
    s.world.advance(86_400 - 3600);
    assert!(!has_code(&come(&mut s, &[])));
    assert!(has_code(&come(&mut s, &[("scope", Some("write"))])));
}

#[test]
fn two_consents_at_once_are_both_given() {
    let mut s = Setting::opaque();
    let first = s.interaction();
    let consent = json!({ "handle": first, "cookie": s.browser.cookie_header() });
    let ends = s.world.race(&json!({ "interactions.consent": consent }), 64);
    let given = ends.iter().filter(|end| end.get("ok").is_some()).count();
    assert_eq!(given, 1, "one interaction, one grant");
    assert!(ends.iter().filter(|end| end["refused"]["code"] == "interaction_ended").count() == 63);
    assert_eq!(s.world.store.keys("/consent.").len(), 1);
}

#[test]
fn az_048_az_050_an_answer_may_be_asked_for_as_a_form() {
    let mut s = Setting::opaque();
    let state = "\"><script>alert(1)</script></form>";
    let query = s.query(&[("response_mode", Some("form_post")), ("state", Some(state))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
    let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
    let location = header(&answer, "location").unwrap().to_owned();
    assert!(location.starts_with("https://auth.example.com/form-post?response="), "{location}");
    assert!(!location.contains("cvc_"), "the code is not to be read in an address");
    let page = s.browser.get(&mut s.world, &location);
    hold_everywhere(&page);
    let body = text(&page["body"]);
    assert!(body.contains(&format!("method=\"post\" action=\"{CALLBACK}\"")), "{body}");
    assert!(!body.contains("<script>alert") && body.matches("</form>").count() == 1, "{body}");
    let policy = header(&page, "content-security-policy").unwrap();
    assert!(policy.contains("script-src 'sha256-") && policy.contains("form-action 'self' https:"), "{policy}");
    assert_eq!(header(&page, "cache-control"), Some("no-store"));
    let field = |name: &str| {
        let (_, rest) = body.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    assert_eq!(field("iss"), World::ISSUER);
    assert_eq!(s.redeem(&field("code")).0, 200);
    s.world.advance(60);
    assert_eq!(s.browser.get(&mut s.world, &location)["status"], 400, "over with the code");
    let forged = form(&[("response", "AAAA")]);
    assert_eq!(s.browser.get(&mut s.world, &format!("/form-post?{forged}"))["status"], 400);
}

#[test]
fn az_048_errors_take_the_same_way() {
    let mut s = Setting::opaque();
    let response = s.authorize(&[("response_mode", Some("form_post")), ("scope", Some("admin"))]);
    let location = header(&response, "location").unwrap().to_owned();
    let page = s.browser.get(&mut s.world, &location);
    assert!(text(&page["body"]).contains(r#"name="error" value="invalid_scope""#), "{page}");
    let query = s.query(&[("response_mode", Some("query"))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
    assert!(has_code(&s.browser.allow(&mut s.world, &interaction, &["read"])));
}

#[test]
fn a_host_says_whom_its_page_asked_and_keeps_what_it_likes_with_the_grant() {
    let mut s = Setting::opaque();
    let handle = s.interaction();
    let consent = |s: &Setting, more: Value| {
        let mut consent = json!({ "handle": handle, "cookie": s.browser.cookie_header() });
        consent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "interactions.consent": consent })
    };
    let other = consent(&s, json!({ "subject": "somebody-else" }));
    assert_eq!(s.world.refused(other), "forbidden");
    let large = consent(&s, json!({ "context": "x".repeat(4096) }));
    assert_eq!(s.world.refused(large), "invalid_argument");
    let context = json!({ "workspace": "w-1" });
    let given = consent(&s, json!({ "subject": s.subject, "context": context }));
    s.world.ok(given);
    let listed = s.world.ok(json!({ "grants.list": { "subject": s.subject } }));
    assert_eq!(listed["items"][0]["context"], context);
    let id = &listed["items"][0]["id"];
    let update = json!({ "subject": s.subject, "id": id, "context": ["other"] });
    assert_eq!(s.world.ok(json!({ "grants.update": update }))["context"], json!(["other"]));
    let update = json!({ "subject": s.subject, "id": id });
    assert!(s.world.ok(json!({ "grants.update": update }))["context"].is_null());
    let nobody = json!({ "subject": "nobody", "id": id });
    assert_eq!(s.world.refused(json!({ "grants.update": nobody })), "not_found");
}

#[test]
fn a_person_who_is_asked_nothing_more_leaves_the_sign_in_page_for_the_application() {
    let mut s = Setting::opaque();
    s.tokens();
    let mut browser = Browser::new();
    let query = s.query(&[("prompt", None)]);
    let interaction = browser.begin(&mut s.world, &query);
    let page = browser.get(&mut s.world, &format!("/sign-in?interaction={interaction}"));
    // Chromium applies form-action to the redirects that follow a post too.
    let policy = header(&page, "content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https:;"), "{policy}");
    let onward = browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    let back = browser.get(&mut s.world, header(&onward, "location").unwrap());
    assert!(header(&back, "location").unwrap().starts_with(CALLBACK), "{back}");
}
