//! JSON as the security formats want it: no duplicate members, a bounded depth, nothing around the text.
//!
//! RFC 7515 section 4 and RFC 8725 section 2.4: two readers of one text must never see two different values.

use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use zeroize::Zeroize;

/// How many arrays and objects may be inside each other.
pub const MAX_DEPTH: usize = 32;

/// Reads one JSON text.
///
/// # Errors
/// [`InvalidJson`] for anything that RFC 8259 does not allow, for a byte order mark, invalid UTF-8 or a lone surrogate, for
/// two members of one name in an object (however they are escaped), and beyond [`MAX_DEPTH`].
pub fn parse(text: &[u8]) -> Result<Value, InvalidJson> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Strict { depth: MAX_DEPTH }.deserialize(&mut reader).map_err(|_| InvalidJson)?;
    reader.end().map_err(|_| InvalidJson)?;
    Ok(value)
}

/// Reads one JSON text that must be an object.
///
/// # Errors
/// As [`parse`], and when the text is another value.
pub fn parse_object(text: &[u8]) -> Result<Map<String, Value>, InvalidJson> {
    match parse(text)? {
        Value::Object(members) => Ok(members),
        _ => Err(InvalidJson),
    }
}

/// The text is not JSON, or not JSON that every reader understands alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidJson;

impl fmt::Display for InvalidJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a JSON text with unique member names and at most 32 levels")
    }
}

impl core::error::Error for InvalidJson {}

/// A JSON object that holds secrets: its texts are overwritten when it is dropped.
pub(crate) struct Secrets(pub(crate) Map<String, Value>);

impl Drop for Secrets {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Builds a value and counts the levels that are left.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn inside<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("too deep"))?;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(inside)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inside)?;
            if map.insert(name, value).is_some() {
                return Err(A::Error::custom("duplicate member"));
            }
        }
        Ok(Value::Object(map))
    }
}
