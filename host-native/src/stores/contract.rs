//! Says whether a store keeps its promises.
//!
//! ```no_run
//! # async fn example() -> Result<(), claviger::stores::contract::Broken> {
//! claviger::stores::contract::check(&claviger::stores::Memory::new()).await
//! # }
//! ```

use std::collections::HashSet;
use std::fmt::Debug;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use super::{Add, Batch, Committed, Key, Put, Require, Scan, Store, StoreError, Version};

/// Which promise is not kept, and how it showed.
#[derive(Debug, thiserror::Error)]
#[error("{rule}: {found}")]
pub struct Broken {
    /// The promise.
    pub rule: &'static str,
    /// What happened instead.
    pub found: String,
}

/// How many commits race for one row.
const RACERS: usize = 64;

/// The largest value that the engine writes.
const LARGEST: usize = 60 * 1024;

/// Later than any test runs, so that nothing written here expires.
const NEVER: u64 = 9_000_000_000_000;

/// Checks every promise of `docs/contract.md`, section 4, that can be seen from outside.
///
/// The store must be one that may be written to; keys start with `contract.` and are new in each partition.
///
/// # Errors
/// The first promise that is not kept.
pub async fn check<S: Store>(store: &S) -> Result<(), Broken> {
    absent_keys_load_as_none(store).await?;
    a_row_can_be_required_absent(store).await?;
    a_row_can_be_required_at_its_version(store).await?;
    one_racer_wins(store).await?;
    a_batch_is_all_or_nothing(store).await?;
    a_key_changes_once_in_a_batch(store).await?;
    counters_stop_at_their_ceiling(store).await?;
    racing_counters_lose_nothing(store).await?;
    versions_never_repeat(store).await?;
    scans_are_ordered_and_paged(store).await?;
    odd_text_comes_back_unchanged(store).await?;
    the_largest_value_fits(store).await
}

async fn absent_keys_load_as_none(store: &impl Store) -> Result<(), Broken> {
    let rule = "a load answers a row or none for each key, in order";
    let keys = [key("load", "here"), key("load", "absent"), key("load", "here")];
    write(store, rule, vec![put(&keys[0], "1")]).await?;
    let rows = store.load(keys.to_vec()).await.map_err(failed(rule))?;
    let values: Vec<_> = rows.into_iter().map(|row| row.map(|row| row.value)).collect();
    equal(rule, values, vec![Some("1".to_owned()), None, Some("1".to_owned())])?;
    equal(rule, store.load(Vec::new()).await.map_err(failed(rule))?, Vec::new())
}

async fn a_row_can_be_required_absent(store: &impl Store) -> Result<(), Broken> {
    let rule = "a row that is required absent is written once";
    let key = key("absent", "once");
    let batch = |value| Batch { require: vec![require(&key, None)], put: vec![put(&key, value)], ..Batch::default() };
    equal(rule, commit(store, rule, batch("first")).await?, Committed::Committed)?;
    equal(rule, commit(store, rule, batch("second")).await?, Committed::Stale)?;
    equal(rule, read(store, rule, &key).await?.map(|(_, value)| value), Some("first".into()))
}

async fn a_row_can_be_required_at_its_version(store: &impl Store) -> Result<(), Broken> {
    let rule = "a row is replaced only at the version that is required";
    let key = key("version", "row");
    write(store, rule, vec![put(&key, "1")]).await?;
    let first = read(store, rule, &key).await?.map(|(version, _)| version);
    let batch =
        |value| Batch { require: vec![require(&key, first.clone())], put: vec![put(&key, value)], ..Batch::default() };
    equal(rule, commit(store, rule, batch("2")).await?, Committed::Committed)?;
    equal(rule, commit(store, rule, batch("3")).await?, Committed::Stale)?;
    equal(rule, read(store, rule, &key).await?.map(|(_, value)| value), Some("2".into()))?;

    let delete = Batch { require: vec![require(&key, first)], delete: vec![key.clone()], ..Batch::default() };
    equal(rule, commit(store, rule, delete).await?, Committed::Stale)?;
    let nowhere =
        Batch { require: vec![require(&self::key("version", "nowhere"), Some("1".into()))], ..Batch::default() };
    equal(rule, commit(store, rule, nowhere).await?, Committed::Stale)
}

async fn one_racer_wins(store: &impl Store) -> Result<(), Broken> {
    let rule = "of many commits that require the same version, exactly one is applied";
    let key = key("race", "row");
    write(store, rule, vec![put(&key, "start")]).await?;
    let version = read(store, rule, &key).await?.map(|(version, _)| version);
    let racers = (0..RACERS).map(|number| Batch {
        require: vec![require(&key, version.clone())],
        put: vec![put(&key, &number.to_string())],
        ..Batch::default()
    });
    let outcomes = together(racers.map(|batch| store.commit(batch))).await;
    let mut winners = Vec::new();
    for (number, outcome) in outcomes.into_iter().enumerate() {
        match outcome.map_err(failed(rule))? {
            Committed::Committed => winners.push(number.to_string()),
            Committed::Stale => {}
            Committed::Unknown => return Err(broken(rule, "a commit had an unknown outcome")),
        }
    }
    equal(rule, winners.len(), 1)?;
    equal(rule, read(store, rule, &key).await?.map(|(_, value)| value), winners.pop())
}

async fn a_batch_is_all_or_nothing(store: &impl Store) -> Result<(), Broken> {
    let rule = "a stale batch changes nothing";
    let (kept, gone, new, counter) = (key("all", "kept"), key("all", "gone"), key("all", "new"), key("all", "counter"));
    write(store, rule, vec![put(&kept, "old"), put(&gone, "here")]).await?;
    let batch = Batch {
        put: vec![put(&kept, "changed"), put(&new, "made")],
        delete: vec![gone.clone()],
        add: vec![add(&counter, 1, 10)],
        ..Batch::default()
    };
    let stale = [
        Batch { require: vec![require(&kept, None)], ..batch.clone() },
        Batch { add: vec![add(&counter, 1, 10), add(&key("all", "full"), 2, 1)], ..batch.clone() },
    ];
    for batch in stale {
        equal(rule, commit(store, rule, batch).await?, Committed::Stale)?;
        let values = values(store, rule, [&kept, &gone, &new, &counter]).await?;
        equal(rule, values, [Some("old".into()), Some("here".into()), None, None].to_vec())?;
    }
    equal(rule, commit(store, rule, batch).await?, Committed::Committed)?;
    let values = values(store, rule, [&kept, &gone, &new, &counter]).await?;
    equal(
        "a batch is applied whole",
        values,
        [Some("changed".into()), None, Some("made".into()), Some("1".into())].to_vec(),
    )
}

async fn a_key_changes_once_in_a_batch(store: &impl Store) -> Result<(), Broken> {
    let rule = "a batch that changes a key twice is refused whole";
    let (one, other) = (key("twice", "one"), key("twice", "other"));
    let batch = Batch { put: vec![put(&other, "2")], ..Batch::default() };
    let twice = [
        Batch { add: vec![add(&one, 1, 10), add(&one, 1, 10)], ..batch.clone() },
        Batch { put: vec![put(&other, "2"), put(&one, "1"), put(&one, "1")], ..batch.clone() },
        Batch { delete: vec![other.clone()], ..batch.clone() },
        Batch { add: vec![add(&other, 1, 10)], ..batch.clone() },
        Batch { add: vec![add(&one, 1, 10)], delete: vec![one.clone()], ..batch },
    ];
    for batch in twice {
        equal(rule, store.commit(batch).await.is_err(), true)?;
        equal(rule, values(store, rule, [&one, &other]).await?, vec![None, None])?;
    }
    Ok(())
}

async fn counters_stop_at_their_ceiling(store: &impl Store) -> Result<(), Broken> {
    let rule = "a counter starts at 0 and never exceeds its ceiling";
    let counter = key("counter", "row");
    let step = |delta| Batch { add: vec![add(&counter, delta, 5)], ..Batch::default() };
    let expected = [(3, Committed::Committed), (3, Committed::Stale), (2, Committed::Committed), (1, Committed::Stale)];
    for (delta, outcome) in expected {
        equal(rule, commit(store, rule, step(delta)).await?, outcome)?;
    }
    equal(rule, read(store, rule, &counter).await?.map(|(_, value)| value), Some("5".into()))
}

async fn racing_counters_lose_nothing(store: &impl Store) -> Result<(), Broken> {
    let rule = "of many additions, as many are applied as fit";
    let counter = key("counter", "race");
    let ceiling = RACERS / 2;
    let batch = Batch { add: vec![add(&counter, 1, ceiling as i64)], ..Batch::default() };
    let outcomes = together((0..RACERS).map(|_| store.commit(batch.clone()))).await;
    let applied = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Committed::Committed))).count();
    equal(rule, applied, ceiling)?;
    equal(rule, read(store, rule, &counter).await?.map(|(_, value)| value), Some(ceiling.to_string()))
}

async fn versions_never_repeat(store: &impl Store) -> Result<(), Broken> {
    let rule = "a version never repeats for a key, not even after the row was deleted";
    let key = key("repeat", "row");
    let mut seen = HashSet::new();
    for round in 0..6 {
        for _ in 0..2 {
            write(store, rule, vec![put(&key, "same")]).await?;
            let version = read(store, rule, &key).await?.map(|(version, _)| version);
            let version = version.ok_or_else(|| broken(rule, "a written row is absent"))?;
            if !seen.insert(version.clone()) {
                return Err(broken(rule, format!("round {round} saw {version:?} again")));
            }
        }
        let delete = Batch { delete: vec![key.clone()], ..Batch::default() };
        equal(rule, commit(store, rule, delete).await?, Committed::Committed)?;
        equal(rule, read(store, rule, &key).await?, None)?;
    }
    Ok(())
}

async fn scans_are_ordered_and_paged(store: &impl Store) -> Result<(), Broken> {
    let rule = "a scan answers the rows of its prefix, ordered by the bytes of their keys, in pages";
    let names = ["a", "B", "aa", "a/b", "é", "z", "\u{10000}", "\u{ffff}", "_", "%"];
    let inside: Vec<Put> = names.iter().map(|name| put(&key("scan", &format!("in/{name}")), name)).collect();
    let outside = ["in", "io", "im/a", "IN/a"].map(|name| put(&key("scan", name), "outside"));
    write(store, rule, inside.into_iter().chain(outside).collect()).await?;

    let mut expected = names.map(|name| key("scan", &format!("in/{name}"))).to_vec();
    expected.sort_by(|left, right| left.as_str().as_bytes().cmp(right.as_str().as_bytes()));
    let prefix = key("scan", "in/").into_string();
    for limit in [1, 3, expected.len(), 100] {
        let found = walk(store, rule, &prefix, limit).await?;
        equal(rule, found, expected.clone())?;
    }
    let beyond = Scan { prefix, after: expected.last().cloned(), limit: 10 };
    let page = store.scan(beyond).await.map_err(failed(rule))?;
    equal(rule, (page.rows.len(), page.next), (0, None))
}

async fn walk(store: &impl Store, rule: &'static str, prefix: &str, limit: usize) -> Result<Vec<Key>, Broken> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let range = Scan { prefix: prefix.to_owned(), after, limit };
        let page = store.scan(range).await.map_err(failed(rule))?;
        if page.rows.len() > limit {
            return Err(broken(rule, format!("{} rows with a limit of {limit}", page.rows.len())));
        }
        let rows_agree = page.next.is_none() || page.next.as_ref() == page.rows.last().map(|row| &row.key);
        equal("a page's `next` is its last key", rows_agree, true)?;
        found.extend(page.rows.into_iter().map(|row| row.key));
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

async fn odd_text_comes_back_unchanged(store: &impl Store) -> Result<(), Broken> {
    let rule = "keys and values are any text";
    let names = [
        "'; DROP TABLE rows; --",
        "\"quoted\"",
        "%_*?[a]",
        "\\0",
        "\u{0}nul\u{0}",
        "\n\r\t",
        "ß",
        "ss",
        "e\u{301}",
        "é",
        "\u{202e}rtl",
        "👩‍👩‍👧‍👧",
        " ",
        " lead",
        "trail ",
        "UPPER",
        "upper",
    ];
    let puts = names.iter().map(|name| put(&key("odd", name), name)).collect();
    write(store, rule, puts).await?;
    for name in names {
        let value = read(store, rule, &key("odd", name)).await?.map(|(_, value)| value);
        equal(rule, value.as_deref(), Some(name))?;
    }
    let longest = key("odd", &"k".repeat(512 - key("odd", "").as_str().len()));
    write(store, rule, vec![put(&longest, "")]).await?;
    equal(rule, read(store, rule, &longest).await?.map(|(_, value)| value), Some(String::new()))
}

async fn the_largest_value_fits(store: &impl Store) -> Result<(), Broken> {
    let rule = "a value may have 60 KiB";
    let key = key("large", "row");
    let value = "é".repeat(LARGEST / 2);
    write(store, rule, vec![put(&key, &value)]).await?;
    let found = read(store, rule, &key).await?.map(|(_, value)| value);
    equal(rule, found == Some(value), true)
}

fn key(partition: &str, name: &str) -> Key {
    Key::from(format!("contract.{partition}/{name}"))
}

fn put(key: &Key, value: &str) -> Put {
    Put { key: key.clone(), value: value.to_owned(), expires: Some(NEVER) }
}

fn require(key: &Key, version: Option<Version>) -> Require {
    Require { key: key.clone(), version }
}

fn add(key: &Key, delta: i64, ceiling: i64) -> Add {
    Add { key: key.clone(), delta, ceiling, expires: Some(NEVER) }
}

async fn write(store: &impl Store, rule: &'static str, put: Vec<Put>) -> Result<(), Broken> {
    equal(rule, commit(store, rule, Batch { put, ..Batch::default() }).await?, Committed::Committed)
}

async fn commit(store: &impl Store, rule: &'static str, batch: Batch) -> Result<Committed, Broken> {
    store.commit(batch).await.map_err(failed(rule))
}

async fn read(store: &impl Store, rule: &'static str, key: &Key) -> Result<Option<(Version, String)>, Broken> {
    let rows = store.load(vec![key.clone()]).await.map_err(failed(rule))?;
    let row = rows.into_iter().next().ok_or_else(|| broken(rule, "no answer for a key"))?;
    Ok(row.map(|row| (row.version, row.value)))
}

async fn values<const N: usize>(
    store: &impl Store,
    rule: &'static str,
    keys: [&Key; N],
) -> Result<Vec<Option<String>>, Broken> {
    let rows = store.load(keys.map(Key::clone).to_vec()).await.map_err(failed(rule))?;
    Ok(rows.into_iter().map(|row| row.map(|row| row.value)).collect())
}

fn equal<T: PartialEq + Debug>(rule: &'static str, found: T, expected: T) -> Result<(), Broken> {
    if found == expected {
        return Ok(());
    }
    Err(broken(rule, format!("found {found:?}, expected {expected:?}")))
}

fn broken(rule: &'static str, found: impl Into<String>) -> Broken {
    Broken { rule, found: found.into() }
}

fn failed(rule: &'static str) -> impl Fn(StoreError) -> Broken {
    move |error| broken(rule, error.to_string())
}

/// Runs futures side by side, on whatever runtime the store needs.
async fn together<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    let mut all = pin!(poll_fn(|context| {
        for (future, output) in running.iter_mut().filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(ready) = future.as_mut().poll(context) {
                *output = Some(ready);
            }
        }
        if running.iter().all(|(_, output)| output.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    }));
    all.as_mut().await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}
