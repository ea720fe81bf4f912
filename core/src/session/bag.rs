//! The bag: an application's own values of one session, for a person who is signed in or a visitor who is not yet. Changes are said one by
//! one and made on the row as it is then, so that two requests at once lose nothing of each other's: different values stay, sums and
//! lists grow by both, and of two changes of one value the later counts.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::account;
use crate::config::Config;
use crate::handle::Id;
use crate::hash::b64u;
use crate::record::{Record, Slot};
use crate::refusal::Refusal;
use crate::time::Millis;

/// The most that a bag holds, as JSON.
const LONGEST: usize = 16_384;
const LONGEST_KEY: usize = 128;
const LONGEST_URL: usize = 2048;
/// The most changes at once.
const MOST_CHANGES: usize = 256;

/// The partitions of visitors.
pub(super) const VISITORS: &str = "visitor";

/// What an application keeps with a session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bag {
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) values: Map<String, Value>,
    /// For the next read alone.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) flash: Map<String, Value>,
    /// How often the token of its forms was made anew.
    #[serde(default)]
    pub(super) token: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) previous_url: Option<String>,
    pub(super) until: Millis,
}

impl Record for Bag {
    const KIND: &'static str = "bag";

    fn expires(&self) -> Option<Millis> {
        Some(self.until)
    }
}

/// One change of a bag.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub enum Difference {
    Put {
        key: String,
        value: Value,
    },
    Push {
        key: String,
        value: Value,
    },
    Add {
        key: String,
        by: i64,
    },
    Forget {
        key: String,
    },
    /// All values and what is for the next read; the token of its forms stays.
    Flush {},
    Flash {
        key: String,
        value: Value,
    },
    PreviousUrl {
        url: String,
    },
    RegenerateToken {},
}

impl Bag {
    /// Of a signed-in session: in the person's partition, beside it.
    pub(super) fn slot(config: &Config, subject: &str, session: &str) -> Slot<Self> {
        Slot::new(&config.tenant, account::ROOM, subject, &format!("bag.{session}"))
    }

    /// Of a visitor: in a partition of its own.
    pub(super) fn of_visitor(config: &Config, id: &Id) -> Slot<Self> {
        Slot::new(&config.tenant, VISITORS, &b64u(id), "bag")
    }

    /// The same after these changes.
    pub(super) fn changed(mut self, changes: &[Difference]) -> Result<Self, Refusal> {
        if changes.len() > MOST_CHANGES {
            return Err(Refusal::InvalidArgument("changes: at most 256"));
        }
        for change in changes {
            self.change(change)?;
        }
        let size = [&self.values, &self.flash].map(|values| serde_json::to_string(values).map_or(0, |text| text.len()));
        if size.iter().sum::<usize>() > LONGEST {
            return Err(Refusal::InvalidArgument("changes: the values of a session have at most 16 kB as JSON"));
        }
        Ok(self)
    }

    fn change(&mut self, change: &Difference) -> Result<(), Refusal> {
        match change {
            Difference::Put { key, value } => {
                self.values.insert(checked(key)?, value.clone());
            }
            Difference::Push { key, value } => {
                match self.values.entry(checked(key)?).or_insert_with(|| Value::Array(Vec::new())) {
                    Value::Array(list) => list.push(value.clone()),
                    _ => return Err(Refusal::InvalidArgument("push: the value is no list")),
                }
            }
            Difference::Add { key, by } => {
                const NOT_WHOLE: Refusal =
                    Refusal::InvalidArgument("add: the value is no whole number, or would be too large");
                let value = self.values.entry(checked(key)?).or_insert_with(|| 0.into());
                // JavaScript's own bound for whole numbers.
                let bound = |sum: &i64| sum.unsigned_abs() < 1 << 53;
                let sum = value.as_i64().and_then(|value| value.checked_add(*by)).filter(bound);
                *value = sum.ok_or(NOT_WHOLE)?.into();
            }
            Difference::Forget { key } => {
                self.values.remove(key);
                self.flash.remove(key);
            }
            Difference::Flush {} => {
                self.values.clear();
                self.flash.clear();
            }
            Difference::Flash { key, value } => {
                self.flash.insert(checked(key)?, value.clone());
            }
            Difference::PreviousUrl { url } if url.len() > LONGEST_URL || url.contains(char::is_control) => {
                return Err(Refusal::InvalidArgument("previousUrl: at most 2048 characters"));
            }
            Difference::PreviousUrl { url } => self.previous_url = Some(url.clone()),
            Difference::RegenerateToken {} => self.token = self.token.wrapping_add(1),
        }
        Ok(())
    }
}

fn checked(key: &str) -> Result<String, Refusal> {
    if (1..=LONGEST_KEY).contains(&key.chars().count()) {
        Ok(key.to_owned())
    } else {
        Err(Refusal::InvalidArgument("changes: a key has from 1 to 128 characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn changes(written: Value) -> Vec<Difference> {
        serde_json::from_value(written).unwrap()
    }

    fn after(bag: Bag, written: Value) -> Bag {
        bag.changed(&changes(written)).unwrap()
    }

    #[test]
    fn a17_values_are_put_pushed_added_and_forgotten() {
        let bag = after(
            Bag::default(),
            json!([
                { "put": { "key": "name", "value": "ada" } },
                { "push": { "key": "basket", "value": 7 } },
                { "push": { "key": "basket", "value": { "book": 1 } } },
                { "add": { "key": "visits", "by": 2 } },
                { "add": { "key": "visits", "by": -3 } },
                { "flash": { "key": "notice", "value": "saved" } },
                { "previousUrl": { "url": "/basket?x=1" } },
            ]),
        );
        assert_eq!(
            Value::Object(bag.values.clone()),
            json!({ "name": "ada", "basket": [7, { "book": 1 }], "visits": -1 })
        );
        assert_eq!((bag.flash.len(), bag.previous_url.as_deref()), (1, Some("/basket?x=1")));
        let bag = after(bag, json!([{ "forget": { "key": "name" } }, { "regenerateToken": {} }]));
        assert_eq!((bag.values.len(), bag.token), (2, 1));
        let bag = after(bag, json!([{ "flush": {} }]));
        assert_eq!((bag.values.len(), bag.flash.len(), bag.token), (0, 0, 1));
    }

    #[test]
    fn a17_what_does_not_fit_is_refused_and_changes_nothing() {
        let bag = after(Bag::default(), json!([{ "put": { "key": "name", "value": "ada" } }]));
        for refused in [
            json!([{ "push": { "key": "name", "value": 1 } }]),
            json!([{ "add": { "key": "name", "by": 1 } }]),
            json!([{ "add": { "key": "n", "by": 9_007_199_254_740_992_i64 } }]),
            json!([{ "put": { "key": "", "value": 1 } }]),
            json!([{ "put": { "key": "x".repeat(129), "value": 1 } }]),
            json!([{ "put": { "key": "big", "value": "x".repeat(LONGEST) } }]),
            json!([{ "previousUrl": { "url": "/\n" } }]),
            Value::Array(vec![json!({ "flush": {} }); 257]),
        ] {
            assert!(bag.clone().changed(&changes(refused.clone())).is_err(), "{refused}");
        }
    }
}
