//! What the host itself must know of the issuers: the engine checks all else, and has the last word on these too.

use std::collections::HashMap;

use http::header::HOST;
use http::{HeaderMap, Uri};
use serde_json::{Map, Value};

/// The engine's default of `limits.body`, in bytes.
const BODY_LIMIT: usize = 65_536;

pub(crate) struct Issuers {
    /// The first one's address.
    pub(crate) first: String,
    /// Bytes that a request's body may have: the largest of the issuers' limits, since which of them a request is for is known only to
    /// the engine.
    pub(crate) body_limit: usize,
    /// Whether anybody may become a client of one of them.
    pub(crate) register_anybody: bool,
    /// Where each is, by its host.
    origins: HashMap<String, String>,
}

impl Issuers {
    /// From the configuration; `None` without an issuer.
    pub(crate) fn of(configuration: &Map<String, Value>) -> Option<Self> {
        let first = address(configuration)?.to_owned();
        let others = configuration.get("issuers").and_then(Value::as_array).into_iter().flatten();
        let all: Vec<_> = std::iter::once(configuration).chain(others.filter_map(Value::as_object)).collect();
        let mut origins = HashMap::new();
        for issuer in all.iter().filter_map(|issuer| address(issuer)) {
            origins.entry(host(issuer).to_owned()).or_insert_with(|| origin(issuer).to_owned());
        }
        Some(Self {
            first,
            body_limit: all.iter().map(|issuer| body_limit(issuer)).max().unwrap_or(BODY_LIMIT),
            register_anybody: all.iter().any(|issuer| registers_anybody(issuer)),
            origins,
        })
    }

    /// The origin of the issuer that a request was sent to: the one whose host the request names, byte for byte. Any other name is
    /// passed over, never read: the first issuer's it is then.
    pub(crate) fn origin_of(&self, uri: &Uri, headers: &HeaderMap) -> &str {
        let mut hosts = headers.get_all(HOST).iter();
        let named = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().ok(),
            (None, _) => uri.authority().map(http::uri::Authority::as_str),
            _ => None,
        };
        named.and_then(|host| self.origins.get(host)).map_or_else(|| origin(&self.first), String::as_str)
    }
}

fn address(issuer: &Map<String, Value>) -> Option<&str> {
    issuer.get("issuer")?.as_str()
}

fn body_limit(issuer: &Map<String, Value>) -> usize {
    let limit = issuer.get("limits").and_then(|limits| limits.get("body")).and_then(Value::as_u64);
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(BODY_LIMIT)
}

fn registers_anybody(issuer: &Map<String, Value>) -> bool {
    let registration = issuer.get("registration");
    let member = |name| registration.and_then(|registration| registration.get(name));
    member("mode").and_then(Value::as_str) == Some("open") || member("documents") == Some(&Value::Bool(true))
}

/// The scheme, host and port of an address.
fn origin(issuer: &str) -> &str {
    let authority = issuer.find("://").map_or(0, |at| at + 3);
    let path = issuer.get(authority..).and_then(|rest| rest.find('/'));
    path.and_then(|at| issuer.get(..authority + at)).unwrap_or(issuer)
}

/// The host and port of an address.
fn host(issuer: &str) -> &str {
    let origin = origin(issuer);
    origin.split_once("://").map_or(origin, |(_, host)| host)
}
