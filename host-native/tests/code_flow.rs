//! One grant, whole, through the tower service on the engine that ships.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use claviger::commands::{NewClient, Paging};
use claviger::stores::{Batch, Committed, Key, Memory, Page, Row, Scan, Sqlite, Store, StoreError};
use claviger::{Claviger, Requirement};
use http::StatusCode;
use serde_json::json;
use support::{Browser, CLIENT, LOGIN, builder, form, redeem, refresh, seeded, send, server};

/// Counts the trips to the store.
#[derive(Clone)]
struct Counting<S>(Arc<(S, AtomicUsize)>);

impl<S: Store> Counting<S> {
    fn new(store: S) -> Self {
        Self(Arc::new((store, AtomicUsize::new(0))))
    }
    fn trips(&self) -> usize {
        self.0.1.swap(0, Ordering::SeqCst)
    }
    fn count(&self) -> &S {
        self.0.1.fetch_add(1, Ordering::SeqCst);
        &self.0.0
    }
}

impl<S: Store> Store for Counting<S> {
    async fn load(&self, keys: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError> {
        self.count().load(keys).await
    }
    async fn commit(&self, batch: Batch) -> Result<Committed, StoreError> {
        self.count().commit(batch).await
    }
    async fn scan(&self, range: Scan) -> Result<Page, StoreError> {
        self.count().scan(range).await
    }
}

#[tokio::test]
async fn a_code_becomes_tokens_that_work_until_they_are_revoked() {
    let auth = server(Memory::new()).await;
    let code = Browser::new(&auth).authorize().await;
    let tokens = redeem(&auth, &code).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    assert_eq!(tokens.headers["cache-control"], "no-store");
    let tokens = tokens.json();
    assert_eq!((&tokens["token_type"], &tokens["scope"]), (&json!("Bearer"), &json!("read")));

    let access = tokens["access_token"].as_str().unwrap();
    let account = auth.accounts().find_by_login(LOGIN).await.unwrap().unwrap();
    let principal = auth.tokens().verify(access, &Requirement::default().scope("read")).await.unwrap();
    assert_eq!(principal.subject, Some(account.id.clone()));
    assert_eq!(principal.client_id.as_deref(), Some(CLIENT));
    assert_eq!(principal.scopes, ["read"]);
    let refused = auth.tokens().verify(access, &Requirement::default().scope("write")).await.unwrap_err();
    assert_eq!(refused.code(), "insufficient_scope");

    let renewed = refresh(&auth, tokens["refresh_token"].as_str().unwrap()).await.json();
    let second = renewed["refresh_token"].as_str().unwrap();
    assert!(auth.tokens().introspect(second).await.unwrap().active);
    assert!(auth.tokens().revoke(second).await.unwrap());
    assert!(!auth.tokens().introspect(second).await.unwrap().active);
    let ended = refresh(&auth, second).await;
    assert_eq!((ended.status, &ended.json()["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
}

#[tokio::test]
async fn what_a_user_has_allowed_and_where_they_are_signed_in_can_be_listed_and_revoked() {
    let auth = server(Memory::new()).await;
    let code = Browser::new(&auth).authorize().await;
    let refresh_token = redeem(&auth, &code).await.json()["refresh_token"].as_str().unwrap().to_owned();
    let subject = auth.accounts().find_by_login(LOGIN).await.unwrap().unwrap().id;

    let grants = auth.grants().list(&subject, Paging::first()).await.unwrap().items;
    assert_eq!(grants.iter().map(|grant| &*grant.client_id).collect::<Vec<_>>(), [CLIENT]);
    assert!(auth.grants().revoke(&subject, &grants[0].id).await.unwrap());
    assert_eq!(refresh(&auth, &refresh_token).await.json()["error"], "invalid_grant");

    let sessions = auth.sessions().list(&subject, Paging::first()).await.unwrap().items;
    assert_eq!(sessions.len(), 1);
    assert!(auth.sessions().revoke(&subject, &sessions[0].id).await.unwrap());
    assert!(auth.sessions().list(&subject, Paging::first()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn each_step_takes_its_trips_to_the_store_and_no_more() {
    let store = Counting::new(Memory::new());
    let auth = seeded(builder(store.clone()).instances(1).build().unwrap()).await;
    // At first the instance reads its keys, which it then knows for a while.
    let code = Browser::new(&auth).authorize().await;
    let first = redeem(&auth, &code).await.json();
    auth.tokens().verify(first["access_token"].as_str().unwrap(), &Requirement::default()).await.unwrap();

    let code = Browser::new(&auth).authorize().await;
    store.trips();
    let tokens = redeem(&auth, &code).await.json();
    assert_eq!(store.trips(), 2, "redeem");
    let access = tokens["access_token"].as_str().unwrap();
    auth.tokens().verify(access, &Requirement::default()).await.unwrap();
    assert_eq!(store.trips(), 0, "verify a JWT");
    let tokens = refresh(&auth, tokens["refresh_token"].as_str().unwrap()).await.json();
    assert_eq!(store.trips(), 2, "refresh");
    assert!(auth.tokens().introspect(tokens["access_token"].as_str().unwrap()).await.unwrap().active);
    assert_eq!(store.trips(), 1, "introspect");
    let token = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(send(&auth, form("/revoke", &[("token", token), ("client_id", CLIENT)])).await.status, StatusCode::OK);
    assert_eq!(store.trips(), 2, "revoke");
}

async fn one_of_64_redemptions_succeeds(auth: Claviger) {
    let code = Browser::new(&auth).authorize().await;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (auth, code) = (auth.clone(), code.clone());
            tokio::spawn(async move { redeem(&auth, &code).await })
        })
        .collect();
    let mut tokens = Vec::new();
    for task in tasks {
        let answer = task.await.unwrap();
        if answer.status == StatusCode::OK {
            tokens.push(answer.json());
        } else {
            assert_eq!((answer.status, &answer.json()["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
        }
    }
    assert_eq!(tokens.len(), 1);
    let refresh_token = tokens[0]["refresh_token"].as_str().unwrap();
    assert_eq!(refresh(&auth, refresh_token).await.json()["error"], "invalid_grant", "the replays revoked the grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_64_redemptions_of_a_code_succeeds_on_memory() {
    one_of_64_redemptions_succeeds(seeded(builder(Memory::new()).instances(4).build().unwrap()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_64_redemptions_of_a_code_succeeds_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("auth.db")).unwrap();
    one_of_64_redemptions_succeeds(seeded(builder(store).instances(4).build().unwrap()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_tabs_that_refresh_at_once_receive_the_same_successor() {
    let auth = seeded(builder(Memory::new()).instances(4).build().unwrap()).await;
    let code = Browser::new(&auth).authorize().await;
    let token = redeem(&auth, &code).await.json()["refresh_token"].as_str().unwrap().to_owned();
    let (one, two) = tokio::join!(refresh(&auth, &token), refresh(&auth, &token));
    let (one, two) = (one.json(), two.json());
    assert!(one["refresh_token"].is_string(), "{one}");
    assert_eq!(one["refresh_token"], two["refresh_token"]);
    assert_eq!(refresh(&auth, one["refresh_token"].as_str().unwrap()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_second_server_on_the_same_store_goes_on_where_the_first_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.db");
    let first = server(Sqlite::open(&path).unwrap()).await;
    let code = Browser::new(&first).authorize().await;
    let tokens = redeem(&first, &code).await.json();
    drop(first);
    let second = builder(Sqlite::open(&path).unwrap()).build().unwrap();
    let renewed = refresh(&second, tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(renewed.status, StatusCode::OK, "{}", renewed.body);
    let access = tokens["access_token"].as_str().unwrap();
    assert!(second.tokens().verify(access, &Requirement::default()).await.is_ok());
}

#[tokio::test]
async fn several_issuers_share_one_engine_and_nothing_of_one_is_good_for_another() {
    let second = "https://second.example.com";
    let other = Claviger::builder(second).tenant("second").secret("another root secret: 9Pw0TzRvk3Jx0qLx7m");
    let auth = builder(Memory::new()).also(other).build().unwrap();
    let at = auth.at(second);
    assert_eq!(at.issuer(), second);
    let created = at
        .clients()
        .create(&NewClient {
            name: "App".into(),
            redirect_uris: vec!["https://app.example.com/cb".into()],
            ..NewClient::default()
        })
        .await
        .unwrap();
    assert!(auth.clients().find(&created.client.id).await.unwrap().is_none());
    assert!(at.clients().find(&created.client.id).await.unwrap().is_some());
    let error = auth.at("https://nobody.example.com").keys().list().await.unwrap_err();
    assert!(matches!(error, claviger::Error::Fault(problem) if problem.code == "bad_call"));
}
