//! The service and the guard as a web server meets them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

mod support;

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Extension;
use axum::routing::get;
use bytes::Bytes;
use claviger::commands::NewAccount;
use claviger::stores::{Batch, Committed, Key, Memory, Page, Row, Scan, Store, StoreError};
use claviger::web::Remote;
use claviger::{Claviger, Principal, Requirement};
use http::{Request, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full, StreamBody};
use serde_json::json;
use support::log::Log;
use support::{Browser, ISSUER, builder, redeem, send, server};
use tower::ServiceExt;

/// Sends the same chunk again and again, and counts how often it was asked to.
struct Endless {
    sent: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;
    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.sent.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'a'; 1024])))))
    }
    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

async fn status<B>(auth: &Claviger, request: Request<B>) -> StatusCode
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    auth.service().oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_read_whole() {
    let auth = server(Memory::new()).await;
    let sent = std::sync::Arc::default();
    let request = Request::post("/token").body(Endless { sent: std::sync::Arc::clone(&sent) }).unwrap();
    assert_eq!(status(&auth, request).await, StatusCode::PAYLOAD_TOO_LARGE);
    let sent = sent.load(std::sync::atomic::Ordering::SeqCst);
    assert!((64..=66).contains(&sent), "{sent} chunks of 1 KiB with a limit of 64 KiB");
}

#[tokio::test]
async fn a_body_that_is_announced_over_the_limit_is_not_read() {
    let auth = server(Memory::new()).await;
    let sent = std::sync::Arc::default();
    let body = Endless { sent: std::sync::Arc::clone(&sent) };
    let request = Request::post("/token").header("content-length", "65537").body(body).unwrap();
    assert_eq!(status(&auth, request).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(sent.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_limit_is_the_configured_one() {
    let auth = builder(Memory::new()).set("limits", json!({ "body": 2048 })).build().unwrap();
    let request = |length| Request::post("/token").body(Full::<Bytes>::from(vec![b'a'; length])).unwrap();
    assert_eq!(status(&auth, request(2049)).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_ne!(status(&auth, request(2048)).await, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_truncated_body_is_refused() {
    let auth = server(Memory::new()).await;
    let short =
        Request::post("/token").header("content-length", "20").body(Full::<Bytes>::from("grant_type=x")).unwrap();
    assert_eq!(status(&auth, short).await, StatusCode::BAD_REQUEST);

    let broken = futures_body([Ok("grant_type="), Err("the connection was reset")]);
    assert_eq!(status(&auth, Request::post("/token").body(broken).unwrap()).await, StatusCode::BAD_REQUEST);
}

fn futures_body<const N: usize>(
    chunks: [Result<&'static str, &'static str>; N],
) -> impl Body<Data = Bytes, Error = Box<dyn std::error::Error + Send + Sync>> + Send + 'static {
    let frames = chunks.map(|chunk| chunk.map(|text| Frame::data(Bytes::from(text))).map_err(Into::into));
    StreamBody::new(futures_util::stream::iter(frames))
}

#[tokio::test]
async fn bytes_that_are_no_text_are_answered_and_not_dropped() {
    let auth = server(Memory::new()).await;
    let request = Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", http::HeaderValue::from_bytes(&[b'B', 0xff, 0xfe]).unwrap())
        .body(Full::from(vec![0xff, 0x00, 0x80]))
        .unwrap();
    let answer = send(&auth, request).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    assert!(answer.json()["error"].is_string());
}

#[tokio::test]
async fn metadata_names_the_issuer_whatever_host_was_asked() {
    let auth = server(Memory::new()).await;
    let request = Request::get("https://evil.example/.well-known/oauth-authorization-server")
        .header("host", "evil.example")
        .body(Full::default())
        .unwrap();
    assert_eq!(send(&auth, request).await.json()["issuer"], ISSUER);
}

/// Fails, always.
struct Broken;

impl Store for Broken {
    async fn load(&self, _: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError> {
        Err(StoreError::new("a secret of the store's"))
    }
    async fn commit(&self, _: Batch) -> Result<Committed, StoreError> {
        Err(StoreError::new("a secret of the store's"))
    }
    async fn scan(&self, _: Scan) -> Result<Page, StoreError> {
        Err(StoreError::new("a secret of the store's"))
    }
}

#[tokio::test]
async fn a_broken_store_is_503_and_tells_nothing() {
    let code = Browser::new(&server(Memory::new()).await).authorize().await;
    let answer = redeem(&builder(Broken).build().unwrap(), &code).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
    assert!(!answer.body.contains("secret"), "{}", answer.body);
}

/// Answers after a while.
struct Slow(Memory);

impl Store for Slow {
    async fn load(&self, keys: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError> {
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.0.load(keys).await
    }
    async fn commit(&self, batch: Batch) -> Result<Committed, StoreError> {
        self.0.commit(batch).await
    }
    async fn scan(&self, range: Scan) -> Result<Page, StoreError> {
        self.0.scan(range).await
    }
}

#[tokio::test]
async fn a_store_that_is_late_is_503_and_no_token() {
    let store = Memory::new();
    let code = Browser::new(&server(store.clone()).await).authorize().await;
    let late = builder(Slow(store.clone())).store_deadline(Duration::from_millis(50)).build().unwrap();
    let answer = redeem(&late, &code).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
    let patient = builder(Slow(store)).build().unwrap();
    assert_eq!(redeem(&patient, &code).await.status, StatusCode::OK, "the code was not used up");
}

#[tokio::test]
async fn an_engine_waits_for_one_store_while_it_serves_others() {
    let auth = builder(Slow(Memory::new())).instances(1).build().unwrap();
    let begun = std::time::Instant::now();
    let clients = auth.clients();
    let found = futures_util::future::join_all((0..20).map(|_| clients.find("nobody"))).await;
    assert!(found.into_iter().all(|found| found.unwrap().is_none()));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

async fn me(Extension(who): Extension<Principal>) -> String {
    who.subject.unwrap_or_default()
}

fn api(auth: &Claviger, scope: &str) -> axum::Router {
    axum::Router::new().route("/api/me", get(me).layer(auth.require_scope(scope))).fallback_service(auth.service())
}

async fn call(api: axum::Router, authorization: Option<&str>) -> (StatusCode, Option<String>, String) {
    let mut request = Request::get("/api/me");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let response = api.oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    let challenge = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
    let (status, body) = (response.status(), response.into_body().collect().await.unwrap().to_bytes());
    (status, challenge, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_guarded_route_of_axum_knows_who_calls() {
    let auth = server(Memory::new()).await;
    let code = Browser::new(&auth).authorize().await;
    let token = redeem(&auth, &code).await.json()["access_token"].as_str().unwrap().to_owned();
    let subject = auth.accounts().find_by_login(support::LOGIN).await.unwrap().unwrap().id;
    let (status, _, body) = call(api(&auth, "read"), Some(&format!("Bearer {token}"))).await;
    assert_eq!((status, body), (StatusCode::OK, subject));
}

const METADATA: &str = "resource_metadata=\"https://auth.example.com/.well-known/oauth-protected-resource\"";

#[tokio::test]
async fn a_guard_challenges_as_rfc_6750_says() {
    let auth = server(Memory::new()).await;
    let (status, challenge, _) = call(api(&auth, "read"), None).await;
    assert_eq!(
        (status, challenge.as_deref()),
        (StatusCode::UNAUTHORIZED, Some(&*format!("Bearer {METADATA}, scope=\"read\"")))
    );

    let (status, challenge, body) = call(api(&auth, "read"), Some("Bearer nonsense")).await;
    let told = "error=\"invalid_token\", error_description=\"The access token is invalid, expired or revoked\"";
    let expected = format!("Bearer {METADATA}, {told}, scope=\"read\"");
    assert_eq!((status, challenge), (StatusCode::UNAUTHORIZED, Some(expected)));
    assert!(body.contains("invalid_token"), "{body}");

    let code = Browser::new(&auth).authorize().await;
    let token = redeem(&auth, &code).await.json()["access_token"].as_str().unwrap().to_owned();
    let (status, challenge, _) = call(api(&auth, "write"), Some(&format!("Bearer {token}"))).await;
    let told = "error=\"insufficient_scope\", error_description=\"The access token does not cover this request\"";
    let expected = format!("Bearer {METADATA}, {told}, scope=\"write\"");
    assert_eq!((status, challenge), (StatusCode::FORBIDDEN, Some(expected)));

    let (status, challenge, _) = call(api(&auth, "read"), Some("Bearer a b")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(challenge.is_some_and(|challenge| challenge.contains("error=\"invalid_request\"")));
}

#[tokio::test]
async fn a_guard_takes_one_of_several_scopes_tokens_alone_and_no_revoked_one() {
    let auth = server(Memory::new()).await;
    let mut browser = Browser::new(&auth);
    let code = browser.authorize().await;
    let token = redeem(&auth, &code).await.json()["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let guarded = |guard| axum::Router::new().route("/api/me", get(me).layer(guard));
    let either = guarded(auth.require_any_scope(["write", "read"]));
    assert_eq!(call(either, Some(&bearer)).await.0, StatusCode::OK);
    let neither = guarded(auth.require_any_scope(["write", "delete"]));
    assert_eq!(call(neither, Some(&bearer)).await.0, StatusCode::FORBIDDEN);

    let checked = guarded(auth.require(Requirement::default().scope("read").token_only().not_revoked()));
    assert_eq!(call(checked.clone(), Some(&bearer)).await.0, StatusCode::OK);
    assert!(auth.tokens().revoke(&token).await.unwrap());
    assert_eq!(call(checked.clone(), Some(&bearer)).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(call(api(&auth, "read"), Some(&bearer)).await.0, StatusCode::OK, "a JWT is good until it expires");

    let by_session = |api: axum::Router| {
        let request = Request::get("/api/me").header("cookie", browser.cookie());
        async { api.oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap().status() }
    };
    assert_eq!(by_session(api(&auth, "read")).await, StatusCode::OK);
    assert_eq!(by_session(checked).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_resource_tells_where_its_tokens_come_from() {
    let (own, other) = ("https://auth.example.com/api", "https://api.example.com");
    let resources = json!({ own: { "scopes": ["read"] }, other: { "name": "API" } });
    let auth = builder(Memory::new()).set("resources", resources).build().unwrap();
    let request = Request::get("/.well-known/oauth-protected-resource/api").body(Full::default()).unwrap();
    let served = send(&auth, request).await.json();
    assert_eq!((&served["resource"], &served["scopes_supported"]), (&json!(own), &json!(["read"])));
    assert_eq!(json!(auth.resource_metadata(own).await.unwrap()), served);
    assert_eq!(auth.resource_metadata(other).await.unwrap()["resource_name"], "API");
    assert_eq!(auth.resource_metadata("https://evil.example").await.unwrap_err().code(), "not_found");
}

#[tokio::test]
async fn the_engines_pages_answer_beside_guarded_routes() {
    let auth = server(Memory::new()).await;
    let request = Request::get("/jwks").body(axum::body::Body::empty()).unwrap();
    let response = api(&auth, "read").oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[test]
fn a_wrong_configuration_names_its_member() {
    let wrong = [
        ("secret", Claviger::builder(ISSUER).store(Memory::new()).secret("short")),
        ("issuer", builder(Memory::new()).set("issuer", json!("http://auth.example.com"))),
        ("lifetimes", builder(Memory::new()).set("lifetimes", json!({ "code": "2d" }))),
        ("colour", builder(Memory::new()).set("colour", json!("red"))),
        ("store", Claviger::builder(ISSUER).secret("a secret of more than 32 characters, for tests 0123456789")),
    ];
    for (member, builder) in wrong {
        let error = builder.build().unwrap_err();
        assert_eq!(error.code(), "configuration");
        assert!(error.to_string().contains(member), "{member}: {error}");
    }
}

#[test]
fn what_is_printed_for_debugging_holds_no_secret() {
    let secret = "a secret of more than 32 characters, for tests 0123456789";
    let builder = builder(Memory::new());
    assert!(!format!("{builder:?}").contains(secret));
    assert!(!format!("{:?}", builder.build().unwrap()).contains(secret));
}

const SECOND: &str = "https://second.example.com:8443";

/// Two issuers on origins of their own.
fn two(limit: usize) -> Claviger {
    let second = Claviger::builder(SECOND).tenant("second").secret("another root secret: 9Pw0TzRvk3Jx0qLx7m");
    builder(Memory::new()).also(second.set("limits", json!({ "body": limit }))).build().unwrap()
}

#[tokio::test]
async fn each_of_several_issuers_is_reached_by_its_host_and_every_other_host_is_the_first_ones() {
    let auth = two(65_536);
    let path = "/.well-known/oauth-authorization-server";
    for (uri, host, issuer) in [
        (path.to_owned(), Some("second.example.com:8443"), SECOND),
        (format!("{SECOND}{path}"), None, SECOND),
        (path.to_owned(), Some("auth.example.com"), ISSUER),
        (path.to_owned(), Some("second.example.com"), ISSUER),
        (path.to_owned(), Some("second.example.com:8443/x?"), ISSUER),
        (path.to_owned(), None, ISSUER),
    ] {
        let request = Request::get(&uri);
        let request = host.into_iter().fold(request, |request, host| request.header("host", host));
        let told = send(&auth, request.body(Full::default()).unwrap()).await.json();
        assert_eq!(told["issuer"], issuer, "{uri} at {host:?}");
    }
    let both = Request::get(path).header("host", "second.example.com:8443").header("host", "auth.example.com");
    assert_eq!(send(&auth, both.body(Full::default()).unwrap()).await.json()["issuer"], ISSUER);
}

#[tokio::test]
async fn each_of_several_issuers_has_its_own_limit_of_bodies() {
    let auth = two(131_072);
    let request = |host, length| {
        Request::post("/token").header("host", host).body(Full::<Bytes>::from(vec![b'a'; length])).unwrap()
    };
    let second = "second.example.com:8443";
    assert_ne!(status(&auth, request(second, 131_072)).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(status(&auth, request(second, 131_073)).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(status(&auth, request("auth.example.com", 65_537)).await, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn scripts_of_every_origin_may_read_what_the_host_itself_answers() {
    let auth = server(Memory::new()).await;
    let large = Request::post("/token").body(Full::from(vec![b'a'; 65_537])).unwrap();
    assert_eq!(send(&auth, large).await.headers["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn a_requirement_that_cannot_be_met_is_logged_and_tells_the_requester_nothing() {
    let (log, _logging) = Log::start();
    let auth = server(Memory::new()).await;
    let guard = auth.require(Requirement::default().audience("https://secret.example.com"));
    let api = axum::Router::new().route("/api/me", get(me).layer(guard));
    let (status, _, body) = call(api, Some("Bearer nonsense")).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(body, r#"{"error":"server_error","error_description":"The server failed"}"#);
    let logged = log.with("a request failed");
    assert!(logged.len() == 1 && logged[0].starts_with("ERROR") && logged[0].contains("audience"), "{logged:?}");
}

#[tokio::test]
async fn a_guard_whose_store_fails_says_so_in_the_log() {
    let (log, _logging) = Log::start();
    let works = server(Memory::new()).await;
    let code = Browser::new(&works).authorize().await;
    let bearer = format!("Bearer {}", redeem(&works, &code).await.json()["access_token"].as_str().unwrap());
    let auth = builder(Broken).build().unwrap();
    let guard = auth.require(Requirement::default().not_revoked());
    let api = axum::Router::new().route("/api/me", get(me).layer(guard));
    let (status, _, body) = call(api, Some(&bearer)).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
    let logged = log.with("a request failed");
    assert!(logged.len() == 1 && logged[0].contains("store_failed"), "{logged:?}");
}

#[tokio::test]
async fn that_the_peer_is_unknown_where_anybody_may_register_is_logged_once() {
    let (log, _logging) = Log::start();
    let logged = async |registration: serde_json::Value, remote: bool| {
        let auth = builder(Memory::new()).set("registration", registration).build().unwrap();
        let before = log.with("the address of the peer is unknown").len();
        for _ in 0..2 {
            let mut request = support::get("/jwks");
            if remote {
                request.extensions_mut().insert(Remote([203, 0, 113, 9].into()));
            }
            send(&auth, request).await;
        }
        log.with("the address of the peer is unknown").len() - before
    };
    assert_eq!(logged(json!({ "mode": "open" }), false).await, 1);
    assert_eq!(logged(json!({ "mode": "open" }), true).await, 0);
    assert_eq!(logged(json!({ "mode": "token" }), false).await, 0);
}

#[tokio::test]
async fn a_derivation_may_take_longer_than_a_store() {
    let auth = builder(Memory::new())
        .set("password", json!({ "memory": 65_536, "passes": 10 }))
        .store_deadline(Duration::from_millis(100))
        .build()
        .unwrap();
    let user = NewAccount { login: "ada".into(), password: Some(support::PASSWORD.into()), ..NewAccount::default() };
    let begun = std::time::Instant::now();
    auth.accounts().create(&user).await.unwrap();
    assert!(begun.elapsed() > Duration::from_millis(100), "it was too fast to show anything: {:?}", begun.elapsed());
}
