use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// The signature algorithms of the engine, by their names in the JOSE registry.
///
/// Names are compared byte for byte: `rs256` is no algorithm (RFC 7515 section 4.1.1). There is no `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Algorithm {
    /// Ed25519 (RFC 8037). The default: fast and small everywhere.
    EdDSA,
    /// ECDSA with P-256 and SHA-256 (RFC 7518 section 3.4).
    ES256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3). Slow inside the engine; offered because OpenID Connect requires it.
    RS256,
    /// HMAC with SHA-256 (RFC 7518 section 3.2). For tokens that only the engine itself reads.
    HS256,
}

impl Algorithm {
    /// Every algorithm, in the order in which they are preferred.
    pub const ALL: [Self; 4] = [Self::EdDSA, Self::ES256, Self::RS256, Self::HS256];

    /// The name in the JOSE registry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDSA => "EdDSA",
            Self::ES256 => "ES256",
            Self::RS256 => "RS256",
            Self::HS256 => "HS256",
        }
    }

    /// Whether the key that verifies may be shown to anyone.
    #[must_use]
    pub const fn is_asymmetric(self) -> bool {
        !matches!(self, Self::HS256)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or(UnknownAlgorithm)
    }
}

/// The text names no algorithm of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAlgorithm;

impl fmt::Display for UnknownAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown signature algorithm; known are EdDSA, ES256, RS256 and HS256")
    }
}

impl core::error::Error for UnknownAlgorithm {}
