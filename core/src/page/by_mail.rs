//! The pages of everything that goes by way of a mailbox.

use super::{Brand, html, style};
use askama::Template;

/// Asks who somebody is, to send them a mail. Posts `login` (and `interaction`, where there is one) to `action`.
#[derive(Debug, Clone, Template)]
#[template(path = "ask_address.html")]
pub struct AskAddress<'a> {
    /// The service that asks.
    pub brand: Brand<'a>,
    /// What it is for, as the heading says it.
    pub title: &'a str,
    /// And in a sentence.
    pub lead: &'a str,
    /// What the button says.
    pub button: &'a str,
    /// The path the form is posted to.
    pub action: &'a str,
    /// The handle of the interaction, carried in a hidden field.
    pub interaction: Option<&'a str>,
    /// Whether the person may wish to stay signed in.
    pub may_remember: bool,
    /// The login to begin with.
    pub login: &'a str,
    /// What was wrong with the last one.
    pub problem: Option<&'a str>,
}

/// Says that a mail is on its way, if anybody is there to get it; and takes the code that is in it.
#[derive(Debug, Clone, Template)]
#[template(path = "mailbox.html")]
pub struct Mailbox<'a> {
    /// The service that sends.
    pub brand: Brand<'a>,
    /// What was sent, to whom.
    pub text: &'a str,
    /// Where the code is typed; `None`: there is none.
    pub code: Option<CodeField<'a>>,
    /// Why the last code did not do.
    pub problem: Option<&'a str>,
    /// Where to sign in.
    pub back: Option<&'a str>,
}

/// A form for a code. Posts `interaction`, `waiting` and `code` to `action`.
#[derive(Debug, Clone, Copy)]
pub struct CodeField<'a> {
    /// The path the form is posted to.
    pub action: &'a str,
    /// The handle of the interaction.
    pub interaction: &'a str,
    /// Whose code it is, sealed.
    pub waiting: &'a str,
}

/// What a link in a mail opens: a button, since programs that look for viruses open links too. Posts `token` to `action`.
#[derive(Debug, Clone, Template)]
#[template(path = "open_link.html")]
pub struct OpenLink<'a> {
    /// The service that asks.
    pub brand: Brand<'a>,
    /// What it is for, as the heading says it.
    pub title: &'a str,
    /// The address that the link was sent to.
    pub address: &'a str,
    /// What the button does, and whom it is not for.
    pub text: &'a str,
    /// What the button says.
    pub button: &'a str,
    /// The path the form is posted to.
    pub action: &'a str,
    /// The link's secret.
    pub token: &'a str,
}

/// Asks for a new password. Posts `token` and `password` to `action`.
#[derive(Debug, Clone, Template)]
#[template(path = "new_password.html")]
pub struct NewPassword<'a> {
    /// The service that asks.
    pub brand: Brand<'a>,
    /// Whose password, for the browser's password manager.
    pub login: &'a str,
    /// The fewest characters.
    pub shortest: usize,
    /// The path the form is posted to.
    pub action: &'a str,
    /// The link's secret.
    pub token: &'a str,
    /// What was wrong with the last one.
    pub problem: Option<&'a str>,
}

/// Asks for what an account is made of. Posts `email`, `name` and `password` (and `interaction`, where there is one) to `action`.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_up.html")]
pub struct SignUp<'a> {
    /// The service that asks.
    pub brand: Brand<'a>,
    /// The path the form is posted to.
    pub action: &'a str,
    /// The handle of the interaction, carried in a hidden field.
    pub interaction: Option<&'a str>,
    /// The address to begin with.
    pub email: &'a str,
    /// The name to begin with.
    pub name: &'a str,
    /// The fewest characters of a password.
    pub shortest: usize,
    /// What was wrong the last time.
    pub problem: Option<&'a str>,
    /// Where to sign in.
    pub back: Option<&'a str>,
}

/// Says what was done.
#[derive(Debug, Clone, Copy, Template)]
#[template(path = "mail_done.html")]
pub struct MailDone<'a> {
    /// The service that did it.
    pub brand: Brand<'a>,
    /// What was done.
    pub title: &'a str,
    /// And in a sentence.
    pub text: &'a str,
    /// Where the person may go on.
    pub onward: Option<&'a str>,
}

macro_rules! rendered {
    ($($page:ident)+) => {$(
        impl $page<'_> {
            /// The page as HTML.
            #[must_use]
            pub fn render(&self) -> String {
                html(self)
            }
        }
    )+};
}

rendered!(AskAddress Mailbox OpenLink NewPassword SignUp MailDone);

#[cfg(test)]
mod tests {
    use super::*;

    const BRAND: Brand<'static> = Brand { name: "Example", theme: None };

    #[test]
    fn rt_017_a_link_opens_a_page_with_a_button() {
        let html = OpenLink {
            brand: BRAND,
            title: "Sign in",
            address: "ada@example.com",
            text: "Only here.",
            button: "Sign in",
            action: "/sign-in-link",
            token: "cvls_abc",
        }
        .render();
        assert!(html.contains(r#"<form method="post" action="/sign-in-link">"#), "{html}");
        assert!(
            html.contains(r#"name="token" value="cvls_abc""#) && html.contains("<bdi>ada@example.com</bdi>"),
            "{html}"
        );
        assert!(!html.contains("<script") && !html.contains("http-equiv"), "{html}");
    }

    #[test]
    fn tells_a_password_manager_which_password_is_new_and_whose() {
        let page =
            NewPassword { brand: BRAND, login: "ada", shortest: 12, action: "/reset", token: "t", problem: None };
        let html = page.render();
        assert!(html.contains(r#"minlength="12" autocomplete="new-password""#), "{html}");
        assert!(html.contains(r#"value="ada" autocomplete="username" hidden"#), "{html}");
        let again = NewPassword { problem: Some("Too short."), ..page }.render();
        assert!(again.contains(r#"role="alert">Too short."#) && again.contains(r#"aria-invalid="true""#), "{again}");
    }

    #[test]
    fn the_code_is_typed_where_a_telephone_offers_it() {
        let code = Some(CodeField { action: "/sign-in-by-mail", interaction: "i", waiting: "w" });
        let html = Mailbox { brand: BRAND, text: "Sent.", code, problem: None, back: None }.render();
        assert!(html.contains(r#"autocomplete="one-time-code""#) && html.contains(r#"inputmode="numeric""#), "{html}");
    }
}
