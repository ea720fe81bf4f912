//! The pages the engine shows by itself: sign-in, consent, and the few that end a flow.
//!
//! Each page is a struct of what it shows, with `render`. A page is plain HTML in one response: no script and nothing
//! fetched, its style inlined and allowed by hash. Send every page with [`headers`].

mod account;
mod by_mail;
mod consent;
mod destination;
mod device;
mod display_name;
mod error_page;
mod form_post;
mod headers;
mod second_factor;
mod security;
mod sign_in;
mod sign_out;
mod signed_in;
mod signed_out;
mod style;
#[cfg(test)]
mod tests;
pub(crate) mod theme;

pub use account::{Account, Application, OwnSession};
pub use by_mail::{AskAddress, CodeField, MailDone, Mailbox, NewPassword, OpenLink, SignUp};
pub use consent::{Consent, RequestedScope, Unverified};
pub use destination::Destination;
pub use device::{DeviceCode, DeviceConfirm, DeviceDone};
pub use display_name::display_name;
pub use error_page::ErrorPage;
pub use form_post::FormPost;
pub(crate) use form_post::SUBMIT;
pub use headers::{headers, headers_with_script};
pub use second_factor::{CodeProblem, Means, SecondFactor};
pub use security::{AddAuthenticator, MailFactor, NewRecoveryCodes, OwnAuthenticator, Picture, Security};
pub use sign_in::{Problem, SignIn};
pub use sign_out::SignOut;
pub use signed_in::SignedIn;
pub use signed_out::SignedOut;
pub use theme::Theme;

/// Who is asking for the password: what stands at the head of every page.
#[derive(Debug, Clone, Copy)]
pub struct Brand<'a> {
    /// The service's name as its operator configured it.
    pub name: &'a str,
    /// How its pages look, if not as they come.
    pub theme: Option<&'a Theme>,
}

impl<'a> Brand<'a> {
    /// Behind the style sheet of every page.
    fn css(&self) -> &'a str {
        self.theme.map_or("", Theme::css)
    }

    /// In place of the mark.
    fn logo(&self) -> Option<&'a str> {
        self.theme.and_then(Theme::logo)
    }

    /// The letter in the mark beside the name; the style makes it a capital, with tables that are the browser's.
    fn initial(&self) -> String {
        self.name.trim().chars().take(1).collect()
    }
}

/// The page as text. Writing to a `String` does not fail, and no value shown here has a `Display` that does.
fn html(page: &impl askama::Template) -> String {
    page.render().unwrap_or_default()
}

/// How long ago that was, in the largest unit that says something.
fn ago(now: crate::time::Millis, then: crate::time::Millis) -> String {
    let minutes = now.saturating_sub(then) / 60_000;
    let (count, unit) = match minutes {
        0 => return "just now".to_owned(),
        1..60 => (minutes, "minute"),
        60..1440 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}
