//! Where a journey may end: a path of this site, however a browser or a proxy reads it.

use crate::refusal::Refusal;
use crate::uri::Uri;

const LONGEST: usize = 1024;

/// No path is the site's first page.
pub(super) fn check(path: Option<&str>) -> Result<(), Refusal> {
    if path.is_none_or(is_of_this_site) {
        Ok(())
    } else {
        Err(Refusal::InvalidArgument(
            "redirectPath: a path on this site, such as /settings?tab=2, of at most 1024 characters",
        ))
    }
}

/// Browsers read `\` as `/` and leave out tabs, so `/\evil` and `/<tab>/evil` are `//evil`, which is another site. What is encoded may be decoded
/// on the way.
fn is_of_this_site(text: &str) -> bool {
    // With a host before it, it is a path and nothing else, if it is well-formed and in its normal form.
    let whole = format!("https://here.test{text}");
    let is_plain = |path: &str| !path.contains("//") && !has_encoded_mark(path);
    text.len() <= LONGEST && text.starts_with('/') && Uri::parse(&whole).is_some_and(|uri| is_plain(uri.path))
}

/// A separator or a control character, encoded.
fn has_encoded_mark(path: &str) -> bool {
    path.split('%')
        .skip(1)
        .filter_map(|after| u8::from_str_radix(after.get(..2)?, 16).ok())
        .any(|byte| matches!(byte, b'/' | b'\\') || byte.is_ascii_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds7_5_only_a_path_of_this_site_is_where_somebody_comes_back_to() {
        for good in
            ["/", "/a", "/a/b/", "/a?next=//b&c=%2F", "/a#b", "/%C3%A9", "/a%20b", "/@ada.test", "/a:b", "/?//x"]
        {
            assert!(is_of_this_site(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "evil.test",
            "//evil.test",
            "///evil.test",
            "/\\evil.test",
            "\\/evil.test",
            "/\t/evil.test",
            "/\n/evil.test",
            "\t//evil.test",
            " /a",
            "/a b",
            "/%2Fevil.test",
            "/%2f/evil.test",
            "/%5Cevil.test",
            "/%5cevil.test",
            "/%09/evil.test",
            "/%0d%0aset-cookie:a",
            "/.//evil.test",
            "/..//evil.test",
            "/a/..//evil.test",
            "/%2e%2e/evil.test",
            "/a//b",
            "https://evil.test",
            "javascript:alert(1)",
            "@evil.test",
            ".evil.test",
            ":80/",
            "/a%",
            "/a%zz",
            "/\u{e9}",
            "/a\u{0}",
            "/\u{2215}/evil.test",
        ] {
            assert!(!is_of_this_site(bad), "{bad:?}");
        }
        assert!(is_of_this_site(&format!("/{}", "a".repeat(1023))));
        assert!(!is_of_this_site(&format!("/{}", "a".repeat(1024))));
    }
}
