//! The tables, and how a connection is set up.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::SqliteOptions;
use crate::stores::StoreError;

/// Kept in `user_version`: a file of a newer layout is refused rather than misread.
const LAYOUT: i64 = 1;

/// `claviger_sequence` holds the last version given. One sequence serves all keys and never goes back, so a version
/// never repeats, not even for a key that was deleted and made again.
const TABLES: &str = "
    CREATE TABLE claviger_rows (
        key     TEXT PRIMARY KEY NOT NULL,
        version INTEGER NOT NULL,
        value   TEXT NOT NULL,
        expires INTEGER
    );
    CREATE INDEX claviger_rows_expires ON claviger_rows (expires) WHERE expires IS NOT NULL;
    CREATE TABLE claviger_sequence (last INTEGER NOT NULL);
    INSERT INTO claviger_sequence (last) VALUES (0);
";

pub(super) fn connect(path: &Path, options: &SqliteOptions) -> Result<Connection, StoreError> {
    open(path, options).map_err(|error| StoreError::because(&format!("SQLite cannot open {}", path.display()), error))
}

fn open(path: &Path, options: &SqliteOptions) -> rusqlite::Result<Connection> {
    #[cfg(unix)]
    make_private(path);
    let connection = Connection::open(path)?;
    connection.busy_timeout(options.busy_timeout)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

/// A new file is its owner's alone, since password hashes are in it; SQLite makes the files beside it alike. A file that is there
/// stays as it is, and what cannot be made here SQLite itself will say.
#[cfg(unix)]
fn make_private(path: &Path) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let name = path.to_string_lossy();
    if !name.is_empty() && name != ":memory:" && !name.starts_with("file:") {
        drop(std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path));
    }
}

/// Makes the tables, unless another process has.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    let layout =
        make_tables(connection).map_err(|error| StoreError::because("SQLite cannot make the tables", error))?;
    if layout == LAYOUT {
        return Ok(());
    }
    Err(StoreError::new(format!("the SQLite file has layout {layout}, and this version knows layout {LAYOUT}")))
}

fn make_tables(connection: &mut Connection) -> rusqlite::Result<i64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let layout = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if layout != 0 {
        return Ok(layout);
    }
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "user_version", LAYOUT)?;
    transaction.commit()?;
    Ok(LAYOUT)
}
