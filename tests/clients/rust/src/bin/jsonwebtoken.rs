//! The crate `jsonwebtoken`, as Rust services use it: verifies the token of the JSON on its standard input and prints the claims.

use std::error::Error;
use std::io::stdin;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
struct Ask {
    token: String,
    algorithm: Algorithm,
    jwk: Value,
    issuer: String,
    audience: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let ask: Ask = serde_json::from_reader(stdin())?;
    let jwk: Jwk = serde_json::from_value(ask.jwk)?;
    let mut validation = Validation::new(ask.algorithm);
    validation.set_issuer(&[ask.issuer]);
    validation.set_audience(&[ask.audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    let token = decode::<Map<String, Value>>(&ask.token, &DecodingKey::from_jwk(&jwk)?, &validation)?;
    println!("{}", serde_json::to_string(&token.claims)?);
    Ok(())
}
