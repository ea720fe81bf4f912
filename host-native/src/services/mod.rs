//! What the engine may leave to its host: signatures by keys of your own, signatures checked elsewhere, and HTTP requests.
//!
//! Each is optional; the engine asks a host only for what it offers (`docs/contract.md`, section 4).

mod fetch;
#[cfg(feature = "fetch")]
mod public;
#[cfg(feature = "fetch")]
mod public_address;
mod sign;
mod verify;

use std::error::Error;
use std::pin::Pin;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer};

pub(crate) use fetch::{DynFetch, FetchAsk, Fetched, fetched};
pub use fetch::{Fetch, FetchLimits};
#[cfg(feature = "fetch")]
pub use public::PublicFetch;
pub(crate) use sign::DynSign;
pub use sign::{Sign, SignRequest};
pub(crate) use verify::DynVerify;
pub use verify::{Verify, VerifyRequest};

/// Why a service could not do its work, for the log. Whatever was asked for is then denied.
pub type ServiceError = Box<dyn Error + Send + Sync>;

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ServiceError>> + Send + 'a>>;

/// Bytes that the contract writes in base64url.
fn base64url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    URL_SAFE_NO_PAD.decode(text).map_err(serde::de::Error::custom)
}
