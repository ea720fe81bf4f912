//! The root secrets: one, or several so that they can be rotated.

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::check::ensure;
use crate::refusal::Fault;
use crate::seal::Roots;

/// One secret, or several: the newest first.
pub(crate) struct OneOrMany(Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> Visitor<'de> for Written {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("secrets")
            }

            fn visit_str<E: de::Error>(self, one: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![one.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany, A::Error> {
                let mut many = Vec::new();
                while let Some(one) = list.next_element()? {
                    many.push(one);
                }
                Ok(OneOrMany(many))
            }
        }
        // serde's own words have what it found in them.
        deserializer
            .deserialize_any(Written)
            .map_err(|_| de::Error::custom("secret: a text, or a list of texts; make one with `claviger secret`"))
    }
}

/// What the secrets give, unless one of them is short or guessable.
pub(crate) fn read_secrets(OneOrMany(secrets): &OneOrMany) -> Result<Roots, Fault> {
    let refused = || Fault::Configuration("secret: from 1 to 8 secrets".to_owned());
    let (current, older) = secrets.split_first().filter(|(_, older)| older.len() < 8).ok_or_else(refused)?;
    secrets.iter().try_for_each(|secret| check_secret(secret))?;
    Ok(Roots::new(current, older.iter().map(String::as_str)))
}

/// Words that stand in examples and tutorials, and so in real deployments.
const WELL_KNOWN: [&str; 8] =
    ["changeme", "change-me", "change_me", "password", "your-secret", "your_secret", "supersecret", "keyboard cat"];

pub(crate) fn check_secret(secret: &str) -> Result<(), Fault> {
    let length = secret.chars().count();
    ensure((32..=1024).contains(&length), "secret: from 32 to 1024 characters; make one with `claviger secret`")?;
    let lower = secret.to_ascii_lowercase();
    let mut different = String::new();
    for letter in secret.chars() {
        if !different.contains(letter) {
            different.push(letter);
        }
    }
    let guessable = different.chars().count() < 10 || WELL_KNOWN.iter().any(|word| lower.contains(word));
    ensure(!guessable, "secret: this one can be guessed; make one with `claviger secret`")
}
