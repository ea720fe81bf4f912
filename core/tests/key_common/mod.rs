//! What the tests of the key room share: keys that are the same in every run, and tokens that only a forger would make.
#![allow(dead_code, reason = "each test file uses some")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may fail"
)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_core::key::jws::{Compact, MAX_BYTES, Verified};
use claviger_core::key::{Algorithm, PrivateKey, PublicKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Bytes that look random and are the same in every run.
pub(crate) fn stream(seed: u64) -> impl FnMut(&mut [u8]) {
    let mut counter = 0_u64;
    move |bytes| {
        for chunk in bytes.chunks_mut(32) {
            counter += 1;
            let block = Sha256::digest([seed.to_be_bytes(), counter.to_be_bytes()].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

pub(crate) fn key(algorithm: Algorithm, seed: u64) -> PrivateKey {
    PrivateKey::generate(algorithm, &mut stream(seed)).unwrap()
}

/// The public JWK, to be changed at will.
pub(crate) fn public_jwk(key: &PrivateKey) -> Value {
    serde_json::to_value(key.public().to_jwk().unwrap()).unwrap()
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn unb64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// A token with any header and any payload, truly signed.
pub(crate) fn forge(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>, key: &PrivateKey) -> String {
    let signing_input = format!("{}.{}", b64(header), b64(payload));
    let signature = key.sign(signing_input.as_bytes()).unwrap();
    format!("{signing_input}.{}", b64(signature))
}

/// Takes a token apart and checks its signature; `None` for any refusal.
pub(crate) fn open(token: &str, keys: &[&PublicKey]) -> Option<Verified> {
    Compact::parse(token, MAX_BYTES).ok()?.verify(keys.iter().copied()).ok()
}
