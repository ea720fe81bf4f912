//! What to say about a call that cannot be read: mistyped arguments of a typed command are refused, and the member is named;
//! anything else is the host's fault.

use serde_json::error::Category;

use crate::refusal::{Fault, Refusal, Stop};

/// The longest member name that is told.
const LONGEST_NAME: usize = 64;

/// Whose fault it is. Values are not told: they may be passwords.
pub(crate) fn blame(call: &[u8], error: &serde_json::Error) -> Stop {
    let place = Place::reach(call, error);
    let told = error.to_string();
    match place.command {
        Some(command) if error.classify() == Category::Data && command != "http" => {
            Refusal::Mistyped(place.complaint(&told)).into()
        }
        _ => Fault::BadCall(told).into(),
    }
}

/// Where in a call the reader stopped.
#[derive(Default)]
struct Place<'a> {
    depth: usize,
    /// The last text, as it is written.
    text: &'a str,
    /// The command whose arguments the reader was in.
    command: Option<&'a str>,
    member: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// Reads the call again as far as it was read: so far it is JSON.
    fn reach(call: &'a [u8], error: &serde_json::Error) -> Self {
        let mut place = Self::default();
        let line = call.split(|byte| *byte == b'\n').take(error.line().saturating_sub(1)).map(|line| line.len() + 1);
        let mut rest = call.get(..line.sum::<usize>() + error.column()).unwrap_or_default();
        while let Some((&byte, after)) = rest.split_first() {
            rest = match byte {
                b'"' => place.read_text(after),
                _ => after,
            };
            match byte {
                b'{' | b'[' => place.depth += 1,
                b'}' | b']' => place.depth = place.depth.saturating_sub(1),
                b':' if place.depth == 2 => place.command = Some(place.text),
                b':' if place.depth == 3 => place.member = Some(place.text),
                _ => {}
            }
            if place.depth < 2 {
                place.command = None;
            }
        }
        place
    }

    /// Reads to the closing quotation mark.
    fn read_text(&mut self, after: &'a [u8]) -> &'a [u8] {
        let mut escaped = false;
        let end = after.iter().position(|&byte| {
            let closes = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            closes
        });
        let (text, rest) = after.split_at(end.unwrap_or(after.len()));
        self.text = std::str::from_utf8(text).unwrap_or_default();
        rest.get(1..).unwrap_or_default()
    }

    /// serde's own words, without the value.
    fn complaint(&self, told: &str) -> String {
        let (what, expected) = told.rsplit_once(", expected ").unwrap_or((told, ""));
        let expected = expected.split(" at line ").next().unwrap_or_default();
        let missing = told.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        let (member, complaint) = match (missing, self.member) {
            (Some(missing), _) => (missing, ": missing"),
            _ if what.starts_with("unknown field") => (self.text, ": unknown"),
            (None, Some(member)) if self.depth > 2 => (member, ": mistyped"),
            _ => ("The arguments", ": mistyped, expected an object"),
        };
        let member = if member.len() <= LONGEST_NAME { member } else { "A member" };
        let of_type = if expected.is_empty() || self.depth <= 2 { "" } else { ", expected " };
        [member, complaint, of_type, if of_type.is_empty() { "" } else { expected }].concat()
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
        blame(call.as_bytes(), &serde_json::from_str::<Call>(call).unwrap_err())
    }

    #[test]
    fn a_mistyped_argument_is_refused_by_its_name_and_without_its_value() {
        for (arguments, message) in [
            (r#""clients.find":{"id":1234}"#, "id: mistyped, expected a string"),
            (r#""clients.find":{"id":{"id":"x"}}"#, "id: mistyped, expected a string"),
            (r#""clients.find":{}"#, "id: missing"),
            (r#""clients.find":{"id":"a","name":1}"#, "name: unknown, expected `id`"),
            (r#""keys.list":{"x":1}"#, "x: unknown"),
            (r#""clients.find":7"#, "The arguments: mistyped, expected an object"),
            (
                r#""clients.create":{"name":"\\\"{","redirectUris":["a",1]}"#,
                "redirectUris: mistyped, expected a string",
            ),
            (
                r#""keys.generate":{"algorithm":"x, expected y"}"#,
                "algorithm: mistyped, expected one of `EdDSA`, `ES256`, `RS256`, `HS256`",
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
