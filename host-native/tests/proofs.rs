//! Clients that show a key, through this host: DPoP proofs at a guarded route, assertions in the place of secrets, and rotated secrets.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use axum::Extension;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use claviger::commands::{AuthMethod, ClientChange, NewClient};
use claviger::services::{Fetch, FetchLimits, ServiceError};
use claviger::stores::Memory;
use claviger::{Claviger, Principal};
use claviger_tests::ClientKey;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response, StatusCode};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use support::{Answer, ISSUER, builder, form, send};
use tower::ServiceExt;

const NOW: u64 = 1_790_000_000_000;

/// A server whose clock stands still.
fn server(configure: impl FnOnce(claviger::Builder) -> claviger::Builder) -> Claviger {
    configure(builder(Memory::new()).clock(|| NOW)).set("defaultScopes", json!(["read"])).build().unwrap()
}

/// What a client must be to act for itself.
fn service() -> NewClient {
    let grant_types = Some(vec!["client_credentials".to_owned()]);
    NewClient { name: "Job".into(), grant_types, ..NewClient::default() }
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

async fn ask(auth: &Claviger, fields: &[(&str, &str)], headers: &[(&'static str, &str)]) -> Answer {
    let mut request = form("/token", &[&[("grant_type", "client_credentials")], fields].concat());
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
    }
    send(auth, request).await
}

fn proof(key: &ClientKey, method: &str, address: &str, more: Value) -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let jti = format!("proof {}", MADE.fetch_add(1, Ordering::SeqCst));
    let mut claims = json!({ "jti": jti, "htm": method, "htu": address, "iat": NOW / 1000 });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    key.sign(&json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.bare_jwk() }), &claims)
}

fn assertion(key: &ClientKey, client: &str, jti: &str) -> String {
    let claims = json!({ "iss": client, "sub": client, "aud": ISSUER, "jti": jti, "exp": NOW / 1000 + 60 });
    key.sign(&json!({ "alg": "ES256" }), &claims)
}

async fn me(Extension(who): Extension<Principal>) -> String {
    who.jkt.unwrap_or_default()
}

#[tokio::test]
async fn a_guarded_route_takes_a_bound_token_with_its_proof_once_however_many_guards_there_are() {
    let auth = server(|builder| builder);
    let key = ClientKey::es256(1);
    let client = NewClient { dpop_bound_access_tokens: true, ..service() };
    let created = auth.clients().create(&client).await.unwrap();
    let authorization = basic(&created.client.id, &created.secret.unwrap());
    let refused = ask(&auth, &[], &[("authorization", &authorization)]).await;
    assert_eq!(refused.json()["error"], "invalid_dpop_proof");
    let shown = proof(&key, "POST", &format!("{ISSUER}/token"), json!({}));
    let answer = ask(&auth, &[], &[("authorization", &authorization), ("dpop", &shown)]).await;
    assert_eq!(answer.json()["token_type"], "DPoP", "{}", answer.body);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();

    // The outer guard spends the proof; the inner one must not ask for another.
    let guarded = axum::Router::new()
        .route("/api/me", get(me).layer(auth.require_scope("read")))
        .layer(auth.require(claviger::Requirement::default().token_only()));
    let ath = URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()));
    let call = |scheme: &str, shown: &str| {
        let request =
            Request::get("/api/me?a=b").header(AUTHORIZATION, format!("{scheme} {token}")).header("dpop", shown);
        guarded.clone().oneshot(request.body(axum::body::Body::empty()).unwrap())
    };
    let shown = proof(&key, "GET", &format!("{ISSUER}/api/me"), json!({ "ath": ath }));
    assert_eq!(call("DPoP", &shown).await.unwrap().status(), StatusCode::OK);
    let replayed = call("DPoP", &shown).await.unwrap();
    assert_eq!(replayed.status(), StatusCode::UNAUTHORIZED);
    let challenge = replayed.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert!(challenge.starts_with("DPoP ") && challenge.contains("error=\"invalid_dpop_proof\""), "{challenge}");
    let fresh = proof(&key, "GET", &format!("{ISSUER}/api/me"), json!({ "ath": ath }));
    assert_eq!(call("Bearer", &fresh).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(call("DPoP", &fresh).await.unwrap().status(), StatusCode::OK);

    let (parts, ()) = Request::get("/api/me")
        .header(AUTHORIZATION, format!("DPoP {token}"))
        .header("dpop", proof(&key, "GET", &format!("{ISSUER}/api/me"), json!({ "ath": ath })))
        .body(())
        .unwrap()
        .into_parts();
    let who = auth.authenticate_request(&parts, &claviger::Requirement::default()).await.unwrap();
    assert_eq!(who.jkt, Some(key.jkt()));
}

#[tokio::test]
async fn a_nonce_that_is_required_is_told() {
    let auth = server(|builder| builder.set("dpop", json!({ "requireNonce": true })));
    let key = ClientKey::es256(1);
    let created = auth.clients().create(&service()).await.unwrap();
    let authorization = basic(&created.client.id, &created.secret.unwrap());
    let shown = proof(&key, "POST", &format!("{ISSUER}/token"), json!({}));
    let refused = ask(&auth, &[], &[("authorization", &authorization), ("dpop", &shown)]).await;
    assert_eq!(refused.json()["error"], "use_dpop_nonce");
    let nonce = refused.headers["dpop-nonce"].to_str().unwrap();
    let shown = proof(&key, "POST", &format!("{ISSUER}/token"), json!({ "nonce": nonce }));
    let answer = ask(&auth, &[], &[("authorization", &authorization), ("dpop", &shown)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

const TYPE: (&str, &str) = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");

#[tokio::test]
async fn a_client_authenticates_by_assertions_of_its_key() {
    let auth = server(|builder| builder);
    let key = ClientKey::es256(1);
    let jwks = Some(json!({ "keys": [key.public_jwk()] }));
    let client = NewClient { auth_method: AuthMethod::PrivateKeyJwt, jwks, ..service() };
    let created = auth.clients().create(&client).await.unwrap();
    assert_eq!(created.secret, None);
    let id = created.client.id;
    let first = assertion(&key, &id, "first");
    assert_eq!(ask(&auth, &[TYPE, ("client_assertion", &first)], &[]).await.status, StatusCode::OK);
    assert_eq!(ask(&auth, &[TYPE, ("client_assertion", &first)], &[]).await.status, StatusCode::UNAUTHORIZED);
    let other = ClientKey::es256(2);
    let jwks = Some(json!({ "keys": [other.public_jwk()] }));
    let updated = auth.clients().update(&id, &ClientChange { jwks, ..ClientChange::default() }).await.unwrap();
    assert_eq!(updated.jwks.unwrap()["keys"][0]["x"], other.public_jwk()["x"]);
    let second = assertion(&key, &id, "second");
    assert_eq!(ask(&auth, &[TYPE, ("client_assertion", &second)], &[]).await.status, StatusCode::UNAUTHORIZED);
    let third = assertion(&other, &id, "third");
    assert_eq!(ask(&auth, &[TYPE, ("client_assertion", &third)], &[]).await.status, StatusCode::OK);
}

/// The web, as far as there is a client's key in it.
struct Web {
    asked: Arc<AtomicUsize>,
}

impl Fetch for Web {
    async fn fetch(&self, request: Request<Bytes>, limits: FetchLimits) -> Result<Response<Bytes>, ServiceError> {
        assert!(limits.public_only);
        assert_eq!(request.uri(), "https://client.example.com/jwks");
        self.asked.fetch_add(1, Ordering::SeqCst);
        let jwks = json!({ "keys": [ClientKey::es256(1).public_jwk()] });
        Ok(Response::new(Bytes::from(jwks.to_string())))
    }
}

#[tokio::test]
async fn the_keys_of_a_client_are_fetched_by_the_host_and_kept() {
    let asked = Arc::new(AtomicUsize::new(0));
    let web = Web { asked: asked.clone() };
    let auth = server(|builder| builder.instances(1).fetch(web));
    let jwks_uri = Some("https://client.example.com/jwks".to_owned());
    let client = NewClient { auth_method: AuthMethod::PrivateKeyJwt, jwks_uri, ..service() };
    let id = auth.clients().create(&client).await.unwrap().client.id;
    for jti in ["first", "second"] {
        let shown = assertion(&ClientKey::es256(1), &id, jti);
        let answer = ask(&auth, &[TYPE, ("client_assertion", &shown)], &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_rotated_secret_works_on_for_as_long_as_it_was_told() {
    let now = Arc::new(AtomicU64::new(NOW));
    let clock = now.clone();
    let auth = builder(Memory::new()).clock(move || clock.load(Ordering::SeqCst)).build().unwrap();
    let created = auth.clients().create(&service()).await.unwrap();
    let id = created.client.id;
    let old = created.secret.unwrap();
    let new = auth.clients().rotate_secret(&id, 60).await.unwrap().secret.unwrap();
    let works = async |secret: &str| ask(&auth, &[], &[("authorization", &basic(&id, secret))]).await.status;
    assert_eq!((works(&old).await, works(&new).await), (StatusCode::OK, StatusCode::OK));
    now.store(NOW + 60_000, Ordering::SeqCst);
    assert_eq!((works(&old).await, works(&new).await), (StatusCode::UNAUTHORIZED, StatusCode::OK));
}
