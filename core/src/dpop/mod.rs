//! DPoP (RFC 9449), the server's half: which key the sender of a request has, shown by a proof that is good once.
//!
//! A proof is checked before anything is loaded. It is spent by a marker in the commit of what the request does, in the partition that
//! this commit is in anyway; so a request that fails spends nothing, and a proof costs no trip where there is a commit. The client's half
//! is [`crate::toolkit::dpop`].

mod at_resource;
mod htu;
pub(crate) mod nonce;
mod proof;

pub(crate) use at_resource::ResourceRequest;
use proof::{Expected, Proof, invalid};

use crate::change::Change;
use crate::client::Client;
use crate::config::Config;
use crate::handle::Owner;
use crate::host::Host;
use crate::http::Request;
use crate::marker::{Marker, Place};
use crate::record::{Slot, Stored};
use crate::refusal::{Refusal, Stop};

/// What proofs may be signed with, for metadata and challenges.
pub(crate) const ALGORITHMS: [&str; 2] = ["ES256", "EdDSA"];

const USED_BEFORE: Refusal = invalid("The DPoP proof was used before");

/// What a request shows of its sender's key: a checked proof, or nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Possession(Option<Proof>);

impl Possession {
    /// The proof of a request to an endpoint of the issuer's own, which has this path. The address that counts is the configured one,
    /// never what the request says of its host. No storage trip.
    pub(crate) async fn read(host: &Host, request: &Request, path: &str) -> Result<Self, Stop> {
        let Some(text) = only(request.header_values("dpop"))? else { return Ok(Self(None)) };
        let address = host.config().issuer.address(path);
        let expected = Expected { method: &request.method, address: &address, access_token: None };
        Ok(Self(Some(Proof::check(host, text, expected).await?)))
    }

    /// The thumbprint of the key (RFC 7638), if one was shown: what tokens are bound to.
    pub(crate) fn jkt(&self) -> Option<&str> {
        self.0.as_ref().map(|proof| proof.jkt.as_str())
    }

    /// Where it says that the proof was used; to be loaded with everything else.
    pub(crate) fn slot<'a>(&self, config: &Config, place: impl Into<Place<'a>>) -> Option<Slot<Marker>> {
        Some(self.0.as_ref()?.slot(config, place))
    }

    /// The client's policy (RFC 9449 section 5.2), and whether the proof was used before (section 11.1).
    pub(crate) fn check(&self, client: &Client, used: Option<&Stored<Marker>>) -> Result<(), Refusal> {
        Self::check_unused(used)?;
        if client.dpop_bound_access_tokens && self.0.is_none() {
            return Err(invalid("The client must send a DPoP proof"));
        }
        Ok(())
    }

    pub(crate) fn check_unused(used: Option<&Stored<Marker>>) -> Result<(), Refusal> {
        if used.is_some() { Err(USED_BEFORE) } else { Ok(()) }
    }

    /// The key that a code will be bound to: by the parameter `dpop_jkt`, by the proof, or by both alike (RFC 9449 section 10.1).
    pub(crate) fn bind_code(&self, dpop_jkt: Option<String>) -> Result<Option<String>, Refusal> {
        match (dpop_jkt, self.jkt()) {
            (Some(said), Some(shown)) if said != shown => Err(invalid("The DPoP proof is not of the key of dpop_jkt")),
            (said, shown) => Ok(said.or_else(|| shown.map(str::to_owned))),
        }
    }

    /// What is bound to a key is good only with that key.
    pub(crate) fn check_binding(&self, bound_to: Option<&String>) -> Result<(), Refusal> {
        match (bound_to, self.jkt()) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(invalid("What was presented is bound to a key: send a DPoP proof")),
            (Some(bound_to), Some(jkt)) if bound_to == jkt => Ok(()),
            (Some(_), Some(_)) => Err(Refusal::InvalidGrant),
        }
    }

    /// The same change, and the proof is spent with it. `place` is the partition that the change is in.
    pub(crate) fn spend<'a>(&self, change: Change, config: &Config, place: impl Into<Place<'a>>) -> Change {
        match &self.0 {
            Some(proof) => change.and_create(proof.slot(config, place), Marker::until(proof.over_at)),
            None => change,
        }
    }

    /// The same where nothing else is written: one commit, none without a proof.
    pub(crate) async fn spend_alone(&self, host: &Host, owner: &Owner) -> Result<(), Stop> {
        match self.0 {
            Some(_) => host.commit(self.spend(Change::default(), host.config(), owner)).await,
            None => Ok(()),
        }
    }
}

impl Proof {
    /// A `jti` is unique only among the proofs of one key.
    fn slot<'a>(&self, config: &Config, place: impl Into<Place<'a>>) -> Slot<Marker> {
        Marker::slot(config, place, "dpop", &format!("{}.{}", self.jkt, self.jti))
    }
}

/// The one value of a header that may not be repeated (RFC 9449 section 4.3, step 1).
fn only<'a>(mut values: impl Iterator<Item = &'a str>) -> Result<Option<&'a str>, Refusal> {
    let first = values.next();
    if values.next().is_some() { Err(invalid("There is more than one DPoP header")) } else { Ok(first) }
}
