//! Instants are milliseconds since 1970 (UTC), given by the host; lifetimes are seconds, or text such as `"15m"`.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds since 1970 (UTC).
pub type Millis = u64;

/// A lifetime in whole seconds. Read from a number or from text with a unit: `s`, `m`, `h`, `d`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub u64);

impl Seconds {
    pub(crate) const fn millis(self) -> Millis {
        self.0.saturating_mul(1000)
    }

    pub(crate) const fn after(self, instant: Millis) -> Millis {
        instant.saturating_add(self.millis())
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
        let unit: u64 = match text.strip_prefix(digits)? {
            "" | "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return None,
        };
        let count: u64 = digits.parse().ok()?;
        count.checked_mul(unit).map(Self)
    }
}

/// Whole seconds of an instant, as JWT's NumericDate and OAuth's responses count (RFC 7519 section 2).
pub(crate) const fn numeric_date(instant: Millis) -> u64 {
    instant / 1000
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl Visitor<'_> for Written {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds, or text such as \"15m\", \"1h\" or \"30d\"")
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Seconds, E> {
                Ok(Seconds(seconds))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Seconds, E> {
                Seconds::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Written)
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_read_with_their_units() {
        for (text, seconds) in [("90", 90), ("60s", 60), ("15m", 900), ("1h", 3600), ("30d", 2_592_000)] {
            assert_eq!(Seconds::parse(text), Some(Seconds(seconds)), "{text}");
        }
        for bad in ["", "m", "1w", "-1s", "1.5h", "1 h", "99999999999999999999d"] {
            assert_eq!(Seconds::parse(bad), None, "{bad}");
        }
    }
}
