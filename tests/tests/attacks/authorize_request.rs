//! What an authorization request may say (AZ-026 to AZ-098, apart from its redirect URI).

use claviger_tests::setting::{CALLBACK, Setting, client, header, text};
use claviger_tests::{CHALLENGE, VERIFIER, World, form, location_parameter};
use serde_json::json;

use crate::check::{authorize, hold_everywhere, is_error_page, redirected_error};

/// The error that goes to the client for each of these values of one parameter.
fn errors(name: &str, values: &[Option<&str>]) -> Vec<String> {
    let mut s = Setting::opaque();
    values.iter().map(|value| redirected_error(&authorize(&mut s, &[(name, *value)]), CALLBACK, Some("s&t"))).collect()
}

fn goes_on(s: &mut Setting, changes: &[(&str, Option<&str>)]) -> bool {
    let response = authorize(s, changes);
    location_parameter(&response, "interaction").is_some()
}

#[test]
fn az_026_an_empty_value_is_an_absent_one() {
    let mut s = Setting::opaque();
    let response = authorize(&mut s, &[("code_challenge", Some("")), ("state", Some(""))]);
    assert_eq!(redirected_error(&response, CALLBACK, None), "invalid_request");
}

#[test]
fn az_028_a_missing_response_type_is_told_to_the_client() {
    assert_eq!(errors("response_type", &[None, Some("")]), ["invalid_request"; 2]);
}

#[test]
fn az_029_only_code_is_supported() {
    let others = ["token", "id_token", "code id_token", "code token", "none", "CODE", "code code"].map(Some);
    assert_eq!(errors("response_type", &others), ["unsupported_response_type"; 7]);
}

#[test]
fn az_031_pkce_is_required() {
    assert_eq!(errors("code_challenge", &[None]), ["invalid_request"]);
}

#[test]
fn az_032_only_s256_is_a_method() {
    let others = [Some("plain"), None, Some("S512"), Some("s256"), Some("S256 ")];
    assert_eq!(errors("code_challenge_method", &others), ["invalid_request"; 5]);
}

#[test]
fn az_033_a_malformed_challenge_is_refused() {
    let last = CHALLENGE.len() - 1;
    let bad = [
        CHALLENGE[..last].to_owned(),
        format!("{CHALLENGE}A"),
        format!("{CHALLENGE}="),
        CHALLENGE.replace('-', "+"),
        CHALLENGE.replace('-', "/"),
        format!("{}N", &CHALLENGE[..last]),
    ];
    assert_eq!(errors("code_challenge", &bad.each_ref().map(|bad| Some(bad.as_str()))), ["invalid_request"; 6]);
}

#[test]
fn az_049_another_response_mode_is_told_in_the_query() {
    let others = ["web_message", "fragment", "query.jwt", "form_post.jwt", "junk"].map(Some);
    assert_eq!(errors("response_mode", &others), ["invalid_request"; 5]);
}

#[test]
fn az_052_every_page_is_uncached_unframed_and_sends_no_referrer() {
    let mut s = Setting::opaque();
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let page = form(&[("interaction", &interaction)]);
    let sign_in = s.browser.get(&mut s.world, &format!("/sign-in?{page}"));
    s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
    let consent = s.browser.get(&mut s.world, &format!("/consent?{page}"));
    let error = s.browser.get(&mut s.world, "/authorize?");
    for page in [sign_in, consent, error] {
        hold_everywhere(&page);
        assert_eq!(header(&page, "cache-control"), Some("no-store"));
        assert_eq!(header(&page, "referrer-policy"), Some("no-referrer"));
        assert_eq!(header(&page, "x-frame-options"), Some("DENY"));
        let policy = header(&page, "content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{policy}");
    }
}

#[test]
fn az_053_iss_is_the_issuer_of_the_metadata_in_success_and_error() {
    let mut s = Setting::opaque();
    let metadata = s.browser.get(&mut s.world, "/.well-known/oauth-authorization-server");
    let metadata: serde_json::Value = serde_json::from_str(text(&metadata["body"])).unwrap();
    assert_eq!(metadata["issuer"], World::ISSUER);
    let failed = authorize(&mut s, &[("response_type", None)]);
    let interaction = s.interaction();
    let allowed = s.browser.allow(&mut s.world, &interaction, &["read"]);
    for response in [failed, allowed] {
        assert_eq!(location_parameter(&response, "iss").as_deref(), metadata["issuer"].as_str());
    }
}

#[test]
fn az_054_state_comes_back_byte_for_byte_or_the_client_is_told() {
    let whole = "a".repeat(4096);
    let controls = "\0".repeat(4000);
    let states = ["x", &"y".repeat(512), &whole, "\0", "a&b=c", "+", " ", "%2B", "\u{1F44B}", "\"\\'<>", &controls];
    for state in states {
        let mut s = Setting::opaque();
        let response = authorize(&mut s, &[("state", Some(state))]);
        if location_parameter(&response, "error").is_some() {
            assert_eq!(state, controls, "only what cannot be carried is refused");
            assert_eq!(redirected_error(&response, CALLBACK, Some(state)), "invalid_request");
            continue;
        }
        let interaction = location_parameter(&response, "interaction").unwrap_or_else(|| panic!("{response}"));
        let page = s.browser.get(&mut s.world, &format!("/sign-in?{}", form(&[("interaction", &interaction)])));
        assert_eq!(page["status"], 200, "the page of a request that was accepted");
        s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
        let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
        assert_eq!(location_parameter(&answer, "state").as_deref(), Some(state));
    }
}

#[test]
fn az_054_a_state_that_is_too_long_or_malformed_is_refused_and_never_cut() {
    let mut s = Setting::opaque();
    let long = "a".repeat(4097);
    assert_eq!(redirected_error(&authorize(&mut s, &[("state", Some(&long))]), CALLBACK, None), "invalid_request");
    for bad in ["%ff", "%C3", "%ED%A0%80"] {
        let query = format!("{}&state={bad}", s.query(&[("state", None)]));
        assert!(is_error_page(&s.browser.get(&mut s.world, &format!("/authorize?{query}"))), "{bad}");
    }
}

#[test]
fn az_054_a_percent_sign_that_stands_alone_is_itself() {
    for state in ["%", "%4", "%zz", "100%&"] {
        let mut s = Setting::opaque();
        let query = format!("state={state}&{}", s.query(&[("state", None)]));
        let interaction = s.browser.begin(&mut s.world, &query);
        s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
        let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
        assert_eq!(location_parameter(&answer, "state").as_deref(), Some(state.trim_end_matches('&')));
        let encoded = state.trim_end_matches('&').replace('%', "%25");
        assert!(header(&answer, "location").unwrap().contains(&format!("&state={encoded}&")), "{answer}");
    }
}

#[test]
fn az_055_without_state_there_is_none_in_the_response() {
    let mut s = Setting::opaque();
    let query = s.query(&[("state", None)]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
    let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
    assert!(location_parameter(&answer, "code").is_some());
    assert!(!header(&answer, "location").unwrap().contains("state="));
}

#[test]
fn az_058_malformed_and_endless_scopes_are_refused() {
    let flood = (0..1500).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
    let bad = ["\"", "\\", "\u{7}", "read  write", " read", "read ", "\u{e9}", "unknown", &flood].map(Some);
    assert_eq!(errors("scope", &bad), ["invalid_scope"; 9]);
}

#[test]
fn az_059_order_and_repeats_of_scopes_do_not_matter() {
    let mut s = Setting::opaque();
    let query = s.query(&[("scope", Some("write read write"))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
    let answer = s.browser.allow(&mut s.world, &interaction, &["read", "write"]);
    let tokens = s.redeem(&location_parameter(&answer, "code").unwrap()).1;
    let mut scopes: Vec<&str> = text(&tokens["scope"]).split(' ').collect();
    scopes.sort_unstable();
    assert_eq!(scopes, ["read", "write"]);
}

#[test]
fn az_060_prompt_none_without_a_session_is_login_required() {
    assert_eq!(errors("prompt", &[Some("none")]), ["login_required"]);
}

#[test]
fn az_061_prompt_none_with_a_session_is_consent_required() {
    let mut s = Setting::opaque();
    s.code();
    let response = authorize(&mut s, &[("prompt", Some("none")), ("scope", Some("read write"))]);
    assert_eq!(redirected_error(&response, CALLBACK, Some("s&t")), "consent_required");
}

#[test]
fn az_062_prompt_none_stands_alone() {
    let bad = ["none login", "login none", "none none", "junk"].map(Some);
    assert_eq!(errors("prompt", &bad), ["invalid_request"; 4]);
}

#[test]
fn az_063_az_064_prompt_login_is_enforced_on_the_server_and_renews_auth_time() {
    let mut s = Setting::opaque();
    let auth_time = |s: &mut Setting| {
        let sessions = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
        sessions["items"].as_array().unwrap().iter().map(|one| one["authTime"].as_u64().unwrap()).max()
    };
    s.code();
    for change in [("prompt", Some("login")), ("max_age", Some("10"))] {
        let first = auth_time(&mut s);
        s.world.advance(100);
        let response = authorize(&mut s, &[change]);
        let interaction = location_parameter(&response, "interaction").unwrap();
        assert!(header(&response, "location").unwrap().contains("/sign-in?"), "{response}");
        // The person goes straight to the consent page instead, and then posts its form.
        let page = s.browser.get(&mut s.world, &format!("/consent?{}", form(&[("interaction", &interaction)])));
        assert!(header(&page, "location").unwrap().contains("/sign-in?"), "{page}");
        let before = s.world.store.dump();
        assert_eq!(s.browser.allow(&mut s.world, &interaction, &["read"])["status"], 403);
        assert_eq!(s.world.store.dump(), before);
        s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
        assert_eq!(s.browser.allow(&mut s.world, &interaction, &["read"])["status"], 303);
        assert_eq!(auth_time(&mut s), first.map(|first| first + 100_000));
    }
}

#[test]
fn az_072_parameters_for_others_are_ignored() {
    let mut s = Setting::opaque();
    for (name, value) in [
        ("display", "page"),
        ("display", "popup"),
        ("ui_locales", "fr-CA de"),
        ("claims_locales", "fr"),
        ("acr_values", "1 2"),
        ("nonce", "n"),
        ("unknown", "x"),
    ] {
        assert!(goes_on(&mut s, &[(name, Some(value))]), "{name}");
    }
}

#[test]
fn az_076_az_077_request_objects_are_refused_and_nothing_is_fetched() {
    assert_eq!(errors("request", &[Some("eyJhbGciOiJub25lIn0.e30.")]), ["request_not_supported"]);
    let mut s = Setting::opaque();
    let response = authorize(&mut s, &[("request_uri", Some("https://169.254.169.254/latest"))]);
    assert_eq!(redirected_error(&response, CALLBACK, Some("s&t")), "request_uri_not_supported");
    assert_eq!(s.world.asked(), &["load"]);
}

#[test]
fn az_083_other_methods_and_bodies_are_refused_and_do_nothing() {
    let mut s = Setting::opaque();
    let interaction = s.interaction();
    let decision = form(&[("interaction", &interaction), ("decision", "allow"), ("scope", "read")]);
    let before = s.world.store.dump();
    for (method, path, status) in [
        ("HEAD", "/authorize", 405),
        ("PUT", "/authorize", 405),
        ("DELETE", "/consent", 405),
        ("HEAD", "/consent", 405),
        ("OPTIONS", "/authorize", 405),
        ("get", "/authorize", 405),
    ] {
        let mut command = s.browser.get_command(&format!("{path}?{decision}"));
        command["http"]["method"] = json!(method);
        let response = s.world.ok(command);
        hold_everywhere(&response);
        assert_eq!(response["status"], status, "{method} {path}");
    }
    for path in ["/authorize", "/sign-in", "/consent"] {
        let mut command = s.browser.post_command(path, "{}");
        command["http"]["headers"][1] = json!(["content-type", "application/json"]);
        assert_eq!(s.world.ok(command)["status"], 415, "{path}");
    }
    // A GET of the consent page with a decision in its query decides nothing either.
    s.browser.get(&mut s.world, &format!("/consent?{decision}"));
    assert_eq!(s.world.store.dump(), before);
}

#[test]
fn a_posted_authorization_request_is_read_like_a_query() {
    let mut s = Setting::opaque();
    let query = s.query(&[]);
    let response = s.browser.post(&mut s.world, "/authorize", &query);
    assert!(location_parameter(&response, "interaction").is_some(), "{response}");
}

#[test]
fn az_090_oversized_requests_are_refused_before_they_are_read() {
    let mut s = Setting::opaque();
    let before = s.world.store.dump();
    let long = format!("/authorize?{}&x={}", s.query(&[]), "a".repeat(65_536));
    let long = s.browser.get(&mut s.world, &long);
    assert_eq!(long["status"], 414);
    let many = format!("/authorize?{}{}", s.query(&[]), "&a=1".repeat(1000));
    assert!(is_error_page(&s.browser.get(&mut s.world, &many)));
    for path in ["/authorize", "/token", "/introspect", "/revoke", "/sign-in", "/consent"] {
        let big = s.browser.post(&mut s.world, path, &"a".repeat(1 << 20));
        assert_eq!(big["status"], 413, "{path}");
        assert!(s.world.asked().is_empty(), "{path}");
    }
    assert_eq!(s.world.store.dump(), before);
}

#[test]
fn az_091_a_semicolon_separates_nothing() {
    let mut s = Setting::opaque();
    let query = s.query(&[("code_challenge_method", None)]);
    let response = s.browser.get(&mut s.world, &format!("/authorize?{query};code_challenge_method=S256"));
    assert_eq!(redirected_error(&response, CALLBACK, Some("s&t")), "invalid_request");
}

#[test]
fn az_095_no_script_of_another_origin_reads_the_pages() {
    let mut s = Setting::opaque();
    for path in ["/authorize", "/sign-in", "/consent"] {
        for method in ["GET", "POST", "OPTIONS"] {
            let mut command = s.browser.get_command(path);
            command["http"]["method"] = json!(method);
            command["http"]["headers"] = json!([["origin", "https://evil.example"]]);
            let response = s.world.ok(command);
            let allowed = response["headers"].as_array().unwrap().iter();
            assert!(!allowed.into_iter().any(|header| text(&header[0]).starts_with("access-control-")), "{response}");
        }
    }
}

#[test]
fn az_034_az_035_a_code_needs_its_verifier() {
    let mut s = Setting::opaque();
    let code = s.code();
    for verifier in [None, Some(""), Some("a-verifier-that-is-well-formed-but-another-one-altogether")] {
        let mut fields = vec![("grant_type", "authorization_code"), ("code", code.as_str())];
        fields.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        let command = s.post_command("/token", &fields);
        assert_eq!(crate::check::refusal(&mut s.world, command), (400, "invalid_grant".into()), "{verifier:?}");
    }
    assert_eq!(s.redeem(&code).0, 200);
}

#[test]
fn az_036_az_037_only_well_formed_verifiers_verify() {
    use base64::Engine as _;
    use sha2::{Digest, Sha256};
    let challenge =
        |verifier: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let (short, long) = ("a".repeat(43), "~".repeat(128));
    let bad = ["a".repeat(42), "a".repeat(129), format!("{short}\0"), format!("{short}\u{e9}"), format!("{short}+")];
    let good = [short, long, VERIFIER.to_owned()];
    for (verifier, status) in bad.iter().map(|bad| (bad, 400)).chain(good.iter().map(|good| (good, 200))) {
        let mut s = Setting::opaque();
        let query = s.query(&[("code_challenge", Some(&challenge(verifier)))]);
        let interaction = s.browser.begin(&mut s.world, &query);
        s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
        let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
        let code = location_parameter(&answer, "code").unwrap();
        let fields = [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", verifier)];
        assert_eq!(s.post("/token", &fields).0, status, "{verifier:?}");
    }
}

#[test]
fn az_088_a_hostile_client_name_is_shown_as_bounded_plain_text() {
    let mut s = Setting::opaque();
    (s.client, s.secret) =
        client(&mut s.world, json!({ "name": "<img src=x onerror=alert(1)>\u{202e}gnp\u{2066}\"'" }));
    let interaction = s.interaction();
    let page = s.browser.get(&mut s.world, &format!("/consent?{}", form(&[("interaction", &interaction)])));
    let body = text(&page["body"]);
    assert!(!body.contains("<img") && !body.contains('\u{202e}') && !body.contains('\u{2066}'), "{body}");
    let create = json!({ "clients.create": { "name": "x".repeat(10_240), "redirectUris": [CALLBACK] } });
    assert_eq!(s.world.refused(create), "invalid_argument");
}

#[test]
fn a_hostile_login_hint_is_escaped() {
    let mut s = Setting::opaque();
    let query = s.query(&[("login_hint", Some("\"><script>alert(1)</script>"))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let page = s.browser.get(&mut s.world, &format!("/sign-in?{}", form(&[("interaction", &interaction)])));
    assert!(!text(&page["body"]).contains("<script"), "{page}");
    assert_eq!(page["status"], 200);
}
