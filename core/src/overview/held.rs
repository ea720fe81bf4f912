//! What is kept of a person: one page of the rows of their partition. Sorted, these are the account, what they allowed, their grants
//! and their sessions, so that one scan brings all of it for nearly everybody.

use crate::account;
use crate::ask::{Key, KeyedRow, Row, Scan};
use crate::host::Host;
use crate::record::{self, Record, Slot, Stored, partition};
use crate::refusal::{Fault, Stop};
use crate::session::{Presented, SignedIn};
use crate::want::Want;

/// How many rows are looked at together.
const ROWS: u32 = 100;
/// Longer than any name here.
const LONGEST_NAME: usize = 100;
/// Names that come after it are of no interest here.
const LAST: &str = "session/";

pub(super) struct Held {
    prefix: String,
    after: Option<Key>,
    rows: Vec<KeyedRow>,
    next: Option<Key>,
}

impl Held {
    /// The page after the row of this name, or the first.
    pub(super) async fn scan(host: &Host, subject: &str, after: Option<&str>) -> Result<Self, Stop> {
        let prefix = format!("{}/", partition(host.tenant(), account::ROOM, subject));
        let after = after.filter(|name| name.len() <= LONGEST_NAME).map(|name| Key(format!("{prefix}{name}")));
        Ok(Self::at(host, prefix, after).await?)
    }

    async fn at(host: &Host, prefix: String, after: Option<Key>) -> Result<Self, Fault> {
        let page = host.page(Scan { prefix: prefix.clone(), after: after.clone(), limit: ROWS }).await?;
        let of_interest = |key: &Key| key.0.strip_prefix(&prefix).is_some_and(|name| name < LAST);
        Ok(Self { next: page.next.filter(of_interest), rows: page.rows, prefix, after })
    }

    /// The page after this one, if it may hold something.
    pub(super) async fn next(self, host: &Host) -> Result<Option<Self>, Stop> {
        match self.next {
            Some(next) => Ok(Some(Self::at(host, self.prefix, Some(next)).await?)),
            None => Ok(None),
        }
    }

    /// The name of the row that the next page begins after.
    pub(super) fn cursor(&self) -> Option<&str> {
        self.next.as_ref()?.0.strip_prefix(&self.prefix)
    }

    /// The records whose names start so.
    pub(super) fn records<T: Record>(&self, host: &Host, start: &str) -> Result<Vec<Stored<T>>, Stop> {
        let is_such =
            |row: &&KeyedRow| row.key.0.strip_prefix(&self.prefix).is_some_and(|name| name.starts_with(start));
        let read = self.rows.iter().filter(is_such).filter_map(|row| read(host, row).transpose());
        Ok(read.collect::<Result<_, _>>()?)
    }

    pub(super) fn has(&self, key: &Key) -> bool {
        self.row(key).is_some()
    }

    /// One record: loaded when it is not of this page.
    pub(super) async fn one<T: Record>(&self, host: &Host, slot: Slot<T>) -> Result<Option<Stored<T>>, Stop> {
        if self.covers(&slot.key) { Ok(self.find(host, Some(&slot))?) } else { host.load(slot).await }
    }

    fn find<T: Record>(&self, host: &Host, slot: Option<&Slot<T>>) -> Result<Option<Stored<T>>, Fault> {
        slot.and_then(|slot| self.row(&slot.key)).map_or(Ok(None), |row| read(host, row))
    }

    /// Who came with a session, if it is good.
    pub(super) async fn whose(&self, host: &Host, presented: &Presented) -> Result<Option<SignedIn>, Stop> {
        let slots = Presented::slots(Some(presented), host);
        let mut keys = Vec::new();
        slots.keys(&mut keys);
        let rows = if keys.iter().all(|key| self.covers(key)) {
            let found = |key| self.row(key).map(|row| Row { version: row.version.clone(), value: row.value.clone() });
            slots.take(host, &mut keys.iter().map(found))?
        } else {
            host.load(slots).await?
        };
        Presented::check(Some(presented), host, rows).await
    }

    fn row(&self, key: &Key) -> Option<&KeyedRow> {
        self.rows.iter().find(|row| row.key == *key)
    }

    /// Whether the row would be here if there were one.
    fn covers(&self, key: &Key) -> bool {
        self.after.as_ref().is_none_or(|after| after.0 < key.0) && self.next.as_ref().is_none_or(|next| key.0 <= next.0)
    }
}

fn read<T: Record>(host: &Host, row: &KeyedRow) -> Result<Option<Stored<T>>, Fault> {
    let KeyedRow { key, version, value } = row.clone();
    record::read(host.tenant(), host.now(), key, Row { version, value })
}
