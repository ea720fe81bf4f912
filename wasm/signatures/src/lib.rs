//! Signatures over any message, which no module that ships takes: these are in tokens. It is built as the engine is, so that vectors show
//! what the engine computes, and ships with nothing.

use claviger_core::key::PublicKey;
use wasm_bindgen::prelude::wasm_bindgen;

/// 1 where the key of a JWK has signed the message, 0 where it has not, 2 where it is no key.
#[wasm_bindgen]
pub fn verify(jwk: &[u8], message: &[u8], signature: &[u8]) -> u32 {
    let key = serde_json::from_slice(jwk).ok().and_then(|jwk| PublicKey::from_jwk(&jwk).ok());
    key.map_or(2, |key| u32::from(key.verify(message, signature).is_ok()))
}
