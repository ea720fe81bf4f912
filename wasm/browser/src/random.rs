use claviger_core::refusal::Fault;
use claviger_core::toolkit::ToolError;

/// Bytes of the runtime's own randomness (WebCrypto). Without it nothing is made: zeros are no secret.
pub(crate) fn fresh<const N: usize>() -> Result<[u8; N], ToolError> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), ToolError> {
    getrandom::fill(bytes).map_err(|why| Fault::HostFailed(why.to_string()).into())
}
