//! Signing with keys that never enter the engine: a KMS, an HSM, a library of native speed.

use serde::Deserialize;

use super::{Answer, ServiceError, base64url};

/// Signs tokens with the keys of [`Builder::host_key`](crate::Builder::host_key). Write the method as `async fn`.
pub trait Sign: Send + Sync + 'static {
    /// Answers the signature in its JOSE form: for ECDSA R and S (RFC 7518 section 3.4), 64 bytes of ES256 and 96 of ES384.
    ///
    /// # Errors
    /// Whatever the log should say. No token is then issued.
    fn sign(&self, request: SignRequest) -> impl Future<Output = Result<Vec<u8>, ServiceError>> + Send;
}

/// What is to be signed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SignRequest {
    /// Which key.
    #[serde(rename = "key")]
    pub kid: String,
    /// The JOSE name: `ES256`, `ES384`, `RS256` or `EdDSA`.
    pub algorithm: String,
    /// The signing input, not hashed yet.
    #[serde(deserialize_with = "base64url")]
    pub message: Vec<u8>,
}

/// [`Sign`] as an object.
pub(crate) trait DynSign: Send + Sync {
    fn sign(&self, request: SignRequest) -> Answer<'_, Vec<u8>>;
}

impl<S: Sign> DynSign for S {
    fn sign(&self, request: SignRequest) -> Answer<'_, Vec<u8>> {
        Box::pin(Sign::sign(self, request))
    }
}
