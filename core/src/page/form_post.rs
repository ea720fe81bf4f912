use super::{Brand, Destination, html, style};
use askama::Template;

/// What the page runs: it sends its only form. Allowed by its hash; without script, there is the button.
pub(crate) const SUBMIT: &str = "document.forms[0].submit()";

/// Sends an answer to the application with a form (OAuth 2.0 Form Post Response Mode section 2).
#[derive(Debug, Clone, Template)]
#[template(path = "form_post.html")]
pub struct FormPost<'a> {
    /// The service that answers.
    pub brand: Brand<'a>,
    /// Where the form goes, for the person.
    pub destination: Destination,
    /// Where the form goes.
    pub action: &'a str,
    /// The parameters of the answer.
    pub parameters: &'a [(String, String)],
}

impl FormPost<'_> {
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
    fn az_050_values_are_text_and_never_markup() {
        let parameters = vec![
            ("state".to_owned(), "\"><script>alert(1)</script></form>".to_owned()),
            ("code".to_owned(), "cvc_1".to_owned()),
        ];
        let html = FormPost {
            brand: Brand { name: "Example", theme: None },
            destination: Destination::of("https://app.example.com/cb"),
            action: "https://app.example.com/cb?a=b&c=\"d",
            parameters: &parameters,
        }
        .render();
        assert!(html.contains(r#"method="post" action="https://app.example.com/cb?a=b&#38;c=&#34;d""#), "{html}");
        assert!(html.contains(r#"name="code" value="cvc_1""#), "{html}");
        assert_eq!((html.matches("<script").count(), html.matches("</form").count()), (1, 1), "{html}");
        assert!(html.contains(&format!("<script>{SUBMIT}</script>")), "{html}");
    }
}
