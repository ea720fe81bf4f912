use core::fmt;

use p256::NistP256;
use p384::NistP384;
use zeroize::Zeroizing;

use super::algorithm::Family;
use super::json::{Secrets, parse_object};
use super::jwk::{InvalidKey, Members, Operation};
use super::public::Half;
use super::{Algorithm, PublicKey, ecdsa, eddsa, hmac, rsa};

/// The half of a key that signs, bound to its one algorithm (RFC 8725 section 3.1). Overwritten when dropped.
pub struct PrivateKey {
    secret: Secret,
    public: PublicKey,
}

enum Secret {
    EdDSA(eddsa::Private),
    ES256(ecdsa::Private<NistP256>),
    ES384(ecdsa::Private<NistP384>),
    Rsa(Algorithm, Box<rsa::Private>),
    Hmac(hmac::Secret),
}

impl PrivateKey {
    /// Makes a key from the bytes that `fill` gives: the same bytes make the same key.
    ///
    /// # Errors
    /// [`InvalidKey`] when `fill` gives no usable bytes.
    pub fn generate(algorithm: Algorithm, fill: &mut dyn FnMut(&mut [u8])) -> Result<Self, InvalidKey> {
        let secret = match algorithm.family() {
            Family::Ed25519 => Secret::EdDSA(eddsa::Private::generate(fill)),
            Family::P256 => Secret::ES256(ecdsa::Private::generate(fill)?),
            Family::P384 => Secret::ES384(ecdsa::Private::generate(fill)?),
            Family::Rsa(_) => Secret::Rsa(algorithm, Box::new(rsa::Private::generate(fill)?)),
            Family::Hmac => Secret::Hmac(hmac::Secret::generate(algorithm, fill)?),
        };
        Ok(Self::named(None, secret))
    }

    /// Reads a private JWK, whose public members must belong to the private ones.
    ///
    /// # Errors
    /// [`InvalidKey`] for a key for another use, or anything malformed or mismatched.
    pub fn from_jwk(jwk: &str) -> Result<Self, InvalidKey> {
        let parsed = Secrets(parse_object(jwk.as_bytes()).map_err(|_| InvalidKey::NotAnObject)?);
        Self::from_members(Members(&parsed.0))
    }

    pub(super) fn from_members(members: Members<'_>) -> Result<Self, InvalidKey> {
        members.permit(Operation::Sign)?;
        let algorithm = members.algorithm()?;
        let secret = match algorithm.family() {
            Family::Ed25519 => Secret::EdDSA(eddsa::Private::from_jwk(members)?),
            Family::P256 => Secret::ES256(ecdsa::Private::from_jwk(members)?),
            Family::P384 => Secret::ES384(ecdsa::Private::from_jwk(members)?),
            Family::Rsa(_) => Secret::Rsa(algorithm, Box::new(rsa::Private::from_jwk(members)?)),
            Family::Hmac => Secret::Hmac(hmac::Secret::from_jwk(algorithm, members)?),
        };
        Ok(Self::named(members.kid()?, secret))
    }

    fn named(kid: Option<&str>, secret: Secret) -> Self {
        let public = PublicKey::named(kid, secret.public());
        Self { secret, public }
    }

    /// The private JWK with `alg` and `kid`: to be sealed, never to be shown.
    #[must_use]
    pub fn to_jwk(&self) -> Zeroizing<String> {
        let required = self.public.required_members();
        let secrets = match &self.secret {
            Secret::EdDSA(key) => key.secret_members(),
            Secret::ES256(key) => key.secret_members(),
            Secret::ES384(key) => key.secret_members(),
            Secret::Rsa(_, key) => key.secret_members(),
            Secret::Hmac(_) => Zeroizing::default(),
        };
        // Room for everything at once, so that no half-built copy is left behind by a reallocation.
        let mut jwk = Zeroizing::new(String::with_capacity(required.len() + secrets.len() + self.kid().len() * 6 + 64));
        jwk.push_str(required.strip_suffix('}').unwrap_or_default());
        jwk.push_str(&secrets);
        jwk.push_str(&format!(
            r#","alg":"{}","kid":{}}}"#,
            self.algorithm(),
            serde_json::to_string(self.kid()).unwrap_or_default()
        ));
        jwk
    }

    /// The half that verifies.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The one algorithm of the key.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// The key's id.
    #[must_use]
    pub fn kid(&self) -> &str {
        self.public.kid()
    }

    /// Signs a message. The same message always has the same signature; the form is that of JOSE (R and S for ECDSA).
    ///
    /// # Errors
    /// [`SigningFailed`] when the result does not verify: a damaged key must not give an RSA-CRT signature away.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        match &self.secret {
            Secret::EdDSA(key) => Ok(key.sign(message)),
            Secret::ES256(key) => key.sign(message).ok_or(SigningFailed),
            Secret::ES384(key) => key.sign(message).ok_or(SigningFailed),
            Secret::Rsa(algorithm, key) => key.sign(*algorithm, message).ok_or(SigningFailed),
            Secret::Hmac(key) => Ok(key.sign(message)),
        }
    }
}

impl Secret {
    fn public(&self) -> Half {
        match self {
            Self::EdDSA(key) => Half::EdDSA(key.public()),
            Self::ES256(key) => Half::ES256(key.public()),
            Self::ES384(key) => Half::ES384(key.public()),
            Self::Rsa(algorithm, key) => Half::Rsa(*algorithm, key.public()),
            Self::Hmac(key) => Half::Hmac(key.clone()),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({} {}, redacted)", self.algorithm(), self.kid())
    }
}

/// The key could not sign: it is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigningFailed;

impl fmt::Display for SigningFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key could not sign; it is damaged: withdraw it and generate another")
    }
}

impl core::error::Error for SigningFailed {}
