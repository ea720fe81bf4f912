//! Scopes (RFC 6749 section 3.3).

use crate::client::Client;
use crate::config::Config;
use crate::http::Form;
use crate::refusal::Refusal;
use crate::subset::Subset;

/// Whether a name is a scope-token: `1*( %x21 / %x23-5B / %x5D-7E )`.
pub(crate) fn is_token(name: &str) -> bool {
    !name.is_empty() && name.len() <= 128 && name.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E))
}

/// A scope parameter as a set in the order given; empty text is no scope.
pub(crate) fn parse(text: &str) -> Result<Vec<String>, Refusal> {
    let mut scopes: Vec<String> = Vec::new();
    for name in text.split(' ') {
        if !is_token(name) || scopes.len() >= Subset::MOST {
            return Err(Refusal::InvalidScope);
        }
        if !scopes.iter().any(|scope| scope == name) {
            scopes.push(name.to_owned());
        }
    }
    Ok(scopes)
}

/// The scopes that a request asks for: each must be one that the client may have; without the parameter, the configured defaults.
pub(crate) fn requested(config: &Config, client: &Client, parameters: &Form) -> Result<Vec<String>, Refusal> {
    let allowed = |name: &&String| client.may_have(config, name);
    match parameters.one("scope")? {
        None => Ok(config.default_scopes.iter().filter(allowed).cloned().collect()),
        Some(text) => {
            let scopes = parse(text)?;
            if scopes.iter().all(|name| allowed(&name)) { Ok(scopes) } else { Err(Refusal::InvalidScope) }
        }
    }
}

/// The parameter that says these; none says none, since the grammar has no empty text (RFC 6749 section 3.3).
pub(crate) fn text(scopes: &[String]) -> Option<String> {
    (!scopes.is_empty()).then(|| scopes.join(" "))
}

/// Whether every one of `wanted` is in `granted`.
pub(crate) fn covers(granted: &[String], wanted: &[String]) -> bool {
    wanted.iter().all(|scope| granted.contains(scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn az_058_quotes_controls_double_spaces_and_floods_are_refused() {
        for bad in ["a\"b", "a\\b", "a\u{7}", "a  b", " a", "a ", "é"] {
            assert_eq!(parse(bad), Err(Refusal::InvalidScope), "{bad:?}");
        }
        let flood: Vec<String> = (0..10_000).map(|n| n.to_string()).collect();
        assert_eq!(parse(&flood.join(" ")), Err(Refusal::InvalidScope));
    }

    #[test]
    fn az_059_repeats_are_one_and_order_is_kept() {
        assert_eq!(parse("b a b"), Ok(vec!["b".to_owned(), "a".to_owned()]));
    }
}
