//! Members of a JSON Web Key (RFC 7517), read strictly.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Algorithm;

/// A `kid` is a label, not a document: longer ones are refused.
const MAX_KID_BYTES: usize = 256;

/// Members that only a private or a symmetric key has (RFC 7518 section 6).
const SECRET_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidKey {
    /// The text is no JSON object, or one with duplicate members.
    NotAnObject,
    /// The text is no PEM of a key that is offered, or the key inside is encrypted.
    NotPem,
    /// The member is missing, or has a wrong type, encoding, length or value.
    Member(&'static str),
    /// `kty`, `crv` or `alg` are not offered, or do not belong together.
    Unsupported,
    /// `use` or `key_ops` reserve the key for another use (RFC 7517 sections 4.2 and 4.3).
    OtherUse,
    /// A private or symmetric key where a public one belongs.
    Secret,
    /// The public members do not belong to the private ones.
    Mismatch,
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("the key is not a JSON object with unique members"),
            Self::NotPem => f.write_str(
                "the PEM is no private key in PKCS #8 (BEGIN PRIVATE KEY) for Ed25519, P-256, P-384 or RSA; `openssl pkcs8 -topk8 -nocrypt` makes one",
            ),
            Self::Member(name) => write!(f, "the key's member \"{name}\" is missing or malformed"),
            Self::Unsupported => f.write_str("the key's kty, crv and alg name no key that is offered"),
            Self::OtherUse => f.write_str("the key's use or key_ops reserve it for another use"),
            Self::Secret => f.write_str("a private or symmetric key stands where a public key belongs"),
            Self::Mismatch => f.write_str("the key's public members do not belong to its private members"),
        }
    }
}

impl core::error::Error for InvalidKey {}

/// What a key is about to be used for, by its name in `key_ops`.
#[derive(Clone, Copy)]
pub(super) enum Operation {
    Sign,
    Verify,
}

/// The members of one JWK.
#[derive(Clone, Copy)]
pub(super) struct Members<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Members<'a> {
    pub(super) fn of(jwk: &'a Value) -> Result<Self, InvalidKey> {
        jwk.as_object().map(Self).ok_or(InvalidKey::NotAnObject)
    }

    /// The one algorithm of the key: that of `alg`, if it belongs to `kty` and `crv`; without it the usual one of such keys.
    pub(super) fn algorithm(self) -> Result<Algorithm, InvalidKey> {
        let usual = match (self.text("kty")?, self.optional_text("crv")?) {
            ("OKP", Some("Ed25519")) => Algorithm::EdDSA,
            ("EC", Some("P-256")) => Algorithm::ES256,
            ("EC", Some("P-384")) => Algorithm::ES384,
            ("RSA", None) => Algorithm::RS256,
            ("oct", None) => Algorithm::HS256,
            _ => return Err(InvalidKey::Unsupported),
        };
        let Some(named) = self.optional_text("alg")? else { return Ok(usual) };
        let named: Algorithm = named.parse().map_err(|_| InvalidKey::Unsupported)?;
        if named.is_of_a_key_like(usual) { Ok(named) } else { Err(InvalidKey::Unsupported) }
    }

    pub(super) fn refuse_secrets(self) -> Result<(), InvalidKey> {
        if SECRET_MEMBERS.iter().any(|name| self.0.contains_key(*name)) { Err(InvalidKey::Secret) } else { Ok(()) }
    }

    pub(super) fn permit(self, operation: Operation) -> Result<(), InvalidKey> {
        if self.optional_text("use")?.is_some_and(|it| it != "sig") {
            return Err(InvalidKey::OtherUse);
        }
        let Some(operations) = self.0.get("key_ops") else { return Ok(()) };
        let operations = operations.as_array().ok_or(InvalidKey::Member("key_ops"))?;
        if operations.iter().any(|it| it.as_str().is_some_and(|name| operation.is(name))) {
            Ok(())
        } else {
            Err(InvalidKey::OtherUse)
        }
    }

    pub(super) fn kid(self) -> Result<Option<&'a str>, InvalidKey> {
        match self.optional_text("kid")? {
            Some(kid) if kid.is_empty() || kid.len() > MAX_KID_BYTES => Err(InvalidKey::Member("kid")),
            kid => Ok(kid),
        }
    }

    pub(super) fn bytes(self, name: &'static str) -> Result<Zeroizing<Vec<u8>>, InvalidKey> {
        decode(self.text(name)?).map(Zeroizing::new).ok_or(InvalidKey::Member(name))
    }

    /// Bytes of exactly `N` octets: RFC 7518 section 6.2.1 and RFC 8037 section 2 allow no other length.
    pub(super) fn octets<const N: usize>(self, name: &'static str) -> Result<Zeroizing<[u8; N]>, InvalidKey> {
        let mut octets = Zeroizing::new([0; N]);
        let bytes = self.bytes(name)?;
        if bytes.len() != N {
            return Err(InvalidKey::Member(name));
        }
        octets.copy_from_slice(&bytes);
        Ok(octets)
    }

    fn text(self, name: &'static str) -> Result<&'a str, InvalidKey> {
        self.optional_text(name)?.ok_or(InvalidKey::Member(name))
    }

    fn optional_text(self, name: &'static str) -> Result<Option<&'a str>, InvalidKey> {
        self.0.get(name).map(|value| value.as_str().ok_or(InvalidKey::Member(name))).transpose()
    }
}

impl Operation {
    fn is(self, name: &str) -> bool {
        name == match self {
            Self::Sign => "sign",
            Self::Verify => "verify",
        }
    }
}

/// The SHA-256 thumbprint of a key (RFC 7638), given its required members as JSON in the order of that RFC.
pub(super) fn thumbprint(required_members: &str) -> String {
    encode(&Sha256::digest(required_members.as_bytes()))
}

/// base64url without padding (RFC 7515 section 2).
pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// base64url without padding; `None` for padding, another alphabet, whitespace, or bits left over (RFC 4648 section 3.5).
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
