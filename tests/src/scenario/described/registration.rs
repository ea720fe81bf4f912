//! Clients that register themselves, and clients that are what the document at their address says.

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::scenario::application::{Application, post, text};
use crate::setting::{CALLBACK, PASSWORD, reply};
use crate::{World, form, location_parameter};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "registration",
        about: "A client registers itself, is used, reads, replaces and removes its registration; what is refused",
        config: || json!({ "registration": { "mode": "open", "perHour": 1000, "scopes": ["read"] } }),
        way: registration,
    },
    Scenario {
        name: "registration_tokens",
        about: "Clients register by an initial access token, until it is revoked or over; registration that is off",
        config: || json!({ "registration": { "mode": "token" } }),
        way: registration_tokens,
    },
    Scenario {
        name: "registration_flood",
        about: "One address registers so often in an hour; what nobody used is forgotten",
        config: || json!({ "registration": { "mode": "open", "perHour": 3, "unusedFor": "2h" } }),
        way: registration_flood,
    },
    Scenario {
        name: "metadata_documents",
        about: "A client is what the document at its id says: fetched, kept, read again, pushed; what is refused",
        config: || json!({ "registration": { "documents": true, "perHour": 1000 }, "capabilities": ["fetch"] }),
        way: metadata_documents,
    },
];

fn send(world: &mut World, method: &str, path: &str, token: &str, body: &str) -> (u64, Value) {
    let path = path.strip_prefix(World::ISSUER).unwrap_or(path);
    let mut headers = vec![["content-type".to_owned(), "application/json".to_owned()]];
    headers.extend((!token.is_empty()).then(|| ["authorization".to_owned(), format!("Bearer {token}")]));
    let response = world.ok(json!({ "http": { "method": method, "url": format!("{}{path}", World::ISSUER),
        "headers": headers, "body": body, "remote": "2001:db8:1:2::3" } }));
    let body = response["body"].as_str().and_then(|body| serde_json::from_str(body).ok());
    (response["status"].as_u64().unwrap_or_default(), body.unwrap_or_default())
}

fn register(world: &mut World, token: &str, metadata: &Value) -> (u64, Value) {
    send(world, "POST", "/register", token, &metadata.to_string())
}

fn metadata(changes: Value) -> Value {
    let mut metadata = json!({ "redirect_uris": [CALLBACK], "client_name": "Photo Printer" });
    for (name, value) in changes.as_object().into_iter().flatten() {
        metadata[name] = value.clone();
    }
    metadata
}

fn registration(world: &mut World) {
    let (status, made) = register(
        world,
        "",
        &metadata(json!({ "client_uri": "https://app.example.com/", "tos_uri": "https://elsewhere.example.com/tos",
            "software_id": "printer", "contacts": ["ops@app.example.com"], "token_endpoint_auth_method": "none" })),
    );
    assert_eq!(status, 201, "{made}");
    let (uri, token) = (text(&made["registration_client_uri"]), text(&made["registration_access_token"]));
    let mut app = Application::register(world, "jwt");
    app.client = text(&made["client_id"]);
    let interaction = app.interaction(world, &[]);
    app.browser.sign_in(world, &interaction, "ada", PASSWORD);
    world.ok(json!({ "interactions.get": { "handle": interaction, "cookie": app.browser.cookie_header() } }));
    let page = app.browser.get(world, &format!("/consent?interaction={interaction}"));
    assert!(text(&page["body"]).contains("has not checked this application"), "{page}");
    let answer = app.browser.allow(world, &interaction, &["read"]);
    let code = location_parameter(&answer, "code").unwrap_or_else(|| panic!("no code in {answer}"));
    let fields = crate::setting::redeem_fields(&code);
    let fields = [&fields[..], &[("client_id", app.client.as_str())]].concat();
    assert_eq!(post(world, "/token", &[], &form(&fields)).0, 200);
    assert_eq!(send(world, "GET", &uri, &token, "").0, 200);
    assert_eq!(send(world, "GET", &uri, "cvm_nonsense", "").0, 401);
    assert_eq!(send(world, "GET", &uri, "", "").0, 401);
    let update = metadata(
        json!({ "client_id": app.client, "client_name": "Printer", "token_endpoint_auth_method": "client_secret_post" }),
    );
    let (status, updated) = send(world, "PUT", &uri, &token, &update.to_string());
    assert_eq!((status, &updated["client_name"]), (200, &json!("Printer")), "{updated}");
    assert_eq!(send(world, "PUT", &uri, &token, &metadata(json!({})).to_string()).0, 400);
    world.ok(json!({ "clients.find": { "id": app.client } }));
    world.ok(json!({ "clients.list": {} }));
    assert_eq!(send(world, "DELETE", &uri, &text(&updated["registration_access_token"]), "").0, 204);
    assert_eq!(world.ok(json!({ "clients.find": { "id": app.client } })), Value::Null);
    for (changes, error) in [
        (json!({ "redirect_uris": ["http://app.example.com/cb"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": 7 }), "invalid_redirect_uri"),
        (json!({ "scope": "write" }), "invalid_client_metadata"),
        (json!({ "grant_types": ["client_credentials"] }), "invalid_client_metadata"),
        (json!({ "tos_uri": "javascript:alert(1)" }), "invalid_client_metadata"),
        (json!({ "software_statement": "e30.e30." }), "unapproved_software_statement"),
    ] {
        let (status, refused) = register(world, "", &metadata(changes));
        assert_eq!((status, &refused["error"]), (400, &json!(error)));
    }
    assert_eq!(send(world, "POST", "/register", "", "{\"redirect_uris\":[],\"redirect_uris\":[]}").0, 400);
    assert_eq!(post(world, "/register", &[], "redirect_uris=x").0, 415);
}

fn registration_tokens(world: &mut World) {
    assert_eq!(register(world, "", &metadata(json!({}))).0, 401);
    let issued = world.ok(json!({ "registrationTokens.issue": { "uses": 100, "expiresIn": "1h" } }));
    let token = text(&issued["token"]);
    let (status, made) = register(world, &token, &metadata(json!({})));
    assert_eq!((status, made["client_secret"].is_string()), (201, true), "{made}");
    assert_eq!(register(world, &token, &json!({})).0, 400);
    assert_eq!(world.ok(json!({ "registrationTokens.list": {} }))["items"].as_array().map(Vec::len), Some(1));
    world.ok(json!({ "registrationTokens.revoke": { "id": issued["id"] } }));
    assert_eq!(register(world, &token, &metadata(json!({}))).0, 401);
    let other = text(&world.ok(json!({ "registrationTokens.issue": { "uses": 100, "expiresIn": 60 } }))["token"]);
    world.advance(60);
    assert_eq!(register(world, &other, &metadata(json!({}))).0, 401);
    world.ok(json!({ "purge": {} }));
    assert_eq!(world.refused(json!({ "registrationTokens.issue": { "uses": 0 } })), "invalid_argument");
    world.reopen(json!({}));
    assert_eq!(register(world, &token, &metadata(json!({}))).0, 403);
}

fn registration_flood(world: &mut World) {
    let limited = (0..8).map(|_| register(world, "", &metadata(json!({}))).0).filter(|status| *status == 429).count();
    assert!(limited >= 5, "three of eight at most");
    world.advance(3600);
    assert_eq!(register(world, "", &metadata(json!({}))).0, 201);
    world.advance(2 * 3600);
    assert_eq!(world.ok(json!({ "clients.list": {} }))["items"], json!([]));
    world.ok(json!({ "purge": {} }));
}

const ID: &str = "https://app.example.com/client.json";

fn serve(world: &mut World, changes: Value) {
    let mut document = metadata(json!({ "client_id": ID, "client_uri": "https://app.example.com/" }));
    for (name, value) in changes.as_object().into_iter().flatten() {
        document[name] = value.clone();
    }
    let headers = json!([["content-type", "application/json"], ["cache-control", "max-age=600"]]);
    let answer = json!({ "response": { "status": 200, "headers": headers, "body": document.to_string() } });
    world.store.web.insert(ID.to_owned(), answer);
}

/// Begins an authorization. What a fault makes of the fetch is remembered for a minute: then once more, and without a fault.
fn begin(world: &mut World, app: &mut Application) -> Value {
    let response = app.authorize(world, &[]);
    if world.fault.is_none() {
        return response;
    }
    let fault = world.fault.take();
    world.advance(60);
    let response = app.authorize(world, &[]);
    world.fault = fault;
    response
}

fn metadata_documents(world: &mut World) {
    let mut app = Application::register(world, "opaque");
    app.client = ID.to_owned();
    serve(world, json!({}));
    assert_eq!(begin(world, &mut app)["status"], 303);
    let interaction = app.interaction(world, &[]);
    app.browser.sign_in(world, &interaction, "ada", PASSWORD);
    let page = app.browser.get(world, &format!("/consent?interaction={interaction}"));
    assert!(text(&page["body"]).contains("app.example.com"), "{page}");
    let answer = app.browser.allow(world, &interaction, &["read"]);
    let code = location_parameter(&answer, "code").unwrap_or_else(|| panic!("no code in {answer}"));
    serve(world, json!({ "redirect_uris": ["https://app.example.com/new"], "client_name": "Printer" }));
    let fields = crate::setting::redeem_fields(&code);
    let fields = [&fields[..], &[("client_id", ID)]].concat();
    let (status, tokens) = post(world, "/token", &[], &form(&fields));
    assert_eq!(status, 200, "{tokens}");
    world.advance(600);
    assert_eq!(begin(world, &mut app)["status"], 400, "the redirect URI is gone");
    let found = world.ok(json!({ "clients.find": { "id": ID } }));
    assert_eq!((&found["origin"], &found["name"]), (&json!("document"), &json!("Printer")));
    assert_eq!(world.refused(json!({ "clients.update": { "id": ID, "name": "Mine" } })), "invalid_argument");
    for changes in [json!({ "client_id": "https://app.example.com/CLIENT.json" }), json!({ "client_secret": "x" })] {
        serve(world, changes);
        world.advance(660);
        assert_eq!(begin(world, &mut app)["status"], 400);
    }
    world.store.web.insert(ID.to_owned(), json!({ "failed": "10.0.0.1 is not an address of the public internet" }));
    assert_eq!(begin(world, &mut app)["status"], 400, "what it said before still serves: the redirect URI is gone");
    world.advance(2 * 86_400);
    assert_eq!(begin(world, &mut app)["status"], 400, "nothing serves any more");
    world.advance(60);
    let fields = [("client_id", ID), ("redirect_uri", CALLBACK), ("response_type", "code")];
    // Asked again after a fault, it would meet the pause.
    let fault = world.fault.take();
    let pushed = world.ok(crate::setting::post_as("", "/par", &fields));
    world.fault = fault;
    assert_eq!(reply(&pushed).1["error"], "invalid_client");
    app.client = "https://10.0.0.1/client.json".to_owned();
    assert_eq!(app.authorize(world, &[])["status"], 400);
    world.ok(json!({ "purge": {} }));
}
