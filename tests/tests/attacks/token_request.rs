//! The form of a token request (TK-001 to TK-009, TK-036, TK-051 to TK-069).

use claviger_tests::setting::{Setting, client, header, post_as, post_raw, redeem_fields, reply, text};
use claviger_tests::{World, basic, form};
use serde_json::{Value, json};

use crate::check::{refusal, send, send_unchanged};

const FORM: &str = "application/x-www-form-urlencoded";

/// A setting with a code, and the `Authorization` header of its client.
fn with_code() -> (Setting, String, String) {
    let mut s = Setting::opaque();
    let code = s.code();
    let authorization = basic(&s.client, &s.secret);
    (s, code, authorization)
}

#[test]
fn tk_001_only_post_is_allowed() {
    let (mut s, code, authorization) = with_code();
    for path in ["/token", "/introspect", "/revoke"] {
        for method in ["GET", "HEAD", "PUT", "DELETE"] {
            let mut command = post_as(&authorization, path, &redeem_fields(&code));
            command["http"]["method"] = json!(method);
            let response = send_unchanged(&mut s.world, command);
            assert_eq!(
                (&response["status"], header(&response, "allow")),
                (&json!(405), Some("POST")),
                "{method} {path}"
            );
        }
    }
}

#[test]
fn tk_002_a_body_that_is_no_form_is_refused() {
    let (mut s, code, authorization) = with_code();
    let body = form(&redeem_fields(&code));
    for media_type in ["application/json", "text/plain", "multipart/form-data; boundary=x", "", FORM_LIKE] {
        let headers = [("authorization", authorization.as_str()), ("content-type", media_type)];
        let command = post_raw("/token", &headers, &body);
        assert_eq!(refusal(&mut s.world, command), (415, "invalid_request".into()), "{media_type}");
    }
    let command = post_raw("/token", &[("authorization", &authorization)], &body);
    assert_eq!(refusal(&mut s.world, command), (415, "invalid_request".into()));
}

const FORM_LIKE: &str = "application/x-www-form-urlencoded-not";

#[test]
fn tk_003_parameters_and_case_of_the_media_type_do_not_matter() {
    for media_type in ["application/x-www-form-urlencoded; charset=UTF-8", "APPLICATION/X-WWW-FORM-URLENCODED", FORM] {
        let (mut s, code, authorization) = with_code();
        let headers = [("authorization", authorization.as_str()), ("content-type", media_type)];
        let response = send(&mut s.world, post_raw("/token", &headers, &form(&redeem_fields(&code))));
        assert_eq!(response["status"], 200, "{media_type}");
    }
}

#[test]
fn tk_004_what_stands_in_the_url_counts_for_nothing() {
    let (mut s, code, authorization) = with_code();
    let query = form(&redeem_fields(&code));
    let command =
        post_raw(&format!("/token?{query}"), &[("authorization", &authorization), ("content-type", FORM)], "");
    assert_eq!(refusal(&mut s.world, command), (400, "invalid_request".into()));
    (s.client, s.secret) = client(&mut s.world, json!({ "authMethod": "client_secret_post" }));
    let code = s.code();
    let secret = form(&[("client_id", &s.client), ("client_secret", &s.secret)]);
    let command = post_raw(&format!("/token?{secret}"), &[("content-type", FORM)], &form(&redeem_fields(&code)));
    assert_eq!(refusal(&mut s.world, command), (401, "invalid_client".into()));
}

#[test]
fn tk_005_a_repeated_parameter_is_refused() {
    let (mut s, code, authorization) = with_code();
    let tokens = s.tokens();
    let redeem = form(&redeem_fields(&code));
    let refresh = form(&[("grant_type", "refresh_token"), ("refresh_token", text(&tokens["refresh_token"]))]);
    for (body, repeated) in [
        (&redeem, "grant_type=authorization_code".to_owned()),
        (&redeem, form(&[("code", &code)])),
        (&redeem, form(&[("client_id", &s.client)]) + "&" + &form(&[("client_id", &s.client)])),
        (&redeem, form(&[("code_verifier", "x")])),
        (&refresh, form(&[("refresh_token", text(&tokens["refresh_token"]))])),
        (&refresh, "scope=read&scope=read".to_owned()),
    ] {
        for body in [format!("{body}&{repeated}"), format!("{repeated}&{body}")] {
            let headers = [("authorization", authorization.as_str()), ("content-type", FORM)];
            assert_eq!(
                refusal(&mut s.world, post_raw("/token", &headers, &body)),
                (400, "invalid_request".into()),
                "{body}"
            );
        }
    }
}

#[test]
fn tk_006_a_missing_grant_type_is_an_invalid_request() {
    let (mut s, code, _) = with_code();
    for fields in [vec![("code", code.as_str())], vec![("grant_type", ""), ("code", &code)], vec![]] {
        let command = s.post_command("/token", &fields);
        assert_eq!(refusal(&mut s.world, command), (400, "invalid_request".into()));
    }
}

#[test]
fn tk_007_other_grant_types_are_not_supported() {
    let (mut s, code, _) = with_code();
    for grant_type in ["password", "implicit", "foo", "authorization_code ", "AUTHORIZATION_CODE", "Client_Credentials"]
    {
        let command = s.post_command("/token", &[("grant_type", grant_type), ("code", &code)]);
        assert_eq!(refusal(&mut s.world, command), (400, "unsupported_grant_type".into()), "{grant_type}");
    }
}

#[test]
fn tk_008_a_grant_type_that_the_client_may_not_use_is_refused() {
    let (mut s, code, _) = with_code();
    let tokens = s.tokens();
    let update = |types: Value| json!({ "clients.update": { "id": s.client, "grantTypes": types } });
    let (no_code, no_refresh) = (update(json!(["refresh_token"])), update(json!(["authorization_code"])));
    let (redeem, refresh) = (s.redeem_command(&code), s.refresh_command(text(&tokens["refresh_token"])));
    for (update, command) in [(no_code, redeem), (no_refresh, refresh)] {
        s.world.ok(update);
        assert_eq!(refusal(&mut s.world, command), (400, "unauthorized_client".into()));
    }
}

#[test]
fn tk_008_without_the_refresh_grant_no_refresh_token_is_issued() {
    let mut s = Setting::opaque();
    (s.client, s.secret) = client(&mut s.world, json!({ "grantTypes": ["authorization_code"] }));
    assert_eq!(s.tokens().get("refresh_token"), None);
}

#[test]
fn tk_009_oversized_requests_are_refused_without_a_trip() {
    let (mut s, code, authorization) = with_code();
    let good = form(&redeem_fields(&code));
    for (body, status) in [
        (format!("{good}&x={}", "a".repeat(1 << 20)), 413),
        (format!("{good}&x={}", "a".repeat(100_000)), 413),
        (format!("{good}{}", "&a=1".repeat(10_000)), 400),
        (format!("{good}&{}", "&".repeat(60_000)), 200),
    ] {
        let headers = [("authorization", authorization.as_str()), ("content-type", FORM)];
        let response = send(&mut s.world, post_raw("/token", &headers, &body));
        assert_eq!(response["status"], status, "{} bytes", body.len());
        assert!(status == 200 || s.world.asked().is_empty());
    }
}

#[test]
fn tk_009_floods_of_headers_are_refused() {
    let mut s = Setting::opaque();
    let flood: Vec<(&str, &str)> = (0..10_000).map(|_| ("x", "y")).collect();
    assert_eq!(send_unchanged(&mut s.world, post_raw("/token", &flood, ""))["status"], 413);
}

#[test]
fn tk_036_nothing_that_was_sent_comes_back_in_an_error() {
    let mut s = Setting::opaque();
    let marked = "canary<script>\"\\\u{7f}\u{e9}";
    for fields in [
        vec![("grant_type", marked)],
        vec![("grant_type", "authorization_code"), ("code", marked), ("code_verifier", marked)],
        vec![("grant_type", "refresh_token"), ("refresh_token", marked), ("scope", marked)],
    ] {
        for authorization in [basic(&s.client, &s.secret), basic(marked, marked), String::new()] {
            let response = send_unchanged(&mut s.world, post_as(&authorization, "/token", &fields));
            assert!(!response.to_string().contains("canary"), "{response}");
        }
    }
}

#[test]
fn tk_051_a_bent_refresh_token_is_refused_and_kills_nothing() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let token = text(&tokens["refresh_token"]).to_owned();
    let flipped: String = token
        .chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    for bent in [&token[..token.len() - 1], &token[..10], &format!("{token}A"), &flipped, "cvr_", "cvr_!", "x"] {
        let command = s.refresh_command(bent);
        assert_eq!(refusal(&mut s.world, command), (400, "invalid_grant".into()), "{bent}");
    }
    assert_eq!(s.refresh(&token).0, 200);
}

#[test]
fn tk_052_no_credential_passes_for_another() {
    for form in ["opaque", "jwt"] {
        let mut s = Setting::new(json!({}), form);
        let code = s.code();
        let tokens = s.tokens();
        let cookie = s.browser.cookie_header();
        let session =
            cookie.split("; ").find_map(|pair| pair.strip_prefix("__Host-claviger-session=")).unwrap().to_owned();
        let (access, refresh) = (text(&tokens["access_token"]), text(&tokens["refresh_token"]));
        for (as_refresh, as_code) in [(access, access), (&code, refresh), (&session, &session)] {
            let command = s.refresh_command(as_refresh);
            assert_eq!(refusal(&mut s.world, command), (400, "invalid_grant".into()));
            let command = s.redeem_command(as_code);
            assert_eq!(refusal(&mut s.world, command), (400, "invalid_grant".into()));
        }
        for not_access in [&code, refresh, &session] {
            assert_eq!(s.world.refused(json!({ "tokens.verify": { "token": not_access } })), "invalid_token");
        }
        let renamed: Vec<String> = ["cvr_", "cva_", "cvs_"].map(|prefix| code.replacen("cvc_", prefix, 1)).into();
        for name in renamed {
            let command = s.refresh_command(&name);
            assert_eq!(refusal(&mut s.world, command), (400, "invalid_grant".into()));
            assert_eq!(s.world.refused(json!({ "tokens.verify": { "token": name } })), "invalid_token");
        }
    }
}

#[test]
fn tk_066_a_disabled_person_gets_no_token_and_has_none() {
    let mut s = Setting::opaque();
    let (tokens, code) = (s.tokens(), s.code());
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": true } }));
    for command in [s.redeem_command(&code), s.refresh_command(text(&tokens["refresh_token"]))] {
        assert_eq!(refusal(&mut s.world, command), (400, "invalid_grant".into()));
    }
    assert!(!s.is_active(&tokens["access_token"]));
    s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": false } }));
    assert_eq!(s.redeem(&code).0, 200);
}

#[test]
fn tk_068_scripts_of_public_clients_may_call_the_token_endpoint_without_credentials() {
    let mut s = Setting::opaque();
    for path in ["/token", "/revoke"] {
        let mut command =
            post_raw(path, &[("origin", "https://spa.example"), ("access-control-request-method", "POST")], "");
        let posted = send_unchanged(&mut s.world, command.clone());
        command["http"]["method"] = json!("OPTIONS");
        let preflight = send_unchanged(&mut s.world, command);
        assert_eq!(preflight["status"], 204);
        assert!(header(&preflight, "access-control-allow-methods").unwrap().contains("POST"));
        for response in [posted, preflight] {
            assert_eq!(header(&response, "access-control-allow-origin"), Some("*"));
            assert_eq!(header(&response, "access-control-allow-credentials"), None);
        }
    }
}

#[test]
fn tk_069_a_truncated_body_spends_nothing() {
    let (mut s, code, authorization) = with_code();
    let body = form(&redeem_fields(&code));
    for length in (0..body.len()).step_by(3) {
        let headers = [("authorization", authorization.as_str()), ("content-type", FORM)];
        let response = send_unchanged(&mut s.world, post_raw("/token", &headers, &body[..length]));
        assert_eq!(reply(&response).0, 400, "{length}");
    }
    assert_eq!(s.redeem(&code).0, 200);
}

#[test]
fn what_is_not_utf_8_is_an_invalid_request() {
    let mut s = Setting::opaque();
    for body in ["grant_type=%ff", "%ff=1", "grant_type=authorization_code&code=%C3"] {
        let headers = [("content-type", FORM)];
        assert_eq!(
            refusal(&mut s.world, post_raw("/token", &headers, body)),
            (400, "invalid_request".into()),
            "{body}"
        );
    }
}

#[test]
fn unknown_paths_are_not_found() {
    let mut s = Setting::opaque();
    for path in
        ["", "/", "/token/", "//token", "/Token", "/token%2f", "/../token", "/.well-known/openid-configuration/x"]
    {
        assert_eq!(send_unchanged(&mut s.world, post_raw(path, &[], ""))["status"], 404, "{path}");
    }
    assert_eq!(World::new().ok(json!({ "http": { "method": "GET", "url": "" } }))["status"], 404);
}
