//! The issuer: who the tokens are from, and where the endpoints are.

use super::check::{LONGEST_URI, ensure};
use crate::refusal::Fault;
use crate::uri::Uri;

/// The issuer, as text for comparison and in parts for building addresses.
#[derive(Debug)]
pub(crate) struct Issuer {
    /// Byte for byte what `iss` says (RFC 9207 section 2).
    pub(crate) text: String,
    /// Scheme, host and port, as browsers send them in `Origin`.
    pub(crate) origin: String,
    /// The path without a trailing slash; empty for most.
    pub(crate) path: String,
    pub(crate) secure: bool,
}

impl Issuer {
    /// RFC 9207 compares issuers byte for byte: only the normal form can be compared safely.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let uri = Uri::parse(text).filter(|uri| uri.is_web() && text.len() <= LONGEST_URI).ok_or_else(|| {
            Fault::Configuration(
                "issuer: an absolute URL, such as https://auth.example.com, in its normal form (lower case, no default port, no user, no dot segments)"
                    .into(),
            )
        })?;
        let secure = uri.scheme == "https";
        ensure(secure || uri.is_loopback(), "issuer: must be https (http only on a loopback host)")?;
        ensure(
            uri.query.is_none() && uri.fragment.is_none(),
            "issuer: has no query and no fragment (RFC 8414 section 2)",
        )?;
        let path = uri.path.trim_end_matches('/').to_owned();
        Ok(Self { text: text.to_owned(), origin: uri.origin(), path, secure })
    }

    pub(super) fn host(&self) -> &str {
        self.origin.split_once("://").map_or("", |(_, host)| host)
    }

    /// An address under the issuer.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.path)
    }
}
