use super::{Brand, html, style};
use askama::Template;

/// Says what went wrong where the browser must not be redirected (RFC 6749 section 4.1.2.1): a redirect URI that does not match,
/// an unknown client, an interaction that is over.
#[derive(Debug, Clone, Copy, Template)]
#[template(path = "error.html")]
pub struct ErrorPage<'a> {
    /// The service that answers.
    pub brand: Brand<'a>,
    /// What happened, in a few words.
    pub title: &'a str,
    /// What happened, in a sentence or two for the person in front of the page.
    pub explanation: &'a str,
    /// The error code, for whoever is asked for help.
    pub code: &'a str,
    /// What can be done about it.
    pub help: Option<&'a str>,
}

impl ErrorPage<'_> {
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
    fn says_what_happened_the_code_and_what_to_do() {
        let page = ErrorPage {
            brand: Brand { name: "Example", theme: None },
            title: "This sign-in cannot go on",
            explanation: "The application sent an address it has not registered.",
            code: "invalid_redirect_uri",
            help: Some("Tell the people who run the application."),
        };
        let html = page.render();
        for shown in [page.title, page.explanation, page.code, "Tell the people who run the application."] {
            assert!(html.contains(shown), "{shown}: {html}");
        }
        assert!(html.contains("<title>This sign-in cannot go on – Example</title>"), "{html}");
        assert!(!html.contains("<form") && !html.contains("<a "), "an error page leads nowhere");
    }
}
