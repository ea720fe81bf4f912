//! What the host does when an engine misbehaves, tried on one that does so on purpose (`engine.wat`), and on the real one.

mod services;

use std::future::pending;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::{DerivePool, EngineError, Instance, Module};
use crate::stores::{Batch, Committed, Key, Memory, Page, Row, Scan, Store, StoreError};
use crate::{Claviger, Error};

const WAT: &str = include_str!("engine.wat");

fn stand_in() -> Module {
    Module::compile(&wat::parse_str(WAT).unwrap()).unwrap()
}

fn host_with(store: impl Store) -> Claviger {
    Claviger::builder("https://auth.example.com")
        .secret("a stand-in reads no configuration")
        .store(store)
        .instances(1)
        .derivers(1)
        .deadline(Duration::from_millis(200))
        .store_deadline(Duration::from_millis(100))
        .run_module(stand_in())
        .build()
        .unwrap()
}

async fn run(auth: &Claviger, command: &str) -> Result<Value, Error> {
    auth.command(command, &json!({})).await
}

/// Answers nothing, ever.
struct Silent;

impl Store for Silent {
    async fn load(&self, _: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError> {
        pending().await
    }
    async fn commit(&self, _: Batch) -> Result<Committed, StoreError> {
        pending().await
    }
    async fn scan(&self, _: Scan) -> Result<Page, StoreError> {
        pending().await
    }
}

/// Fails, always.
struct Broken;

impl Store for Broken {
    async fn load(&self, _: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError> {
        Err(StoreError::new("no load"))
    }
    async fn commit(&self, _: Batch) -> Result<Committed, StoreError> {
        Err(StoreError::new("no commit"))
    }
    async fn scan(&self, _: Scan) -> Result<Page, StoreError> {
        Err(StoreError::new("no scan"))
    }
}

/// Answers a load with too few rows.
struct Short;

impl Store for Short {
    async fn load(&self, _: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError> {
        Ok(Vec::new())
    }
    async fn commit(&self, _: Batch) -> Result<Committed, StoreError> {
        Ok(Committed::Stale)
    }
    async fn scan(&self, _: Scan) -> Result<Page, StoreError> {
        Ok(Page::default())
    }
}

#[tokio::test]
async fn an_ask_is_answered_from_the_store() {
    let auth = host_with(Memory::new());
    assert_eq!(run(&auth, "l").await.unwrap(), json!({ "flow": 7, "answer": { "rows": [null] } }));
    assert_eq!(run(&auth, "k").await.unwrap(), json!({ "flow": 7, "answer": { "commit": "committed" } }));
    assert_eq!(run(&auth, "d").await.unwrap(), json!({ "flow": 7, "answer": { "derived": "AAAA" } }));
}

#[tokio::test]
async fn a_silent_store_fails_loads_and_leaves_commits_unknown() {
    let auth = host_with(Silent);
    let load = run(&auth, "l").await.unwrap();
    assert!(load["answer"]["failed"].is_string(), "{load}");
    assert_eq!(run(&auth, "k").await.unwrap()["answer"], json!({ "commit": "unknown" }));
}

#[tokio::test]
async fn a_broken_store_fails_loads_and_leaves_commits_unknown() {
    let auth = host_with(Broken);
    assert_eq!(run(&auth, "l").await.unwrap()["answer"], json!({ "failed": "no load" }));
    assert_eq!(run(&auth, "k").await.unwrap()["answer"], json!({ "commit": "unknown" }));
}

#[tokio::test]
async fn a_load_with_missing_rows_is_a_failed_load() {
    let auth = host_with(Short);
    let load = run(&auth, "l").await.unwrap();
    assert_eq!(load["answer"], json!({ "failed": "0 rows for 1 keys" }));
}

#[tokio::test]
async fn a_trap_fails_its_call_and_the_next_one_works() {
    let auth = host_with(Memory::new());
    let error = run(&auth, "t").await.unwrap_err();
    assert_eq!(error.code(), "engine_trapped");
    assert!(error.to_string().contains("thrown: on purpose"), "{error}");
    assert!(run(&auth, "l").await.is_ok());
}

#[tokio::test]
async fn a_trap_ends_the_other_flows_of_its_instance() {
    let auth = host_with(Silent);
    let waiting = tokio::spawn({
        let auth = auth.clone();
        async move { run(&auth, "l").await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(run(&auth, "t").await.unwrap_err().code(), "engine_trapped");
    assert_eq!(waiting.await.unwrap().unwrap_err().code(), "engine_trapped");
    assert!(run(&auth, "l").await.is_ok());
}

#[tokio::test]
async fn a_runaway_call_meets_its_deadline() {
    let auth = host_with(Memory::new());
    let error = timeout(Duration::from_secs(5), run(&auth, "s")).await.unwrap().unwrap_err();
    assert_eq!(error.code(), "engine_trapped");
    assert!(run(&auth, "l").await.is_ok());
}

#[tokio::test]
async fn an_answer_outside_the_contract_is_a_fault() {
    let auth = host_with(Memory::new());
    assert_eq!(run(&auth, "g").await.unwrap_err().code(), "engine_failed");
    assert!(run(&auth, "l").await.is_ok());
}

#[tokio::test]
async fn a_dropped_call_cancels_its_flow() {
    let auth = host_with(Silent);
    assert_eq!(run(&auth, "c").await.unwrap(), json!(0));
    let given_up = timeout(Duration::from_millis(30), run(&auth, "l")).await;
    assert!(given_up.is_err());
    assert_eq!(run(&auth, "c").await.unwrap(), json!(1));
}

#[tokio::test]
async fn a_call_dropped_before_its_first_step_cancels_its_flow() {
    let auth = host_with(Memory::new());
    let mut runaway = Box::pin(run(&auth, "s"));
    let mut behind = Box::pin(run(&auth, "l"));
    assert!(timeout(Duration::from_millis(10), &mut runaway).await.is_err());
    assert!(timeout(Duration::from_millis(10), &mut behind).await.is_err());
    drop(behind);
    assert!(runaway.await.is_err());
    assert_eq!(run(&auth, "c").await.unwrap(), json!(0), "a call that nobody waits for does not begin");
}

#[tokio::test]
async fn a_full_queue_of_derivations_is_busy() {
    let pool = DerivePool::start(&stand_in(), 1, 1, Duration::from_millis(300)).unwrap();
    let mut running = Box::pin(pool.derive(b"spin".to_vec()));
    assert!(timeout(Duration::from_millis(100), &mut running).await.is_err());
    let mut waiting = Box::pin(pool.derive(b"next".to_vec()));
    assert!(timeout(Duration::ZERO, &mut waiting).await.is_err());
    assert!(matches!(pool.derive(b"third".to_vec()).await, Err(EngineError::Busy)));
    assert!(matches!(running.await, Err(EngineError::Trapped(_))));
    assert_eq!(waiting.await.unwrap(), br#"{"derived":"AAAA"}"#);
}

#[tokio::test]
async fn the_shipped_engine_goes_on_after_a_trap_and_nothing_is_lost() {
    let auth = Claviger::builder("https://auth.example.com")
        .secret("a secret of more than 32 characters, for tests 0123456789")
        .store(Memory::new())
        .instances(2)
        .build()
        .unwrap();
    let keys = auth.keys().list().await.unwrap();
    auth.inner().host.pool.starve();
    for _ in 0..2 {
        let error = auth.keys().list().await.unwrap_err();
        assert_eq!(error.code(), "engine_trapped");
        assert_eq!(error.into_response().status(), 503);
    }
    for _ in 0..2 {
        assert_eq!(auth.keys().list().await.unwrap(), keys);
    }
}

#[test]
fn a_module_that_imports_more_is_refused() {
    let wasm = wat::parse_str(r#"(module (import "env" "open_socket" (func)))"#).unwrap();
    let Err(EngineError::Load(why)) = Module::compile(&wasm) else { panic!("it was taken") };
    assert!(why.contains("env::open_socket"), "{why}");
}

#[test]
fn the_shipped_module_imports_glue_alone() {
    let mut instance = Instance::new(Duration::from_secs(2)).unwrap();
    let answer: Value = serde_json::from_slice(&instance.open(b"{}").unwrap()).unwrap();
    assert_eq!(answer["fault"]["code"], "configuration", "{answer}");
}
