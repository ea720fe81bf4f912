//! How long an answer of another server serves (RFC 9111): as it says itself, within bounds.

use crate::time::Seconds;

/// The bounds of what servers say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Freshness {
    /// Also where a server wants nothing to be kept: nobody can have another server asked for each request.
    pub(crate) least: Seconds,
    pub(crate) most: Seconds,
    /// Where it says nothing.
    pub(crate) usual: Seconds,
}

impl Freshness {
    /// As the headers of an answer say, whose names are in lower case.
    pub(crate) fn said_in(self, headers: &[(String, String)]) -> Seconds {
        let values = |wanted: &str| {
            let values = headers.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
            values.collect::<Vec<_>>().join(",")
        };
        self.said(&values("cache-control"), &values("age"))
    }

    /// As `cache-control` says (section 5.2.2), less what a cache says that it kept the answer for (`age`, section 5.1). Of several
    /// lifetimes the shortest counts (section 4.2.1).
    pub(crate) fn said(self, cache_control: &str, age: &str) -> Seconds {
        let directives = || cache_control.split(',').map(|directive| directive.trim().to_ascii_lowercase());
        if directives().any(|directive| directive == "no-store" || directive.starts_with("no-cache")) {
            return self.least;
        }
        let lifetimes =
            directives().filter_map(|directive| whole(directive.strip_prefix("max-age=")?.trim_matches('"')));
        let left = lifetimes.min().map(|lifetime| lifetime.saturating_sub(whole(age.trim()).unwrap_or(0)));
        Seconds(left.unwrap_or(self.usual.0).clamp(self.least.0, self.most.0))
    }
}

/// delta-seconds (section 1.2.2): digits alone, and as much as can be counted where there are too many.
fn whole(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Freshness = Freshness { least: Seconds(300), most: Seconds(86_400), usual: Seconds(3600) };

    #[test]
    fn an_answer_is_fresh_as_long_as_it_says_within_bounds() {
        for (cache_control, seconds) in [
            ("", 3600),
            ("public", 3600),
            ("max-age=600", 600),
            ("public, Max-Age=600", 600),
            ("max-age=\"600\"", 600),
            ("max-age=900, max-age=600", 600),
            ("max-age=0", 300),
            ("max-age=99999999", 86_400),
            ("max-age=99999999999999999999999", 86_400),
            ("max-age=-1", 3600),
            ("max-age=+600", 3600),
            ("max-age=", 3600),
            ("s-maxage=600", 3600),
            ("no-store, max-age=600", 300),
            ("no-cache=\"x\"", 300),
        ] {
            assert_eq!(BOUNDS.said(cache_control, ""), Seconds(seconds), "{cache_control}");
        }
    }

    #[test]
    fn the_time_in_a_cache_on_the_way_counts() {
        for (age, seconds) in [("", 1000), ("0", 1000), ("400", 600), ("999999", 300), ("-1", 1000), ("x", 1000)] {
            assert_eq!(BOUNDS.said("max-age=1000", age), Seconds(seconds), "{age}");
        }
        assert_eq!(BOUNDS.said("", "400"), Seconds(3600));
    }

    #[test]
    fn several_headers_of_a_name_are_one() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers =
            [header("cache-control", "public"), header("age", "100"), header("cache-control", "max-age=1000")];
        assert_eq!(BOUNDS.said_in(&headers), Seconds(900));
        assert_eq!(BOUNDS.said_in(&[]), Seconds(3600));
    }
}
