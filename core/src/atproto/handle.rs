//! Handles (<https://atproto.com/specs/handle>): domain names that people are called by.

/// The longest handle, and the longest label of one (RFC 1035 section 2.3.4).
const LONGEST: usize = 253;
const LONGEST_LABEL: usize = 63;
/// What is no name of anybody on the open network: the specification's list.
const NOBODYS: [&str; 8] = ["alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion"];

/// A handle in its normal form, lower case. `None`: it is none, or names nobody on the open network.
pub(crate) fn read(text: &str) -> Option<String> {
    let handle = text.to_ascii_lowercase();
    let (rest, last) = handle.rsplit_once('.')?;
    let is_good = handle.len() <= LONGEST
        && rest.split('.').all(is_label)
        && is_label(last)
        && last.starts_with(|first: char| first.is_ascii_lowercase())
        && !NOBODYS.contains(&last);
    is_good.then_some(handle)
}

fn is_label(label: &str) -> bool {
    (1..=LONGEST_LABEL).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h4_a_handle_is_a_domain_name_of_two_labels_or_more() {
        // The specification's examples.
        for good in
            ["jay.bsky.social", "8.cn", "name.t--t", "xn--notarealidn.com", "xn--ls8h.test", "a.co", "laptop.TEST"]
        {
            assert_eq!(read(good), Some(good.to_ascii_lowercase()), "{good}");
        }
        assert!(read(&format!("{}.test", "a".repeat(63))).is_some());
        let long = format!("{}test", "abcdefghi.".repeat(25));
        for bad in [
            "jo@hn.test",
            "\u{1f4a9}.test",
            "john..test",
            "xn--bcher-.tld",
            "john.0",
            "cn.8",
            "www.masełkowski.pl.com",
            "org",
            "name.org.",
            ".name.org",
            "-a.test",
            "a-.test",
            "",
            ".",
            "@ada.test",
            "ada.test ",
            "ada.te st",
            "ada.test/x",
            "ada.test:80",
            "127.0.0.1",
            "x.localhost",
            "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion",
            "laptop.local",
            "blah.arpa",
            "x.INTERNAL",
            "did:plc:abc",
            "https://ada.test",
            &long,
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(read(&format!("{}.test", "a".repeat(64))), None);
    }
}
