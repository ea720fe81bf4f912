//! What to say about a call that cannot be read: mistyped arguments of a typed command are refused, and the member is named;
//! anything else is the host's fault.

use serde_json::error::Category;

use crate::refusal::{Fault, Refusal, Stop};

/// The longest member name that is told.
const LONGEST_NAME: usize = 64;

/// Whose fault it is. Values are not told: they may be passwords.
#[cold]
pub(crate) fn blame(call: &[u8], error: &serde_json::Error) -> Stop {
    let place = Place::reach(call, error);
    let told = error.to_string();
    match place.command {
        Some(command) if error.classify() == Category::Data && command != b"http" => {
            Refusal::Mistyped(place.complaint(&told)).into()
        }
        _ => Fault::BadCall(without_value(told)).into(),
    }
}

/// What serde found where it expected something else may be a credential.
fn without_value(told: String) -> String {
    match told.rsplit_once(", expected ") {
        Some((found, expected)) if found.starts_with("invalid") => format!("expected {expected}"),
        _ => told,
    }
}

/// Where in a call the reader stopped.
#[derive(Default)]
struct Place<'a> {
    depth: usize,
    /// The last text, as it is written.
    text: &'a [u8],
    /// The command whose arguments the reader was in.
    command: Option<&'a [u8]>,
    member: Option<&'a [u8]>,
}

impl<'a> Place<'a> {
    /// Reads the call again as far as it was read: so far it is JSON.
    fn reach(call: &'a [u8], error: &serde_json::Error) -> Self {
        let mut place = Self::default();
        let (mut line, mut column) = (1, 0);
        let (mut opened, mut escaped) = (None, false);
        for (at, &byte) in call.iter().enumerate() {
            if (line, column) >= (error.line(), error.column()) {
                break;
            }
            (line, column) = if byte == b'\n' { (line + 1, 0) } else { (line, column + 1) };
            match (opened, byte) {
                (Some(from), b'"') if !escaped => {
                    place.text = call.get(from..at).unwrap_or_default();
                    opened = None;
                }
                (Some(_), _) => escaped = byte == b'\\' && !escaped,
                (None, b'"') => opened = Some(at + 1),
                (None, _) => place.pass(byte),
            }
        }
        place
    }

    fn pass(&mut self, mark: u8) {
        match mark {
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b':' if self.depth == 2 => self.command = Some(self.text),
            b':' if self.depth == 3 => self.member = Some(self.text),
            _ => {}
        }
        if self.depth < 2 {
            self.command = None;
        }
    }

    /// serde's own words, without the value.
    fn complaint(&self, told: &str) -> String {
        let words = told.as_bytes();
        let last = |mark: &[u8]| words.windows(mark.len()).rposition(|window| window == mark);
        let expected = last(b", expected ").and_then(|from| words.get(from..last(b" at line ")?)).unwrap_or_default();
        let (member, complaint): (&[u8], &[u8]) = match self.member {
            _ if words.starts_with(b"missing field `") => {
                (words.split(|byte| *byte == b'`').nth(1).unwrap_or_default(), b": missing")
            }
            _ if words.starts_with(b"unknown field") => (self.text, b": unknown"),
            Some(member) if self.depth > 2 => (member, b": mistyped"),
            _ => return "The arguments are an object".into(),
        };
        let member = if member.len() <= LONGEST_NAME { member } else { b"A member" };
        let expected = if complaint == b": missing" { b"" } else { expected };
        String::from_utf8([member, complaint, expected].concat()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;

    fn call(arguments: &str) -> String {
        let seed = "A".repeat(42) + "E";
        format!(r#"{{"now":1,"seed":"{seed}","command":{{{arguments}}}}}"#)
    }

    fn told(call: &str) -> Stop {
        blame(call.as_bytes(), &crate::json::read::<Call>(call.as_bytes()).unwrap_err())
    }

    #[test]
    fn a_mistyped_argument_is_refused_by_its_name_and_without_its_value() {
        for (arguments, message) in [
            (r#""clients.find":{"id":1234}"#, "id: mistyped, expected a string"),
            (r#""clients.find":{"id":{"id":"x"}}"#, "id: mistyped, expected a string"),
            (r#""clients.find":{}"#, "id: missing"),
            (r#""clients.find":{"id":"a","name":1}"#, "name: unknown, expected `id`"),
            (r#""keys.list":{"x":1}"#, "x: unknown"),
            (r#""clients.find":7"#, "The arguments are an object"),
            (
                r#""clients.create":{"name":"\\\"{","redirectUris":["a",1]}"#,
                "redirectUris: mistyped, expected a string",
            ),
            (
                r#""keys.generate":{"algorithm":"x, expected y"}"#,
                "algorithm: mistyped, expected one of `EdDSA`, `ES256`, `ES384`, `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `HS256`, `HS384`, `HS512`",
            ),
            (r#""purge":{"limit":-1}"#, "limit: mistyped, expected u32"),
        ] {
            let refusal = Stop::Refused(Refusal::Mistyped(message.to_owned()));
            let call = call(arguments);
            assert_eq!(told(&call), refusal, "{arguments}");
            let spread = call.replace("\":", "\" :\n").replace(",\"", "\n,\"");
            assert_eq!(told(&spread), refusal, "{spread}");
        }
        let long = format!(r#""clients.find":{{"{}":1}}"#, "x".repeat(99));
        assert_eq!(told(&call(&long)), Stop::Refused(Refusal::Mistyped("A member: unknown, expected `id`".into())));
    }

    #[test]
    fn an_unknown_command_and_a_malformed_http_command_are_the_hosts_fault() {
        for arguments in [r#""clients.conjure":{}"#, r#""http":{"method":1}"#, r#""keys.list":{},"purge":{}"#] {
            assert!(matches!(told(&call(arguments)), Stop::Fault(Fault::BadCall(_))), "{arguments}");
        }
    }
}
