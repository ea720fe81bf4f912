//! Lists, whole.

use claviger::Error;
use claviger::commands::{Items, Paging};

use super::failure::Failure;

/// What a list has, page after page.
pub(super) async fn all<T>(list: impl AsyncFn(Paging) -> Result<Items<T>, Error>) -> Result<Vec<T>, Failure> {
    let mut all = Vec::new();
    let mut paging = Paging::first();
    loop {
        let page = list(paging).await?;
        all.extend(page.items);
        match page.next {
            Some(next) => paging = Paging::after(next),
            None => return Ok(all),
        }
    }
}
