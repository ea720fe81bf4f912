//! HMAC with SHA-256 (RFC 2104, RFC 7518 section 3.2).

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::jwk::{InvalidKey, Members, encode};

/// RFC 7518 section 3.2: no shorter than the hash.
const MIN_BYTES: usize = 32;
const MAX_BYTES: usize = 512;

/// Signs and verifies.
#[derive(Clone)]
pub(super) struct Secret {
    bytes: Zeroizing<Vec<u8>>,
    keyed: Hmac<Sha256>,
}

impl Secret {
    pub(super) fn generate(fill: &mut dyn FnMut(&mut [u8])) -> Result<Self, InvalidKey> {
        let mut bytes = Zeroizing::new(vec![0; MIN_BYTES]);
        fill(&mut bytes);
        Self::new(bytes)
    }

    pub(super) fn from_jwk(members: Members<'_>) -> Result<Self, InvalidKey> {
        Self::new(members.bytes("k")?)
    }

    fn new(bytes: Zeroizing<Vec<u8>>) -> Result<Self, InvalidKey> {
        if !(MIN_BYTES..=MAX_BYTES).contains(&bytes.len()) {
            return Err(InvalidKey::Member("k"));
        }
        let keyed = Hmac::new_from_slice(&bytes).map_err(|_| InvalidKey::Member("k"))?;
        Ok(Self { bytes, keyed })
    }

    /// The required members of RFC 7638, in its order: the secret is one of them.
    pub(super) fn required_members(&self) -> Zeroizing<String> {
        let k = Zeroizing::new(encode(&self.bytes));
        Zeroizing::new(format!(r#"{{"k":"{}","kty":"oct"}}"#, *k))
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.keyed.clone().chain_update(message).finalize().into_bytes().to_vec()
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.keyed.clone().chain_update(message).verify_slice(signature).is_ok()
    }
}
