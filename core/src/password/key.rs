//! Keys that another system hashed as if they were passwords: random bytes, and scrypt over them. They are compared as bytes, and no
//! pepper or preparation is theirs.

use super::costs::{Algorithm, Costs};
use super::derive::derive;
use super::pepper::Secret;
use super::stored::{Stored, Unusable};
use crate::ask::DeriveParameters;
use crate::hash::same;
use crate::host::Host;
use crate::refusal::Stop;

/// What anybody may make this engine spend by presenting a key: 64 MiB, and four passes.
const MOST_MEMORY: u64 = 64 * 1024 * 1024;
const MOST_LANES: u32 = 4;

/// The hash of such a key.
pub(crate) struct KeyHash(Stored);

/// Why nothing verifies against a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnusableKey {
    /// It is no hash.
    Unreadable,
    /// It is not of scrypt.
    Algorithm,
    /// It costs more than anybody may make this engine spend.
    Parameters,
}

impl KeyHash {
    pub(crate) fn parse(text: &str) -> Result<Self, UnusableKey> {
        let stored = Stored::parse(text).map_err(|why| match why {
            Unusable::Excessive => UnusableKey::Parameters,
            Unusable::Locked | Unusable::Unreadable | Unusable::UnknownPepper => UnusableKey::Unreadable,
        })?;
        let DeriveParameters { ln, r, p, .. } = stored.costs.parameters;
        let memory = 1_u64.checked_shl(ln).and_then(|n| n.checked_mul(128 * u64::from(r)));
        match stored.costs.algorithm {
            Algorithm::Scrypt if stored.pepper.is_some() => Err(UnusableKey::Unreadable),
            Algorithm::Scrypt if p > MOST_LANES || memory.is_none_or(|bytes| bytes > MOST_MEMORY) => {
                Err(UnusableKey::Parameters)
            }
            Algorithm::Scrypt => Ok(Self(stored)),
            _ => Err(UnusableKey::Algorithm),
        }
    }

    pub(crate) async fn accepts(&self, host: &Host, key: &[u8]) -> Result<bool, Stop> {
        let Self(stored) = self;
        let derived = derive(host, &stored.costs, &Secret::of_key(key), &stored.salt).await?;
        Ok(same(&derived, &stored.hash))
    }

    /// The work of [`Self::accepts`] for a hash as that system makes them, where there is none.
    pub(crate) async fn accept_nothing(host: &Host, key: &[u8]) -> Result<(), Stop> {
        let parameters = DeriveParameters { ln: 14, r: 8, p: 1, length: 32, ..DeriveParameters::default() };
        let costs = Costs { algorithm: Algorithm::Scrypt, parameters };
        derive(host, &costs, &Secret::of_key(key), &[0; 16]).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p2_p6_what_is_no_scrypt_or_costs_too_much_is_told_apart() {
        let salt_and_hash = "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for (costs, expected) in [
            ("$scrypt$ln=14,r=8,p=1$", None),
            ("$scrypt$ln=16,r=8,p=4$", None),
            ("$scrypt$ln=17,r=8,p=1$", Some(UnusableKey::Parameters)),
            ("$scrypt$ln=14,r=8,p=5$", Some(UnusableKey::Parameters)),
            ("$scrypt$ln=40,r=8,p=1$", Some(UnusableKey::Parameters)),
            ("$argon2id$v=19$m=19456,t=2,p=1$", Some(UnusableKey::Algorithm)),
            ("$scrypt$ln=14,r=8$", Some(UnusableKey::Unreadable)),
            ("$pepper$a$scrypt$ln=14,r=8,p=1$", Some(UnusableKey::Unreadable)),
            ("!", Some(UnusableKey::Unreadable)),
        ] {
            assert_eq!(KeyHash::parse(&format!("{costs}{salt_and_hash}")).err(), expected, "{costs}");
        }
    }
}
