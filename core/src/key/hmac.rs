//! HMAC with SHA-2 (RFC 2104, RFC 7518 section 3.2).

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::Algorithm;
use super::algorithm::Hash;
use super::jwk::{InvalidKey, Members, encode};

const MAX_BYTES: usize = 512;

/// Signs and verifies, with one hash.
#[derive(Clone)]
pub(super) struct Secret {
    algorithm: Algorithm,
    bytes: Zeroizing<Vec<u8>>,
    keyed: Keyed,
}

/// With the key taken in.
#[derive(Clone)]
enum Keyed {
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

impl Secret {
    pub(super) fn generate(algorithm: Algorithm, fill: &mut dyn FnMut(&mut [u8])) -> Result<Self, InvalidKey> {
        let mut bytes = Zeroizing::new(vec![0; algorithm.hash().length()]);
        fill(&mut bytes);
        Self::new(algorithm, bytes)
    }

    pub(super) fn from_jwk(algorithm: Algorithm, members: Members<'_>) -> Result<Self, InvalidKey> {
        Self::new(algorithm, members.bytes("k")?)
    }

    /// RFC 7518 section 3.2: no shorter than the hash.
    fn new(algorithm: Algorithm, bytes: Zeroizing<Vec<u8>>) -> Result<Self, InvalidKey> {
        if !(algorithm.hash().length()..=MAX_BYTES).contains(&bytes.len()) {
            return Err(InvalidKey::Member("k"));
        }
        let unfit = |_| InvalidKey::Member("k");
        let keyed = match algorithm.hash() {
            Hash::Sha256 => Keyed::Sha256(Hmac::new_from_slice(&bytes).map_err(unfit)?),
            Hash::Sha384 => Keyed::Sha384(Hmac::new_from_slice(&bytes).map_err(unfit)?),
            Hash::Sha512 => Keyed::Sha512(Hmac::new_from_slice(&bytes).map_err(unfit)?),
        };
        Ok(Self { algorithm, bytes, keyed })
    }

    pub(super) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The required members of RFC 7638, in its order: the secret is one of them.
    pub(super) fn required_members(&self) -> Zeroizing<String> {
        let k = Zeroizing::new(encode(&self.bytes));
        Zeroizing::new(format!(r#"{{"k":"{}","kty":"oct"}}"#, *k))
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.keyed {
            Keyed::Sha256(keyed) => keyed.clone().chain_update(message).finalize().into_bytes().to_vec(),
            Keyed::Sha384(keyed) => keyed.clone().chain_update(message).finalize().into_bytes().to_vec(),
            Keyed::Sha512(keyed) => keyed.clone().chain_update(message).finalize().into_bytes().to_vec(),
        }
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        crate::hash::same(&self.sign(message), signature)
    }
}
