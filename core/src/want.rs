//! What a flow loads in one trip.

use crate::ask::{Key, Row};
use crate::host::Host;
use crate::record::{self, Record, Slot, Stored};
use crate::refusal::Fault;

/// One or more records to load together: a [`Slot`], an optional slot, or a tuple of them.
pub(crate) trait Want {
    type Got;
    fn keys(&self, keys: &mut Vec<Key>);
    fn take(self, host: &Host, rows: &mut impl Iterator<Item = Option<Row>>) -> Result<Self::Got, Fault>;
}

impl<T: Record> Want for Slot<T> {
    type Got = Option<Stored<T>>;

    fn keys(&self, keys: &mut Vec<Key>) {
        keys.push(self.key.clone());
    }

    fn take(self, host: &Host, rows: &mut impl Iterator<Item = Option<Row>>) -> Result<Self::Got, Fault> {
        match rows.next().flatten() {
            Some(row) => record::read(host.tenant(), host.now(), self.key, row),
            None => Ok(None),
        }
    }
}

/// A record even when it is over: a row that a store has not removed yet stands where another would be made.
pub(crate) struct EvenIfOver<T>(pub(crate) Slot<T>);

impl<T: Record> Want for EvenIfOver<T> {
    type Got = Option<Stored<T>>;

    fn keys(&self, keys: &mut Vec<Key>) {
        self.0.keys(keys);
    }

    fn take(self, host: &Host, rows: &mut impl Iterator<Item = Option<Row>>) -> Result<Self::Got, Fault> {
        match rows.next().flatten() {
            Some(row) => record::read(host.tenant(), 0, self.0.key, row),
            None => Ok(None),
        }
    }
}

impl<T: Record> Want for Option<Slot<T>> {
    type Got = Option<Stored<T>>;

    fn keys(&self, keys: &mut Vec<Key>) {
        if let Some(slot) = self {
            slot.keys(keys);
        }
    }

    fn take(self, host: &Host, rows: &mut impl Iterator<Item = Option<Row>>) -> Result<Self::Got, Fault> {
        self.map_or(Ok(None), |slot| slot.take(host, rows))
    }
}

impl<W: Want> Want for Vec<W> {
    type Got = Vec<W::Got>;

    fn keys(&self, keys: &mut Vec<Key>) {
        self.iter().for_each(|want| want.keys(keys));
    }

    fn take(self, host: &Host, rows: &mut impl Iterator<Item = Option<Row>>) -> Result<Self::Got, Fault> {
        self.into_iter().map(|want| want.take(host, rows)).collect()
    }
}

macro_rules! want_together {
    ($($name:ident)+) => {
        impl<$($name: Want),+> Want for ($($name,)+) {
            type Got = ($($name::Got,)+);

            fn keys(&self, keys: &mut Vec<Key>) {
                #[allow(non_snake_case, reason = "one name for the type and its value")]
                let ($($name,)+) = self;
                $($name.keys(keys);)+
            }

            fn take(self, host: &Host, rows: &mut impl Iterator<Item = Option<Row>>) -> Result<Self::Got, Fault> {
                #[allow(non_snake_case, reason = "one name for the type and its value")]
                let ($($name,)+) = self;
                Ok(($($name.take(host, rows)?,)+))
            }
        }
    };
}

want_together!(A B);
want_together!(A B C);
want_together!(A B C D);
want_together!(A B C D E);
want_together!(A B C D E F);
