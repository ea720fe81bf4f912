use super::{Brand, display_name, html, style};
use crate::time::Millis;
use askama::Template;

/// Shows a person what they sign in with, and lets them change it while their sign-in is recent.
///
/// Posts `token` to `action`, with one of `renew`, `change` (with `current` and `new`), `add`, `remove` (an authenticator's id) and
/// `renew_codes`.
#[derive(Debug, Clone, Template)]
#[template(path = "security.html")]
pub struct Security<'a> {
    /// The service that answers.
    pub brand: Brand<'a>,
    /// What the person signs in as.
    pub login: &'a str,
    /// Whether there is a password to change.
    pub has_password: bool,
    /// Codes by mail, where there may be some.
    pub mail: Option<MailFactor<'a>>,
    /// Their apps.
    pub authenticators: Vec<OwnAuthenticator>,
    /// How many recovery codes are not used.
    pub recovery_codes_left: usize,
    /// Whether they may change anything without signing in again.
    pub is_recent: bool,
    /// The present, in milliseconds.
    pub now: Millis,
    /// The path the forms are posted to; the page itself.
    pub action: &'a str,
    /// The path of the account page.
    pub account: &'a str,
    /// What shows that a form is the session's own, carried in a hidden field.
    pub token: &'a str,
    /// Why the last change was not made.
    pub problem: Option<&'a str>,
    /// What was changed.
    pub notice: Option<&'a str>,
}

/// Codes by mail as a second factor.
#[derive(Debug, Clone)]
pub struct MailFactor<'a> {
    /// Where they go.
    pub address: &'a str,
    /// Whether they are one.
    pub enabled: bool,
}

/// An authenticator app of the person.
#[derive(Debug, Clone)]
pub struct OwnAuthenticator {
    /// Its id.
    pub id: String,
    /// What the person calls it.
    pub name: Option<String>,
    /// When it was added.
    pub added_at: Millis,
    /// When a code of it was good last.
    pub last_used_at: Millis,
}

/// Shows the key of a new authenticator app, and asks for its first code: posts `token`, `confirm` (its id) and `code` to `action`.
#[derive(Clone, Template)]
#[template(path = "add_authenticator.html")]
pub struct AddAuthenticator<'a> {
    /// The service that answers.
    pub brand: Brand<'a>,
    /// The id of the authenticator.
    pub id: &'a str,
    /// Its key in base32.
    pub secret: &'a str,
    /// Its key as an app takes it.
    pub uri: &'a str,
    /// The same as a QR code, where it is not too long for one.
    pub picture: Option<Picture>,
    /// The path the form is posted to.
    pub action: &'a str,
    /// What shows that the form is the session's own.
    pub token: &'a str,
    /// Why the last code did not do.
    pub problem: Option<&'a str>,
}

/// A picture of dark squares.
#[derive(Clone)]
pub struct Picture {
    /// Its width and height, in squares.
    pub side: usize,
    /// The data of an SVG path.
    pub path: String,
}

/// Shows recovery codes, this once.
#[derive(Clone, Template)]
#[template(path = "recovery_codes.html")]
pub struct NewRecoveryCodes<'a> {
    /// The service that answers.
    pub brand: Brand<'a>,
    /// The codes.
    pub codes: &'a [String],
    /// Where the person goes on.
    pub onward: &'a str,
}

macro_rules! without_secrets {
    ($($name:ident)+) => {
        $(impl std::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })+
    };
}

without_secrets!(AddAuthenticator NewRecoveryCodes);

impl Security<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }

    fn ago(&self, then: &Millis) -> String {
        super::ago(self.now, *then)
    }
}

impl OwnAuthenticator {
    fn shown(&self) -> String {
        let name = self.name.as_deref().map(display_name).unwrap_or_default();
        if name.is_empty() { "Authenticator app".to_owned() } else { name }
    }
}

impl AddAuthenticator<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }

    /// In fours, for reading and typing; apps take the spaces.
    fn grouped(&self) -> String {
        let letters: Vec<char> = self.secret.chars().collect();
        let groups: Vec<String> = letters.chunks(4).map(|four| four.iter().collect()).collect();
        groups.join(" ")
    }
}

impl NewRecoveryCodes<'_> {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        html(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRAND: Brand<'static> = Brand { name: "Example", theme: None };

    fn page() -> Security<'static> {
        let app =
            OwnAuthenticator { id: "a1".into(), name: Some("Telephone".into()), added_at: 0, last_used_at: 60_000 };
        Security {
            brand: BRAND,
            login: "ada",
            has_password: true,
            mail: Some(MailFactor { address: "ada@example.com", enabled: false }),
            authenticators: vec![app],
            recovery_codes_left: 7,
            is_recent: true,
            now: 120_000,
            action: "/account/security",
            account: "/account",
            token: "t0ken",
            problem: None,
            notice: None,
        }
    }

    #[test]
    fn shows_what_there_is_and_a_button_for_each_change() {
        let html = page().render();
        for shown in [
            "<bdi>Telephone</bdi>",
            "Added 2 minutes ago",
            "Used 1 minute ago",
            "7 left.",
            r#"name="remove" value="a1""#,
            r#"name="add" value="totp""#,
            r#"name="mail" value="on""#,
            "<bdi>ada@example.com</bdi>",
            r#"name="renew_codes""#,
            r#"autocomplete="current-password""#,
            r#"autocomplete="new-password""#,
            r#"href="/account""#,
        ] {
            assert!(html.contains(shown), "{shown}: {html}");
        }
        assert!(!html.contains(r#"name="renew" "#), "{html}");
        assert_eq!(html.matches("<form").count(), html.matches(r#"name="token" value="t0ken""#).count());
    }

    #[test]
    fn nothing_can_be_changed_long_after_the_sign_in() {
        let html = Security { is_recent: false, ..page() }.render();
        assert!(html.contains(r#"name="renew""#) && html.contains("Telephone"), "{html}");
        for absent in ["name=\"remove\"", "name=\"add\"", "name=\"mail\"", "name=\"renew_codes\"", "type=\"password\""]
        {
            assert!(!html.contains(absent), "{absent}: {html}");
        }
    }

    #[test]
    fn without_an_app_there_are_no_recovery_codes_and_without_a_password_none_to_change() {
        let html = Security { authenticators: Vec::new(), has_password: false, ..page() }.render();
        assert!(!html.contains("Recovery codes") && !html.contains("<h2>Password"), "{html}");
        assert!(html.contains("Add an authenticator app"), "{html}");
        assert!(!Security { mail: None, ..page() }.render().contains("by mail"));
        let on = Security { mail: Some(MailFactor { address: "a@b.c", enabled: true }), ..page() }.render();
        assert!(on.contains(r#"name="mail" value="off""#) && !on.contains(r#"value="on""#), "{on}");
        assert!(Security { recovery_codes_left: 0, ..page() }.render().contains("You have used all of them."));
    }

    #[test]
    fn a_problem_is_announced_and_a_change_is_told() {
        let html = Security { problem: Some("No."), ..page() }.render();
        assert!(html.contains(r#"id="problem" role="alert">No."#) && html.contains("<title>Problem: "), "{html}");
        assert!(Security { notice: Some("Done."), ..page() }.render().contains(r#"role="status">Done."#));
    }

    #[test]
    fn the_key_is_shown_as_a_picture_as_text_and_as_a_link() {
        let picture = Picture { side: 29, path: "M4 4h7v1h-7z".into() };
        let add = AddAuthenticator {
            brand: BRAND,
            id: "a1",
            secret: "ABCDEFGHIJ",
            uri: "otpauth://totp/x?a=1&b=2",
            picture: Some(picture),
            action: "/account/security",
            token: "t0ken",
            problem: None,
        };
        let html = add.render();
        for shown in [
            r#"viewBox="0 0 29 29""#,
            r#"d="M4 4h7v1h-7z""#,
            r#"<code class="secret">ABCD EFGH IJ</code>"#,
            r#"href="otpauth://totp/x?a=1&#38;b=2""#,
            r#"name="confirm" value="a1""#,
            r#"inputmode="numeric" autocomplete="one-time-code""#,
        ] {
            assert!(html.contains(shown), "{shown}: {html}");
        }
        assert!(!format!("{add:?}").contains("ABCD"));
        assert!(!AddAuthenticator { picture: None, ..add }.render().contains("<svg"));
    }

    #[test]
    fn every_recovery_code_is_shown() {
        let codes = ["k3v9q-0d7xm".to_owned(), "00000-11111".to_owned()];
        let page = NewRecoveryCodes { brand: BRAND, codes: &codes, onward: "/account/security" };
        let html = page.render();
        assert!(codes.iter().all(|code| html.contains(&format!("<code>{code}</code>"))), "{html}");
        assert!(!format!("{page:?}").contains("k3v9q"));
    }
}
