//! Absolute URIs (RFC 3986), in their one normal form and no other.
//!
//! A browser mends what it is given: it lowers letters, drops default ports, resolves dots, reads `\` as `/`. What was compared
//! is then not where it goes. So the engine does not mend: a URI that a browser would rewrite is no URI here.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A URI taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Uri<'a> {
    pub(crate) scheme: &'a str,
    /// Of a URI with an authority.
    pub(crate) host: Option<Host<'a>>,
    /// Not the scheme's own.
    pub(crate) port: Option<u16>,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) fragment: Option<&'a str>,
}

/// The host of an authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host<'a> {
    Name(&'a str),
    V4(&'a str, Ipv4Addr),
    /// With its brackets.
    V6(&'a str, Ipv6Addr),
}

impl<'a> Uri<'a> {
    /// Takes a URI apart. `None`: it is malformed, it names a user, or a browser would write it in another way.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
        if !plain || !percent_encoding_is_whole(text) {
            return None;
        }
        let (scheme, rest) = text.split_once(':')?;
        if !is_scheme(scheme) {
            return None;
        }
        let (rest, fragment) = split_at_first(rest, '#');
        let (rest, query) = split_at_first(rest, '?');
        let (host, port, path) = match rest.strip_prefix("//") {
            Some(after) => {
                let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
                let (host, port) = parse_authority(authority, scheme)?;
                (Some(host), port, path)
            }
            None => (None, None, rest),
        };
        has_no_dot_segment(path).then_some(Self { scheme, host, port, path, query, fragment })
    }

    /// http or https, with a host.
    pub(crate) fn is_web(&self) -> bool {
        matches!(self.scheme, "http" | "https") && self.host.is_some()
    }

    /// Scheme, host and port, as browsers write an origin (RFC 6454 section 6.2). Empty without a host.
    pub(crate) fn origin(&self) -> String {
        self.host_and_port().map(|host| format!("{}://{host}", self.scheme)).unwrap_or_default()
    }

    pub(crate) fn host_and_port(&self) -> Option<String> {
        let host = self.host?.text();
        Some(self.port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
    }

    /// Whether only this very device answers there.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.host {
            Some(Host::Name(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::V4(_, address)) => address.is_loopback(),
            Some(Host::V6(_, address)) => address.is_loopback(),
            None => false,
        }
    }
}

impl<'a> Host<'a> {
    pub(crate) fn text(self) -> &'a str {
        match self {
            Self::Name(text) | Self::V4(text, _) | Self::V6(text, _) => text,
        }
    }
}

fn split_at_first(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// RFC 3986 section 3.1, in lower case.
fn is_scheme(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte))
}

fn percent_encoding_is_whole(text: &str) -> bool {
    text.split('%').skip(1).all(|after| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}

/// Host and port (RFC 3986 section 3.2). A user before the host deceives people, and is refused.
fn parse_authority<'a>(authority: &'a str, scheme: &str) -> Option<(Host<'a>, Option<u16>)> {
    let host_end = if authority.starts_with('[') {
        authority.find(']')? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, after) = authority.split_at_checked(host_end)?;
    let port = match after.strip_prefix(':') {
        Some(digits) => Some(parse_port(digits, scheme)?),
        None if after.is_empty() => None,
        None => return None,
    };
    Some((parse_host(host)?, port))
}

fn parse_port(digits: &str, scheme: &str) -> Option<u16> {
    let port: u16 = digits.parse().ok()?;
    let default = match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    (port.to_string() == digits && default != Some(port)).then_some(port)
}

fn parse_host(text: &str) -> Option<Host<'_>> {
    if let Some(inside) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        let address: Ipv6Addr = inside.parse().ok()?;
        return (address.to_string() == inside).then_some(Host::V6(text, address));
    }
    // A browser reads a name whose last label is a number as an IPv4 address, in any of its odd spellings.
    let last = text.trim_end_matches('.').rsplit('.').next()?;
    if last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") {
        return text.parse().ok().map(|address| Host::V4(text, address));
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
    };
    (text.len() <= 253 && text.split('.').all(label)).then_some(Host::Name(text))
}

/// `.` and `..` as segments, also percent-encoded, are resolved by browsers and by some servers.
fn has_no_dot_segment(path: &str) -> bool {
    path.split('/').all(|segment| {
        let plain = segment.replace("%2e", ".").replace("%2E", ".");
        !matches!(plain.as_str(), "." | "..")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_taken_apart() {
        let uri = Uri::parse("https://app.example.com:8443/cb/x?a=b#f").unwrap();
        assert_eq!(uri.origin(), "https://app.example.com:8443");
        assert_eq!((uri.path, uri.query, uri.fragment), ("/cb/x", Some("a=b"), Some("f")));
        assert_eq!(Uri::parse("https://c.example?x").unwrap().query, Some("x"));
        assert_eq!(Uri::parse("com.example.app:/cb").unwrap().host, None);
        assert_eq!(Uri::parse("urn:api:one").unwrap().path, "api:one");
    }

    #[test]
    fn hosts_are_names_or_addresses_in_their_normal_form() {
        for good in
            ["c.example", "xn--80ak6aa92e.example", "127.0.0.1", "[::1]", "[2001:db8::1]", "localhost", "a_b.example"]
        {
            assert!(Uri::parse(&format!("https://{good}/")).is_some(), "{good}");
        }
        for bad in [
            "",
            "C.example",
            "a..b",
            ".a",
            "a.",
            "127.1",
            "0x7f.1",
            "2130706433",
            "127.0.0.01",
            "1.2.3.4.",
            "[::01]",
            "[::1",
            "::1",
            "u@c.example",
            "u:p@c.example",
            "c.example:",
            "c.example:443",
            "c.example:0443",
            "c.example:99999",
            "c.example:8a",
            "é.example",
            "a%2eb",
            "a b",
        ] {
            assert!(Uri::parse(&format!("https://{bad}/")).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_a_browser_would_rewrite_is_no_uri() {
        for bad in [
            "HTTPS://c.example/",
            "https:\\\\c.example",
            "https://c.example\\@evil.example",
            "https://c.example/../x",
            "https://c.example/x/.",
            "https://c.example/%2e%2E/x",
            " https://c.example",
            "https://c.example/\t",
            "https://c.example/%zz",
            "https://c.example/%4",
            "//c.example",
            "c.example",
            "1a:b",
            "",
            ":x",
            "https://c.example/é",
        ] {
            assert!(Uri::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn loopback_is_by_address_or_by_the_reserved_name() {
        for (host, loopback) in [
            ("127.0.0.1", true),
            ("127.8.0.1", true),
            ("[::1]", true),
            ("localhost", true),
            ("localhost.example.com", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(Uri::parse(&format!("http://{host}/")).unwrap().is_loopback(), loopback, "{host}");
        }
    }
}
