//! ECDSA with the curves of NIST, each with the hash that JOSE gives it (FIPS 186-5, RFC 6979, RFC 7518 section 3.4).

use ecdsa::signature::{Signer as _, Verifier as _};
use ecdsa::{DigestAlgorithm, EcdsaCurve, Signature, SigningKey, VerifyingKey};
use p256::NistP256;
use p256::elliptic_curve::point::AffineCoordinates;
use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p256::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytes};
use p384::NistP384;
use serde_json::Map;
use zeroize::Zeroizing;

use super::json::Secrets;
use super::jwk::{InvalidKey, Members, encode};

/// A random number is out of range with a chance of 2^-32, or less. Not to have found one in range among so many means that `fill` gives no random bytes.
const MAX_CANDIDATES: usize = 32;

/// A curve that keys may be on.
pub(super) trait Curve:
    EcdsaCurve<FieldBytesSize: ModulusSize>
    + CurveArithmetic<AffinePoint: FromSec1Point<Self> + ToSec1Point<Self>>
    + DigestAlgorithm
{
    /// The value of `crv` (RFC 7518 section 6.2.1.1).
    const NAME: &'static str;
}

/// With SHA-256.
impl Curve for NistP256 {
    const NAME: &'static str = "P-256";
}

/// With SHA-384.
impl Curve for NistP384 {
    const NAME: &'static str = "P-384";
}

/// Signs.
pub(super) struct Private<C: Curve>(SigningKey<C>);

impl<C: Curve> Private<C> {
    /// FIPS 186-5 appendix A.2.2: by rejection, so that no key is likelier than another.
    pub(super) fn generate(fill: &mut dyn FnMut(&mut [u8])) -> Result<Self, InvalidKey> {
        let mut scalar = Zeroizing::new(FieldBytes::<C>::default());
        for _ in 0..MAX_CANDIDATES {
            fill(&mut scalar);
            if let Ok(key) = SigningKey::from_bytes(&scalar) {
                return Ok(Self(key));
            }
        }
        Err(InvalidKey::Member("d"))
    }

    pub(super) fn from_jwk(members: Members<'_>) -> Result<Self, InvalidKey> {
        let key = SigningKey::from_bytes(&*number::<C>(members, "d")?).map_err(|_| InvalidKey::Member("d"))?;
        if Public::from_jwk(members)?.0 == *key.verifying_key() { Ok(Self(key)) } else { Err(InvalidKey::Mismatch) }
    }

    /// The members of the JWK of a scalar, whose public half follows from it.
    pub(super) fn members_of(scalar: &[u8]) -> Option<Secrets> {
        let scalar = <&FieldBytes<C>>::try_from(scalar).ok()?;
        let point = *SigningKey::<C>::from_bytes(scalar).ok()?.verifying_key().as_affine();
        let mut members = Secrets(Map::new());
        members.0.insert("kty".into(), "EC".into());
        members.0.insert("crv".into(), C::NAME.into());
        members.0.insert("x".into(), encode(&point.x()).into());
        members.0.insert("y".into(), encode(&point.y()).into());
        members.0.insert("d".into(), encode(scalar).into());
        Some(members)
    }

    /// The secret members of the JWK, to stand after the public ones.
    pub(super) fn secret_members(&self) -> Zeroizing<String> {
        let scalar = Zeroizing::new(self.0.to_bytes());
        let d = Zeroizing::new(encode(&scalar));
        Zeroizing::new(format!(r#","d":"{}""#, *d))
    }

    pub(super) fn public(&self) -> Public<C> {
        Public(*self.0.verifying_key())
    }

    /// `None` in the case, never seen, that the nonce of RFC 6979 gives a zero.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let signature: Signature<C> = self.0.try_sign(message).ok()?;
        Some(signature.to_bytes().to_vec())
    }
}

#[derive(Clone)]
pub(super) struct Public<C: Curve>(VerifyingKey<C>);

impl<C: Curve> Public<C> {
    pub(super) fn from_jwk(members: Members<'_>) -> Result<Self, InvalidKey> {
        let (x, y) = (number::<C>(members, "x")?, number::<C>(members, "y")?);
        // No point unless the numbers are below the prime and satisfy the curve's equation.
        let point = AffinePoint::<C>::from_coordinates(&x, &y).into_option();
        point.and_then(|point| VerifyingKey::from_affine(point).ok()).map(Self).ok_or(InvalidKey::Member("x"))
    }

    /// The required members of RFC 7638, in its order.
    pub(super) fn required_members(&self) -> String {
        let point = self.0.as_affine();
        format!(r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#, C::NAME, encode(&point.x()), encode(&point.y()))
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.0.verify(message, &signature).is_ok())
    }
}

/// A number in the length of the curve's field: RFC 7518 section 6.2.1 allows no other.
fn number<C: Curve>(members: Members<'_>, name: &'static str) -> Result<Zeroizing<FieldBytes<C>>, InvalidKey> {
    let bytes = members.bytes(name)?;
    <&FieldBytes<C>>::try_from(bytes.as_slice()).map(|it| Zeroizing::new(*it)).map_err(|_| InvalidKey::Member(name))
}
