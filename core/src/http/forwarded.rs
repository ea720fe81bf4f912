//! Which address a request came from, where it came through the operator's own proxies (RFC 7239 section 5.2 tells of the like).

use std::net::{IpAddr, SocketAddr};

use super::Request;

/// The address that the outermost trusted proxy saw, by `x-forwarded-for`; the host's own peer where none is trusted or that says no
/// address. Whatever stands further to the left is what the sender says.
pub(crate) fn peer(request: &Request, trusted_hops: u32) -> Option<String> {
    let peer = || request.remote.clone();
    let Some(beyond) = usize::try_from(trusted_hops).ok().and_then(|hops| hops.checked_sub(1)) else { return peer() };
    let values: Vec<&str> = request.header_values("x-forwarded-for").collect();
    let entry = values.iter().rev().flat_map(|value| value.rsplit(',')).nth(beyond);
    entry.and_then(|entry| address(entry.trim())).map_or_else(peer, |address| Some(address.to_string()))
}

/// With or without a port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(forwarded: &[&str]) -> Request {
        Request {
            method: "GET".into(),
            url: "/".into(),
            headers: forwarded.iter().map(|value| ("x-forwarded-for".to_owned(), (*value).to_owned())).collect(),
            body: None,
            remote: Some("10.0.0.1".into()),
        }
    }

    fn of(forwarded: &[&str], hops: u32) -> String {
        peer(&request(forwarded), hops).unwrap()
    }

    #[test]
    fn th_001_without_a_trusted_hop_the_header_is_not_looked_at() {
        assert_eq!(of(&["203.0.113.9"], 0), "10.0.0.1");
    }

    #[test]
    fn th_002_the_right_most_trusted_hop_counts_and_what_is_malformed_does_not() {
        let spoofed = "6.6.6.6, 203.0.113.9";
        assert_eq!(of(&[spoofed], 1), "203.0.113.9");
        assert_eq!(of(&["6.6.6.6,203.0.113.9 , 10.0.0.2"], 2), "203.0.113.9");
        assert_eq!(of(&["6.6.6.6", "203.0.113.9", "10.0.0.2"], 2), "203.0.113.9");
        for (entry, shown) in [
            ("203.0.113.9:4711", "203.0.113.9"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("unknown", "10.0.0.1"),
            ("_hidden", "10.0.0.1"),
            ("", "10.0.0.1"),
            ("203.0.113.9\u{0}", "10.0.0.1"),
        ] {
            assert_eq!(of(&[&format!("6.6.6.6, {entry}")], 1), shown);
        }
        // Fewer than there should be: somebody came past a proxy.
        assert_eq!(of(&["203.0.113.9"], 2), "10.0.0.1");
        assert_eq!(of(&[], 1), "10.0.0.1");
        let flood = vec!["6.6.6.6"; 10_000].join(", ") + ", 203.0.113.9";
        assert_eq!(of(&[&flood], 1), "203.0.113.9");
    }
}
