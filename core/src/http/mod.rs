//! The engine's HTTP face: shapes in, shapes out. Hosts carry them over whatever server they have.

mod cookie;
mod form;
mod forwarded;
mod freshness;
mod request;
mod response;
mod router;

pub(crate) use cookie::{Cookie, LONGEST_COOKIE, clear_cookie, cookie_length, find_cookie, read_cookie, set_cookie};
pub(crate) use form::{Form, decode_form_component};
pub(crate) use forwarded::peer;
pub(crate) use freshness::Freshness;
pub use request::Request;
pub(crate) use request::{essence, from_byte_string};
pub(crate) use response::DPOP_NONCE;
pub use response::Response;
pub(crate) use router::{fault_response, is_endpoint, serve};
