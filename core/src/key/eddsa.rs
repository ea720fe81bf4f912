//! Ed25519 (RFC 8032, RFC 8037).

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde_json::Map;

use super::json::Secrets;
use super::jwk::{InvalidKey, Members, encode};

/// Signs. The public half is always derived from the private one, so a mismatched pair cannot be signed with.
pub(super) struct Private(SigningKey);

impl Private {
    pub(super) fn generate(fill: &mut dyn FnMut(&mut [u8])) -> Self {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        fill(seed.as_mut_slice());
        Self(SigningKey::from_bytes(&seed))
    }

    pub(super) fn from_jwk(members: Members<'_>) -> Result<Self, InvalidKey> {
        let key = Self(SigningKey::from_bytes(&*members.octets("d")?));
        if *members.octets::<32>("x")? == key.0.verifying_key().to_bytes() {
            Ok(key)
        } else {
            Err(InvalidKey::Mismatch)
        }
    }

    /// The members of the JWK of a seed, whose public half follows from it.
    pub(super) fn members_of(seed: &[u8]) -> Option<Secrets> {
        let key = SigningKey::from_bytes(seed.try_into().ok()?);
        let mut members = Secrets(Map::new());
        members.0.insert("kty".into(), "OKP".into());
        members.0.insert("crv".into(), "Ed25519".into());
        members.0.insert("x".into(), encode(key.verifying_key().as_bytes()).into());
        members.0.insert("d".into(), encode(seed).into());
        Some(members)
    }

    /// The secret members of the JWK, to stand after the public ones.
    pub(super) fn secret_members(&self) -> zeroize::Zeroizing<String> {
        let d = zeroize::Zeroizing::new(encode(self.0.as_bytes()));
        zeroize::Zeroizing::new(format!(r#","d":"{}""#, *d))
    }

    pub(super) fn public(&self) -> Public {
        Public(self.0.verifying_key())
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).to_bytes().to_vec()
    }
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Public(VerifyingKey);

impl Public {
    pub(super) fn from_jwk(members: Members<'_>) -> Result<Self, InvalidKey> {
        let key = VerifyingKey::from_bytes(&*members.octets("x")?).map_err(|_| InvalidKey::Member("x"))?;
        // A point of small order verifies signatures that nobody made; RFC 8032 section 5.1.3 allows one encoding of each point.
        let canonical = key.to_edwards().compress().as_bytes() == key.as_bytes();
        if canonical && !key.is_weak() { Ok(Self(key)) } else { Err(InvalidKey::Member("x")) }
    }

    /// The required members of RFC 7638, in its order.
    pub(super) fn required_members(&self) -> String {
        format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encode(self.0.as_bytes()))
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}
