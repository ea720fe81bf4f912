use std::borrow::Cow;

use percent_encoding::percent_decode;
use serde_json::Value;

use super::request::from_byte_string;
use crate::key::json::parse_object;
use crate::refusal::Refusal;

/// The most parameters that are looked at.
const MOST_PARAMETERS: usize = 100;

/// Parameters of a query or a form. An empty value counts as absent (RFC 6749 section 3.1).
#[derive(Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `application/x-www-form-urlencoded` text. Only `&` separates, and it must be UTF-8.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut parameters = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            if parameters.len() >= MOST_PARAMETERS {
                return Err(Refusal::InvalidRequest("There are too many parameters"));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            parameters.push((decode(name)?, decode(value)?));
        }
        Ok(Self(parameters))
    }

    /// Reads a JSON object of texts; a list of them is a parameter that is repeated.
    pub(crate) fn of_json(json: &[u8]) -> Result<Self, Refusal> {
        const REFUSED: Refusal = Refusal::InvalidRequest("The body is a JSON object of texts");
        let members = parse_object(json).map_err(|_| REFUSED)?;
        let mut parameters = Vec::new();
        for (name, value) in members {
            let values = if let Value::Array(several) = value { several } else { vec![value] };
            for value in values {
                let Value::String(text) = value else { return Err(REFUSED) };
                parameters.push((name.clone(), text));
            }
        }
        if parameters.len() <= MOST_PARAMETERS { Ok(Self(parameters)) } else { Err(REFUSED) }
    }

    /// The names of all that was said.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The one value of a parameter; a repeated parameter is refused.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.0.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(Refusal::InvalidRequest("A parameter is repeated"));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// The different values of a parameter that may be repeated, in their order.
    pub(crate) fn distinct(&self, name: &str) -> Vec<String> {
        let mut distinct: Vec<String> = Vec::new();
        for value in self.all(name) {
            if !distinct.iter().any(|known| known == value) {
                distinct.push(value.to_owned());
            }
        }
        distinct
    }

    /// Every value of a parameter that may be repeated.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(own, value)| own == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }
}

fn decode(text: &str) -> Result<String, Refusal> {
    decode_form_component(text).ok_or(Refusal::InvalidRequest("A parameter is not UTF-8"))
}

/// Undoes form encoding (RFC 6749 appendix B, WHATWG URL section 5.1): `+` is a space, `%XX` a byte of UTF-8, any other `%` itself.
/// `None` for what is not UTF-8: it would not come back as it was sent.
pub(crate) fn decode_form_component(text: &str) -> Option<String> {
    if !text.contains(['%', '+']) && text.is_ascii() {
        return Some(text.to_owned());
    }
    // The text is a byte string: each character is one byte.
    let bytes = from_byte_string(&text.replace('+', " "))?;
    percent_decode(&bytes).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tk_005_a_repeated_parameter_is_refused() {
        let form = Form::parse("code=a&code=a").unwrap();
        assert!(form.one("code").is_err());
        assert!(Form::parse("code=&code=a").unwrap().one("code").is_err());
    }

    #[test]
    fn az_026_an_empty_value_is_absent() {
        assert_eq!(Form::parse("state=&x").unwrap().one("state"), Ok(None));
        assert_eq!(Form::parse("x").unwrap().one("x"), Ok(None));
    }

    #[test]
    fn az_054_values_decode_to_identical_bytes_or_are_refused() {
        for (written, read) in [
            ("%00", "\0"),
            ("a%26b", "a&b"),
            ("+", " "),
            ("%2B", "+"),
            ("%F0%9F%91%8B", "👋"),
            ("100%", "100%"),
            ("%zz%2", "%zz%2"),
            ("%%41", "%A"),
            ("%+1", "% 1"),
            ("é".as_bytes().iter().map(|b| char::from(*b)).collect::<String>().as_str(), "é"),
        ] {
            assert_eq!(Form::parse(&format!("s={written}")).unwrap().one("s"), Ok(Some(read)), "{written}");
        }
        for bad in ["%ff", "%C3", "%ED%A0%80", "%C0%80"] {
            assert!(Form::parse(&format!("s={bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn az_091_a_semicolon_separates_nothing() {
        assert_eq!(Form::parse("a=1;b=2").unwrap().one("b"), Ok(None));
    }

    #[test]
    fn tk_009_floods_of_parameters_are_refused() {
        assert!(Form::parse(&"a=1&".repeat(10_000)).is_err());
    }
}
