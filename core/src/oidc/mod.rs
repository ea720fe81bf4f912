//! OpenID Connect: who signed in, told to the client. There is nothing of this where `openid` is not configured.
//!
//! The authorization request may say more ([`request`]); the grant keeps what its ID tokens need ([`SignIn`](grant::SignIn)); the token
//! endpoint adds an ID token ([`id_token`]), and the userinfo endpoint tells the rest ([`userinfo`]).

pub(crate) mod acr;
pub(crate) mod backchannel;
pub(crate) mod claims;
pub(crate) mod grant;
pub(crate) mod hint;
pub(crate) mod id_token;
pub(crate) mod logout;
pub(crate) mod request;
pub(crate) mod subject;
pub(crate) mod userinfo;

/// The scope that makes an authorization request one of OpenID Connect (OpenID Connect Core section 3.1.2.1).
pub(crate) const OPENID: &str = "openid";

/// The scope of a client that acts while the person is away (section 11).
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// Whether a set of scopes has it.
pub(crate) fn is_openid(scopes: &[String]) -> bool {
    scopes.iter().any(|scope| scope == OPENID)
}
