//! The resource server's half: the guard's answers and challenges (RFC 6750, S53 to S56), resource metadata (RFC 9728, MD-007),
//! what a token for one API is worth at another (RI-004, RI-005), and who may introspect it (IR-002).

use claviger_tests::setting::{CALLBACK, Setting, client, header, post_as, reply, text};
use claviger_tests::{World, basic, location_parameter};
use serde_json::{Value, json};

use crate::check::send_unchanged;

const MAIL: &str = "https://mail.example.com/v1";
const FILES: &str = "https://auth.example.com/files";

/// Two APIs: one elsewhere, which knows `read` alone, and one on the issuer's own origin.
fn apis() -> Value {
    json!({ "resources": { MAIL: { "scopes": ["read"], "name": "Mail" }, FILES: { "accessToken": "opaque" } } })
}

/// The tokens of a grant for both APIs, with both scopes.
fn tokens_for_both(s: &mut Setting) -> Value {
    let query = s.query(&[("scope", Some("read write"))]);
    let query =
        format!("{query}&resource=https%3A%2F%2Fmail.example.com%2Fv1&resource=https%3A%2F%2Fauth.example.com%2Ffiles");
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", claviger_tests::setting::PASSWORD);
    let answer = s.browser.allow(&mut s.world, &interaction, &["read", "write"]);
    let (status, tokens) = s.redeem(&location_parameter(&answer, "code").unwrap());
    assert_eq!(status, 200, "{tokens}");
    tokens
}

/// A token for one API, from the refresh token of a grant for both.
fn narrowed(s: &mut Setting, tokens: &Value, more: &[(&str, &str)]) -> (u64, Value) {
    let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", text(&tokens["refresh_token"]))];
    fields.extend(more);
    s.post("/token", &fields)
}

fn authenticate(s: &mut Setting, authorization: &[&str], needed: Value) -> Value {
    let mut ask = needed;
    ask["headers"] = authorization.iter().map(|value| json!(["authorization", value])).collect();
    s.world.run(json!({ "authenticate": ask }))
}

fn challenge(done: &Value) -> &str {
    assert_eq!(done["refused"]["headers"][0][0], "www-authenticate", "{done}");
    text(&done["refused"]["headers"][0][1])
}

#[test]
fn ri_004_a_token_for_one_of_two_apis_is_for_it_alone_and_holds_what_means_something_there() {
    let mut s = Setting::new(apis(), "jwt");
    let both = tokens_for_both(&mut s);
    assert_eq!(both["scope"], "read write");
    let mail = narrowed(&mut s, &both, &[("resource", MAIL)]).1;
    assert_eq!(mail["scope"], "read");
    let verify = |token: &Value, audience: &str| json!({ "tokens.verify": { "token": token, "audience": audience } });
    let principal = s.world.ok(verify(&mail["access_token"], MAIL));
    assert_eq!((&principal["audience"], &principal["scopes"]), (&json!([MAIL]), &json!(["read"])));
    assert_eq!(s.world.refused(verify(&mail["access_token"], FILES)), "invalid_token");
    let files = narrowed(&mut s, &mail, &[("resource", FILES)]).1;
    assert_eq!(files["scope"], "read write", "the grant itself lost nothing");
    let (status, refused) = narrowed(&mut s, &files, &[("resource", MAIL), ("scope", "write")]);
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_scope")));
}

#[test]
fn ri_004_a_clients_own_token_holds_what_means_something_at_its_resource() {
    let mut s = Setting::new(json!({ "defaultScopes": ["read", "write"], "resources": apis()["resources"] }), "jwt");
    (s.client, s.secret) = client(&mut s.world, json!({ "redirectUris": [], "grantTypes": ["client_credentials"] }));
    let fields = [("grant_type", "client_credentials"), ("resource", MAIL)];
    assert_eq!(s.post("/token", &fields).1["scope"], "read");
    assert_eq!(s.post("/token", &[&fields[..], &[("scope", "write")]].concat()).1["error"], "invalid_scope");
    assert_eq!(s.post("/token", &fields[..1]).1["scope"], "read write");
}

#[test]
fn s53_the_guard_says_who_it_is_for_a_token_and_for_a_session() {
    for form in ["jwt", "opaque"] {
        let mut s = Setting::new(json!({}), form);
        let tokens = s.tokens();
        let bearer = format!("bEARER {}", text(&tokens["access_token"]));
        let principal = authenticate(&mut s, &[&bearer], json!({}))["ok"].clone();
        assert_eq!((&principal["kind"], &principal["subject"]), (&json!("token"), &json!(s.subject)));
        assert_eq!((&principal["clientId"], &principal["scopes"]), (&json!(s.client), &json!(["read"])));
        // A key set that was read a moment ago is remembered.
        assert_eq!(s.world.asked().len(), usize::from(form == "opaque"));
        let cookie = s.browser.cookie_header();
        let by_session = json!({ "headers": [["cookie", cookie]], "scopes": ["write"] });
        assert_eq!(s.world.ok(json!({ "authenticate": by_session }))["kind"], "session");
    }
}

#[test]
fn s53_where_only_tokens_count_a_session_is_nothing_and_costs_nothing() {
    let mut s = Setting::opaque();
    s.interaction();
    let ask = json!({ "headers": [["cookie", s.browser.cookie_header()]], "only": "token" });
    assert_eq!(s.world.refused(json!({ "authenticate": ask })), "unauthenticated");
    assert!(s.world.asked().is_empty());
}

#[test]
fn s54_the_challenge_says_where_to_ask_and_what_was_wrong_if_anything_was_presented() {
    let mut s = Setting::new(apis(), "opaque");
    let tokens = s.tokens();
    let good = format!("Bearer {}", text(&tokens["access_token"]));
    let metadata = "resource_metadata=\"https://mail.example.com/.well-known/oauth-protected-resource/v1\"";
    for (presented, status, error) in [
        (&[][..], 401, None),
        (&["Basic YTpi"], 401, None),
        (&["Bearer"], 400, Some("invalid_request")),
        (&["Bearer "], 400, Some("invalid_request")),
        (&["Bearer a b"], 400, Some("invalid_request")),
        (&["Bearer \"a\""], 400, Some("invalid_request")),
        (&[good.as_str(), good.as_str()], 400, Some("invalid_request")),
        (&["Bearer unknown"], 401, Some("invalid_token")),
        (&["Bearer a.b.c"], 401, Some("invalid_token")),
        // It is for the issuer, not for this API.
        (&[good.as_str()], 401, Some("invalid_token")),
    ] {
        let done = authenticate(&mut s, presented, json!({ "audience": MAIL, "scopes": ["read"] }));
        assert_eq!(done["refused"]["status"], status, "{presented:?}: {done}");
        let challenge = challenge(&done);
        assert!(challenge.starts_with("Bearer ") && challenge.contains(metadata), "{challenge}");
        assert!(challenge.ends_with("scope=\"read\""), "{challenge}");
        let told = error.map(|error| format!("error=\"{error}\", error_description=\""));
        assert_eq!(challenge.contains("error"), told.is_some(), "{challenge}");
        assert!(told.is_none_or(|told| challenge.contains(&told)), "{challenge}");
        assert!(!challenge.contains("unknown") && !challenge.contains("cva_"), "input is never echoed: {challenge}");
    }
}

#[test]
fn s54_s55_too_little_is_403_and_names_what_is_needed() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let bearer = format!("Bearer {}", text(&tokens["access_token"]));
    let done = authenticate(&mut s, &[&bearer], json!({ "scopes": ["read", "write"] }));
    assert_eq!((&done["refused"]["status"], &done["refused"]["code"]), (&json!(403), &json!("insufficient_scope")));
    let expected = "Bearer resource_metadata=\"https://auth.example.com/.well-known/oauth-protected-resource\", \
         error=\"insufficient_scope\", error_description=\"The access token does not cover this request\", \
         scope=\"read write\"";
    assert_eq!(challenge(&done), expected);
    for (needed, holds) in [
        (json!({ "anyScopes": ["write", "read"] }), true),
        (json!({ "anyScopes": ["write"] }), false),
        (json!({ "scopes": ["read"], "anyScopes": ["write"] }), false),
        (json!({ "scopes": ["read"], "anyScopes": ["read", "write"] }), true),
        (json!({ "scopes": [], "anyScopes": [] }), true),
    ] {
        assert_eq!(authenticate(&mut s, &[&bearer], needed.clone()).get("ok").is_some(), holds, "{needed}");
    }
}

#[test]
fn s54_a_requirement_that_no_token_can_meet_is_told_and_a_challenge_cannot_be_broken_out_of() {
    let mut s = Setting::new(apis(), "opaque");
    for needed in [
        json!({ "audience": "https://other.example.com" }),
        json!({ "audience": "" }),
        json!({ "scopes": ["a\", evil=\"b"] }),
        json!({ "anyScopes": ["a b"] }),
        json!({ "scopes": ["a\r\nx: y"] }),
    ] {
        let done = authenticate(&mut s, &["Bearer x"], needed.clone());
        assert_eq!(done["refused"]["code"], "invalid_argument", "{needed}");
        assert!(done["refused"].get("headers").is_none(), "{done}");
    }
}

#[test]
fn s56_every_authentication_is_an_event_without_a_secret() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    s.world.take_events();
    let token = text(&tokens["access_token"]).to_owned();
    authenticate(&mut s, &[&format!("Bearer {token}")], json!({}));
    authenticate(&mut s, &["Bearer stolen"], json!({}));
    authenticate(&mut s, &[], json!({}));
    let events = s.world.take_events();
    let told: Vec<_> = events.iter().map(|event| (text(&event["name"]), event["code"].as_str())).collect();
    let failed = "authentication.failed";
    assert_eq!(
        told,
        [("authentication.succeeded", None), (failed, Some("invalid_token")), (failed, Some("unauthenticated"))]
    );
    assert_eq!((&events[0]["subject"], &events[0]["clientId"]), (&json!(s.subject), &json!(s.client)));
    let all = json!(events).to_string();
    assert!(!all.contains(&token) && !all.contains("stolen"), "{all}");
}

#[test]
fn rv_a_revoked_jwt_is_refused_at_once_where_revocation_is_checked() {
    for of_client in [false, true] {
        let mut s = Setting::new(json!({}), "jwt");
        let token = if of_client {
            let own = json!({ "redirectUris": [], "grantTypes": ["client_credentials"] });
            (s.client, s.secret) = client(&mut s.world, own);
            s.post("/token", &[("grant_type", "client_credentials")]).1["access_token"].clone()
        } else {
            s.tokens()["access_token"].clone()
        };
        let verify = |policy: &str| json!({ "tokens.verify": { "token": token, "revocation": policy } });
        let by_row = s.world.ok(verify("check"));
        assert_eq!(s.world.asked(), &["load"]);
        let mut by_itself = s.world.ok(verify("expiry"));
        assert!(s.world.asked().is_empty());
        // The row knows the grant, and milliseconds.
        by_itself["grantId"] = by_row["grantId"].clone();
        by_itself["expiresAt"] = by_row["expiresAt"].clone();
        assert_eq!(by_itself, by_row);
        s.post("/revoke", &[("token", text(&token))]);
        s.world.ok(verify("expiry"));
        assert_eq!(s.world.refused(verify("check")), "invalid_token");
    }
}

#[test]
fn ir_002_a_resource_server_learns_of_access_tokens_for_its_resources_and_of_no_others() {
    for form in ["jwt", "opaque"] {
        let mut config = apis();
        config["resources"][FILES]["accessToken"] = json!(form);
        let mut s = Setting::new(config, form);
        let server = json!({ "redirectUris": [], "resources": [FILES] });
        let (server, secret) = client(&mut s.world, server);
        let authorization = basic(&server, &secret);
        let both = tokens_for_both(&mut s);
        let mail = narrowed(&mut s, &both, &[("resource", MAIL)]).1;
        let files = narrowed(&mut s, &mail, &[("resource", FILES)]).1;
        let for_nobody = s.tokens();
        let mut about = |token: &Value| {
            let response =
                send_unchanged(&mut s.world, post_as(&authorization, "/introspect", &[("token", text(token))]));
            assert_eq!(s.world.asked(), &["load"]);
            reply(&response).1
        };
        for token in [&both["access_token"], &files["access_token"]] {
            let told = about(token);
            assert_eq!((&told["active"], &told["sub"]), (&json!(true), &json!(s.subject)), "{told}");
        }
        for token in [
            &mail["access_token"],
            &files["refresh_token"],
            &for_nobody["access_token"],
            &for_nobody["refresh_token"],
            &json!("nothing"),
        ] {
            let response =
                send_unchanged(&mut s.world, post_as(&authorization, "/introspect", &[("token", text(token))]));
            assert_eq!(reply(&response), (200, json!({ "active": false })));
        }
        // It may look at them, and not end them.
        s.world.ok(post_as(&authorization, "/revoke", &[("token", text(&files["access_token"]))]));
        assert!(s.is_active(&files["access_token"]));
        s.world.ok(json!({ "clients.update": { "id": server, "disabled": true } }));
        let response = send_unchanged(&mut s.world, post_as(&authorization, "/introspect", &[("token", "x")]));
        assert_eq!(reply(&response).0, 401);
    }
}

#[test]
fn ir_002_who_may_be_a_resource_server_is_checked() {
    let mut world = World::with(apis());
    for (bad, rule) in [
        (json!({ "resources": ["https://other.example.com"] }), "resources"),
        (json!({ "resources": [FILES], "authMethod": "none" }), "resources"),
        (json!({ "resources": vec![FILES; 17] }), "resources"),
        (json!({ "grantTypes": [] }), "grantTypes"),
    ] {
        let mut ask = json!({ "name": "API", "redirectUris": [CALLBACK] });
        ask.as_object_mut().unwrap().extend(bad.as_object().unwrap().clone());
        let done = world.run(json!({ "clients.create": ask }));
        assert!(text(&done["refused"]["message"]).starts_with(rule), "{done}");
    }
    let (id, _) = client(&mut world, json!({ "redirectUris": [], "grantTypes": [], "resources": [World::ISSUER] }));
    let updated = world.ok(json!({ "clients.update": { "id": id, "resources": [MAIL, FILES] } }));
    assert_eq!(updated["resources"], json!([MAIL, FILES]));
}

fn get(world: &mut World, path: &str) -> Value {
    let url = format!("{}{path}", World::ISSUER);
    world.ok(json!({ "http": { "method": "GET", "url": url, "headers": [["host", "evil.example"]] } }))
}

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

#[test]
fn md_007_every_resource_on_the_issuers_origin_has_its_document_where_its_challenge_says() {
    let mut s = Setting::new(apis(), "opaque");
    for (resource, path) in [(FILES, format!("{WELL_KNOWN}/files")), (World::ISSUER, WELL_KNOWN.to_owned())] {
        let response = get(&mut s.world, &path);
        assert_eq!(header(&response, "access-control-allow-origin"), Some("*"));
        assert!(header(&response, "cache-control").is_some_and(|cache| cache.starts_with("public, max-age=")));
        let (status, document) = reply(&response);
        assert_eq!((status, &document["resource"]), (200, &json!(resource)), "byte for byte (RFC 9728 section 3.3)");
        assert_eq!(document["authorization_servers"], json!([World::ISSUER]));
        assert_eq!(document["scopes_supported"], json!(["read", "write"]));
        assert_eq!(document["bearer_methods_supported"], json!(["header"]));
        let done = authenticate(&mut s, &[], json!({ "audience": resource }));
        assert!(challenge(&done).contains(&format!("\"{}{path}\"", World::ISSUER)), "{done}");
        assert_eq!(s.world.ok(json!({ "resources.metadata": { "resource": resource } })), document);
    }
    for path in ["/v1", "/files/", "/files/x", "/files?a=b", "files", "/", "/..", "/files%2f"] {
        assert_eq!(get(&mut s.world, &format!("{WELL_KNOWN}{path}"))["status"], 404, "{path}");
    }
}

#[test]
fn md_007_a_resource_elsewhere_gets_its_document_from_the_host_with_its_own_scopes() {
    let mut config = apis();
    config["scopes"] = json!({ "read": "", "write": "", "offline_access": "" });
    config["resources"]["https://auth.example.com/?shelf=1"] = json!({});
    let mut world = World::with(config);
    let document = world.ok(json!({ "resources.metadata": { "resource": MAIL } }));
    assert_eq!((&document["resource"], &document["resource_name"]), (&json!(MAIL), &json!("Mail")));
    assert_eq!(document["scopes_supported"], json!(["read"]));
    let document = world.ok(json!({ "resources.metadata": { "resource": FILES } }));
    assert_eq!(document["scopes_supported"], json!(["read", "write"]), "never offline_access");
    assert_eq!(
        reply(&get(&mut world, &format!("{WELL_KNOWN}?shelf=1"))).1["resource"],
        "https://auth.example.com/?shelf=1"
    );
    let unknown = json!({ "resources.metadata": { "resource": "https://other.example.com" } });
    assert_eq!(world.refused(unknown), "not_found");
}

#[test]
fn what_a_resource_is_configured_with_is_checked() {
    for (settings, rule) in [
        (json!({ "scopes": ["unknown"] }), "resources.scopes"),
        (json!({ "name": "" }), "resources.name"),
        (json!({ "name": "n".repeat(101) }), "resources.name"),
    ] {
        let config = World::config(json!({ "resources": { MAIL: settings } }));
        let fault = claviger_core::Engine::open(config.to_string().as_bytes()).unwrap_err();
        assert!(fault.told().message.starts_with(rule), "{fault:?}");
    }
}
