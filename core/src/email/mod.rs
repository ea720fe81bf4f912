//! What a person does by way of their mailbox: they show that an address is theirs, choose a new password, sign in, sign up.
//!
//! | module | what it knows |
//! |---|---|
//! | `link` | what is sent and comes back: bound to a purpose, a person and an address, good once |
//! | `asking` | one way to ask for a mail, which does not tell whom the engine knows; how often |
//! | `verification`, `reset`, `passwordless`, `sign_up` | what each is for |
//! | `new_browser` | what a person is told of a sign-in that may not be theirs |
//! | `pages`, `sign_in_pages` | the doors of the built-in pages |
//! | `sign_in_commands` | the same for a host with pages of its own |
//!
//! All of it is for accounts that the engine keeps, at a host that sends mail (`capabilities: mail`).

mod asking;
mod claim;
mod link;
mod new_browser;
mod pages;
mod passwordless;
mod reset;
mod second;
mod sign_in_commands;
mod sign_in_pages;
mod sign_up;
mod verification;

pub(crate) use link::{Link, void_all};
pub(crate) use new_browser::{of_new_browser, tells_of_new_browser};
pub(crate) use pages::{
    forgot_page, post_forgot, post_reset, post_sign_up, post_verify_email, reset_page, sign_up_page, verify_email_page,
};
pub use reset::{RequestReset, Reset};
pub(crate) use reset::{request_reset, reset};
pub(crate) use second::{is_second_factor, second_factor_slot, send_second_factor};
pub use sign_in_commands::{SendMail, WithLink, WithMail};
pub(crate) use sign_in_commands::{send_mail, with_link, with_mail};
pub(crate) use sign_in_pages::{post_sign_in_by_mail, post_sign_in_link, sign_in_by_mail_page, sign_in_link_page};
pub use sign_up::Register;
pub(crate) use sign_up::register;
pub use verification::{ByToken, RequestEmailChange};
pub(crate) use verification::{is_verified, request_email_change, send_verification, verify_email};

use crate::config::{Config, Pages};
use crate::device::{address_of, with_parameter};

/// What the sign-in page offers beside a password: the words of each link, and where it leads.
pub(crate) fn ways_in(config: &Config, interaction: &str) -> Vec<(&'static str, String)> {
    if !config.mails_to_accounts() {
        return Vec::new();
    }
    let onward = |page: &str| with_parameter(&address_of(config, page), "interaction", interaction);
    let by_mail =
        (!config.sign_in.passwordless.is_empty()).then(|| ("Sign in by mail", onward(Pages::SIGN_IN_BY_MAIL)));
    let forgot = Some(("Forgot your password?", address_of(config, &config.pages.forgot)));
    let sign_up = config.sign_in.sign_up.then(|| ("Make an account", onward(&config.pages.sign_up)));
    [by_mail, forgot, sign_up].into_iter().flatten().collect()
}
