//! Checking signatures with the host's own cryptography.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Answer, ServiceError, base64url};

/// Checks ES256, ES384 and RS256 signatures in place of the engine, such as at native speed. Write the method as `async fn`.
pub trait Verify: Send + Sync + 'static {
    /// Answers whether this is the key's signature of the message.
    ///
    /// # Errors
    /// Whatever the log should say. The token is then refused.
    fn verify(&self, request: VerifyRequest) -> impl Future<Output = Result<bool, ServiceError>> + Send;
}

/// What is to be checked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct VerifyRequest {
    /// The key, whose members the engine has checked.
    #[serde(rename = "jwk")]
    pub public_jwk: Map<String, Value>,
    /// The JOSE name: `ES256`, `ES384` or `RS256`.
    pub algorithm: String,
    /// The signing input, not hashed yet.
    #[serde(deserialize_with = "base64url")]
    pub message: Vec<u8>,
    /// In its JOSE form: for ECDSA R and S (RFC 7518 section 3.4).
    #[serde(deserialize_with = "base64url")]
    pub signature: Vec<u8>,
}

/// [`Verify`] as an object.
pub(crate) trait DynVerify: Send + Sync {
    fn verify(&self, request: VerifyRequest) -> Answer<'_, bool>;
}

impl<V: Verify> DynVerify for V {
    fn verify(&self, request: VerifyRequest) -> Answer<'_, bool> {
        Box::pin(Verify::verify(self, request))
    }
}
