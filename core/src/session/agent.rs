//! What a session's person may know it by: the program that has it, and where it is.

use serde::{Deserialize, Serialize};

/// The program and the address that a request came from, as far as they are known. Anybody may say anything here: it is shown to the
/// session's own person, and decides nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Agent {
    /// The `user-agent` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
    /// The peer's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
}

/// How many characters of each are kept.
const LONGEST: usize = 256;

impl Agent {
    pub(super) fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn new(user_agent: Option<&str>, address: Option<&str>) -> Self {
        Self { user_agent: user_agent.and_then(bounded), address: address.and_then(bounded) }
    }
}

impl Agent {
    /// The program in a few words, such as "Firefox on Linux"; empty when it is none of those that most people have.
    pub(crate) fn browser(&self) -> String {
        // Each calls itself by the names of those after it, too.
        const PROGRAMS: [(&str, &str); 7] = [
            ("Edg", "Edge"),
            ("OPR/", "Opera"),
            ("Firefox/", "Firefox"),
            ("FxiOS/", "Firefox"),
            ("Chrome/", "Chrome"),
            ("CriOS/", "Chrome"),
            ("Safari/", "Safari"),
        ];
        const SYSTEMS: [(&str, &str); 7] = [
            ("Android", "Android"),
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Windows", "Windows"),
            ("Mac OS X", "macOS"),
            ("CrOS", "ChromeOS"),
            ("Linux", "Linux"),
        ];
        let said = self.user_agent.as_deref().unwrap_or_default();
        let named =
            |names: &[(&str, &'static str)]| names.iter().find(|(part, _)| said.contains(part)).map(|(_, name)| *name);
        match (named(&PROGRAMS), named(&SYSTEMS)) {
            (Some(program), Some(system)) => format!("{program} on {system}"),
            (program, system) => program.or(system).unwrap_or_default().to_owned(),
        }
    }
}

fn bounded(text: &str) -> Option<String> {
    let kept: String = text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
    (!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn se_025_what_a_browser_says_of_itself_is_bounded() {
        let agent = Agent::new(Some(&"x".repeat(1 << 20)), Some("203.0.113.9\r\n"));
        assert_eq!(agent.user_agent.map(|text| text.len()), Some(LONGEST));
        assert_eq!(agent.address.as_deref(), Some("203.0.113.9"));
        assert_eq!(Agent::new(Some(""), Some("\n")), Agent::default());
    }

    #[test]
    fn a_browser_is_named_in_words_that_people_know() {
        for (said, named) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 CriOS/126 Safari/604.1",
                "Chrome on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.5.0", ""),
            ("a thing for Linux", "Linux"),
        ] {
            assert_eq!(Agent::new(Some(said), None).browser(), named, "{said}");
        }
    }
}
