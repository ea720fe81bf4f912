//! OpenID Connect where the server goes to addresses of the client, through this host: keys that it publishes, its sector, and the end of
//! a session. `tests/clients/conformance` has the other modules.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod support;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use claviger::Claviger;
use claviger::services::{Fetch, FetchLimits, ServiceError};
use claviger::stores::Memory;
use claviger_tests::{ClientKey, basic, claims_of};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use support::{
    Answer, Browser, CHALLENGE, ISSUER, LOGIN, PASSWORD, REDIRECT_URI, VERIFIER, builder, encode, form, parameter,
    seeded, send,
};

const NOW: u64 = 1_790_000_000_000;
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What clients publish, and what was posted to them.
#[derive(Clone, Default)]
struct Web {
    published: Arc<Mutex<BTreeMap<String, Value>>>,
    posted: Arc<Mutex<Vec<(String, String)>>>,
}

impl Web {
    fn publish(&self, address: &str, what: Value) {
        self.published.lock().unwrap().insert(address.to_owned(), what);
    }
}

impl Fetch for Web {
    async fn fetch(&self, request: Request<Bytes>, limits: FetchLimits) -> Result<Response<Bytes>, ServiceError> {
        assert!(limits.public_only);
        let address = request.uri().to_string();
        if request.method() == Method::POST {
            let body = String::from_utf8(request.into_body().to_vec())?;
            self.posted.lock().unwrap().push((address, body));
            return Ok(Response::new(Bytes::new()));
        }
        let published = self.published.lock().unwrap().get(&address).map(Value::to_string);
        let status = if published.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
        Ok(Response::builder().status(status).body(Bytes::from(published.unwrap_or_default()))?)
    }
}

/// A provider at which anybody may register, and its clock.
async fn provider(web: &Web) -> (Claviger, Arc<AtomicU64>) {
    let now = Arc::new(AtomicU64::new(NOW));
    let clock = now.clone();
    let builder = builder(Memory::new())
        .instances(1)
        .clock(move || clock.load(Ordering::SeqCst))
        .fetch(web.clone())
        .set("openid", json!({ "pairwiseSalt": "known to nobody but to these tests" }))
        .set("registration", json!({ "mode": "open" }));
    (seeded(builder.build().unwrap()).await, now)
}

async fn post_registration(auth: &Claviger, metadata: Value) -> Answer {
    let request = Request::post("/register").header(CONTENT_TYPE, "application/json");
    send(auth, request.body(Full::from(metadata.to_string())).unwrap()).await
}

async fn register(auth: &Claviger, mut metadata: Value) -> Value {
    metadata["redirect_uris"] = metadata.get("redirect_uris").cloned().unwrap_or_else(|| json!([REDIRECT_URI]));
    let answer = post_registration(auth, metadata).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.json()
}

fn authorization_url(client: &Value, more: &[(&str, &str)]) -> String {
    let usual = [
        ("response_type", "code"),
        ("client_id", client["client_id"].as_str().unwrap()),
        ("redirect_uri", client["redirect_uris"][0].as_str().unwrap()),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    format!("{ISSUER}/authorize?{}", encode(&[&usual[..], more].concat()))
}

/// The code of a sign-in with the password.
async fn code(browser: &mut Browser<'_>, client: &Value) -> String {
    let page = browser.go(&authorization_url(client, &[])).await;
    let page = browser.fill_in(&page, &[("login", LOGIN), ("password", PASSWORD)]).await;
    let back = browser.fill_in(&page, &[("decision", "allow")]).await;
    parameter(back.location(), "code").unwrap_or_else(|| panic!("no code: {}", back.location()))
}

/// Asks for tokens as a client with a secret.
async fn tokens(auth: &Claviger, client: &Value, code: &str) -> Value {
    let fields = [("grant_type", "authorization_code"), ("code", code), ("code_verifier", VERIFIER)];
    let mut request = form("/token", &fields);
    let credentials = basic(client["client_id"].as_str().unwrap(), client["client_secret"].as_str().unwrap());
    request.headers_mut().insert(AUTHORIZATION, credentials.parse().unwrap());
    let answer = send(auth, request).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

async fn subject_of(auth: &Claviger, client: &Value) -> Value {
    let code = code(&mut Browser::new(auth), client).await;
    claims_of(tokens(auth, client, &code).await["id_token"].as_str().unwrap())["sub"].clone()
}

#[tokio::test]
async fn cd_014_cd_018_a_client_is_known_by_the_keys_that_it_publishes_and_may_rotate_them() {
    const JWKS: &str = "https://app.example.com/jwks.json";
    let web = Web::default();
    let (auth, now) = provider(&web).await;
    let metadata = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": JWKS });
    let client = register(&auth, metadata).await;
    let id = client["client_id"].as_str().unwrap();
    let ask = async |key: &ClientKey, jti: &str, fields: &[(&str, &str)]| {
        let exp = now.load(Ordering::SeqCst) / 1000 + 60;
        let claims = json!({ "iss": id, "sub": id, "aud": ISSUER, "jti": jti, "exp": exp });
        let shown = key.sign(&json!({ "alg": "ES256" }), &claims);
        let proof = [("client_assertion_type", ASSERTION), ("client_assertion", shown.as_str())];
        send(&auth, form("/token", &[fields, &proof].concat())).await
    };
    let (old, new) = (ClientKey::es256(1), ClientKey::es256(2));
    web.publish(JWKS, json!({ "keys": [old.public_jwk()] }));
    let code = code(&mut Browser::new(&auth), &client).await;
    let redeem = [("grant_type", "authorization_code"), ("code", code.as_str()), ("code_verifier", VERIFIER)];
    let answer = ask(&old, "one", &redeem).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);

    web.publish(JWKS, json!({ "keys": [new.public_jwk()] }));
    // An address that answered is left alone for some seconds.
    now.fetch_add(11_000, Ordering::SeqCst);
    let refresh_token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str())];
    let answer = ask(&new, "two", &refresh).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(ask(&old, "three", &refresh).await.json()["error"], "invalid_client");
}

#[tokio::test]
async fn cd_015_cd_016_clients_of_a_sector_are_those_that_its_list_names() {
    const LIST: &str = "https://app.example.com/redirect_uris.json";
    const OTHER: &str = "https://other.example.com/callback";
    let web = Web::default();
    let (auth, _) = provider(&web).await;
    let metadata = json!({ "subject_type": "pairwise", "sector_identifier_uri": LIST });
    let of = |uri: &str| {
        let mut metadata = metadata.clone();
        metadata["redirect_uris"] = json!([uri]);
        metadata
    };
    web.publish(LIST, json!([REDIRECT_URI, OTHER]));
    let (one, other) = (register(&auth, of(REDIRECT_URI)).await, register(&auth, of(OTHER)).await);
    let open = register(&auth, json!({})).await;
    let subject = subject_of(&auth, &one).await;
    assert_eq!(subject, subject_of(&auth, &other).await);
    assert_ne!(subject, subject_of(&auth, &open).await);

    web.publish(LIST, json!([OTHER]));
    let refused = post_registration(&auth, of(REDIRECT_URI)).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (StatusCode::BAD_REQUEST, &json!("invalid_client_metadata"))
    );
}

#[tokio::test]
async fn ck_002_a_client_is_told_that_a_session_is_over() {
    const TOLD: &str = "https://app.example.com/backchannel";
    const GOODBYE: &str = "https://app.example.com/goodbye";
    let web = Web::default();
    let (auth, _) = provider(&web).await;
    let metadata = json!({ "backchannel_logout_uri": TOLD, "post_logout_redirect_uris": [GOODBYE] });
    let client = register(&auth, metadata).await;
    let mut browser = Browser::new(&auth);
    let code = code(&mut browser, &client).await;
    let tokens = tokens(&auth, &client, &code).await;
    let id_token = tokens["id_token"].as_str().unwrap();
    let leaving = encode(&[("id_token_hint", id_token), ("post_logout_redirect_uri", GOODBYE), ("state", "gone")]);
    let back = browser.go(&format!("{ISSUER}/logout?{leaving}")).await;
    assert_eq!(back.location(), format!("{GOODBYE}?state=gone"));

    auth.settled().await;
    let posted = web.posted.lock().unwrap().clone();
    assert_eq!(posted.len(), 1, "{posted:?}");
    assert_eq!(posted[0].0, TOLD);
    let token = posted[0].1.strip_prefix("logout_token=").unwrap();
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&header).unwrap()["typ"], "logout+jwt");
    let (told, signed_in) = (claims_of(token), claims_of(id_token));
    assert_eq!((&told["iss"], &told["aud"]), (&json!(ISSUER), &client["client_id"]));
    assert_eq!((&told["sub"], &told["sid"]), (&signed_in["sub"], &signed_in["sid"]));
    assert_eq!(told["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    assert!(told["jti"].is_string() && told["exp"].is_u64() && told.get("nonce").is_none(), "{told}");

    let again = browser.go(&authorization_url(&client, &[("prompt", "none")])).await;
    assert_eq!(parameter(again.location(), "error").as_deref(), Some("login_required"));
}
