//! One-time passwords: HOTP (RFC 4226) of the time (RFC 6238).

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use crate::time::Millis;

/// Which 30 seconds it is (RFC 6238 section 4.2: `T`, with `T0 = 0`).
pub(crate) type Step = u64;

/// Seconds of a step (RFC 6238 section 5.2 recommends them).
pub(super) const PERIOD: u64 = 30;

/// The hash of the HMAC (RFC 6238 section 1.2). Many authenticator apps know SHA-1 alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// HMAC-SHA-1.
    #[default]
    SHA1,
    /// HMAC-SHA-256.
    SHA256,
    /// HMAC-SHA-512.
    SHA512,
}

impl Algorithm {
    /// As the URI of a key names it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SHA1 => "SHA1",
            Self::SHA256 => "SHA256",
            Self::SHA512 => "SHA512",
        }
    }

    /// Bytes of a key: as many as the hash gives (RFC 6238 section 5.1, RFC 2104 section 3).
    pub(super) const fn key_length(self) -> usize {
        match self {
            Self::SHA1 => 20,
            Self::SHA256 => 32,
            Self::SHA512 => 64,
        }
    }

    fn hmac(self, key: &[u8], message: &[u8]) -> Vec<u8> {
        match self {
            Self::SHA1 => mac::<Hmac<Sha1>>(key, message),
            Self::SHA256 => mac::<Hmac<Sha256>>(key, message),
            Self::SHA512 => mac::<Hmac<Sha512>>(key, message),
        }
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length.
    <M as KeyInit>::new_from_slice(key)
        .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

/// How many digits a code has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Digits {
    /// What every authenticator app shows.
    #[default]
    Six,
    /// A hundred times as many codes.
    Eight,
}

impl From<Digits> for u8 {
    fn from(digits: Digits) -> Self {
        match digits {
            Digits::Six => 6,
            Digits::Eight => 8,
        }
    }
}

impl TryFrom<u8> for Digits {
    type Error = &'static str;

    fn try_from(count: u8) -> Result<Self, Self::Error> {
        match count {
            6 => Ok(Self::Six),
            8 => Ok(Self::Eight),
            _ => Err("digits: 6 or 8"),
        }
    }
}

/// The step of an instant.
pub(super) const fn step_at(now: Millis) -> Step {
    now / 1000 / PERIOD
}

/// The code of a step (RFC 4226 section 5.3): empty, which is nobody's code, if a hash were shorter than any is.
pub(super) fn code(algorithm: Algorithm, digits: Digits, key: &[u8], step: Step) -> String {
    let hash = algorithm.hmac(key, &step.to_be_bytes());
    let Some(number) = truncated(&hash) else { return String::new() };
    match digits {
        Digits::Six => format!("{:06}", number % 1_000_000),
        Digits::Eight => format!("{:08}", number % 100_000_000),
    }
}

/// Dynamic truncation: 31 bits from where the last four say.
fn truncated(hash: &[u8]) -> Option<u32> {
    let offset = usize::from(hash.last()? & 0x0f);
    let bytes = hash.get(offset..)?.first_chunk::<4>()?;
    Some(u32::from_be_bytes(*bytes) & 0x7fff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"1234567890123456789012345678901234567890123456789012345678901234";

    fn key(algorithm: Algorithm) -> &'static [u8] {
        &KEY[..algorithm.key_length()]
    }

    #[test]
    fn rfc_4226_appendix_d_holds() {
        let codes = [755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489];
        for (counter, expected) in (0..).zip(codes) {
            assert_eq!(
                code(Algorithm::SHA1, Digits::Six, key(Algorithm::SHA1), counter),
                format!("{expected:06}"),
                "{counter}"
            );
        }
    }

    #[test]
    fn rfc_6238_appendix_b_holds() {
        for (seconds, expected) in [
            (59, ["94287082", "46119246", "90693936"]),
            (1_111_111_109, ["07081804", "68084774", "25091201"]),
            (1_111_111_111, ["14050471", "67062674", "99943326"]),
            (1_234_567_890, ["89005924", "91819424", "93441116"]),
            (2_000_000_000, ["69279037", "90698825", "38618901"]),
            (20_000_000_000, ["65353130", "77737706", "47863826"]),
        ] {
            let algorithms = [Algorithm::SHA1, Algorithm::SHA256, Algorithm::SHA512];
            for (algorithm, expected) in algorithms.into_iter().zip(expected) {
                let step = step_at(seconds * 1000);
                assert_eq!(code(algorithm, Digits::Eight, key(algorithm), step), expected, "{seconds} {algorithm:?}");
            }
        }
    }

    #[test]
    fn six_digits_are_the_last_six_of_eight() {
        for step in 0..100 {
            let [six, eight] =
                [Digits::Six, Digits::Eight].map(|digits| code(Algorithm::SHA1, digits, key(Algorithm::SHA1), step));
            assert_eq!((six.len(), eight.len()), (6, 8));
            assert!(eight.ends_with(&six), "{eight} {six}");
        }
    }
}
