//! Keys, and the signatures made with them: JWK (RFC 7517), JWS (RFC 7515), JWT (RFC 7519).
//!
//! A key object carries its one algorithm, so a token can choose among keys but never how a key is used. Nothing here has a clock or
//! randomness: time and random bytes are arguments.

mod algorithm;
pub(crate) mod cache;
mod der;
mod ecdsa;
mod eddsa;
mod hmac;
pub mod json;
mod jwk;
pub mod jws;
pub mod jwt;
pub mod manage;
mod pem;
pub mod portable;
mod private;
mod public;
mod rsa;
pub(crate) mod set;
mod verified;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use jwk::InvalidKey;
pub use private::{PrivateKey, SigningFailed};
pub use public::{BadSignature, PublicJwk, PublicKey};
pub(crate) use verified::{verified, verified_by_one_of};
