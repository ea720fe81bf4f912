use core::fmt;

use std::collections::BTreeMap;

use p256::NistP256;
use p384::NistP384;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::algorithm::Family;
use super::jwk::{InvalidKey, Members, Operation, thumbprint};
use super::{Algorithm, ecdsa, eddsa, hmac, rsa};

/// The half of a key that verifies, bound to its one algorithm (RFC 8725 section 3.1).
///
/// For HMAC it holds the secret itself: it comes only from a [`PrivateKey`](super::PrivateKey), never from a JWK, and has no public form.
#[derive(Clone)]
pub struct PublicKey {
    kid: String,
    half: Half,
}

#[derive(Clone)]
pub(super) enum Half {
    EdDSA(eddsa::Public),
    ES256(ecdsa::Public<NistP256>),
    ES384(ecdsa::Public<NistP384>),
    Rsa(Algorithm, rsa::Public),
    Hmac(hmac::Secret),
}

/// A public JWK as the engine writes it: all its members are texts.
pub type PublicJwk = BTreeMap<String, String>;

impl PublicKey {
    /// Reads a public JWK. Members that are not known are ignored (RFC 7517 section 4); `alg` may be absent.
    ///
    /// # Errors
    /// [`InvalidKey`] for a private or symmetric key, a key for another use, a point off its curve, an RSA modulus
    /// outside 2048 to 4096 bits or an unsound exponent, and anything malformed.
    pub fn from_jwk(jwk: &Value) -> Result<Self, InvalidKey> {
        let members = Members::of(jwk)?;
        members.refuse_secrets()?;
        members.permit(Operation::Verify)?;
        let algorithm = members.algorithm()?;
        let half = match algorithm.family() {
            Family::Ed25519 => Half::EdDSA(eddsa::Public::from_jwk(members)?),
            Family::P256 => Half::ES256(ecdsa::Public::from_jwk(members)?),
            Family::P384 => Half::ES384(ecdsa::Public::from_jwk(members)?),
            Family::Rsa(_) => Half::Rsa(algorithm, rsa::Public::from_jwk(members)?),
            Family::Hmac => return Err(InvalidKey::Secret),
        };
        Ok(Self::named(members.kid()?, half))
    }

    /// Reads a public JWK that the engine wrote.
    pub(crate) fn from_own_jwk(jwk: &PublicJwk) -> Result<Self, InvalidKey> {
        let mut members = Map::new();
        for (name, value) in jwk {
            members.insert(name.clone(), Value::from(value.as_str()));
        }
        Self::from_jwk(&Value::Object(members))
    }

    /// A key whose id is its thumbprint, unless it has a name already.
    pub(super) fn named(kid: Option<&str>, half: Half) -> Self {
        let kid = kid.map_or_else(|| thumbprint(&half.required_members()), str::to_owned);
        Self { kid, half }
    }

    /// The same key under the name that a configuration gives it.
    pub(super) fn with_kid(self, kid: &str) -> Self {
        Self { kid: kid.to_owned(), ..self }
    }

    /// The public JWK with `alg`, `kid` and `use`; `None` for HMAC, which has no public form.
    #[must_use]
    pub fn to_jwk(&self) -> Option<PublicJwk> {
        if !self.algorithm().is_asymmetric() {
            return None;
        }
        let mut jwk: PublicJwk = crate::json::read(self.half.required_members().as_bytes()).ok()?;
        jwk.insert("alg".into(), self.algorithm().name().into());
        jwk.insert("kid".into(), self.kid.clone());
        jwk.insert("use".into(), "sig".into());
        Some(jwk)
    }

    /// The one algorithm of the key.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match &self.half {
            Half::EdDSA(_) => Algorithm::EdDSA,
            Half::ES256(_) => Algorithm::ES256,
            Half::ES384(_) => Algorithm::ES384,
            Half::Rsa(algorithm, _) => *algorithm,
            Half::Hmac(secret) => secret.algorithm(),
        }
    }

    /// The key's id: the JWK's `kid`, or its thumbprint where it has none.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub(super) fn required_members(&self) -> Zeroizing<String> {
        self.half.required_members()
    }

    /// The SHA-256 thumbprint (RFC 7638), as base64url.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        thumbprint(&self.half.required_members())
    }

    /// Checks a signature in its JOSE form (R and S for ECDSA, RFC 7518 section 3.4).
    ///
    /// # Errors
    /// [`BadSignature`], which does not say why.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let verified = match &self.half {
            Half::EdDSA(key) => key.verify(message, signature),
            Half::ES256(key) => key.verify(message, signature),
            Half::ES384(key) => key.verify(message, signature),
            Half::Rsa(algorithm, key) => key.verify(*algorithm, message, signature),
            Half::Hmac(key) => key.verify(message, signature),
        };
        if verified { Ok(()) } else { Err(BadSignature) }
    }
}

impl AsRef<PublicKey> for PublicKey {
    fn as_ref(&self) -> &PublicKey {
        self
    }
}

impl Half {
    pub(super) fn required_members(&self) -> Zeroizing<String> {
        match self {
            Self::EdDSA(key) => Zeroizing::new(key.required_members()),
            Self::ES256(key) => Zeroizing::new(key.required_members()),
            Self::ES384(key) => Zeroizing::new(key.required_members()),
            Self::Rsa(_, key) => Zeroizing::new(key.required_members()),
            Self::Hmac(key) => key.required_members(),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} {})", self.algorithm(), self.kid)
    }
}

/// The signature is not this key's signature of this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature;

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature does not verify")
    }
}

impl core::error::Error for BadSignature {}
