//! What a derivation costs, and what it may cost.

use serde::{Deserialize, Serialize};

use crate::ask::DeriveParameters;

/// What a key is derived with. The names are those of `docs/contract.md`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// RFC 9106.
    #[default]
    Argon2id,
    /// RFC 9106.
    Argon2i,
    /// RFC 9106.
    Argon2d,
    /// Provos and Mazières, 1999, as `$2b$` has it.
    Bcrypt,
    /// RFC 7914.
    Scrypt,
    /// RFC 8018 section 5.2 with HMAC-SHA-256.
    #[serde(rename = "pbkdf2-sha256")]
    Pbkdf2Sha256,
    /// RFC 8018 section 5.2 with HMAC-SHA-512.
    #[serde(rename = "pbkdf2-sha512")]
    Pbkdf2Sha512,
}

/// An algorithm and its parameters. Members of other algorithms are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Costs {
    pub(crate) algorithm: Algorithm,
    pub(crate) parameters: DeriveParameters,
}

/// The largest memory, in KiB: 1 GiB.
pub(super) const MOST_MEMORY: u32 = 1 << 20;
/// The most memory that is gone through, in KiB: 4 GiB, some seconds.
pub(super) const MOST_WORK: u64 = 1 << 22;
/// Bytes of the longest derived key, and of the longest salt.
pub(super) const LONGEST_KEY: u32 = 64;
/// Bytes of what bcrypt gives, and `$2b$` keeps.
pub(super) const BCRYPT_LENGTH: u32 = 23;

impl Costs {
    /// Whether a stored hash, or whoever asks for a derivation, may make somebody spend this: what a configuration may, or less.
    pub(super) fn are_bounded(&self) -> bool {
        let DeriveParameters { memory, passes, lanes, cost, ln, r, p, iterations, length } = self.parameters;
        let of = |own: DeriveParameters| own == self.parameters;
        let none = DeriveParameters { length, ..DeriveParameters::default() };
        let fits = match self.algorithm {
            Algorithm::Argon2id | Algorithm::Argon2i | Algorithm::Argon2d => {
                of(DeriveParameters { memory, passes, lanes, ..none })
                    && (1..=16).contains(&passes)
                    && (1..=4).contains(&lanes)
                    && (8 * lanes..=MOST_MEMORY).contains(&memory)
                    && u64::from(memory) * u64::from(passes) <= MOST_WORK
            }
            Algorithm::Bcrypt => {
                of(DeriveParameters { cost, ..none }) && (4..=16).contains(&cost) && length == BCRYPT_LENGTH
            }
            Algorithm::Scrypt => {
                // A block of r has 128 bytes times r (RFC 7914 section 2), so this is KiB times 8.
                let memory = |ln: u32| u64::from(r) << ln;
                of(DeriveParameters { ln, r, p, ..none })
                    && (1..=20).contains(&ln)
                    && (1..=32).contains(&r)
                    && (1..=16).contains(&p)
                    && memory(ln) <= 8 * u64::from(MOST_MEMORY)
                    && memory(ln) * u64::from(p) <= 8 * MOST_WORK
            }
            Algorithm::Pbkdf2Sha256 | Algorithm::Pbkdf2Sha512 => {
                of(DeriveParameters { iterations, ..none }) && (1..=10_000_000).contains(&iterations)
            }
        };
        fits && (16..=LONGEST_KEY).contains(&length)
    }

    /// Whether deriving with either takes as long: how many bytes are kept of it says nothing of that.
    pub(super) fn are_as(&self, other: &Self) -> bool {
        let kept = DeriveParameters { length: other.parameters.length, ..self.parameters };
        Self { parameters: kept, ..*self } == *other
    }

    /// Whether something of it is cheaper, or of another algorithm.
    pub(super) fn are_behind(&self, current: &Self) -> bool {
        let of = |costs: &Self| {
            let DeriveParameters { memory, passes, lanes, cost, ln, r, p, iterations, length } = costs.parameters;
            [memory, passes, lanes, cost, ln, r, p, iterations, length]
        };
        self.algorithm != current.algorithm || of(self).iter().zip(of(current)).any(|(own, current)| *own < current)
    }
}
