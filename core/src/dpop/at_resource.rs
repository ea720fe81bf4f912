//! Proofs at resources (RFC 9449 section 7): of the request, and of the token that it uses.

use super::proof::{Expected, Proof, invalid};
use super::{Possession, USED_BEFORE};
use crate::host::Host;
use crate::http::Request;
use crate::marker::{Marker, Place};
use crate::refusal::Stop;
use crate::uri::Uri;

/// Where it says that proofs of a key were used at resources: no grant's partition is known there before the token is.
const ROOM: &str = "dpop";

/// A request for a resource, as its host saw it.
#[derive(Clone, Copy)]
pub(crate) struct ResourceRequest<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    /// The resource that the token is for.
    pub(crate) audience: &'a str,
}

impl Possession {
    /// The proof of a request for a resource: one `DPoP` header, for this access token. No storage trip.
    pub(crate) async fn at_resource<'a>(
        host: &Host,
        headers: impl Iterator<Item = &'a str>,
        request: ResourceRequest<'_>,
        access_token: &str,
    ) -> Result<Self, Stop> {
        let Some(text) = super::only(headers)? else { return Err(invalid("There is no DPoP header").into()) };
        let address = request.address();
        let expected = Expected { method: request.method, address: &address, access_token: Some(access_token) };
        Ok(Self(Some(Proof::check(host, text, expected).await?)))
    }

    /// The same at an endpoint of the issuer's own, which has this path.
    pub(crate) async fn with_token(
        host: &Host,
        request: &Request,
        path: &str,
        access_token: &str,
    ) -> Result<Self, Stop> {
        let address = host.config().issuer.address(path);
        let request_of_it = ResourceRequest { method: &request.method, url: &address, audience: &address };
        Self::at_resource(host, request.header_values("dpop"), request_of_it, access_token).await
    }

    /// Spends the proof by a commit of its own: one trip.
    pub(crate) async fn spend_at_resource(&self, host: &Host) -> Result<(), Stop> {
        let Some(proof) = &self.0 else { return Ok(()) };
        let slot = proof.slot(host.config(), Place { room: ROOM, owner: &proof.jkt });
        if Marker::until(proof.over_at).claim(host, slot).await? { Ok(()) } else { Err(USED_BEFORE.into()) }
    }
}

impl ResourceRequest<'_> {
    /// The address that the proof must be for. A resource that has an address is where it says, whatever the request says of its
    /// host: a proof that was made for another server is good nowhere else. One without, such as a `urn:`, is where its host says.
    fn address(&self) -> String {
        match Uri::parse(self.audience).filter(Uri::is_web) {
            Some(resource) => format!("{}{}", resource.origin(), path_of(self.url)),
            None => self.url.to_owned(),
        }
    }
}

fn path_of(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after_scheme.find(['/', '?', '#']).and_then(|at| after_scheme.get(at..)).unwrap_or_default();
    path.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_the_resources_own_where_it_has_one() {
        let address = |url, audience| ResourceRequest { method: "GET", url, audience }.address();
        for url in ["https://api.example.com/a/b?c=d", "http://10.0.0.1:3000/a/b#f", "https://evil.example/a/b", "/a/b"]
        {
            assert_eq!(address(url, "https://api.example.com/v1"), "https://api.example.com/a/b", "{url}");
        }
        assert_eq!(address("https://api.example.com", "https://api.example.com"), "https://api.example.com");
        assert_eq!(address("https://api.example.com?x=/y", "https://api.example.com"), "https://api.example.com");
        assert_eq!(address("https://api.example.com/a", "urn:api"), "https://api.example.com/a");
    }
}
