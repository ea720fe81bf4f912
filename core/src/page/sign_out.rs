use super::{Brand, Destination, display_name, html, style};
use askama::Template;

/// Asks whether to sign out. Posts `confirmation` and `decision` to `action`: `sign_out`, or `stay`.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_out.html")]
pub struct SignOut<'a> {
    /// The service that asks.
    pub brand: Brand<'a>,
    /// The application that sent the browser, as it calls itself.
    pub client_name: Option<&'a str>,
    /// The person who is signed in.
    pub account_name: &'a str,
    /// Where the browser goes afterwards, if to an application. Its [`Destination::form_source`] belongs in this page's headers.
    pub destination: Option<Destination>,
    /// The path the form is posted to.
    pub action: &'a str,
    /// What was asked, carried in a hidden field.
    pub confirmation: &'a str,
}

impl SignOut<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }

    fn client(&self) -> String {
        self.client_name.map(display_name).unwrap_or_default()
    }

    fn account(&self) -> String {
        display_name(self.account_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> SignOut<'static> {
        SignOut {
            brand: Brand { name: "Example", theme: None },
            client_name: Some("Photo Printer"),
            account_name: "Ada Lovelace",
            destination: Some(Destination::of("https://app.example.com/bye")),
            action: "/logout",
            confirmation: "abc",
        }
    }

    #[test]
    fn says_who_asks_whom_and_where_it_leads() {
        let html = page().render();
        for shown in ["<bdi>Photo Printer</bdi>", "<bdi>Ada Lovelace</bdi>", ">app.example.com</"] {
            assert!(html.contains(shown), "{shown}: {html}");
        }
        let alone = SignOut { client_name: None, destination: None, ..page() }.render();
        assert!(!alone.contains("Photo Printer") && !alone.contains("app.example.com"), "{alone}");
    }

    #[test]
    fn the_enter_key_never_signs_out() {
        let html = page().render();
        assert!(html.contains(r#"method="post" action="/logout""#), "{html}");
        assert!(html.contains(r#"name="confirmation" value="abc""#), "{html}");
        assert!(html.find(r#"value="stay""#).unwrap() < html.find(r#"value="sign_out""#).unwrap());
    }
}
