use claviger_core::key::PrivateKey;
use claviger_core::toolkit::dpop::{self, Proof};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::random::{fill, fresh};
use crate::value::{Given, text_of, thrown, value_of};

/// A key pair whose private half is in this module, and can be taken out.
#[wasm_bindgen]
pub struct KeyPair(PrivateKey);

#[wasm_bindgen]
impl KeyPair {
    /// Makes a key pair of `ES256` or `EdDSA`.
    pub fn generate(algorithm: &str) -> Given<KeyPair> {
        dpop::generate(algorithm, fill).map(Self).map_err(|error| thrown(&error))
    }

    /// Reads a private JWK.
    pub fn read(jwk: &JsValue) -> Given<KeyPair> {
        dpop::private_key(&text_of(jwk)?).map(Self).map_err(|error| thrown(&error))
    }

    /// The private JWK.
    #[wasm_bindgen(js_name = privateJwk)]
    pub fn private_jwk(&self) -> Given {
        value_of(&self.0.to_jwk())
    }

    /// A proof, signed.
    pub fn proof(&self, request: &JsValue) -> Given<String> {
        let proof = Proof::read(&text_of(request)?).and_then(|proof| proof.sign(&self.0, &fresh()?));
        proof.map_err(|error| thrown(&error))
    }
}

/// A proof for a key that is elsewhere, without its signature.
#[wasm_bindgen(js_name = unsignedProof)]
pub fn unsigned_proof(jwk: &JsValue, request: &JsValue) -> Given<String> {
    let (jwk, request) = (text_of(jwk)?, text_of(request)?);
    let proof = Proof::read(&request).and_then(|proof| proof.unsigned(&dpop::public_key(&jwk)?, &fresh()?));
    proof.map(|unsigned| String::from_utf8_lossy(unsigned.signing_input()).into_owned()).map_err(|error| thrown(&error))
}

/// The SHA-256 thumbprint of a public JWK (RFC 7638): the `jkt` of what is bound to it.
#[wasm_bindgen]
pub fn thumbprint(jwk: &JsValue) -> Given<String> {
    dpop::public_key(&text_of(jwk)?).map(|key| key.thumbprint()).map_err(|error| thrown(&error))
}
