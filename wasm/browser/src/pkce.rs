use claviger_core::toolkit::pkce::Pkce;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::random::fresh;
use crate::value::{Given, thrown};

/// A verifier and its challenge, in this order.
#[wasm_bindgen(js_name = createPkce)]
pub fn create_pkce() -> Given<Vec<String>> {
    let pkce = Pkce::new(&fresh().map_err(|error| thrown(&error))?);
    Ok(vec![pkce.verifier().to_owned(), pkce.challenge().to_owned()])
}
