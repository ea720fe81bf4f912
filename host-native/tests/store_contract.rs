//! Both stores keep the contract, and SQLite keeps it through restarts, other processes and time.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use std::time::Duration;

use claviger::stores::{
    Add, Batch, Committed, Key, Memory, Put, Require, Row, Scan, Sqlite, SqliteOptions, Store, contract,
};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn sqlite(folder: &TempDir) -> Sqlite {
    Sqlite::open(folder.path().join("auth.db")).unwrap()
}

fn put(key: &str, value: &str, expires: Option<u64>) -> Batch {
    Batch { put: vec![Put { key: key.into(), value: value.into(), expires }], ..Batch::default() }
}

async fn read(store: &impl Store, key: &str) -> Option<Row> {
    store.load(vec![Key::from(key)]).await.unwrap().remove(0)
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::check(&Memory::new()).await.unwrap();
}

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    contract::check(&sqlite(&folder())).await.unwrap();
}

#[tokio::test]
async fn sqlite_keeps_the_contract_with_one_reader() {
    let folder = folder();
    let options = SqliteOptions { readers: 1, ..SqliteOptions::default() };
    contract::check(&Sqlite::open_with(folder.path().join("auth.db"), options).unwrap()).await.unwrap();
}

/// A store that breaks one promise, to see that the check can fail.
struct Forgetful(Memory);

impl Store for Forgetful {
    async fn load(&self, keys: Vec<Key>) -> Result<Vec<Option<Row>>, claviger::stores::StoreError> {
        self.0.load(keys).await
    }
    async fn commit(&self, batch: Batch) -> Result<Committed, claviger::stores::StoreError> {
        self.0.commit(Batch { require: Vec::new(), ..batch }).await
    }
    async fn scan(&self, range: Scan) -> Result<claviger::stores::Page, claviger::stores::StoreError> {
        self.0.scan(range).await
    }
}

#[tokio::test]
async fn a_store_without_conditions_is_found_out() {
    let broken = contract::check(&Forgetful(Memory::new())).await.unwrap_err();
    assert_eq!(broken.rule, "a row that is required absent is written once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_64_tasks_wins_a_row_of_sqlite_through_two_connections() {
    let folder = folder();
    let stores = [sqlite(&folder), sqlite(&folder)];
    stores[0].commit(put("main/row", "start", None)).await.unwrap();
    let version = read(&stores[1], "main/row").await.unwrap().version;
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let store = stores[number % 2].clone();
            let require = vec![Require { key: "main/row".into(), version: Some(version.clone()) }];
            let batch = Batch { require, ..put("main/row", &number.to_string(), None) };
            tokio::spawn(async move { store.commit(batch).await.unwrap() })
        })
        .collect();
    let mut applied = 0;
    for task in tasks {
        match task.await.unwrap() {
            Committed::Committed => applied += 1,
            Committed::Stale => {}
            Committed::Unknown => panic!("an unknown outcome"),
        }
    }
    assert_eq!(applied, 1);
}

#[tokio::test]
async fn sqlite_remembers_after_it_is_opened_again() {
    let folder = folder();
    let store = sqlite(&folder);
    store.commit(put("main/row", "kept", None)).await.unwrap();
    let before = read(&store, "main/row").await.unwrap();
    drop(store);
    let store = sqlite(&folder);
    assert_eq!(read(&store, "main/row").await.unwrap(), before);
    store.commit(Batch { delete: vec!["main/row".into()], ..Batch::default() }).await.unwrap();
    drop(store);
    let store = sqlite(&folder);
    store.commit(put("main/row", "kept", None)).await.unwrap();
    assert_ne!(read(&store, "main/row").await.unwrap().version, before.version);
}

/// What a crash leaves behind: the files as they are, with nothing closed.
fn copy_of_the_files(from: &TempDir) -> TempDir {
    let to = folder();
    for file in std::fs::read_dir(from.path()).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), to.path().join(file.file_name())).unwrap();
    }
    to
}

#[tokio::test]
async fn sqlite_loses_nothing_that_was_answered_when_it_crashes() {
    let folder = folder();
    let store = sqlite(&folder);
    for round in 1..=20 {
        let add = Add { key: "main/counter".into(), delta: 1, ceiling: i64::MAX, expires: None };
        store.commit(Batch { add: vec![add], ..Batch::default() }).await.unwrap();
        let crashed = copy_of_the_files(&folder);
        assert!(crashed.path().join("auth.db-wal").exists(), "the log has not been closed");
        let found = read(&sqlite(&crashed), "main/counter").await.unwrap();
        assert_eq!(found.value, round.to_string());
        assert_eq!(Some(found), read(&store, "main/counter").await);
    }
}

#[tokio::test]
async fn sqlite_removes_what_has_expired_and_nothing_else() {
    let folder = folder();
    let options = SqliteOptions { sweep_every: Duration::from_millis(50), ..SqliteOptions::default() };
    let store = Sqlite::open_with(folder.path().join("auth.db"), options).unwrap();
    for (key, expires) in [("main/past", Some(1)), ("main/future", Some(9_000_000_000_000)), ("main/always", None)] {
        store.commit(put(key, "1", expires)).await.unwrap();
    }
    for _ in 0..100 {
        if read(&store, "main/past").await.is_none() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let keys = ["main/past", "main/future", "main/always"].map(Key::from).to_vec();
    let there: Vec<bool> = store.load(keys).await.unwrap().iter().map(Option::is_some).collect();
    assert_eq!(there, [false, true, true]);
}

#[tokio::test]
async fn memory_removes_what_has_expired_by_its_own_clock() {
    let store = Memory::with_clock(|| 1_000);
    store.commit(put("main/past", "1", Some(1_000))).await.unwrap();
    store.commit(put("main/future", "1", Some(1_001))).await.unwrap();
    for _ in 0..1024 {
        store.commit(put("main/other", "1", None)).await.unwrap();
    }
    assert!(read(&store, "main/past").await.is_none());
    assert!(read(&store, "main/future").await.is_some());
}

#[tokio::test]
async fn a_counter_of_something_else_fails_its_batch_alone() {
    let folder = folder();
    let store = sqlite(&folder);
    store.commit(put("main/text", "no number", None)).await.unwrap();
    let add = |key: &str| Batch {
        add: vec![Add { key: key.into(), delta: 1, ceiling: 10, expires: None }],
        ..put(&format!("{key}.beside"), "1", None)
    };
    let (bad, good) = tokio::join!(store.commit(add("main/text")), store.commit(add("main/number")));
    assert!(bad.is_err());
    assert_eq!(good.unwrap(), Committed::Committed);
    assert!(read(&store, "main/text.beside").await.is_none());
    assert!(read(&store, "main/number.beside").await.is_some());
}

#[test]
fn sqlite_wants_a_file_that_it_understands() {
    let folder = folder();
    assert!(Sqlite::open(":memory:").unwrap_err().to_string().contains("memory store"));
    let text = folder.path().join("text.db");
    std::fs::write(&text, "this is no database, and long enough for SQLite to look at it as a header").unwrap();
    assert!(Sqlite::open(&text).is_err());
    assert!(Sqlite::open(folder.path().join("no/such/folder.db")).is_err());
}
