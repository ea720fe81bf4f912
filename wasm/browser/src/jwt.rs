use claviger_core::toolkit::jwt;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::value::{Given, text_of, thrown, value_of};

/// The public keys of a JWK Set, read once.
#[wasm_bindgen]
pub struct Jwks(jwt::Jwks);

#[wasm_bindgen]
impl Jwks {
    /// Reads a JWK Set.
    #[wasm_bindgen(constructor)]
    pub fn read(set: &JsValue) -> Given<Jwks> {
        jwt::Jwks::read(&text_of(set)?).map(Self).map_err(|error| thrown(&error))
    }

    /// Whether one of the keys may be the one that signed a token.
    pub fn suit(&self, token: &str) -> bool {
        self.0.suit(token)
    }

    /// Checks a token and gives its claims.
    pub fn verify(&self, token: &str, expected: &JsValue) -> Given {
        let claims = self.0.verify(token, &text_of(expected)?).map_err(|error| thrown(&error))?;
        value_of(&claims)
    }
}
