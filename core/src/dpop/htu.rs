//! The address in a proof (`htu`, RFC 9449 section 4.3 step 9), compared after the normalization of RFC 3986 sections 6.2.2 and 6.2.3.
//!
//! Dot segments are not resolved: no client of ours sends them, and what resolves them differently is how paths are smuggled.

/// Whether both are the same address; query and fragment do not count.
pub(super) fn is_same(htu: &str, expected: &str) -> bool {
    normal(htu).is_some_and(|htu| normal(expected).is_some_and(|expected| htu == expected))
}

/// `None` for an address that is not http or https, or that names a user.
fn normal(address: &str) -> Option<String> {
    let address = address.split(['?', '#']).next()?;
    let (scheme, rest) = address.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    if authority.is_empty() || authority.contains('@') {
        return None;
    }
    let authority = authority.to_ascii_lowercase();
    let host = authority.strip_suffix(default_port).or_else(|| authority.strip_suffix(':')).unwrap_or(&authority);
    let path = if path.is_empty() { "/" } else { path };
    Some(format!("{scheme}://{host}{}", normal_escapes(path)))
}

/// RFC 3986 sections 6.2.2.1 and 6.2.2.2: what needs no escape has none, other escapes are in upper case.
fn normal_escapes(path: &str) -> String {
    let mut parts = path.split('%');
    let mut normal = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let escaped = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (escaped.map(char::from), part.split_at_checked(2)) {
            (Some(letter), Some((_, rest))) if letter.is_ascii_alphanumeric() || "-._~".contains(letter) => {
                normal.push(letter);
                normal.push_str(rest);
            }
            (Some(_), Some((digits, rest))) => {
                normal.push('%');
                normal.push_str(&digits.to_ascii_uppercase());
                normal.push_str(rest);
            }
            _ => {
                normal.push('%');
                normal.push_str(part);
            }
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::is_same;

    const TOKEN: &str = "https://auth.example.com/token";

    #[test]
    fn dp_010_query_and_fragment_do_not_count() {
        for htu in [
            "https://auth.example.com/token?a=b",
            "https://auth.example.com/token#f",
            "https://auth.example.com/token?#",
        ] {
            assert!(is_same(htu, TOKEN), "{htu}");
            assert!(is_same(TOKEN, htu), "{htu}");
        }
    }

    #[test]
    fn dp_011_case_default_port_and_needless_escapes_do_not_count() {
        for htu in [
            "HTTPS://auth.example.com/token",
            "https://AUTH.Example.com/token",
            "https://auth.example.com:443/token",
            "https://auth.example.com:/token",
            "https://auth.example.com/%74oken",
        ] {
            assert!(is_same(htu, TOKEN), "{htu}");
        }
        assert!(is_same("https://a.example/%7Eada/%c3%a9", "https://a.example/~ada/%C3%A9"));
        assert!(is_same("https://a.example", "https://a.example/"));
        assert!(is_same("http://127.0.0.1:80/x", "http://127.0.0.1/x"));
    }

    #[test]
    fn dp_012_any_other_address_is_another() {
        for htu in [
            "https://auth.example.com/token/",
            "https://auth.example.com/Token",
            "https://auth.example.com//token",
            "https://auth.example.com/a/../token",
            "https://auth.example.com/./token",
            "https://auth.example.com/introspect",
            "https://auth.example.com",
            "https://other.example.com/token",
            "https://auth.example.com.evil.example/token",
            "http://auth.example.com/token",
            "http://auth.example.com:443/token",
            "https://auth.example.com:8443/token",
            "https://auth.example.com:80/token",
            "https://auth.example.com:0443/token",
            "https://ada@auth.example.com/token",
            "https://auth.example.com@evil.example/token",
            "https:auth.example.com/token",
            "//auth.example.com/token",
            "/token",
            "",
            "https://auth.example.com/%2Ftoken",
            "https://auth.example.com/token%",
            "https://auth.example.com/token%2",
            "https://auth.example.com/token%é",
        ] {
            assert!(!is_same(htu, TOKEN), "{htu}");
        }
    }
}
