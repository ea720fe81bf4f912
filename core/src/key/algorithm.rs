use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha384, Sha512};

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
    /// ECDSA with P-384 and SHA-384 (RFC 7518 section 3.4).
    ES384,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3). Slow inside the engine; offered because OpenID Connect requires it.
    RS256,
    /// The same with SHA-384.
    RS384,
    /// The same with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256 (RFC 7518 section 3.5).
    PS256,
    /// The same with SHA-384.
    PS384,
    /// The same with SHA-512.
    PS512,
    /// HMAC with SHA-256 (RFC 7518 section 3.2). For tokens that only those who make them read.
    HS256,
    /// The same with SHA-384.
    HS384,
    /// The same with SHA-512.
    HS512,
}

/// The kind of key that an algorithm belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Ed25519,
    P256,
    P384,
    Rsa(Padding),
    Hmac,
}

/// RFC 8017 section 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    Pkcs1,
    Pss,
}

/// The digest of a signature; Ed25519 has its own inside, SHA-512.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    /// Every algorithm, in the order in which they are preferred.
    pub const ALL: [Self; 12] = [
        Self::EdDSA,
        Self::ES256,
        Self::ES384,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::HS256,
        Self::HS384,
        Self::HS512,
    ];

    /// The name in the JOSE registry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDSA => "EdDSA",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
        }
    }

    /// Whether the key that verifies may be shown to anyone.
    #[must_use]
    pub const fn is_asymmetric(self) -> bool {
        !matches!(self.family(), Family::Hmac)
    }

    pub(super) const fn family(self) -> Family {
        match self {
            Self::EdDSA => Family::Ed25519,
            Self::ES256 => Family::P256,
            Self::ES384 => Family::P384,
            Self::RS256 | Self::RS384 | Self::RS512 => Family::Rsa(Padding::Pkcs1),
            Self::PS256 | Self::PS384 | Self::PS512 => Family::Rsa(Padding::Pss),
            Self::HS256 | Self::HS384 | Self::HS512 => Family::Hmac,
        }
    }

    /// Whether both use the same kind of key, whatever padding and hash they use it with.
    pub(super) const fn is_of_a_key_like(self, other: Self) -> bool {
        matches!(
            (self.family(), other.family()),
            (Family::Ed25519, Family::Ed25519)
                | (Family::P256, Family::P256)
                | (Family::P384, Family::P384)
                | (Family::Rsa(_), Family::Rsa(_))
                | (Family::Hmac, Family::Hmac)
        )
    }

    pub(crate) const fn hash(self) -> Hash {
        match self {
            Self::ES256 | Self::RS256 | Self::PS256 | Self::HS256 => Hash::Sha256,
            Self::ES384 | Self::RS384 | Self::PS384 | Self::HS384 => Hash::Sha384,
            Self::EdDSA | Self::RS512 | Self::PS512 | Self::HS512 => Hash::Sha512,
        }
    }
}

impl Hash {
    /// The length of the digest, in bytes.
    pub(super) const fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The digest of the parts, one after the other.
    pub(crate) fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        fn of<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
            let mut digest = D::new();
            parts.iter().for_each(|part| digest.update(part));
            digest.finalize().to_vec()
        }
        match self {
            Self::Sha256 => of::<Sha256>(parts),
            Self::Sha384 => of::<Sha384>(parts),
            Self::Sha512 => of::<Sha512>(parts),
        }
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
        f.write_str(
            "unknown signature algorithm; known are EdDSA, ES256, ES384, RS256 to RS512, PS256 to PS512 and HS256 to HS512",
        )
    }
}

impl core::error::Error for UnknownAlgorithm {}
