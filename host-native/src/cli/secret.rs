//! Fresh randomness as text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::failure::Failure;

/// 256 bits for `CLAVIGER_SECRET`, in base64url.
pub(super) fn fresh() -> Result<String, Failure> {
    random::<32>()
}

/// 120 bits, for a password that a person may type.
pub(super) fn fresh_password() -> Result<String, Failure> {
    random::<15>()
}

fn random<const BYTES: usize>() -> Result<String, Failure> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(Failure::of("the system gives no randomness"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
