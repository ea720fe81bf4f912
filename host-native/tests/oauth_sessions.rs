//! People who sign in at a server of their own (seeds H2 to H6, H10). The npm package's tests do the same against a real server; here its client is
//! told what to answer.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

mod support;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use claviger::commands::{NewJourney, Onward, SealPasswords};
use claviger::services::ServiceError;
use claviger::stores::Memory;
use claviger::{Error, OAuthClient, OAuthSession, OAuthSessions, SessionStorage};
use http::header::{AUTHORIZATION, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use serde_json::json;
use support::{CHALLENGE, VERIFIER, builder};

const DID: &str = "did:plc:z72i7hdynmk6r22z27h6tvur";

/// A client whose server signs everybody in as one person.
struct Client;

impl OAuthClient for Client {
    async fn authorize(&self, handle: &str, state: &str) -> Result<String, ServiceError> {
        Ok(format!("https://{handle}/authorize?state={state}"))
    }

    async fn callback(&self, query: &str) -> Result<OAuthSession, ServiceError> {
        if query.contains("code=bad") {
            return Err("the token endpoint refused".into());
        }
        Ok(OAuthSession { did: DID.into(), handle: Some("ada.test".into()), data: json!({ "accessToken": "secret" }) })
    }
}

#[derive(Clone, Default)]
struct Storage {
    rows: Arc<Mutex<BTreeMap<String, String>>>,
    is_down: Arc<AtomicBool>,
}

impl Storage {
    fn up(&self) -> Result<(), ServiceError> {
        if self.is_down.load(Ordering::SeqCst) { Err("the disk is full".into()) } else { Ok(()) }
    }

    fn keys(&self) -> Vec<String> {
        self.rows.lock().unwrap().keys().cloned().collect()
    }
}

impl SessionStorage for Storage {
    async fn get(&self, key: &str) -> Result<Option<String>, ServiceError> {
        self.up()?;
        Ok(self.rows.lock().unwrap().get(key).cloned())
    }

    async fn set(&self, key: &str, value: String) -> Result<(), ServiceError> {
        self.up()?;
        self.rows.lock().unwrap().insert(key.to_owned(), value);
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), ServiceError> {
        self.up()?;
        self.rows.lock().unwrap().remove(key);
        Ok(())
    }
}

struct Scene {
    sessions: OAuthSessions<Client, Storage>,
    storage: Storage,
    now: Arc<AtomicU64>,
}

impl Scene {
    fn new() -> Self {
        let now = Arc::new(AtomicU64::new(1_790_000_000_000));
        let clock = Arc::clone(&now);
        let auth = builder(Memory::new()).clock(move || clock.load(Ordering::SeqCst)).build().unwrap();
        let storage = Storage::default();
        let passwords = SealPasswords::one("a password of at least 32 characters, for tests");
        Self { sessions: OAuthSessions::new(auth, Client, storage.clone(), passwords), storage, now }
    }

    fn advance(&self, seconds: u64) {
        self.now.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Leaves for the other server: the state, and the browser's cookies.
    async fn start(&self, journey: &NewJourney) -> (String, HeaderMap) {
        let (location, cookies) = arrived(self.sessions.start(&HeaderMap::new(), journey).await.unwrap());
        let state = location.strip_prefix("https://ada.test/authorize?state=").unwrap();
        (state.to_owned(), cookies)
    }

    async fn back(&self, (state, cookies): &(String, HeaderMap), code: &str) -> Result<(String, HeaderMap), Error> {
        self.sessions.callback(&format!("code={code}&state={state}"), cookies).await.map(arrived)
    }
}

/// Where a browser is sent, and the cookies that it has then.
fn arrived(onward: Onward) -> (String, HeaderMap) {
    let response = onward.into_response().unwrap();
    assert_eq!(response.headers()["referrer-policy"], "no-referrer");
    let location = response.headers()[LOCATION].to_str().unwrap().to_owned();
    let mut cookies = HeaderMap::new();
    for cookie in response.headers().get_all(SET_COOKIE) {
        let pair = cookie.to_str().unwrap().split(';').next().unwrap();
        cookies.append(COOKIE, HeaderValue::from_str(pair).unwrap());
    }
    (location, cookies)
}

fn ada(redirect_path: Option<&str>) -> NewJourney {
    let redirect_path = redirect_path.map(str::to_owned);
    NewJourney { handle: "Ada.Test".into(), redirect_path, ..NewJourney::default() }
}

fn mobile() -> NewJourney {
    NewJourney { mobile: true, code_challenge: Some(CHALLENGE.into()), ..ada(None) }
}

fn bearer(seal: &str) -> HeaderMap {
    HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {seal}")).unwrap())])
}

#[tokio::test]
async fn h2_h4_h5_h10_somebody_comes_back_is_known_and_signs_out() {
    let scene = Scene::new();
    let journey = scene.start(&ada(Some("/notes?sort=new"))).await;
    let (location, cookies) = scene.back(&journey, "x").await.unwrap();
    assert_eq!(location, "/notes?sort=new");
    assert_eq!(scene.storage.keys(), [format!("session:{DID}")]);
    let who = scene.sessions.validate(&cookies).await.unwrap();
    assert_eq!((who.who.unwrap().subject.as_str(), who.headers.len()), (DID, 0));
    scene.advance(3600);
    assert_eq!(scene.sessions.validate(&cookies).await.unwrap().headers.len(), 1, "it slides with use");
    scene.sessions.logout(&HeaderMap::new()).await.unwrap();
    assert_eq!(scene.storage.keys().len(), 1, "nobody is signed out by somebody else");
    let cleared = scene.sessions.logout(&cookies).await.unwrap();
    assert_eq!(cleared[0].1, "sid=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0");
    assert_eq!(scene.sessions.validate(&cookies).await.unwrap().who, None);
    // Nor is a cookie from before good again when they come back.
    let journey = scene.start(&ada(None)).await;
    let (_, fresh) = scene.back(&journey, "x").await.unwrap();
    assert!(scene.sessions.validate(&fresh).await.unwrap().who.is_some());
    assert_eq!(scene.sessions.validate(&cookies).await.unwrap().who, None);
}

#[tokio::test]
async fn h5_a_state_is_good_once_and_in_one_browser() {
    let scene = Scene::new();
    let journey = scene.start(&ada(None)).await;
    let stranger = (journey.0.clone(), HeaderMap::new());
    assert_eq!(scene.back(&stranger, "x").await.unwrap_err().code(), "OAUTH_FLOW_ERROR");
    assert_eq!(scene.back(&journey, "x").await.unwrap().0, "/");
    assert_eq!(scene.back(&journey, "x").await.unwrap_err().code(), "OAUTH_FLOW_ERROR");
    for query in ["", "code=x", "state=y", "code=x&error=y&state=z", "code=x&state=a&state=b"] {
        let refused = scene.sessions.callback(query, &journey.1).await.map(arrived);
        assert_eq!(refused.unwrap_err().code(), "OAUTH_FLOW_ERROR", "{query}");
    }
}

#[tokio::test]
async fn h4_a_bad_handle_path_or_challenge_goes_nowhere() {
    let scene = Scene::new();
    let handle = NewJourney { handle: "ada".into(), ..ada(None) };
    for bad in [handle, ada(Some("//evil.test")), NewJourney { code_challenge: None, ..mobile() }] {
        let refused = scene.sessions.start(&HeaderMap::new(), &bad).await.map(arrived);
        assert_eq!(refused.unwrap_err().code(), "OAUTH_FLOW_ERROR", "{bad:?}");
    }
}

#[tokio::test]
async fn h6_a_mobile_application_gets_a_code_and_its_seal_for_that() {
    let scene = Scene::new();
    let journey = scene.start(&mobile()).await;
    let (location, cookies) = scene.back(&journey, "x").await.unwrap();
    assert!(cookies.is_empty());
    let code = location.strip_prefix("app://auth-callback?code=").unwrap();
    let wrong = scene.sessions.exchange(code, CHALLENGE).await;
    assert_eq!(wrong.unwrap_err().code(), "MOBILE_INTEGRATION_ERROR");
    let session = scene.sessions.exchange(code, VERIFIER).await.unwrap();
    assert_eq!(scene.sessions.validate_mobile(&bearer(&session.sid)).await.unwrap(), DID);
    assert_eq!(scene.sessions.refresh_mobile(&bearer(&session.sid)).await.unwrap().who.subject, DID);
    let again = scene.sessions.exchange(code, VERIFIER).await;
    assert_eq!(again.unwrap_err().code(), "MOBILE_INTEGRATION_ERROR");
    let nobody = scene.sessions.validate_mobile(&bearer("x")).await;
    assert_eq!(nobody.unwrap_err().code(), "MOBILE_INTEGRATION_ERROR");
    let journey = scene.start(&mobile()).await;
    assert_eq!(scene.back(&journey, "bad").await.unwrap().0, "app://auth-callback?error=server_error");
}

#[tokio::test]
async fn h2_a_storage_that_fails_denies() {
    let scene = Scene::new();
    let journey = scene.start(&ada(None)).await;
    let (_, cookies) = scene.back(&journey, "x").await.unwrap();
    let another = scene.start(&ada(None)).await;
    scene.storage.is_down.store(true, Ordering::SeqCst);
    assert_eq!(scene.back(&another, "x").await.unwrap_err().code(), "STORAGE_ERROR");
    assert_eq!(scene.sessions.validate(&cookies).await.unwrap_err().code(), "STORAGE_ERROR");
    assert_eq!(scene.sessions.logout(&cookies).await.unwrap_err().code(), "STORAGE_ERROR");
}

#[tokio::test]
async fn h1_settings_that_cannot_work_are_refused() {
    for bad in ["javascript:alert(1)", "http://app.example.com/cb", "app"] {
        assert_eq!(Scene::new().sessions.mobile_scheme(bad).map(drop).unwrap_err().code(), "configuration", "{bad}");
    }
    assert!(Scene::new().sessions.ttl(Duration::from_secs(60)).is_err());
    assert!(Scene::new().sessions.mobile_scheme("com.example.app:/cb").is_ok());
}
