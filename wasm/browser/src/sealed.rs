use claviger_core::toolkit::sealed;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::random::fresh;
use crate::value::{Given, text_of, thrown, value_of};

/// Seals a value.
#[wasm_bindgen]
pub fn seal(value: &JsValue, sealing: &JsValue) -> Given<String> {
    let (value, sealing) = (text_of(value)?, text_of(sealing)?);
    fresh().and_then(|nonce| sealed::seal(&value, &sealing, nonce)).map_err(|error| thrown(&error))
}

/// Opens what `seal` made.
#[wasm_bindgen]
pub fn unseal(text: &str, sealing: &JsValue) -> Given {
    let value = sealed::unseal(text, &text_of(sealing)?).map_err(|error| thrown(&error))?;
    value_of(&value)
}
