use super::{Brand, html, style};
use askama::Template;

/// Confirms a sign-out that leads back to no application.
#[derive(Debug, Clone, Copy, Template)]
#[template(path = "signed_out.html")]
pub struct SignedOut<'a> {
    /// The service that answers.
    pub brand: Brand<'a>,
}

impl SignedOut<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_that_the_session_is_over() {
        let html = SignedOut { brand: Brand { name: "Example", theme: None } }.render();
        assert!(html.contains("<title>Signed out – Example</title>"), "{html}");
        assert!(html.contains("<h1>You are signed out</h1>"), "{html}");
    }
}
