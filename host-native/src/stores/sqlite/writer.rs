//! The thread that writes.
//!
//! Batches that wait together go into one transaction, each inside a savepoint of its own: all or nothing for each of
//! them, and one write to the disk for all. Nobody is answered before that write.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use rusqlite::{Connection, OptionalExtension, Savepoint, Transaction, TransactionBehavior, params};

use super::Reply;
use crate::clock::Clock;
use crate::stores::memory::parse_counter;
use crate::stores::{Add, Batch, Committed, Require, StoreError, Version};

/// How many batches share a transaction at most, so that other processes get their turn.
const GROUP: usize = 64;

/// How many expired rows one sweep removes at most, for the same reason.
const SWEEP: i64 = 1000;

const VERSION: &str = "SELECT version FROM claviger_rows WHERE key = ?1";
const VALUE: &str = "SELECT value FROM claviger_rows WHERE key = ?1";
const PUT: &str = "INSERT INTO claviger_rows (key, version, value, expires) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (key) DO UPDATE SET version = excluded.version, value = excluded.value, expires = excluded.expires";
const DELETE: &str = "DELETE FROM claviger_rows WHERE key = ?1";
const EXPIRED: &str =
    "DELETE FROM claviger_rows WHERE key IN (SELECT key FROM claviger_rows WHERE expires <= ?1 LIMIT ?2)";
const LAST: &str = "SELECT last FROM claviger_sequence";
const SET_LAST: &str = "UPDATE claviger_sequence SET last = ?1";

pub(super) struct Write {
    pub(super) batch: Batch,
    pub(super) reply: Reply<Committed>,
}

pub(super) struct Writer {
    connection: Connection,
    clock: Clock,
}

impl Writer {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, clock: Clock::default() }
    }

    /// Serves writes until nobody can ask any more, and sweeps now and then.
    pub(super) fn run(&mut self, inbox: &Receiver<Write>, sweep_every: Duration) {
        let mut sweep_at = Instant::now() + sweep_every;
        loop {
            match inbox.recv_deadline(sweep_at) {
                Ok(first) => self.write(std::iter::once(first).chain(inbox.try_iter()).take(GROUP).collect()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if Instant::now() >= sweep_at {
                self.sweep();
                sweep_at = Instant::now() + sweep_every;
            }
        }
    }

    /// Whoever does not take a reply has gone away; the commit stands.
    fn write(&mut self, group: Vec<Write>) {
        let (batches, replies): (Vec<_>, Vec<_>) = group.into_iter().map(|write| (write.batch, write.reply)).unzip();
        match self.commit(batches) {
            Ok(outcomes) => {
                for (reply, outcome) in replies.into_iter().zip(outcomes) {
                    drop(reply.send(outcome));
                }
            }
            Err(failure) => {
                for reply in replies {
                    drop(reply.send(failure.answer()));
                }
            }
        }
    }

    fn commit(&mut self, batches: Vec<Batch>) -> Result<Vec<Result<Committed, StoreError>>, Failure> {
        let behavior = TransactionBehavior::Immediate;
        let mut transaction = self.connection.transaction_with_behavior(behavior).map_err(Failure::Before)?;
        let outcomes = apply_all(&mut transaction, batches).map_err(Failure::Before)?;
        transaction.commit().map_err(Failure::During)?;
        Ok(outcomes)
    }

    fn sweep(&mut self) {
        let now = sql_time(self.clock.now());
        if let Err(error) = self.connection.execute(EXPIRED, params![now, SWEEP]) {
            tracing::warn!(%error, "SQLite cannot remove expired rows");
        }
    }
}

/// Why a whole group failed.
enum Failure {
    /// Nothing was applied.
    Before(rusqlite::Error),
    /// The last write went wrong, and it cannot be said how far it came.
    During(rusqlite::Error),
}

impl Failure {
    fn answer(&self) -> Result<Committed, StoreError> {
        match self {
            Self::Before(error) => Err(StoreError::new(format!("SQLite cannot write: {error}"))),
            Self::During(error) => {
                tracing::error!(%error, "SQLite cannot say whether it has written");
                Ok(Committed::Unknown)
            }
        }
    }
}

fn apply_all(
    transaction: &mut Transaction<'_>,
    batches: Vec<Batch>,
) -> rusqlite::Result<Vec<Result<Committed, StoreError>>> {
    let mut sequence = Sequence::load(transaction)?;
    let mut outcomes = Vec::with_capacity(batches.len());
    for batch in batches {
        let savepoint = transaction.savepoint()?;
        outcomes.push(match apply(&savepoint, &batch, &mut sequence) {
            Ok(Committed::Committed) => savepoint.commit().map(|()| Ok(Committed::Committed))?,
            // A savepoint that is dropped is rolled back.
            Ok(outcome) => Ok(outcome),
            Err(error) => Err(error),
        });
    }
    sequence.save(transaction)?;
    Ok(outcomes)
}

fn apply(savepoint: &Savepoint<'_>, batch: &Batch, sequence: &mut Sequence) -> Result<Committed, StoreError> {
    batch.changes_keys_once()?;
    for require in &batch.require {
        if !holds(savepoint, require).map_err(failed)? {
            return Ok(Committed::Stale);
        }
    }
    for put in &batch.put {
        write(savepoint, put.key.as_str(), &put.value, put.expires, sequence).map_err(failed)?;
    }
    for key in &batch.delete {
        savepoint.prepare_cached(DELETE).and_then(|mut delete| delete.execute([key.as_str()])).map_err(failed)?;
    }
    for add in &batch.add {
        let Some(sum) = sum(savepoint, add)? else { return Ok(Committed::Stale) };
        write(savepoint, add.key.as_str(), &sum.to_string(), add.expires, sequence).map_err(failed)?;
    }
    Ok(Committed::Committed)
}

fn holds(savepoint: &Savepoint<'_>, require: &Require) -> rusqlite::Result<bool> {
    let mut query = savepoint.prepare_cached(VERSION)?;
    let version: Option<i64> = query.query_row([require.key.as_str()], |row| row.get(0)).optional()?;
    Ok(version.map(|version| Version::from(version.to_string())) == require.version)
}

/// The counter's next value, or none if that is over its ceiling.
fn sum(savepoint: &Savepoint<'_>, add: &Add) -> Result<Option<i64>, StoreError> {
    let counter: Option<String> = savepoint
        .prepare_cached(VALUE)
        .and_then(|mut query| query.query_row([add.key.as_str()], |row| row.get(0)).optional())
        .map_err(failed)?;
    let counter = counter.as_deref().map_or(Ok(0), parse_counter)?;
    Ok(counter.checked_add(add.delta).filter(|sum| *sum <= add.ceiling))
}

fn write(
    savepoint: &Savepoint<'_>,
    key: &str,
    value: &str,
    expires: Option<u64>,
    sequence: &mut Sequence,
) -> rusqlite::Result<()> {
    let mut put = savepoint.prepare_cached(PUT)?;
    put.execute(params![key, sequence.next(), value, expires.map(sql_time)]).map(drop)
}

/// The versions that a transaction gives out.
struct Sequence(i64);

impl Sequence {
    fn load(transaction: &Transaction<'_>) -> rusqlite::Result<Self> {
        transaction.prepare_cached(LAST)?.query_row([], |row| row.get(0)).map(Self)
    }

    fn next(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }

    fn save(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        transaction.prepare_cached(SET_LAST)?.execute([self.0]).map(drop)
    }
}

fn sql_time(milliseconds: u64) -> i64 {
    i64::try_from(milliseconds).unwrap_or(i64::MAX)
}

fn failed(error: rusqlite::Error) -> StoreError {
    StoreError::because("SQLite cannot write", error)
}
