//! Storage: three methods, and what they promise (`docs/contract.md`, section 4).
//!
//! A store of your own implements [`Store`]; [`contract::check`] then says whether it keeps the promises.

pub mod contract;
mod dynamic;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;
mod types;

pub(crate) use dynamic::DynStore;
pub use memory::Memory;
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteOptions};
pub use types::{Add, Batch, Committed, Entry, Key, Page, Put, Require, Row, Scan, StoreError, Version};

/// Where the engine's rows live.
///
/// The methods take `&self` and may run at the same time. Write them as `async fn`.
pub trait Store: Send + Sync + 'static {
    /// Answers one row or `None` for each key, in order. A row that has been committed is seen by every later load.
    ///
    /// # Errors
    /// Whatever the engine's log should say. A failed load always denies.
    fn load(&self, keys: Vec<Key>) -> impl Future<Output = Result<Vec<Option<Row>>, StoreError>> + Send;

    /// Applies the whole batch if every requirement holds, and nothing otherwise, against every other commit.
    ///
    /// [`Committed::Committed`] means that the write is durable. When you cannot say whether it was applied, such as
    /// after a lost reply, answer [`Committed::Unknown`]: the engine reads back and finds out.
    ///
    /// # Errors
    /// Whatever the engine's log should say. It is taken for [`Committed::Unknown`].
    fn commit(&self, batch: Batch) -> impl Future<Output = Result<Committed, StoreError>> + Send;

    /// Answers the rows of a range, ordered by the bytes of their keys. Only administration scans.
    ///
    /// # Errors
    /// Whatever the engine's log should say.
    fn scan(&self, range: Scan) -> impl Future<Output = Result<Page, StoreError>> + Send;
}
