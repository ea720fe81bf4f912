use super::Request;
use crate::config::{Config, MAIN_TENANT};
use crate::time::Seconds;

/// The engine's cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The signed-in session.
    Session,
    /// Binds an interaction to the browser that began it.
    Browser,
    /// Says that a person signed in with this browser before.
    Known,
    /// Begins sessions for a person who wished so.
    Remember,
}

impl Cookie {
    /// With the `__Host-` prefix (RFC 6265bis section 4.1.3.2) where the issuer is https.
    /// Issuers with one origin share its cookies, so each but `main` has names of its own.
    fn name(self, config: &Config) -> String {
        let prefix = if config.issuer.secure { "__Host-" } else { "" };
        let what = match self {
            Self::Session => "session",
            Self::Browser => "browser",
            Self::Known => "known",
            Self::Remember => "remember",
        };
        match config.tenant.as_str() {
            MAIN_TENANT => format!("{prefix}claviger-{what}"),
            tenant => format!("{prefix}claviger-{what}-{tenant}"),
        }
    }
}

/// A cookie of the request. One that stands there twice with different values is not trusted at all.
pub(crate) fn read_cookie<'r>(config: &Config, request: &'r Request, cookie: Cookie) -> Option<&'r str> {
    find(&cookie.name(config), request.header_values("cookie"))
}

/// The same from a `Cookie` header alone.
pub(crate) fn find_cookie<'r>(config: &Config, header: &'r str, cookie: Cookie) -> Option<&'r str> {
    find(&cookie.name(config), std::iter::once(header))
}

fn find<'r>(name: &str, headers: impl Iterator<Item = &'r str>) -> Option<&'r str> {
    let mut values = headers
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(own, _)| *own == name)
        .map(|(_, value)| value);
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

pub(crate) fn set_cookie(config: &Config, cookie: Cookie, value: &str, lifetime: Seconds) -> (&'static str, String) {
    let secure = if config.issuer.secure { "; Secure" } else { "" };
    let name = cookie.name(config);
    ("set-cookie", format!("{name}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}", lifetime.0))
}

/// What browsers keep of a cookie's name and value together (RFC 6265bis section 5.6).
pub(crate) const LONGEST_COOKIE: usize = 4096;

/// How much of that a cookie takes.
pub(crate) fn cookie_length(config: &Config, cookie: Cookie, value: &str) -> usize {
    cookie.name(config).len() + value.len()
}

pub(crate) fn clear_cookie(config: &Config, cookie: Cookie) -> (&'static str, String) {
    set_cookie(config, cookie, "", Seconds(0))
}
