//! Addresses and what stands in their queries.

use http::Uri;

/// What a browser runs, shows or fetches by itself.
const OF_BROWSERS: [&str; 12] = [
    "about",
    "blob",
    "data",
    "file",
    "filesystem",
    "ftp",
    "http",
    "javascript",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

/// A parameter that is there once, and not empty.
pub(super) fn only(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut values = pairs.filter(|(own, _)| decoded(own, true).as_deref() == Some(name)).map(|(_, value)| value);
    let value = values.next()?;
    let is_alone = values.next().is_none();
    decoded(value, true).filter(|value| is_alone && !value.is_empty())
}

/// Text without its percent-encoding; `None` when that is broken or gives no text. A form's `+` is a space.
pub(super) fn decoded(text: &str, is_form: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? * 16 + hex(rest.next()?)?,
            b'+' if is_form => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// An address with one more parameter, whose value needs no encoding.
pub(super) fn with(address: &str, name: &str, value: &str) -> String {
    let between = if address.contains('?') { '&' } else { '?' };
    format!("{address}{between}{name}={value}")
}

/// https, or http on a loopback host.
pub(super) fn is_web(address: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else { return false };
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => true,
        (Some("http"), Some(host)) => matches!(host, "localhost" | "127.0.0.1" | "[::1]"),
        _ => false,
    }
}

/// A scheme of an application's own, or a link that its system opens in it.
pub(super) fn is_for_applications(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte));
    let is_plain = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    is_scheme && is_plain && !OF_BROWSERS.contains(&scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_counts_once_or_not_at_all() {
        let query = "state=a%2Bb+c&code=x&code=y&error=&iss=%zz&=";
        assert_eq!(only(query, "state").as_deref(), Some("a+b c"));
        for name in ["code", "error", "iss", "nothing"] {
            assert_eq!(only(query, name), None, "{name}");
        }
    }

    #[test]
    fn only_addresses_of_servers_and_of_applications_are_gone_to() {
        for good in ["https://auth.example.com/authorize?a=b", "http://127.0.0.1:8080/a", "http://[::1]/a"] {
            assert!(is_web(good), "{good}");
        }
        for bad in ["http://auth.example.com/", "javascript:alert(1)", "file:///etc/passwd", "", "/a", "//a"] {
            assert!(!is_web(bad), "{bad}");
        }
        for good in ["app://auth-callback", "com.example.app:/cb?a=b", "https://app.example.com/cb"] {
            assert!(is_for_applications(good), "{good}");
        }
        for bad in ["javascript:alert(1)", "data:text/html,x", "http://a/cb", "cb", "app://cb#x", "app:", "app://a b"] {
            assert!(!is_for_applications(bad), "{bad}");
        }
        assert_eq!(with("app://cb?a=b", "code", "x"), "app://cb?a=b&code=x");
    }
}
