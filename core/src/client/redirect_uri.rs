//! Redirect URIs: what may be registered, and what equals a registered one.

use crate::http::Form;
use crate::uri::Uri;

/// Longer ones are refused.
const LONGEST: usize = 2048;

/// Whether a redirect URI may be registered: https, http on a loopback host (RFC 8252 section 7.3), or a private-use scheme
/// (RFC 8252 section 7.1); no fragment, user, dot segment or parameter that a response would repeat.
pub(crate) fn may_be_registered(text: &str) -> bool {
    if text.len() > LONGEST || text.contains('*') {
        return false;
    }
    let Some(uri) = Uri::parse(text).filter(|uri| uri.fragment.is_none()) else { return false };
    let host_rule = match uri.scheme {
        "https" => uri.host.is_some(),
        "http" => uri.is_loopback(),
        scheme => scheme.contains('.') && uri.host.is_none(),
    };
    host_rule && !uri.query.is_some_and(pollutes)
}

/// Parameters of the response itself (RFC 6749 section 4.1.2, RFC 9207).
fn pollutes(query: &str) -> bool {
    const OF_RESPONSES: [&str; 5] = ["code", "state", "iss", "error", "response"];
    Form::parse(query).map_or(true, |form| OF_RESPONSES.iter().any(|name| form.all(name).next().is_some()))
}

/// Whether a redirect URI equals a registered one: byte for byte (RFC 9700 section 2.1), except that the port of an http URI on a
/// loopback address is the application's to choose (RFC 8252 section 7.3). `localhost` is a name, so its port must match.
pub(crate) fn matches(registered: &str, sent: &str) -> bool {
    registered == sent
        || match (loopback_parts(registered), loopback_parts(sent)) {
            (Some(registered), Some(sent)) => registered == sent,
            _ => false,
        }
}

/// The parts of `http://127.0.0.1:port/rest` that must match: the address and the rest.
fn loopback_parts(uri: &str) -> Option<(&'static str, &str)> {
    ["127.0.0.1", "[::1]"].into_iter().find_map(|address| {
        let after = uri.strip_prefix("http://")?.strip_prefix(address)?;
        let Some(port_on) = after.strip_prefix(':') else {
            return (after.is_empty() || after.starts_with(['/', '?'])).then_some((address, after));
        };
        let rest = port_on.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let port = port_on.strip_suffix(rest)?;
        let usable = port.parse::<u16>().is_ok() && (rest.is_empty() || rest.starts_with(['/', '?']));
        usable.then_some((address, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_loopback_and_private_schemes_may_be_registered() {
        for good in [
            "https://c.example/cb",
            "https://c.example",
            "https://c.example/cb?foo=bar",
            "http://127.0.0.1/cb",
            "http://[::1]:80/cb",
            "http://localhost:3000/cb",
            "com.example.app:/cb",
        ] {
            let good = good.replace(":80/", ":8080/");
            assert!(may_be_registered(&good), "{good}");
        }
    }

    #[test]
    fn dc_010_dangerous_polluting_or_ambiguous_uris_may_not() {
        for bad in [
            "http://c.example/cb",
            "https://c.example/cb#x",
            "https://u@c.example/cb",
            "https://u:p@c.example/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "https://c.example/../cb",
            "https://C.example/cb",
            "https://c.example:443/cb",
            "https://c.example/cb?code=1",
            "https://c.example/cb?state=1",
            "https://c.example/cb?iss=1",
            "https://c.example/cb?error=1",
            "https://*.example/cb",
            "https://c.example\\@evil.example",
            "https://c.example/a b",
            "/cb",
            "",
            "app:/cb",
            "https://é.example/cb",
        ] {
            assert!(!may_be_registered(bad), "{bad}");
        }
    }

    #[test]
    fn az_003_to_014_only_the_very_same_text_matches() {
        let registered = "https://c.example/cb";
        assert!(matches(registered, registered));
        for other in [
            "https://c.example/cb/",
            "https://c.example/cb/x",
            "https://c.example/c",
            "https://c.example/CB",
            "https://c.example/cb?x=1",
            "https://c.example@evil.example/cb",
            "https://c.example%40evil.example/cb",
            "https://c.example/cb/..;/evil",
            "https://c.example/cb/../evil",
            "https://c.example/cb/%2e%2e/evil",
            "https://c.example/cb%2f..%2fevil",
            " https://c.example/cb",
            "https://c.example/cb#x",
            "https://C.example/cb",
            "https://cxexample/cb",
            "https:\\\\evil",
        ] {
            assert!(!matches(registered, other), "{other}");
        }
    }

    #[test]
    fn az_015_az_016_the_port_of_a_loopback_address_is_free() {
        assert!(matches("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb"));
        assert!(matches("http://127.0.0.1:1/cb", "http://127.0.0.1:49152/cb"));
        assert!(matches("http://[::1]/cb", "http://[::1]:51004/cb"));
        for other in [
            "http://127.0.0.1:49152/cb2",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:1@evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "https://127.0.0.1:1/cb",
            "http://[::1]:1/cb",
            "http://127.0.0.1:8a/cb",
            "http://127.0.0.2:1/cb",
        ] {
            assert!(!matches("http://127.0.0.1/cb", other), "{other}");
        }
    }

    #[test]
    fn az_019_the_port_of_localhost_is_not() {
        assert!(!matches("http://localhost/cb", "http://localhost:9/cb"));
    }
}
