//! Introspection (IR-001 to IR-010), and as a signed statement (JW-060).

use claviger_tests::services::host_key;
use claviger_tests::setting::{Setting, client, header, post_as, post_raw, reply, text};
use claviger_tests::{ClientKey, World, basic, claims_of, with_header};
use serde_json::{Value, json};

use crate::check::{refusal, send_unchanged};

fn inactive() -> Value {
    json!({ "active": false })
}

fn asked_by(s: &mut Setting, authorization: &str, token: &Value) -> (u64, Value) {
    reply(&send_unchanged(&mut s.world, post_as(authorization, "/introspect", &[("token", text(token))])))
}

#[test]
fn ir_001_only_an_authenticated_confidential_client_may_ask() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let (public, _) = client(&mut s.world, json!({ "authMethod": "none" }));
    let token = text(&tokens["access_token"]);
    for command in [
        post_as("", "/introspect", &[("token", token)]),
        post_as(&basic(&s.client, "wrong"), "/introspect", &[("token", token)]),
        post_as("", "/introspect", &[("token", token), ("client_id", &s.client)]),
        post_as("", "/introspect", &[("token", token), ("client_id", &public)]),
        post_as(&format!("Bearer {token}"), "/introspect", &[("token", token)]),
    ] {
        assert_eq!(refusal(&mut s.world, command), (401, "invalid_client".into()));
    }
}

#[test]
fn ir_002_another_clients_token_is_inactive() {
    for form in ["opaque", "jwt"] {
        let mut s = Setting::new(json!({}), form);
        let tokens = s.tokens();
        let (other, secret) = client(&mut s.world, json!({}));
        for token in [&tokens["access_token"], &tokens["refresh_token"]] {
            assert_eq!(asked_by(&mut s, &basic(&other, &secret), token), (200, inactive()));
            assert!(s.is_active(token));
        }
    }
}

#[test]
fn ir_003_ir_008_whatever_is_not_a_live_token_is_inactive_and_nothing_more() {
    for form in ["opaque", "jwt"] {
        let mut s = Setting::new(json!({}), form);
        let (code, revoked, rotated, live) = (s.code(), s.tokens(), s.tokens(), s.tokens());
        s.post("/revoke", &[("token", text(&revoked["refresh_token"]))]);
        s.refresh(text(&rotated["refresh_token"]));
        let access = text(&live["access_token"]).to_owned();
        let dead = [
            json!("unknown"),
            json!("."),
            json!(".."),
            json!("a.b.c"),
            json!(code),
            revoked["access_token"].clone(),
            revoked["refresh_token"].clone(),
            rotated["refresh_token"].clone(),
            json!(access[..access.len() - 1]),
            json!(format!("{access}A")),
            json!("cva_".to_owned() + &"A".repeat(3000)),
        ];
        let own = basic(&s.client, &s.secret);
        for token in &dead {
            assert_eq!(asked_by(&mut s, &own, token), (200, inactive()), "{token}");
        }
        assert!(s.is_active(&live["access_token"]));
        s.world.advance(15 * 60);
        assert_eq!(asked_by(&mut s, &own, &live["access_token"]), (200, inactive()));
    }
}

#[test]
fn ir_003_a_token_of_a_deleted_client_or_a_disabled_person_is_inactive_to_the_host() {
    for form in ["opaque", "jwt"] {
        let mut s = Setting::new(json!({}), form);
        let tokens = s.tokens();
        let ask = json!({ "tokens.introspect": { "token": tokens["access_token"] } });
        assert_eq!(s.world.ok(ask.clone())["active"], true);
        s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": true } }));
        assert_eq!(s.world.ok(ask.clone()), inactive());
        s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": false } }));
        s.world.ok(json!({ "clients.delete": { "id": s.client } }));
        assert_eq!(s.world.ok(ask), inactive());
    }
}

#[test]
fn ir_006_a_missing_or_repeated_token_is_an_invalid_request() {
    let mut s = Setting::opaque();
    let own = basic(&s.client, &s.secret);
    for body in ["", "token=", "token=a&token=b"] {
        let headers = [("authorization", own.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        for path in ["/introspect", "/revoke"] {
            assert_eq!(
                refusal(&mut s.world, post_raw(path, &headers, body)),
                (400, "invalid_request".into()),
                "{path} {body}"
            );
        }
    }
}

#[test]
fn ir_010_the_answer_is_not_cached_and_not_for_scripts() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let command = s.post_command("/introspect", &[("token", text(&tokens["access_token"]))]);
    let response = send_unchanged(&mut s.world, command);
    assert_eq!(header(&response, "cache-control"), Some("no-store"));
    assert_eq!(header(&response, "access-control-allow-origin"), None);
}

const STATEMENT: &str = "application/token-introspection+jwt";

/// The signed answer about a token, to the client of this authorization.
fn statement_for(s: &mut Setting, authorization: &str, token: &Value) -> String {
    let command = post_as(authorization, "/introspect", &[("token", text(token))]);
    let response = s.world.ok(with_header(command, "accept", STATEMENT));
    assert_eq!((&response["status"], header(&response, "content-type")), (&json!(200), Some(STATEMENT)));
    assert_eq!(header(&response, "cache-control"), Some("no-store"));
    text(&response["body"]).to_owned()
}

/// `jwts.verify` under a policy that takes such a statement for whom it is meant.
fn policy(statement: &str, audience: &str) -> Value {
    let typ = "token-introspection+jwt";
    json!({ "jwts.verify": { "token": statement, "typ": typ, "audience": [audience], "required": ["iat"] } })
}

/// RFC 9110 section 12.4.2: a weight of zero is a no.
#[test]
fn jw_060_introspection_is_signed_for_whoever_accepts_it() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let own = basic(&s.client, &s.secret);
    let command = post_as(&own, "/introspect", &[("token", text(&tokens["access_token"]))]);
    for (accept, is_signed) in
        [("", true), (";q=0.1", true), (" ; Q=1", true), (";q=0", false), ("; q=0.000", false), ("x", false)]
    {
        let response = s.world.ok(with_header(command.clone(), "accept", &format!("text/html, {STATEMENT}{accept}")));
        assert_eq!(header(&response, "content-type") == Some(STATEMENT), is_signed, "{accept}");
    }
}

/// RFC 9701 section 5: what is said in the answer is in one member; what would make it an access token is missing.
#[test]
fn jw_060_a_signed_introspection_says_the_same_to_whoever_asked_alone() {
    for form in ["opaque", "jwt"] {
        let mut s = Setting::new(json!({}), form);
        let tokens = s.tokens();
        let own = basic(&s.client, &s.secret);
        let plain = asked_by(&mut s, &own, &tokens["access_token"]).1;
        let statement = statement_for(&mut s, &own, &tokens["access_token"]);
        let said = claims_of(&statement);
        let expected =
            json!({ "iss": World::ISSUER, "aud": s.client, "iat": s.world.now / 1000, "token_introspection": plain });
        assert_eq!((said, plain["active"].clone()), (expected, json!(true)));
        let read = s.world.ok(policy(&statement, &s.client));
        let (alg, typ) = (&read["header"]["alg"], &read["header"]["typ"]);
        assert_eq!((alg, typ), (&json!("EdDSA"), &json!("token-introspection+jwt")));
        assert_eq!(s.world.refused(policy(&statement, "another")), "invalid_token");
        // Keys are remembered: no trip more than without a signature.
        statement_for(&mut s, &own, &tokens["access_token"]);
        assert_eq!(s.world.asked(), &["load"]);
        // Of a token that is not the caller's, or is none, nothing is told but that.
        let (other, secret) = client(&mut s.world, json!({}));
        for (authorization, token) in [(basic(&other, &secret), &tokens["access_token"]), (own, &json!("nothing"))] {
            let said = claims_of(&statement_for(&mut s, &authorization, token));
            assert_eq!(said["token_introspection"], inactive());
        }
        let unknown = post_as("", "/introspect", &[("token", "x")]);
        assert_eq!(refusal(&mut s.world, with_header(unknown, "accept", STATEMENT)), (401, "invalid_client".into()));
    }
}

#[test]
fn jw_060_a_signed_introspection_is_no_token_of_any_kind() {
    for form in ["opaque", "jwt"] {
        let mut s = Setting::new(json!({ "openid": {} }), form);
        let tokens = s.tokens();
        let own = basic(&s.client, &s.secret);
        let statement = statement_for(&mut s, &own, &tokens["access_token"]);
        let bearer = format!("Bearer {statement}");
        for audience in [Value::Null, json!(World::ISSUER)] {
            let verify = json!({ "tokens.verify": { "token": statement, "audience": audience } });
            assert_eq!(s.world.refused(verify), "invalid_token");
        }
        let authenticate = json!({ "authenticate": { "headers": [["authorization", bearer]] } });
        assert_eq!(s.world.refused(authenticate), "invalid_token");
        assert_eq!(s.world.ok(post_as(&bearer, "/userinfo", &[]))["status"], 401);
        assert_eq!(asked_by(&mut s, &own, &json!(statement)), (200, inactive()));
        let usual = json!({ "jwts.verify": { "token": statement, "audience": null } });
        assert_eq!(s.world.refused(usual), "invalid_token");
        let sign = json!({ "jwts.sign": { "claims": {}, "typ": "token-introspection+jwt" } });
        assert_eq!(s.world.refused(sign), "invalid_argument");
    }
}

/// RFC 9701 section 8.1: with everything that an access token has, and signed with the issuer's key, the type alone says that it is none.
#[test]
fn jw_060_the_claims_of_an_access_token_under_this_type_are_no_access_token() {
    let host_signs = json!({ "signing": { "hostKeys": [host_key("ES256")] }, "capabilities": ["sign"] });
    let mut s = Setting::new(host_signs, "jwt");
    let token = text(&s.tokens()["access_token"]).to_owned();
    // The key of the host, which RFC 7515 appendix A.3 gives away.
    let mut key = host_key("ES256")["publicJwk"].clone();
    key["d"] = json!("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI");
    let key = ClientKey::of_jwk(&key.to_string());
    for (typ, is_taken) in [("at+jwt", true), ("token-introspection+jwt", false)] {
        let header = json!({ "alg": "ES256", "typ": typ, "kid": "ES256" });
        let signed = key.sign(&header, &claims_of(&token));
        let done = s.world.run(json!({ "tokens.verify": { "token": signed } }));
        assert_eq!(done.get("ok").is_some(), is_taken, "{typ}: {done}");
        assert!(is_taken || done["refused"]["code"] == "invalid_token", "{done}");
        assert_eq!(s.introspect(&signed)["active"], is_taken, "{typ}");
    }
}

/// Whoever takes anything gets what everybody gets.
#[test]
fn a_signed_introspection_is_asked_for_by_its_name() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let command = s.post_command("/introspect", &[("token", text(&tokens["access_token"]))]);
    for (accept, signed) in [
        ("*/*", false),
        ("application/*", false),
        ("application/jwt", false),
        ("application/json, text/html;q=0.5", false),
        ("application/json, Application/Token-Introspection+JWT; q=0.9", true),
    ] {
        let response = s.world.ok(with_header(command.clone(), "accept", accept));
        let expected = if signed { STATEMENT } else { "application/json" };
        assert_eq!(header(&response, "content-type"), Some(expected), "{accept}");
    }
    let metadata = s.world.ok(json!({ "http": { "method": "GET", "headers": [], "body": null,
        "url": format!("{}/.well-known/oauth-authorization-server", World::ISSUER) } }));
    let metadata: Value = serde_json::from_str(text(&metadata["body"])).unwrap();
    assert_eq!(metadata["introspection_signing_alg_values_supported"], json!(["EdDSA"]));
}

#[test]
fn ri_005_a_token_for_one_api_is_invalid_at_another() {
    let apis = json!({ "https://api.example.com": {}, "https://other.example.com": {} });
    let mut s = Setting::new(json!({ "resources": apis }), "opaque");
    let query = s.query(&[("resource", Some("https://api.example.com"))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
    let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
    let tokens = s.redeem(&claviger_tests::location_parameter(&answer, "code").unwrap()).1;
    let verify =
        |audience: Option<&str>| json!({ "tokens.verify": { "token": tokens["access_token"], "audience": audience } });
    assert_eq!(s.world.ok(verify(Some("https://api.example.com")))["audience"], json!(["https://api.example.com"]));
    assert_eq!(s.world.refused(verify(None)), "invalid_token");
    assert_eq!(s.world.refused(verify(Some("https://other.example.com"))), "invalid_token");
}

#[test]
fn ri_001_ri_002_malformed_and_unknown_resources_are_invalid_targets() {
    let mut s = Setting::opaque();
    for resource in
        ["/api", "https://api.example.com#x", "api", "https://other.example.com", "https://api.example.com/"]
    {
        let response = crate::check::authorize(&mut s, &[("resource", Some(resource))]);
        let error = crate::check::redirected_error(&response, claviger_tests::setting::CALLBACK, Some("s&t"));
        assert_eq!(error, "invalid_target", "{resource}");
    }
}

#[test]
fn ri_006_a_resource_may_be_repeated_and_counts_once() {
    let mut s = Setting::opaque();
    let query = format!("{}{}", s.query(&[]), "&resource=https%3A%2F%2Fapi.example.com".repeat(80));
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", "correct horse");
    let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
    let tokens = s.redeem(&claviger_tests::location_parameter(&answer, "code").unwrap()).1;
    assert_eq!(s.introspect(text(&tokens["access_token"]))["aud"], "https://api.example.com");
}

#[test]
fn ir_007_ten_thousand_guesses_cost_one_row_each_and_learn_nothing() {
    let mut s = Setting::opaque();
    let good = text(&s.tokens()["access_token"]).to_owned();
    let mut guess = good.clone().into_bytes();
    for n in 0..10_000_usize {
        let place = 4 + n % (guess.len() - 4);
        guess[place] = if guess[place] == b'A' { b'B' } else { b'A' };
        let token = String::from_utf8(guess.clone()).unwrap();
        let (status, body) = s.post("/introspect", &[("token", &token)]);
        assert_eq!((status, body.to_string().as_str()), (200, r#"{"active":false}"#), "{token}");
        assert_eq!(s.world.asked(), &["load"]);
    }
    assert!(s.is_active(&json!(good)));
}
