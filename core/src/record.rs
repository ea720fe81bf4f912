//! Records: what a row holds, where it lives, and the envelope that says so inside.
//!
//! Every value carries its schema's version, its tenant, its kind and the attempt that wrote it. A row of a newer schema is refused,
//! since writing it again would drop what this engine does not know; so is one read under another tenant or for another purpose. An
//! attempt id tells a flow whether a commit of unknown outcome was its own.

use std::marker::PhantomData;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ask::{Key, Row};
use crate::hash::{b64u, sha256};
use crate::refusal::Fault;
use crate::time::Millis;

/// A kind of record.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// Stands in the envelope and is checked on every read.
    const KIND: &'static str;

    /// Raised when a member is added that an engine without it must not drop. Older rows stay readable.
    const SCHEMA: u32 = 1;

    /// When the record is over and the store may remove it; `None` keeps it.
    fn expires(&self) -> Option<Millis>;

    /// Whether a row that is still there counts as none.
    fn is_over(&self, now: Millis) -> bool {
        self.expires().is_some_and(|expires| expires <= now)
    }
}

/// Where a record lives.
#[derive(Clone, Debug)]
pub(crate) struct Slot<T> {
    pub(crate) key: Key,
    kind: PhantomData<T>,
}

impl<T: Record> Slot<T> {
    /// `room.owner` is the partition, `name` the row in it.
    pub(crate) fn new(tenant: &str, room: &str, owner: &str, name: &str) -> Self {
        Self { key: Key(format!("{}/{name}", partition(tenant, room, owner))), kind: PhantomData }
    }
}

/// The longest owner that stands in a key as it is; longer ones stand as their hash.
const LONGEST_OWNER: usize = 256;
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

pub(crate) fn partition(tenant: &str, room: &str, owner: &str) -> String {
    let escaped = utf8_percent_encode(owner, PLAIN).to_string();
    let owner = if escaped.len() <= LONGEST_OWNER { escaped } else { format!("~{}", b64u(sha256(owner.as_bytes()))) };
    format!("{tenant}.{room}.{owner}")
}

/// A record as it was read, with what a later commit must require.
#[derive(Clone, Debug)]
pub(crate) struct Stored<T> {
    pub(crate) key: Key,
    pub(crate) version: String,
    pub(crate) value: T,
}

#[derive(Serialize)]
struct Sealing<'a, T> {
    v: u32,
    tenant: &'a str,
    kind: &'a str,
    attempt: &'a str,
    /// When the row is over, for a purge that knows no kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Millis>,
    value: &'a T,
}

#[derive(Deserialize)]
struct Opening<'a> {
    v: u32,
    tenant: &'a str,
    kind: &'a str,
    attempt: &'a str,
    #[serde(default)]
    until: Option<Millis>,
    #[serde(borrow)]
    value: &'a RawValue,
}

impl<'a> Opening<'a> {
    fn read(envelope: &'a str) -> Result<Self, Fault> {
        crate::json::read(envelope.as_bytes()).map_err(|_| UNREADABLE)
    }
}

/// A record in its envelope, as text for the store.
pub(crate) fn write<T: Record>(tenant: &str, attempt: &str, value: &T) -> Result<String, Fault> {
    serde_json::to_string(&Sealing { v: T::SCHEMA, tenant, kind: T::KIND, attempt, until: value.expires(), value })
        .map_err(|_| Fault::bad_row("it cannot be written"))
}

/// The record of a row, unless it is over. A row of another tenant or kind is a fault.
pub(crate) fn read<T: Record>(tenant: &str, now: Millis, key: Key, row: Row) -> Result<Option<Stored<T>>, Fault> {
    let value: T = open(tenant, T::KIND, T::SCHEMA, &row.value)
        .and_then(|value| crate::json::read(value.get().as_bytes()).map_err(|_| UNREADABLE))
        .map_err(|fault| fault.of_row(&key))?;
    Ok((!value.is_over(now)).then_some(Stored { key, version: row.version, value }))
}

const UNREADABLE: Fault = Fault::bad_row("it cannot be read");
const ANOTHER_TENANTS: Fault = Fault::bad_row("it is another tenant's");

/// What is in the envelope, if it is addressed to this tenant and kind.
fn open<'a>(tenant: &str, kind: &str, schema: u32, envelope: &'a str) -> Result<&'a RawValue, Fault> {
    let opened = Opening::read(envelope)?;
    match opened {
        _ if opened.tenant != tenant => Err(ANOTHER_TENANTS),
        _ if opened.kind != kind => Err(Fault::bad_row("it was written for another purpose")),
        _ if opened.v > schema => Err(Fault::bad_row("a newer engine wrote it")),
        _ => Ok(opened.value),
    }
}

/// The kind and the end of a row, whatever it is.
pub(crate) fn end_of(tenant: &str, row: &Row) -> Result<(String, Option<Millis>), Fault> {
    let opened = Opening::read(&row.value)?;
    if opened.tenant == tenant { Ok((opened.kind.to_owned(), opened.until)) } else { Err(ANOTHER_TENANTS) }
}

/// Whether this attempt wrote a row.
pub(crate) fn is_of(row: &Row, attempt: &str) -> bool {
    Opening::read(&row.value).is_ok_and(|opened| opened.attempt == attempt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Note {
        until: Option<Millis>,
    }

    impl Record for Note {
        const KIND: &'static str = "note";
        fn expires(&self) -> Option<Millis> {
            self.until
        }
    }

    #[derive(Debug, Serialize, Deserialize)]
    struct Other {
        until: Option<Millis>,
    }

    impl Record for Other {
        const KIND: &'static str = "other";
        fn expires(&self) -> Option<Millis> {
            None
        }
    }

    fn row() -> Row {
        Row { version: "1".into(), value: write("main", "a1", &Note { until: Some(10) }).unwrap() }
    }

    #[test]
    fn a_row_of_another_tenant_or_kind_is_refused() {
        let key = Key("k/n".into());
        assert!(read::<Note>("main", 5, key.clone(), row()).unwrap().is_some());
        assert!(matches!(read::<Note>("other", 5, key.clone(), row()), Err(Fault::BadRow { key: Some(_), .. })));
        assert!(matches!(read::<Other>("main", 5, key, row()), Err(Fault::BadRow { key: Some(_), .. })));
    }

    #[test]
    fn sf_011_a_row_of_a_newer_schema_is_refused_and_one_of_an_older_is_read() {
        let version = |v: u32| {
            let value = row().value.replacen("\"v\":1", &format!("\"v\":{v}"), 1);
            read::<Note>("main", 5, Key("k/n".into()), Row { value, ..row() })
        };
        assert!(version(0).unwrap().is_some());
        assert!(version(1).unwrap().is_some());
        assert!(matches!(version(2), Err(Fault::BadRow { why: "a newer engine wrote it", .. })));
    }

    #[test]
    fn an_expired_row_is_no_row_even_when_the_store_still_has_it() {
        assert!(read::<Note>("main", 10, Key("k/n".into()), row()).unwrap().is_none());
    }

    #[test]
    fn keys_are_plain_bounded_and_never_collide_by_escaping() {
        assert_eq!(partition("main", "client", "a.b/c"), "main.client.a%2Eb%2Fc");
        assert_ne!(partition("main", "client", "a/b"), partition("main", "client", "a%2Fb"));
        assert!(partition("main", "client", &"x".repeat(9999)).len() < 100);
    }
}
