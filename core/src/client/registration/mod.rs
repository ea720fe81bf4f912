//! Dynamic client registration (RFC 7591) and its management (RFC 7592): clients that register themselves.

mod endpoint;
mod management;
mod response;
mod token;

pub(crate) use endpoint::registration_endpoint;
pub(crate) use management::client_configuration_endpoint;
pub use token::{IssueToken, RevokeToken};
pub(crate) use token::{issue as issue_token, list as list_tokens, revoke as revoke_token};
