use super::{Brand, Destination, display_name, html, style};
use askama::Template;

/// Asks whether an application may act for the person.
///
/// Posts `interaction` and `decision` to `action`: `allow` with one `scope` for each one left ticked, `deny`, or
/// `switch_account` to sign in as somebody else.
#[derive(Debug, Clone, Template)]
#[template(path = "consent.html")]
pub struct Consent<'a> {
    /// The service that asks.
    pub brand: Brand<'a>,
    /// The application, as it calls itself.
    pub client_name: &'a str,
    /// Set when nobody at the service's has looked at the application: it registered itself.
    pub unverified: Option<Unverified<'a>>,
    /// Where the browser goes afterwards. Its [`Destination::form_source`] belongs in this page's headers.
    pub destination: Destination,
    /// The person who is signed in.
    pub account_name: &'a str,
    /// What the application asks for.
    pub scopes: Vec<RequestedScope<'a>>,
    /// The path the form is posted to.
    pub action: &'a str,
    /// The handle of the interaction, carried in a hidden field.
    pub interaction: &'a str,
    /// Who is signed in, carried in a hidden field: in another tab it may soon be somebody else.
    pub subject: &'a str,
}

/// What an application that registered itself says of itself.
#[derive(Debug, Clone, Default)]
pub struct Unverified<'a> {
    /// The host at which it says who it is, where it does.
    pub host: Option<&'a str>,
    /// Its own pages, each with the words of its link. They lead to its own host alone, by https.
    pub links: Vec<(&'static str, &'a str)>,
}

/// One thing an application asks for.
#[derive(Debug, Clone, Copy)]
pub struct RequestedScope<'a> {
    /// The scope token: what is posted back.
    pub id: &'a str,
    /// What it allows, in a few words for the person.
    pub name: &'a str,
    /// What that means in more words; empty when the name says it all.
    pub description: &'a str,
}

impl Consent<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }

    fn client(&self) -> String {
        let name = display_name(self.client_name);
        if name.is_empty() { "An application without a name".to_owned() } else { name }
    }

    fn account(&self) -> String {
        display_name(self.account_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(redirect_uri: &str) -> Consent<'static> {
        Consent {
            brand: Brand { name: "Example", theme: None },
            client_name: "Photo Printer",
            unverified: None,
            destination: Destination::of(redirect_uri),
            account_name: "Ada Lovelace",
            scopes: vec![
                RequestedScope { id: "read", name: "See your photos", description: "All albums, also private ones" },
                RequestedScope { id: "write", name: "Change your photos", description: "" },
            ],
            action: "/consent",
            interaction: "i.abc",
            subject: "ada",
        }
    }

    #[test]
    fn shows_who_asks_whom_for_what_and_where_it_leads() {
        let html = page("https://app.example.com/callback?x=1").render();
        for shown in
            ["<bdi>Photo Printer</bdi>", "<bdi>Ada Lovelace</bdi>", "See your photos", "All albums, also private ones"]
        {
            assert!(html.contains(shown), "{shown}: {html}");
        }
        assert!(html.contains(">app.example.com</"), "{html}");
        assert!(!html.contains("callback"), "{html}");
    }

    #[test]
    fn every_scope_is_a_ticked_box_that_can_be_unticked() {
        let html = page("https://app.example.com/").render();
        for id in ["read", "write"] {
            let input = format!(r#"type="checkbox" name="scope" value="{id}" checked"#);
            assert!(html.contains(&input), "{input}: {html}");
        }
        assert_eq!(html.matches("class=\"detail\"").count(), 1, "an empty description takes no line");
    }

    #[test]
    fn offers_allow_deny_and_another_account() {
        let html = page("https://app.example.com/").render();
        for decision in ["allow", "deny", "switch_account"] {
            assert_eq!(
                html.matches(&format!(r#"name="decision" value="{decision}""#)).count(),
                1,
                "{decision}: {html}"
            );
        }
        assert_eq!(html.matches(r#"name="interaction" value="i.abc""#).count(), 2, "both forms carry it");
        assert_eq!(html.matches(r#"method="post" action="/consent""#).count(), 2);
    }

    #[test]
    fn the_enter_key_never_allows() {
        let html = page("https://app.example.com/").render();
        assert!(html.find(r#"value="deny""#) < html.find(r#"value="allow""#), "the first button is the default one");
    }

    #[test]
    fn warns_when_the_code_goes_to_an_application_on_this_device() {
        for uri in ["http://127.0.0.1:9000/cb", "http://[::1]:9000/cb", "http://localhost/cb", "com.example.app:/cb"] {
            assert!(page(uri).render().contains("an application on this device"), "{uri}");
        }
        assert!(!page("https://app.example.com/").render().contains("an application on this device"));
    }

    #[test]
    fn a_client_whose_name_is_only_bidi_controls_is_called_nameless() {
        let html = Consent { client_name: "\u{202e}\u{200f}", ..page("https://app.example.com/") }.render();
        assert!(html.contains("An application without a name"));
    }
}
