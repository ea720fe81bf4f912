use serde::Deserialize;

use super::Form;
use crate::refusal::Refusal;

/// The longest URL that is looked at, in bytes.
const LONGEST_URL: usize = 16_384;
/// The most headers that are taken.
const MOST_HEADERS: usize = 200;

/// An HTTP request, as the host received it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Upper case.
    pub method: String,
    /// Absolute; only the path and the query are used.
    pub url: String,
    /// Names in lower case, values as byte strings.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// A byte string.
    #[serde(default)]
    pub body: Option<String>,
    /// The peer's address as the host knows it.
    #[serde(default)]
    pub remote: Option<String>,
}

impl std::fmt::Debug for Request {
    /// Without headers, query and body: they hold credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("method", &self.method).field("path", &self.path()).finish_non_exhaustive()
    }
}

impl Request {
    pub(crate) fn check_size(&self, largest_body: u32) -> Result<(), Refusal> {
        if self.url.len() > LONGEST_URL {
            return Err(Refusal::UriTooLong);
        }
        let most = usize::try_from(largest_body).unwrap_or(usize::MAX);
        // A character of a byte string is one byte of the body, and at most two here: a flood is not counted to its end.
        let too_large = |body: &String| body.len() > most.saturating_mul(2) || body.chars().count() > most;
        if self.headers.len() > MOST_HEADERS || self.body.as_ref().is_some_and(too_large) {
            return Err(Refusal::PayloadTooLarge);
        }
        Ok(())
    }

    /// Whether its address is of this origin.
    pub(crate) fn is_to(&self, origin: &str) -> bool {
        let rest = self
            .url
            .get(origin.len()..)
            .filter(|_| self.url.get(..origin.len()).is_some_and(|own| own.eq_ignore_ascii_case(origin)));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    }

    pub(crate) fn path(&self) -> &str {
        self.split_url().0
    }

    pub(crate) fn query(&self) -> &str {
        self.split_url().1
    }

    fn split_url(&self) -> (&str, &str) {
        let after_scheme = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        let target = after_scheme.find(['/', '?', '#']).and_then(|at| after_scheme.get(at..)).unwrap_or("/");
        let target = target.split_once('#').map_or(target, |(target, _)| target);
        target.split_once('?').unwrap_or((target, ""))
    }

    /// The values of a header; its name is in lower case.
    pub(crate) fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.header_values(name).next()
    }

    /// Whether this media type is asked for by its name (RFC 9110 section 12.5.1): whoever takes everything gets the usual one.
    pub(crate) fn names_in_accept(&self, media_type: &str) -> bool {
        let mut ranges = self.header_values("accept").flat_map(|value| value.split(','));
        ranges.any(|range| essence(range).eq_ignore_ascii_case(media_type) && !is_unwanted(range))
    }

    /// The body as a form (RFC 6749 appendix B).
    pub(crate) fn form(&self) -> Result<Form, Refusal> {
        if !self.is_form() {
            return Err(Refusal::UnsupportedMediaType);
        }
        Form::parse(self.body.as_deref().unwrap_or_default())
    }

    pub(crate) fn is_json(&self) -> bool {
        self.is_of("application/json")
    }

    /// The body as JSON: its bytes, not looked at yet.
    pub(crate) fn json(&self) -> Result<Vec<u8>, Refusal> {
        if !self.is_json() {
            return Err(Refusal::JsonExpected);
        }
        from_byte_string(self.body.as_deref().unwrap_or_default())
            .ok_or(Refusal::InvalidRequest("The body is not a byte string"))
    }

    pub(crate) fn is_form(&self) -> bool {
        self.is_of("application/x-www-form-urlencoded")
    }

    fn is_of(&self, media_type: &str) -> bool {
        essence(self.header("content-type").unwrap_or_default()).eq_ignore_ascii_case(media_type)
    }

    /// The access token of the `Authorization` header (RFC 6750 section 2.1); a second header is none to believe.
    pub(crate) fn bearer(&self) -> Result<&str, Refusal> {
        let mut headers = self.header_values("authorization");
        let (header, second) = (headers.next().ok_or(Refusal::TokenMissing)?, headers.next());
        let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
        let good = scheme.eq_ignore_ascii_case("bearer") && second.is_none();
        if good { Ok(token.trim_start_matches(' ')) } else { Err(Refusal::InvalidToken) }
    }
}

/// A weight of zero (RFC 9110 section 12.4.2).
fn is_unwanted(range: &str) -> bool {
    let mut weights = range.split(';').skip(1).filter_map(|parameter| parameter.trim().split_once('='));
    weights.any(|(name, value)| name.eq_ignore_ascii_case("q") && value.bytes().all(|digit| b"0.".contains(&digit)))
}

/// A media type without its parameters (RFC 9110 section 8.3.1).
pub(crate) fn essence(media_type: &str) -> &str {
    media_type.split_once(';').map_or(media_type, |(essence, _)| essence).trim()
}

/// The bytes of a byte string; `None` when a character of it is more than a byte.
pub(crate) fn from_byte_string(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect()
}
