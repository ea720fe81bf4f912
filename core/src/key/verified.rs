//! Signatures checked where that is cheapest.

use super::jws::{Compact, MAX_CANDIDATES, Verified};
use super::{Algorithm, BadSignature, PublicKey};
use crate::config::Capability;
use crate::host::Host;
use crate::refusal::Fault;

/// Checks a token's signature with those of the keys that suit it: at most four where it names none; a `kid` must mean one key.
pub(crate) async fn verified_by_one_of(
    host: &Host,
    keys: &[impl AsRef<PublicKey>],
    compact: Compact<'_>,
) -> Result<Option<Verified>, Fault> {
    let keys = keys.iter().map(AsRef::as_ref);
    let suiting: Vec<&PublicKey> = keys.filter(|key| compact.suits(key)).take(MAX_CANDIDATES).collect();
    if compact.header().kid.is_some() && suiting.len() > 1 {
        return Ok(None);
    }
    for key in suiting {
        if let Ok(verified) = verified(host, key, compact.clone()).await? {
            return Ok(Some(verified));
        }
    }
    Ok(None)
}

/// Checks a token's signature with the one key that was chosen for it: by the host, if it offers that and is faster at it.
pub(crate) async fn verified(
    host: &Host,
    key: &PublicKey,
    compact: Compact<'_>,
) -> Result<Result<Verified, BadSignature>, Fault> {
    let message = compact.signing_input().as_bytes();
    let is_slow_here = matches!(key.algorithm(), Algorithm::ES256 | Algorithm::ES384 | Algorithm::RS256);
    let by_host = host.config().offers(Capability::Verify) && is_slow_here;
    let good = if by_host {
        host.verify(key.to_jwk().unwrap_or_default(), key.algorithm(), message, compact.signature()).await?
    } else {
        key.verify(message, compact.signature()).is_ok()
    };
    Ok(compact.verified_elsewhere(good))
}
