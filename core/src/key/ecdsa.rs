//! ECDSA with P-256 and SHA-256 (FIPS 186-5, RFC 6979, RFC 7518 section 3.4).

use p256::AffinePoint;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::elliptic_curve::point::AffineCoordinates as _;
use serde_json::Map;
use zeroize::Zeroizing;

use super::json::Secrets;
use super::jwk::{InvalidKey, Members, encode};

/// A random number is out of range with a chance of 2^-32. Not to have found one in range among so many means that `fill` gives no random bytes.
const MAX_CANDIDATES: usize = 32;

/// Signs.
pub(super) struct Private(SigningKey);

impl Private {
    /// FIPS 186-5 appendix A.2.2: by rejection, so that no key is likelier than another.
    pub(super) fn generate(fill: &mut dyn FnMut(&mut [u8])) -> Result<Self, InvalidKey> {
        let mut scalar = Zeroizing::new([0; 32]);
        for _ in 0..MAX_CANDIDATES {
            fill(scalar.as_mut_slice());
            if let Ok(key) = SigningKey::from_slice(scalar.as_slice()) {
                return Ok(Self(key));
            }
        }
        Err(InvalidKey::Member("d"))
    }

    pub(super) fn from_jwk(members: Members<'_>) -> Result<Self, InvalidKey> {
        let key = SigningKey::from_slice(members.octets::<32>("d")?.as_slice()).map_err(|_| InvalidKey::Member("d"))?;
        if Public::from_jwk(members)?.0 == *key.verifying_key() { Ok(Self(key)) } else { Err(InvalidKey::Mismatch) }
    }

    /// The members of the JWK of a scalar, whose public half follows from it.
    pub(super) fn members_of(scalar: &[u8]) -> Option<Secrets> {
        let key = SigningKey::from_slice(scalar).ok().filter(|_| scalar.len() == 32)?;
        let point = key.verifying_key().as_affine();
        let mut members = Secrets(Map::new());
        members.0.insert("kty".into(), "EC".into());
        members.0.insert("crv".into(), "P-256".into());
        members.0.insert("x".into(), encode(&point.x()).into());
        members.0.insert("y".into(), encode(&point.y()).into());
        members.0.insert("d".into(), encode(scalar).into());
        Some(members)
    }

    /// The secret members of the JWK, to stand after the public ones.
    pub(super) fn secret_members(&self) -> Zeroizing<String> {
        let scalar = Zeroizing::new(<[u8; 32]>::from(self.0.to_bytes()));
        let d = Zeroizing::new(encode(scalar.as_slice()));
        Zeroizing::new(format!(r#","d":"{}""#, *d))
    }

    pub(super) fn public(&self) -> Public {
        Public(*self.0.verifying_key())
    }

    /// `None` in the case, never seen, that the nonce of RFC 6979 gives a zero.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let signature: Signature = self.0.try_sign(message).ok()?;
        Some(signature.to_bytes().to_vec())
    }
}

#[derive(Clone)]
pub(super) struct Public(VerifyingKey);

impl Public {
    pub(super) fn from_jwk(members: Members<'_>) -> Result<Self, InvalidKey> {
        let (x, y) = (members.octets::<32>("x")?, members.octets::<32>("y")?);
        // No point unless the numbers are below the prime and satisfy the curve's equation.
        let point = AffinePoint::from_coordinates(&(*x).into(), &(*y).into()).into_option();
        point.and_then(|point| VerifyingKey::from_affine(point).ok()).map(Self).ok_or(InvalidKey::Member("x"))
    }

    /// The required members of RFC 7638, in its order.
    pub(super) fn required_members(&self) -> String {
        let point = self.0.as_affine();
        format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, encode(&point.x()), encode(&point.y()))
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.0.verify(message, &signature).is_ok())
    }
}
