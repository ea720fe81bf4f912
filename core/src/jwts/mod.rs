//! The application's own JWTs (RFC 7519): signed with the issuer's keys, verified under a policy, taken back by their `jti`.
//!
//! They are a kind of their own (RFC 8725 section 3.11): `typ` is `app+jwt`, or what the application calls it, and never that of a token
//! that means something to the engine or to a client of it, such as an access token or an ID token.

mod denied;
mod sign;
mod verify;

pub(crate) use denied::{Denied, allow, deny, is_denied};
pub use denied::{Deny, OfJti};
pub use sign::Sign;
pub(crate) use sign::{own_claims, sign};
pub use verify::Verify;
pub(crate) use verify::verify;

/// What `typ` is when the application does not say.
const TYPE: &str = "app+jwt";
