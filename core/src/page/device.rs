use super::{Brand, RequestedScope, display_name, html, style};
use askama::Template;

/// Asks for the code that a device shows (RFC 8628 section 3.3). Posts `user_code` to `action`.
#[derive(Debug, Clone, Template)]
#[template(path = "device_code.html")]
pub struct DeviceCode<'a> {
    /// The service that asks.
    pub brand: Brand<'a>,
    /// The path the form is posted to.
    pub action: &'a str,
    /// The code to begin with: from the address, or what was typed the last time.
    pub user_code: &'a str,
    /// Why the last code did not do.
    pub problem: Option<&'a str>,
}

impl DeviceCode<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }
}

/// Asks whether a device may act for the person.
///
/// Posts `interaction` and `decision` to `action`: `allow` with one `scope` for each one left ticked, `deny`, or
/// `switch_account` to sign in as somebody else.
#[derive(Debug, Clone, Template)]
#[template(path = "device_confirm.html")]
pub struct DeviceConfirm<'a> {
    /// The service that asks.
    pub brand: Brand<'a>,
    /// The application on the device, as it calls itself.
    pub client_name: &'a str,
    /// Nobody at the service's has looked at the application: it registered itself.
    pub unverified: bool,
    /// The code, as the device shows it.
    pub user_code: &'a str,
    /// The person who is signed in.
    pub account_name: &'a str,
    /// What the application asks for.
    pub scopes: Vec<RequestedScope<'a>>,
    /// The address that the device asked from.
    pub asked_from: Option<&'a str>,
    /// How many whole minutes ago the device asked.
    pub minutes_ago: u64,
    /// The path the form is posted to.
    pub action: &'a str,
    /// The handle of the interaction, carried in a hidden field.
    pub interaction: &'a str,
}

impl DeviceConfirm<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }

    fn client(&self) -> String {
        client(self.client_name)
    }

    fn account(&self) -> String {
        display_name(self.account_name)
    }
}

/// Says what was decided; the person goes back to the device.
#[derive(Debug, Clone, Copy, Template)]
#[template(path = "device_done.html")]
pub struct DeviceDone<'a> {
    /// The service that answers.
    pub brand: Brand<'a>,
    /// The application on the device, as it calls itself.
    pub client_name: &'a str,
    /// Whether the person allowed it.
    pub approved: bool,
}

impl DeviceDone<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }

    fn client(&self) -> String {
        client(self.client_name)
    }
}

fn client(name: &str) -> String {
    let name = display_name(name);
    if name.is_empty() { "An application without a name".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRAND: Brand<'static> = Brand { name: "Example", theme: None };

    fn confirm() -> DeviceConfirm<'static> {
        DeviceConfirm {
            brand: BRAND,
            client_name: "Living room TV",
            unverified: true,
            user_code: "WDJB-MJHT",
            account_name: "Ada Lovelace",
            scopes: vec![RequestedScope { id: "read", name: "See your photos", description: "" }],
            asked_from: Some("203.0.113.9"),
            minutes_ago: 0,
            action: "/device",
            interaction: "e.abc",
        }
    }

    #[test]
    fn the_code_is_typed_into_a_field_that_helps() {
        let page = DeviceCode { brand: BRAND, action: "/device", user_code: "", problem: None };
        let html = page.render();
        assert!(html.contains(r#"<form method="post" action="/device">"#), "{html}");
        assert!(html.contains(r#"name="user_code""#) && html.contains(r#"autocapitalize="characters""#), "{html}");
        assert!(!html.contains("role=\"alert\""), "{html}");
        let again = DeviceCode { user_code: "\"><b>", problem: Some("No."), ..page }.render();
        assert!(again.contains(r#"role="alert">No."#) && !again.contains("<b>"), "{again}");
    }

    #[test]
    fn dv_010_shows_the_code_the_application_the_scopes_and_where_it_asked() {
        let html = confirm().render();
        for shown in
            ["WDJB-MJHT", "<bdi>Living room TV</bdi>", "<bdi>Ada Lovelace</bdi>", "See your photos", "203.0.113.9"]
        {
            assert!(html.contains(shown), "{shown}: {html}");
        }
        assert!(html.contains("less than a minute ago"), "{html}");
        let later = DeviceConfirm { minutes_ago: 7, asked_from: None, ..confirm() }.render();
        assert!(later.contains("7 min ago") && !later.contains("from the address"), "{later}");
    }

    #[test]
    fn the_enter_key_never_allows() {
        let html = confirm().render();
        assert!(html.find(r#"value="deny""#) < html.find(r#"value="allow""#), "the first button is the default one");
    }

    #[test]
    fn a_client_without_a_name_is_called_nameless() {
        let html = DeviceConfirm { client_name: "\u{202e}", ..confirm() }.render();
        assert!(html.contains("An application without a name"));
    }

    #[test]
    fn says_what_was_decided() {
        let page = DeviceDone { brand: BRAND, client_name: "Living room TV", approved: true };
        assert!(page.render().contains("You can go on"));
        assert!(DeviceDone { approved: false, ..page }.render().contains("Nothing was allowed"));
    }
}
