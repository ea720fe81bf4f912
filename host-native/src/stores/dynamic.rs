//! [`Store`] as an object, so that no type of the crate is generic over it.

use std::pin::Pin;

use super::{Batch, Committed, Key, Page, Row, Scan, Store, StoreError};

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

pub(crate) trait DynStore: Send + Sync {
    fn load(&self, keys: Vec<Key>) -> Answer<'_, Vec<Option<Row>>>;
    fn commit(&self, batch: Batch) -> Answer<'_, Committed>;
    fn scan(&self, range: Scan) -> Answer<'_, Page>;
}

impl<S: Store> DynStore for S {
    fn load(&self, keys: Vec<Key>) -> Answer<'_, Vec<Option<Row>>> {
        Box::pin(Store::load(self, keys))
    }

    fn commit(&self, batch: Batch) -> Answer<'_, Committed> {
        Box::pin(Store::commit(self, batch))
    }

    fn scan(&self, range: Scan) -> Answer<'_, Page> {
        Box::pin(Store::scan(self, range))
    }
}
