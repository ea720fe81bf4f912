use super::{Brand, display_name, html, style};
use askama::Template;

/// Confirms a sign-in that no application asked for.
#[derive(Debug, Clone, Copy, Template)]
#[template(path = "signed_in.html")]
pub struct SignedIn<'a> {
    /// The service that answers.
    pub brand: Brand<'a>,
    /// The person who is signed in.
    pub account_name: &'a str,
}

impl SignedIn<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }

    fn account(&self) -> String {
        display_name(self.account_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_who_is_signed_in() {
        let html = SignedIn { brand: Brand { name: "Example", theme: None }, account_name: "Ada Lovelace" }.render();
        assert!(html.contains("<title>Signed in – Example</title>"), "{html}");
        assert!(html.contains("<bdi>Ada Lovelace</bdi>"), "{html}");
    }
}
