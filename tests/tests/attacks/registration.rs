//! Dynamic client registration and its management (DC-002 to DC-024; RFC 7591, RFC 7592).

use claviger_tests::setting::{CALLBACK, PASSWORD, authorization_query, header, post_as, redeem_fields, reply, text};
use claviger_tests::{Browser, ClientKey, World, basic, location_parameter};
use serde_json::{Value, json};

use crate::check::{refusal, send};
use crate::registration_tokens::issue;

pub(crate) fn open() -> World {
    World::with(json!({ "registration": { "mode": "open", "perHour": 1000 } }))
}

pub(crate) fn request(method: &str, path: &str, token: Option<&str>, body: Option<&str>) -> Value {
    let url = if path.starts_with("https:") { path.to_owned() } else { format!("{}{path}", World::ISSUER) };
    let mut headers = vec![["content-type".to_owned(), "application/json".to_owned()]];
    headers.extend(token.map(|token| ["authorization".to_owned(), format!("Bearer {token}")]));
    // A byte string.
    let body = body.map(|body| body.bytes().map(char::from).collect::<String>());
    json!({ "http": { "method": method, "url": url, "headers": headers, "body": body, "remote": "203.0.113.9" } })
}

pub(crate) fn register(metadata: &Value) -> Value {
    request("POST", "/register", None, Some(&metadata.to_string()))
}

/// A good registration with members replaced or added.
pub(crate) fn metadata(changes: Value) -> Value {
    let mut metadata = json!({ "redirect_uris": [CALLBACK] });
    for (name, value) in changes.as_object().into_iter().flatten() {
        metadata[name] = value.clone();
    }
    metadata
}

pub(crate) fn registered(world: &mut World, changes: Value) -> Value {
    let (status, client) = reply(&send(world, register(&metadata(changes))));
    assert_eq!(status, 201, "{client}");
    client
}

/// The error of a registration that must be refused and leave nothing but the counter.
pub(crate) fn refused(changes: Value) -> String {
    let mut world = open();
    let (status, error) = refusal(&mut world, register(&metadata(changes.clone())));
    assert_eq!(status, 400, "{changes}");
    error
}

fn redirect_uris_refused(uris: &Value, more: Value) {
    let mut changes = more;
    changes["redirect_uris"] = uris.clone();
    assert_eq!(refused(changes), "invalid_redirect_uri", "{uris}");
}

#[test]
fn s42_registration_is_refused_when_it_is_off() {
    let mut world = World::new();
    assert_eq!(refusal(&mut world, register(&metadata(json!({})))), (403, "access_denied".into()));
    assert_eq!(world.asked().len(), 0);
    let path = "/.well-known/oauth-authorization-server";
    let told = |world: &mut World| reply(&world.ok(request("GET", path, None, None))).1;
    assert_eq!(told(&mut world).get("registration_endpoint"), None);
    assert_eq!(told(&mut open())["registration_endpoint"], format!("{}/register", World::ISSUER));
}

#[test]
fn s43_s45_a_registration_is_answered_with_all_that_was_registered() {
    let mut world = open();
    let response = send(
        &mut world,
        register(&metadata(json!({
            "client_name": " Photo Printer ", "scope": "read", "client_uri": "https://app.example.com/",
            "logo_uri": "https://app.example.com/logo.png", "tos_uri": "https://app.example.com/tos",
            "policy_uri": "https://app.example.com/privacy", "contacts": ["ops@example.com"],
            "software_id": "printer", "software_version": "1.2", "response_types": ["code"],
        }))),
    );
    assert_eq!((&response["status"], header(&response, "cache-control")), (&json!(201), Some("no-store")));
    let (_, mut client) = reply(&response);
    let id = text(&client["client_id"]).to_owned();
    assert_eq!(client["registration_client_uri"], format!("{}/register/{id}", World::ISSUER));
    assert!(text(&client["client_secret"]).len() >= 43 && text(&client["registration_access_token"]).len() >= 43);
    for random in ["client_id", "client_secret", "registration_access_token", "registration_client_uri"] {
        client.as_object_mut().unwrap().remove(random);
    }
    assert_eq!(
        client,
        json!({
            "client_id_issued_at": 1_790_000_000, "client_secret_expires_at": 0, "client_name": "Photo Printer",
            "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"], "scope": "read",
            "client_uri": "https://app.example.com/", "logo_uri": "https://app.example.com/logo.png",
            "tos_uri": "https://app.example.com/tos", "policy_uri": "https://app.example.com/privacy",
            "contacts": ["ops@example.com"], "software_id": "printer", "software_version": "1.2",
        })
    );
    let found = world.ok(json!({ "clients.find": { "id": id } }));
    assert_eq!((&found["origin"], &found["metadata"]["contacts"]), (&json!("registered"), &json!(["ops@example.com"])));
    let public =
        registered(&mut world, json!({ "token_endpoint_auth_method": "none", "dpop_bound_access_tokens": true }));
    assert_eq!(public["dpop_bound_access_tokens"], true);
    assert_eq!((public.get("client_secret"), public.get("client_secret_expires_at")), (None, None));
    assert_eq!((&public["client_name"], &public["scope"]), (&json!("Unnamed client"), &json!("read write")));
}

#[test]
fn a_registered_client_gets_tokens_and_two_trips_made_it() {
    let mut world = open();
    let made = registered(&mut world, json!({}));
    assert_eq!(*world.asked(), ["commit", "commit"]);
    let (id, secret) = (text(&made["client_id"]), text(&made["client_secret"]));
    let tokens = sign_in_and_redeem(&mut world, id, &basic(id, secret));
    assert_eq!(tokens["token_type"], "Bearer");
}

pub(crate) fn sign_in_and_redeem(world: &mut World, id: &str, authorization: &str) -> Value {
    world.run(json!({ "accounts.create": { "login": "ada", "password": PASSWORD } }));
    let mut browser = Browser::new();
    let interaction = browser.begin(world, &authorization_query(id, &[]));
    browser.sign_in(world, &interaction, "ada", PASSWORD);
    let answer = browser.allow(world, &interaction, &["read"]);
    let code = location_parameter(&answer, "code").unwrap_or_else(|| panic!("no code in {answer}"));
    let mut fields = redeem_fields(&code).to_vec();
    fields.extend(authorization.is_empty().then_some(("client_id", id)));
    let (status, tokens) = reply(&world.ok(post_as(authorization, "/token", &fields)));
    assert_eq!(status, 200, "{tokens}");
    tokens
}

#[test]
fn dc_002_http_is_for_loopback_alone() {
    for uri in ["http://c.example/cb", "http://10.0.0.1/cb", "http://localhost.example.com/cb"] {
        redirect_uris_refused(&json!([uri]), json!({}));
        redirect_uris_refused(&json!([CALLBACK, uri]), json!({ "application_type": "web" }));
    }
    registered(&mut open(), json!({ "redirect_uris": ["http://127.0.0.1:3000/cb", "http://localhost:3000/cb"] }));
}

#[test]
fn dc_003_dc_004_dc_010_ambiguous_and_dangerous_redirect_uris_are_refused() {
    for uri in [
        "https://c.example/cb#x",
        "https://u@c.example/cb",
        "https://u:p@c.example/cb",
        "https://*.example/cb",
        "https://c.example/*",
        "/cb",
        "cb",
        "",
        "https://c.example/cb?code=1",
        "javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "https://c.example/../cb",
        "https://c.example\\@evil.example/cb",
    ] {
        redirect_uris_refused(&json!([uri]), json!({}));
    }
    redirect_uris_refused(&json!([format!("https://c.example/{}", "x".repeat(8192))]), json!({}));
    let many: Vec<String> = (0..51).map(|n| format!("https://c.example/{n}")).collect();
    redirect_uris_refused(&json!(many), json!({}));
}

#[test]
fn dc_005_a_web_application_is_not_on_this_device() {
    let web = || json!({ "application_type": "web" });
    for uri in [
        "http://localhost/cb",
        "https://localhost/cb",
        "http://127.0.0.1/cb",
        "https://[::1]/cb",
        "com.example.app:/cb",
    ] {
        redirect_uris_refused(&json!([uri]), web());
    }
    redirect_uris_refused(&json!(["http://c.example/cb"]), json!({ "application_type": "native" }));
    let native = json!({ "application_type": "native", "token_endpoint_auth_method": "none",
        "redirect_uris": ["http://127.0.0.1/cb", "http://[::1]/cb", "com.example.app:/cb"] });
    assert_eq!(registered(&mut open(), native)["application_type"], "native");
    assert_eq!(refused(json!({ "application_type": "desktop" })), "invalid_client_metadata");
}

#[test]
fn dc_007_a_client_of_the_code_grant_has_a_redirect_uri() {
    for none in [json!([]), Value::Null] {
        redirect_uris_refused(&none, json!({}));
    }
}

#[test]
fn dc_008_grant_types_and_response_types_go_together() {
    for changes in [
        json!({ "response_types": [] }),
        json!({ "response_types": ["token"] }),
        json!({ "response_types": ["code", "id_token"] }),
        json!({ "response_types": ["code"], "grant_types": ["refresh_token"] }),
        json!({ "grant_types": [] }),
        json!({ "grant_types": ["implicit"] }),
        json!({ "grant_types": ["password"] }),
        json!({ "grant_types": ["client_credentials"] }),
    ] {
        assert_eq!(refused(changes.clone()), "invalid_client_metadata", "{changes}");
    }
    let made = registered(&mut open(), json!({ "grant_types": ["authorization_code", "authorization_code"] }));
    assert_eq!((&made["grant_types"], &made["response_types"]), (&json!(["authorization_code"]), &json!(["code"])));
}

#[test]
fn dc_011_what_is_of_another_type_is_refused() {
    for uris in [json!(CALLBACK), json!({}), json!([[CALLBACK]]), json!([1]), json!([CALLBACK, null]), json!(7)] {
        redirect_uris_refused(&uris, json!({}));
    }
    for changes in [
        json!({ "client_name": 1 }),
        json!({ "client_name": ["App"] }),
        json!({ "grant_types": "authorization_code" }),
        json!({ "grant_types": [{}] }),
        json!({ "response_types": {} }),
        json!({ "scope": ["read"] }),
        json!({ "contacts": "ops@example.com" }),
        json!({ "client_uri": {} }),
        json!({ "software_id": 1 }),
        json!({ "dpop_bound_access_tokens": "true" }),
        json!({ "token_endpoint_auth_method": true }),
    ] {
        assert_eq!(refused(changes.clone()), "invalid_client_metadata", "{changes}");
    }
    let deep = format!("{{\"redirect_uris\":[\"{CALLBACK}\"],\"x\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let twice = format!("{{\"redirect_uris\":[\"{CALLBACK}\"],\"redirect_\\u0075ris\":[\"https://evil.example/\"]}}");
    let after = format!("{}{{}}", metadata(json!({})));
    for body in ["", "null", "[]", "\"x\"", "{", "{\"redirect_uris\":}", &deep, &twice, &after, "\u{ff}\u{fe}{}"] {
        let mut world = open();
        let command = request("POST", "/register", None, Some(body));
        assert_eq!(refusal(&mut world, command), (400, "invalid_client_metadata".into()), "{body:.80}");
    }
}

#[test]
fn dc_011_the_body_is_json_and_short() {
    let mut world = open();
    let body = metadata(json!({})).to_string();
    for media_type in ["application/x-www-form-urlencoded", "text/plain", ""] {
        let mut command = request("POST", "/register", None, Some(&body));
        command["http"]["headers"][0][1] = json!(media_type);
        assert_eq!(refusal(&mut world, command), (415, "invalid_request".into()));
    }
    let large = metadata(json!({ "x": "x".repeat(70_000) })).to_string();
    let command = request("POST", "/register", None, Some(&large));
    assert_eq!(refusal(&mut world, command), (413, "invalid_request".into()));
    for method in ["GET", "PUT", "DELETE"] {
        assert_eq!(refusal(&mut world, request(method, "/register", None, None)).0, 405);
    }
}

#[test]
fn dc_012_addresses_are_https_and_shown_only_where_they_lead_to_the_client() {
    for member in ["client_uri", "logo_uri", "tos_uri", "policy_uri"] {
        for uri in ["javascript:alert(1)", "data:text/html,x", "http://app.example.com/", "/tos", "", "https:x"] {
            assert_eq!(refused(json!({ member: uri })), "invalid_client_metadata", "{member} {uri}");
        }
    }
    let page =
        consent_page(json!({ "client_uri": "https://app.example.com/about", "tos_uri": "https://bank.example/tos",
        "logo_uri": "https://app.example.com/logo.png" }));
    assert!(page.contains(r#"<a href="https://app.example.com/about""#), "{page}");
    assert!(!page.contains("bank.example") && !page.contains("logo.png") && !page.contains("<img"), "{page}");
}

/// The consent page of a client that registered itself.
fn consent_page(changes: Value) -> String {
    let mut world = open();
    let made = registered(&mut world, changes);
    world.ok(json!({ "accounts.create": { "login": "ada", "password": PASSWORD } }));
    let mut browser = Browser::new();
    let interaction = browser.begin(&mut world, &authorization_query(text(&made["client_id"]), &[]));
    browser.sign_in(&mut world, &interaction, "ada", PASSWORD);
    let get = json!({ "interactions.get": { "handle": interaction, "cookie": browser.cookie_header() } });
    let told = world.ok(get);
    assert_eq!((&told["client"]["origin"], &told["redirectHost"]), (&json!("registered"), &json!("app.example.com")));
    let page = browser.get(&mut world, &format!("/consent?interaction={interaction}"));
    assert_eq!(page["status"], 200, "{page}");
    text(&page["body"]).to_owned()
}

#[test]
fn dc_013_methods_that_are_not_offered_or_make_no_sense_are_refused() {
    for method in ["client_secret_jwt", "tls_client_auth", "magic", ""] {
        assert_eq!(refused(json!({ "token_endpoint_auth_method": method })), "invalid_client_metadata", "{method}");
    }
    let both = json!(["client_credentials", "authorization_code"]);
    let mut world = World::with(json!({ "registration": { "mode": "open", "grantTypes": both } }));
    let public = metadata(json!({ "grant_types": both, "token_endpoint_auth_method": "none" }));
    assert_eq!(refusal(&mut world, register(&public)), (400, "invalid_client_metadata".into()));
    let service = json!({ "grant_types": ["client_credentials"], "redirect_uris": [], "response_types": [] });
    let made = registered(&mut world, service);
    let authorization = basic(text(&made["client_id"]), text(&made["client_secret"]));
    let ask = post_as(&authorization, "/token", &[("grant_type", "client_credentials")]);
    assert_eq!(reply(&world.ok(ask)).0, 200);
    world.advance(31 * 86_400);
    let found = world.ok(json!({ "clients.find": { "id": made["client_id"] } }));
    assert_eq!(found["id"], made["client_id"], "a client that has had a token is not forgotten");
}

#[test]
fn dc_014_dc_015_unknown_members_and_what_is_the_servers_are_ignored() {
    let mut world = open();
    let made = registered(
        &mut world,
        json!({ "client_id": "admin", "client_secret": "chosen", "registration_access_token": "chosen",
            "client_id_issued_at": 1, "client_secret_expires_at": 1, "is_admin": true, "accessToken": "opaque",
            "client_name#fr": "Imprimante" }),
    );
    assert_ne!(made["client_id"], "admin");
    assert_ne!(made["client_secret"], "chosen");
    assert_ne!(made["registration_access_token"], "chosen");
    assert_eq!((&made["client_id_issued_at"], &made["client_secret_expires_at"]), (&json!(1_790_000_000), &json!(0)));
    for unknown in ["is_admin", "accessToken", "client_name#fr"] {
        assert_eq!(made.get(unknown), None);
    }
    assert_eq!(world.ok(json!({ "clients.find": { "id": "admin" } })), Value::Null);
}

#[test]
fn dc_017_no_software_statement_is_taken() {
    for statement in ["eyJhbGciOiJub25lIn0.e30.", "x", ""] {
        assert_eq!(refused(json!({ "software_statement": statement })), "unapproved_software_statement");
    }
}

#[test]
fn dc_009_scopes_are_those_that_may_be_registered() {
    for scope in ["admin", "read admin", "a  b", "read\"", "read\u{7}"] {
        assert_eq!(refused(json!({ "scope": scope })), "invalid_client_metadata", "{scope}");
    }
    let mut world = World::with(json!({ "registration": { "mode": "open", "scopes": ["read"] } }));
    assert_eq!(refusal(&mut world, register(&metadata(json!({ "scope": "write" })))).1, "invalid_client_metadata");
    let made = registered(&mut world, json!({}));
    assert_eq!(made["scope"], "read");
    let query = authorization_query(text(&made["client_id"]), &[("scope", Some("write"))]);
    let answer = Browser::new().get(&mut world, &format!("/authorize?{query}"));
    assert_eq!(location_parameter(&answer, "error").as_deref(), Some("invalid_scope"));
}

#[test]
fn dc_024_people_are_told_that_nobody_checked_the_application() {
    let page = consent_page(json!({ "client_name": "Example Bank", "logo_uri": "https://bank.example/logo.png" }));
    assert!(page.contains("Example has not checked this application"), "{page}");
    assert!(page.contains("app.example.com") && !page.contains("bank.example"), "{page}");
    let hostile = consent_page(json!({ "client_name": "</h1><script>alert(1)</script>\u{202e}" }));
    assert!(!hostile.contains("<script") && !hostile.contains('\u{202e}'));
}

#[test]
fn scripts_of_any_origin_may_register() {
    let mut world = open();
    for path in ["/register", "/register/abc"] {
        let preflight = world.ok(request("OPTIONS", path, None, None));
        assert_eq!((&preflight["status"], header(&preflight, "access-control-allow-origin")), (&json!(204), Some("*")));
    }
    let response = world.ok(register(&metadata(json!({}))));
    assert_eq!(header(&response, "access-control-allow-origin"), Some("*"));
}

#[test]
fn what_happened_is_told_without_a_secret() {
    let mut world = open();
    let made = registered(&mut world, json!({}));
    let uri = text(&made["registration_client_uri"]);
    let token = issue(&mut world, json!({}));
    let delete = request("DELETE", uri, Some(text(&made["registration_access_token"])), None);
    send(&mut world, delete);
    let events = world.take_events();
    let names: Vec<&str> = events.iter().map(|event| text(&event["name"])).collect();
    assert_eq!(names, ["client.registered", "registration_token.issued", "client.deleted"]);
    for secret in [&made["client_secret"], &made["registration_access_token"], &json!(token)] {
        assert!(!json!(events).to_string().contains(&text(secret)[8..24]));
    }
}

#[test]
fn dc_009_keys_are_public_and_in_one_place() {
    let (public, private) = (ClientKey::es256(1).public_jwk(), ClientKey::es256(2).private_jwk());
    let oct = json!({ "kty": "oct", "k": "AAAA", "kid": "x" });
    for method in ["private_key_jwt", "client_secret_basic", "none"] {
        for keys in [
            json!({ "jwks": { "keys": [public] }, "jwks_uri": "https://app.example.com/jwks" }),
            json!({ "jwks": { "keys": [private] } }),
            json!({ "jwks": { "keys": [public, oct] } }),
            json!({ "jwks": { "keys": [] } }),
            json!({ "jwks": [public] }),
            json!({ "jwks": "x" }),
            json!({ "jwks": { "keys": [public] }, "token_endpoint_auth_signing_alg": "none" }),
        ] {
            let mut changes = keys.clone();
            changes["token_endpoint_auth_method"] = json!(method);
            assert_eq!(refused(changes), "invalid_client_metadata", "{method} {keys}");
        }
    }
    for keys in [
        json!({}),
        json!({ "jwks_uri": "http://app.example.com/jwks" }),
        json!({ "jwks_uri": "https://127.0.0.1/jwks" }),
        json!({ "jwks": { "keys": [public] }, "token_endpoint_auth_signing_alg": "HS256" }),
    ] {
        let mut changes = keys.clone();
        changes["token_endpoint_auth_method"] = json!("private_key_jwt");
        assert_eq!(refused(changes), "invalid_client_metadata", "{keys}");
    }
}

#[test]
fn a_client_registers_its_key_and_proves_itself_by_it() {
    let key = ClientKey::es256(1);
    let mut world = World::with(json!({ "registration": { "mode": "open", "grantTypes": ["client_credentials"] } }));
    let made = registered(
        &mut world,
        json!({ "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256",
            "jwks": { "keys": [key.public_jwk()] }, "grant_types": ["client_credentials"], "redirect_uris": [] }),
    );
    assert_eq!((&made["jwks"]["keys"][0], made.get("client_secret")), (&key.public_jwk(), None));
    assert_eq!(made["token_endpoint_auth_signing_alg"], "ES256");
    let assertion = key.assertion(&world, text(&made["client_id"]), json!({}), json!({}));
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let fields =
        [("grant_type", "client_credentials"), ("client_assertion_type", kind), ("client_assertion", &assertion)];
    assert_eq!(reply(&world.ok(post_as("", "/token", &fields))).0, 200);
}
