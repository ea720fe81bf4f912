//! The pieces that the forms of hashes have in common (the PHC string format), each in its one spelling.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// A decimal number without sign and leading zeros.
pub(super) fn decimal(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

/// The values of `name=value,name=value`: these names in this order, no others.
pub(super) fn parameters<const N: usize>(text: &str, names: [&str; N]) -> Option<[u32; N]> {
    let mut written = text.split(',');
    let mut values = [0; N];
    for (value, name) in values.iter_mut().zip(names) {
        *value = decimal(written.next()?.strip_prefix(name)?.strip_prefix('=')?)?;
    }
    written.next().is_none().then_some(values)
}

/// Base64 without padding, and without bits that say nothing.
pub(super) fn b64(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes)
}

/// See [`b64`].
pub(super) fn from_b64(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text).ok()
}
