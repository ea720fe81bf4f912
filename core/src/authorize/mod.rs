//! The authorization endpoint and the interaction behind it: sign in, consent, answer.
//!
//! ```text
//!   GET /authorize --> sign-in page --> POST /sign-in --> consent page --> POST /consent --> redirect with the code
//!        |   signed in already                                 ^   |  allowed all of it before          ^
//!        +-----------------------------------------------------+   +------------------------------------+
//! ```
//! A host with pages of its own is sent the handle instead, and uses the typed commands; both doors end in the same functions.

mod commands;
mod endpoint;
mod interaction;
mod pages;
pub(crate) mod pkce;
mod pushed;
mod request;
mod response;
mod steps;

pub(crate) use commands::{ClientView, Onward, ScopeView, complete, consent, deny, get};
pub use commands::{Complete, Consent, Get};
pub(crate) use endpoint::authorize;
pub(crate) use interaction::{Interaction, Next, browser_digest, browser_of};
pub(crate) use pages::{
    TRY_AGAIN, brand, check_origin, consent_page, error_page, form_action, page_response, post_consent, problem_page,
};
pub(crate) use pushed::push;
pub(crate) use request::Prompt;
pub(crate) use response::{ResponseMode, encoded, form_post_page};
pub(crate) use steps::{page_address, sign_in_address, still_allows};
