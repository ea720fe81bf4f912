//! What stands in a row in place of a token's secret.
//!
//! | form | what it is |
//! |---|---|
//! | `$sha256$<base64url>` | the digest of the secret |
//! | `$scrypt$ln=..,r=..,p=..$salt$hash` | what another system made of it; a digest takes its place when the token is used |

use super::Reason;
use super::text::Secret;
use crate::hash::{Bytes32, b64u, from_b64u, same};
use crate::host::Host;
use crate::password::{KeyHash, UnusableKey};
use crate::refusal::{Refusal, Stop};

const DIGEST: &str = "$sha256$";

/// A hash that can be verified against.
pub(super) enum Hash {
    Digest(Bytes32),
    Imported(KeyHash),
}

impl Hash {
    pub(super) fn parse(text: &str) -> Result<Self, Reason> {
        if let Some(digest) = text.strip_prefix(DIGEST) {
            let bytes = from_b64u(digest).and_then(|bytes| bytes.try_into().ok());
            return bytes.map(Self::Digest).ok_or(Reason::InvalidPhc);
        }
        KeyHash::parse(text).map(Self::Imported).map_err(|why| match why {
            UnusableKey::Unreadable => Reason::InvalidPhc,
            UnusableKey::Algorithm => Reason::UnsupportedAlgorithm,
            UnusableKey::Parameters => Reason::InvalidParameters,
        })
    }

    /// As it may be stored.
    pub(super) fn check(text: &str, imported: bool) -> Result<(), Refusal> {
        Err(Refusal::InvalidArgument(match Self::parse(text) {
            Ok(Self::Digest(_)) => return Ok(()),
            Ok(Self::Imported(_)) if imported => return Ok(()),
            Ok(Self::Imported(_)) => "hash: of another system; such tokens are taken where pats.imported is true",
            Err(Reason::UnsupportedAlgorithm) => "hash: of another system it must be of scrypt",
            Err(Reason::InvalidParameters) => "hash: it costs more to verify than anybody may make this server spend",
            Err(_) => "hash: what pats.generate gave ($sha256$...), or $scrypt$ln=..,r=..,p=..$salt$hash",
        }))
    }

    /// Whether the secret is the one that was hashed. A wrong secret of a token that another system made costs what it would cost were its
    /// hash that system's own still, so that time does not tell which ids there are.
    pub(super) async fn accepts(&self, host: &Host, secret: &Secret) -> Result<bool, Stop> {
        match (self, secret) {
            (Self::Imported(hash), Secret::Imported(bytes, _)) => hash.accepts(host, bytes).await,
            (Self::Imported(_), Secret::Own(_)) => Ok(false),
            (Self::Digest(digest), _) => {
                let good = same(digest, secret.digest());
                if !good {
                    Self::accept_nothing(host, secret).await?;
                }
                Ok(good)
            }
        }
    }

    /// The work of a wrong secret, where there is no such token.
    pub(super) async fn accept_nothing(host: &Host, secret: &Secret) -> Result<(), Stop> {
        match secret {
            Secret::Own(digest) => {
                same(&[0; 32], digest);
                Ok(())
            }
            Secret::Imported(bytes, _) => KeyHash::accept_nothing(host, bytes).await,
        }
    }
}

/// A digest as it is stored.
pub(super) fn text_of(digest: &Bytes32) -> String {
    format!("{DIGEST}{}", b64u(digest))
}

/// Whether it may stand in a configuration.
pub(crate) fn is_hash(text: &str, imported: bool) -> bool {
    Hash::check(text, imported).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::sha256;

    #[test]
    fn p6_a_hash_is_a_digest_or_scrypts_and_nothing_else() {
        let digest = text_of(&sha256(b"x"));
        assert!(matches!(Hash::parse(&digest), Ok(Hash::Digest(bytes)) if bytes == sha256(b"x")));
        let scrypt = "$scrypt$ln=14,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(is_hash(scrypt, true) && !is_hash(scrypt, false) && is_hash(&digest, false));
        for bad in ["", "$sha256$", "$sha256$AA", "x", &format!("{digest}A")] {
            assert!(matches!(Hash::parse(bad), Err(Reason::InvalidPhc)), "{bad}");
        }
    }

    /// The comparison of a row's digest with that of what was presented, which is all that follows the load.
    #[test]
    fn pt_009_a_secret_is_compared_in_the_same_time_wherever_it_differs() {
        let stored = sha256(b"the secret");
        let (mut first, mut last) = (stored, stored);
        first[0] ^= 1;
        last[31] ^= 1;
        let compare = |presented: &Bytes32| (0..16).filter(|_| same(std::hint::black_box(&stored), presented)).count();
        crate::timing::takes_as_long(500_000, [first, last], compare);
    }
}
