//! A store in one SQLite file.
//!
//! One thread writes and a few read, each with a connection of its own. The write-ahead log lets them work at the same
//! time, and lets other processes, such as the command line, use the same file.
//!
//! `synchronous = FULL`: every commit is on the disk before it is answered. `NORMAL` would be faster, but can lose the last
//! commits at a power cut, and with them the mark that a code or a refresh token has been used. Commits that wait
//! together share one write to the disk, so the price is paid once for all of them.

mod reader;
mod schema;
mod writer;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::Connection;
use tokio::sync::oneshot;

use self::reader::Read;
use self::writer::{Write, Writer};
use super::{Batch, Committed, Key, Page, Row, Scan, Store, StoreError};

/// What [`Sqlite::open_with`] may be told.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// How many threads read. Default 2.
    pub readers: usize,
    /// How long to wait for another process that writes. Default 5 seconds.
    pub busy_timeout: Duration,
    /// How often rows that have expired are removed. Default every minute.
    pub sweep_every: Duration,
    /// How many reads or writes may wait; one more is refused. Default 4096.
    pub queue: usize,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { readers: 2, busy_timeout: Duration::from_secs(5), sweep_every: Duration::from_secs(60), queue: 4096 }
    }
}

/// Rows in a SQLite file. Clones share its connections, which close with the last of them.
#[derive(Debug, Clone)]
pub struct Sqlite {
    writes: Sender<Write>,
    reads: Sender<Read>,
}

impl Sqlite {
    /// Opens a file, and makes it if it is not there.
    ///
    /// # Errors
    /// When the file cannot be opened, or holds something else.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path, SqliteOptions::default())
    }

    /// Opens a file with options of yours.
    ///
    /// # Errors
    /// As of [`Sqlite::open`].
    pub fn open_with(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, StoreError> {
        let path = real_file(path.as_ref())?;
        let mut writer = schema::connect(&path, &options)?;
        schema::prepare(&mut writer)?;

        let (reads, inbox) = bounded(options.queue);
        for number in 0..options.readers.max(1) {
            let connection = schema::connect(&path, &options)?;
            spawn_reader(number, connection, inbox.clone())?;
        }
        let (writes, inbox) = bounded(options.queue);
        spawn_writer(writer, inbox, options.sweep_every)?;
        Ok(Self { writes, reads })
    }

    async fn read<T>(&self, read: impl FnOnce(Reply<T>) -> Read) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.reads.try_send(read(reply)).map_err(|_| queue_full())?;
        answer.await.map_err(|_| StoreError::new("SQLite's reading thread is gone"))?
    }
}

impl Store for Sqlite {
    async fn load(&self, keys: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError> {
        self.read(|reply| Read::Load { keys, reply }).await
    }

    async fn commit(&self, batch: Batch) -> Result<Committed, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.writes.try_send(Write { batch, reply }).map_err(|_| queue_full())?;
        // Once the writer has it, only the writer knows what became of it.
        answer.await.unwrap_or(Ok(Committed::Unknown))
    }

    async fn scan(&self, range: Scan) -> Result<Page, StoreError> {
        self.read(|reply| Read::Scan { range, reply }).await
    }
}

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

fn spawn_reader(number: usize, connection: Connection, inbox: Receiver<Read>) -> Result<(), StoreError> {
    spawn(format!("claviger-sqlite-read-{number}"), move || reader::run(&connection, &inbox))
}

fn spawn_writer(connection: Connection, inbox: Receiver<Write>, sweep_every: Duration) -> Result<(), StoreError> {
    let mut writer = Writer::new(connection);
    spawn("claviger-sqlite-write".into(), move || writer.run(&inbox, sweep_every))
}

/// The threads end by themselves when the last sender is dropped.
fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    let spawned = thread::Builder::new().name(name).spawn(work);
    spawned.map(drop).map_err(|error| StoreError::because("no thread for SQLite", error))
}

/// A database in memory cannot be shared by several connections.
fn real_file(path: &Path) -> Result<PathBuf, StoreError> {
    if path.as_os_str().is_empty() || path.as_os_str() == ":memory:" {
        return Err(StoreError::new("SQLite needs a file; for rows in memory use the memory store"));
    }
    Ok(path.to_owned())
}

fn queue_full() -> StoreError {
    StoreError::new("too much work waits for SQLite")
}
