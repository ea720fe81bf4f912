//! The threads that read.

use crossbeam_channel::Receiver;
use rusqlite::{Connection, OptionalExtension, Result, Row as SqlRow, params};

use super::Reply;
use crate::stores::{Entry, Key, Page, Row, Scan, StoreError, Version};

const LOAD: &str = "SELECT version, value FROM claviger_rows WHERE key = ?1";
const SCAN: &str = "SELECT key, version, value FROM claviger_rows WHERE key >= ?1 AND key > ?2 ORDER BY key LIMIT ?3";

pub(super) enum Read {
    Load { keys: Vec<Key>, reply: Reply<Vec<Option<Row>>> },
    Scan { range: Scan, reply: Reply<Page> },
}

/// Serves reads until nobody can ask any more. Whoever does not take a reply has gone away.
pub(super) fn run(connection: &Connection, inbox: &Receiver<Read>) {
    while let Ok(read) = inbox.recv() {
        match read {
            Read::Load { keys, reply } => drop(reply.send(load(connection, &keys).map_err(failed))),
            Read::Scan { range, reply } => drop(reply.send(scan(connection, &range).map_err(failed))),
        }
    }
}

fn load(connection: &Connection, keys: &[Key]) -> Result<Vec<Option<Row>>> {
    let mut query = connection.prepare_cached(LOAD)?;
    keys.iter().map(|key| query.query_row([key.as_str()], row).optional()).collect()
}

fn row(row: &SqlRow<'_>) -> Result<Row> {
    Ok(Row { version: version(row.get(0)?), value: row.get(1)? })
}

/// One row more than was asked for is read, to know whether there are more.
fn scan(connection: &Connection, range: &Scan) -> Result<Page> {
    let after = range.after.as_ref().map_or("", Key::as_str);
    let limit = i64::try_from(range.limit).unwrap_or(i64::MAX - 1) + 1;
    let mut query = connection.prepare_cached(SCAN)?;
    let mut rows = Vec::new();
    for entry in query.query_map(params![range.prefix, after, limit], entry)? {
        let entry = entry?;
        if !entry.key.as_str().starts_with(&range.prefix) {
            break;
        }
        rows.push(entry);
    }
    let more = rows.len() > range.limit;
    rows.truncate(range.limit);
    let next = rows.last().filter(|_| more).map(|last| last.key.clone());
    Ok(Page { rows, next })
}

fn entry(row: &SqlRow<'_>) -> Result<Entry> {
    Ok(Entry { key: Key::from(row.get::<_, String>(0)?), version: version(row.get(1)?), value: row.get(2)? })
}

fn version(number: i64) -> Version {
    Version::from(number.to_string())
}

fn failed(error: rusqlite::Error) -> StoreError {
    StoreError::because("SQLite cannot read", error)
}
