//! SHA-256, HMAC-SHA-256 and base64url, in the infallible shapes the rooms need.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub(crate) type Bytes32 = [u8; 32];

pub(crate) fn sha256(message: &[u8]) -> Bytes32 {
    Sha256::digest(message).into()
}

/// HMAC-SHA-256 (RFC 2104) with its key taken in: half the work of a short message is there.
#[derive(Clone)]
pub(crate) struct Keyed(Hmac<Sha256>);

impl Keyed {
    pub(crate) fn new(key: &Bytes32) -> Self {
        let mut block = [0_u8; 64];
        for (into, from) in block.iter_mut().zip(key) {
            *into = *from;
        }
        Self(<Hmac<Sha256> as KeyInit>::new(&block.into()))
    }

    /// With a key of any length: one that is longer than a block is hashed first (RFC 2104 section 2).
    pub(crate) fn of_any_length(key: &[u8]) -> Self {
        let mut block = [0_u8; 64];
        let hashed = sha256(key);
        let key = if key.len() > block.len() { &hashed } else { key };
        for (into, from) in block.iter_mut().zip(key) {
            *into = *from;
        }
        Self(<Hmac<Sha256> as KeyInit>::new(&block.into()))
    }

    /// Over the parts, one after the other.
    pub(crate) fn hmac(&self, parts: &[&[u8]]) -> Bytes32 {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// HMAC-SHA-256 (RFC 2104) over the parts, one after the other.
pub(crate) fn hmac(key: &Bytes32, parts: &[&[u8]]) -> Bytes32 {
    Keyed::new(key).hmac(parts)
}

/// The first `N` bytes of a digest, which has 32.
pub(crate) fn leading<const N: usize>(digest: &Bytes32) -> [u8; N] {
    const { assert!(N <= 32) }
    let mut out = [0_u8; N];
    for (into, from) in out.iter_mut().zip(digest) {
        *into = *from;
    }
    out
}

/// The bytes of an id, which as base64url begins with a letter: no command line takes it for an option.
pub(crate) fn as_id(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes[0] &= 0x7f;
    bytes
}

/// Compares without telling by time where two secrets differ. Lengths are not secret.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

pub(crate) fn b64u(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Strict base64url without padding: anything else, also non-zero trailing bits, is `None`.
pub(crate) fn from_b64u(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_agrees_with_rfc_4231_case_6_shape() {
        // RFC 4231 test case 1, its 20-byte key zero-padded as HMAC itself does.
        let mut key = [0_u8; 32];
        key[..20].fill(0x0b);
        let mac = hmac(&key, &[b"Hi ", b"There"]);
        assert_eq!(mac[..8], [0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53]);
    }

    #[test]
    fn hmac_takes_keys_of_any_length_as_rfc_4231_cases_1_and_6_do() {
        assert_eq!(Keyed::of_any_length(&[0x0b; 20]).hmac(&[b"Hi There"])[..4], [0xb0, 0x34, 0x4c, 0x61]);
        let tag = Keyed::of_any_length(&[0xaa; 131]).hmac(&[b"Test Using Larger Than Block-Size Key - Hash Key First"]);
        assert_eq!(tag[..8], [0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0, 0xb6, 0x7f]);
    }

    #[test]
    fn base64url_is_strict() {
        assert_eq!(from_b64u("QQ"), Some(vec![0x41]));
        for bad in ["QR", "QQ==", "Q", "Q+", "Q/", "Q Q", "QQ\n"] {
            assert_eq!(from_b64u(bad), None, "{bad:?}");
        }
    }

    /// 48 bytes are enough for a difference at the start to show, did the comparison end there.
    #[test]
    fn tk_022_a_comparison_takes_as_long_wherever_two_secrets_differ() {
        let secret = [7_u8; 48];
        let (mut first, mut last) = (secret, secret);
        first[0] ^= 1;
        last[47] ^= 1;
        let repeat = |compare: fn(&[u8], &[u8]) -> bool| {
            move |other: &[u8; 48]| (0..16).filter(|_| compare(std::hint::black_box(&secret), other)).count()
        };
        crate::timing::takes_as_long(1_000_000, [first, last], repeat(same));
        let early: fn(&[u8], &[u8]) -> bool = |left, right| left.iter().zip(right).all(|(left, right)| left == right);
        crate::timing::is_told_apart(1_000_000, [first, last], repeat(early));
    }
}
