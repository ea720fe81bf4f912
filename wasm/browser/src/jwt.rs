use claviger_core::toolkit::jwt;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::value::{Given, text_of, thrown, value_of};

/// How many seconds the keys of an answer with these headers serve, `cache-control` and `age`.
#[wasm_bindgen(js_name = keysServe)]
pub fn keys_serve(cache_control: &str, age: &str) -> f64 {
    // At most a day.
    jwt::keys_serve(cache_control, age) as f64
}

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

    /// The place of the one key that the runtime may check a token with, if that is likely to be faster.
    pub fn elsewhere(&self, token: &str) -> Option<usize> {
        self.0.elsewhere(token)
    }

    /// The key at a place, as the JSON text of a JWK.
    pub fn jwk(&self, place: usize) -> Option<String> {
        self.0.jwk(place)
    }

    /// Checks a token whose signature the runtime has checked with that key, and gives its claims.
    #[wasm_bindgen(js_name = verifyElsewhere)]
    pub fn verify_elsewhere(&self, token: &str, good: bool, expected: &JsValue) -> Given {
        let claims = self.0.verify_elsewhere(token, good, &text_of(expected)?).map_err(|error| thrown(&error))?;
        value_of(&claims)
    }

    /// Checks a token and gives its claims.
    pub fn verify(&self, token: &str, expected: &JsValue) -> Given {
        let claims = self.0.verify(token, &text_of(expected)?).map_err(|error| thrown(&error))?;
        value_of(&claims)
    }
}
