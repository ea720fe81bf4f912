//! Values that an application seals for itself, for cookies: encrypted, authenticated, for one purpose, until a time.

use serde::Deserialize;

use super::{ToolError, read};
use crate::config::{OneOrMany, read_secrets};
use crate::hash::{b64u, from_b64u};
use crate::seal::{Purpose, Roots};
use crate::time::{Millis, Seconds};

/// What every sealed value begins with.
const PREFIX: &str = "cvv_";

/// Browsers drop cookies whose name and value have more than 4096 bytes (RFC 6265bis section 5.6); this leaves 96 for the name.
const MAX_BYTES: usize = 4000;

/// How a value is sealed: with which secrets, and for what.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Sealing {
    secret: OneOrMany,
    purpose: String,
    /// How long it opens; not looked at when it is opened.
    expires_in: Option<Seconds>,
    now: Millis,
}

impl Sealing {
    fn read(arguments: &str) -> Result<(Self, Roots), ToolError> {
        let sealing: Self = read(arguments)?;
        if sealing.purpose.is_empty() {
            return Err(ToolError::Argument("purpose: what the value is for; the cookie's name will do"));
        }
        let roots = read_secrets(&sealing.secret)?;
        Ok((sealing, roots))
    }
}

/// Seals a JSON text. `arguments` is `{ secret, purpose, expiresIn, now }`; the nonce is random.
///
/// # Errors
/// [`ToolError::TooLarge`] when a browser would drop the cookie; [`ToolError::Fault`] for a short or guessable secret.
pub fn seal(value: &str, arguments: &str, nonce: [u8; 24]) -> Result<String, ToolError> {
    let (Sealing { purpose, expires_in, now, .. }, roots) = Sealing::read(arguments)?;
    let lifetime = expires_in.ok_or(ToolError::Argument("expiresIn: how long the value may be opened"))?;
    let mut message = lifetime.after(now).to_be_bytes().to_vec();
    message.extend_from_slice(value.as_bytes());
    let sealed = roots.seal(Purpose::SealedValue, purpose.as_bytes(), nonce, &message);
    let sealed = format!("{PREFIX}{}", b64u(sealed));
    if sealed.len() > MAX_BYTES { Err(ToolError::TooLarge) } else { Ok(sealed) }
}

/// Opens what [`seal`] made with any of the secrets, for the same purpose, before its time is over.
///
/// # Errors
/// [`ToolError::NotSealed`] and [`ToolError::SealExpired`].
pub fn unseal(sealed: &str, arguments: &str) -> Result<String, ToolError> {
    let (Sealing { purpose, now, .. }, roots) = Sealing::read(arguments)?;
    if sealed.len() > MAX_BYTES {
        return Err(ToolError::NotSealed);
    }
    let sealed = sealed.strip_prefix(PREFIX).and_then(from_b64u).ok_or(ToolError::NotSealed)?;
    let (_, message) = roots.open(Purpose::SealedValue, purpose.as_bytes(), &sealed).ok_or(ToolError::NotSealed)?;
    let (expires, value) = message.split_first_chunk().ok_or(ToolError::NotSealed)?;
    if now >= Millis::from_be_bytes(*expires) {
        return Err(ToolError::SealExpired);
    }
    String::from_utf8(value.to_vec()).map_err(|_| ToolError::NotSealed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::string_slice, reason = "a test may panic")]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: u64 = 1_790_000_000_000;
    const SECRET: &str = "0123456789abcdefghijklmnopqrstuv";
    const OTHER: &str = "vutsrqponmlkjihgfedcba9876543210";

    fn arguments(changes: &Value) -> String {
        let mut arguments = json!({ "secret": SECRET, "purpose": "cart", "expiresIn": "10m", "now": NOW });
        for (name, value) in changes.as_object().unwrap() {
            arguments[name] = value.clone();
        }
        arguments.to_string()
    }

    fn sealed(changes: &Value) -> String {
        seal(r#"{"a":1}"#, &arguments(changes), [5; 24]).unwrap()
    }

    fn opened(sealed: &str, changes: &Value) -> Result<String, ToolError> {
        unseal(sealed, &arguments(changes))
    }

    #[test]
    fn what_was_sealed_opens_until_its_time_is_over() {
        let cookie = sealed(&json!({}));
        assert_eq!(opened(&cookie, &json!({ "now": NOW + 599_999 })).unwrap(), r#"{"a":1}"#);
        assert_eq!(opened(&cookie, &json!({ "now": NOW + 600_000 })), Err(ToolError::SealExpired));
    }

    #[test]
    fn se_005_a_changed_cut_or_lengthened_cookie_does_not_open() {
        let cookie = sealed(&json!({}));
        for at in 0..cookie.len() {
            assert_eq!(opened(&cookie[..at], &json!({})), Err(ToolError::NotSealed), "cut at {at}");
            let letter = if &cookie[at..=at] == "A" { "B" } else { "A" };
            let bent = format!("{}{letter}{}", &cookie[..at], &cookie[at + 1..]);
            assert_eq!(opened(&bent, &json!({})), Err(ToolError::NotSealed), "changed at {at}");
        }
        assert_eq!(opened(&format!("{cookie}A"), &json!({})), Err(ToolError::NotSealed));
        let other = seal(r#"{"b":2}"#, &arguments(&json!({})), [6; 24]).unwrap();
        let half = cookie.len() / 2;
        assert_eq!(opened(&format!("{}{}", &cookie[..half], &other[half..]), &json!({})), Err(ToolError::NotSealed));
    }

    #[test]
    fn another_purpose_or_secret_does_not_open_and_a_rotated_one_does() {
        let cookie = sealed(&json!({}));
        assert_eq!(opened(&cookie, &json!({ "purpose": "session" })), Err(ToolError::NotSealed));
        assert_eq!(opened(&cookie, &json!({ "secret": OTHER })), Err(ToolError::NotSealed));
        assert!(opened(&cookie, &json!({ "secret": [OTHER, SECRET] })).is_ok());
        assert!(opened(&sealed(&json!({ "secret": [OTHER, SECRET] })), &json!({ "secret": OTHER })).is_ok());
    }

    #[test]
    fn se_013_what_no_browser_would_keep_is_refused_when_it_is_sealed() {
        let value = |length: usize| json!("x".repeat(length)).to_string();
        let cookie = seal(&value(2945), &arguments(&json!({})), [5; 24]).unwrap();
        assert!(cookie.len() <= MAX_BYTES && opened(&cookie, &json!({})).is_ok());
        assert_eq!(seal(&value(2950), &arguments(&json!({})), [5; 24]), Err(ToolError::TooLarge));
    }

    #[test]
    fn short_secrets_and_missing_purposes_are_refused() {
        let refused = |changes| seal("1", &arguments(&changes), [5; 24]).unwrap_err().told().code;
        assert_eq!(refused(json!({ "secret": "short" })), "configuration");
        assert_eq!(refused(json!({ "secret": [] })), "configuration");
        assert_eq!(refused(json!({ "purpose": "" })), "invalid_argument");
        assert_eq!(refused(json!({ "expiresIn": null })), "invalid_argument");
        assert_eq!(refused(json!({ "expiresIn": "soon" })), "invalid_argument");
    }
}
