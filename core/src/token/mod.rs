//! Tokens: how they are issued, what they say, and what becomes of them.

mod challenge;
mod endpoint;
mod guard;
mod introspect;
mod issue;
mod meaning;
mod principal;
mod requirement;
mod resolve;
mod revoke;

pub(crate) use challenge::{challenged, challenged_for_password};
pub(crate) use endpoint::{introspection_endpoint, revocation_endpoint, token_endpoint};
pub(crate) use guard::{administrator, authenticate, verify};
pub(crate) use introspect::introspect;
pub(crate) use issue::{
    ACCESS_TOKEN_TYPE, Audience, TokenResponse, form_about_person, form_and_lifetime, new_access_token, respond, sign,
};
pub(crate) use meaning::{Actor, Meaning, TOO_MANY_HANDS, check_namesakes};
pub use requirement::{Authenticate, Revocation, VerifyToken};
pub(crate) use requirement::{Requirement, Scheme, credentials};
pub(crate) use resolve::{OfPerson, Resolved, What, resolve, resolve_person};
pub(crate) use revoke::revoke_any;

use crate::redacted::redacted_debug;

/// `tokens.introspect` and `tokens.revoke`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenArgument {
    /// Any token of this issuer.
    pub token: String,
}

redacted_debug!(TokenArgument);
