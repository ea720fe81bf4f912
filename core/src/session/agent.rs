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
    pub(crate) fn new(user_agent: Option<&str>, address: Option<&str>) -> Self {
        Self { user_agent: user_agent.and_then(bounded), address: address.and_then(bounded) }
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
}
