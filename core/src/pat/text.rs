//! A token as text.
//!
//! ```text
//! pat_ <id: 21 of 0-9A-Za-z> . <secret: 43 of the same> <checksum: 6 of the same>
//! pat_ <id: 21 of 0-9A-Za-z> . <secret: 44 of base64, with padding>                    made by another system
//! ```
//! The checksum is the CRC-32 of all that stands before it, as GitHub's tokens have it: a scanner for secrets tells a token from noise without
//! asking anybody, and what was mistyped, cut or guessed costs no trip.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, PAD};

use super::Reason;
use crate::hash::{Bytes32, sha256};
use crate::host::Host;

/// The longest text that is looked at, in bytes.
const LONGEST: usize = 200;
const ID: usize = 21;
/// 62^43 is a little more than 2^256.
const SECRET: usize = 43;
const CHECKSUM: usize = 6;
/// 32 bytes in base64, with padding.
const IMPORTED: usize = 44;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A token that may be one.
pub(super) struct Presented<'t> {
    pub(super) id: &'t str,
    pub(super) secret: Secret,
}

/// What only the owner of a token has.
pub(super) enum Secret {
    /// Of a token that this engine made.
    Own(Bytes32),
    /// Of one that another system made: the very bytes, and their digest.
    Imported(Vec<u8>, Bytes32),
}

impl Secret {
    /// SHA-256 of the secret: 256 bits of chance need no slow hash.
    pub(super) fn digest(&self) -> &Bytes32 {
        match self {
            Self::Own(digest) | Self::Imported(_, digest) => digest,
        }
    }
}

/// Takes a token apart.
pub(super) fn parse<'t>(prefix: &str, text: &'t str) -> Result<Presented<'t>, Reason> {
    let rest = text.strip_prefix(prefix).ok_or(Reason::InvalidPrefix)?;
    let read = || {
        let (id, secret) = rest.split_once('.').filter(|(id, _)| is_id(id) && text.len() <= LONGEST)?;
        Some(Presented { id, secret: if secret.len() == IMPORTED { imported(secret) } else { own(text, secret) }? })
    };
    read().ok_or(Reason::InvalidFormat)
}

fn own(text: &str, secret: &str) -> Option<Secret> {
    let (before, checksum) = text.split_at_checked(text.len().checked_sub(CHECKSUM)?)?;
    let secret = secret.strip_suffix(checksum).filter(|secret| secret.len() == SECRET && is_plain(secret))?;
    (checksum_of(before) == checksum).then(|| Secret::Own(sha256(secret.as_bytes())))
}

fn imported(secret: &str) -> Option<Secret> {
    let url_safe = secret.contains(['-', '_']);
    let alphabet = if url_safe { URL_SAFE } else { STANDARD };
    let bytes = GeneralPurpose::new(&alphabet, PAD).decode(secret).ok().filter(|bytes| bytes.len() == 32)?;
    let digest = sha256(&bytes);
    Some(Secret::Imported(bytes, digest))
}

/// Whether a token may have this id.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == ID && is_plain(text)
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A new token, shown this once.
pub(super) struct Made {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) digest: Bytes32,
}

/// Makes one, with this id where it is given.
pub(super) fn make(host: &Host, prefix: &str, id: Option<&str>) -> Made {
    let id = id.map_or_else(|| letters(host, "token id", ID), str::to_owned);
    let secret = letters(host, "token secret", SECRET);
    let mut text = format!("{prefix}{id}.{secret}");
    text.push_str(&checksum_of(&text));
    Made { id, text, digest: sha256(secret.as_bytes()) }
}

/// Each of the 62 is as likely as any other: what would be one of two more is drawn again.
fn letters(host: &Host, label: &str, count: usize) -> String {
    let mut text = String::with_capacity(count);
    while text.len() < count {
        let drawn = host.random().bytes::<32>(label);
        let letters = drawn.iter().filter_map(|byte| ALPHABET.get(usize::from(byte >> 2)));
        text.extend(letters.take(count - text.len()).map(|letter| char::from(*letter)));
    }
    text
}

/// CRC-32 (ISO-HDLC) in base 62, the highest digit first.
fn checksum_of(text: &str) -> String {
    let mut rest = text.bytes().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    }) ^ u32::MAX;
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET.get((rest % 62) as usize).copied().unwrap_or_default();
        rest /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID_: &str = "0123456789abcdefghijk";

    fn token() -> String {
        let before = format!("pat_{ID_}.{}", "s".repeat(SECRET));
        format!("{before}{}", checksum_of(&before))
    }

    fn reason(text: &str) -> Option<Reason> {
        parse("pat_", text).err()
    }

    #[test]
    fn p1_the_checksum_is_that_of_crc_32_in_base_62() {
        // The check value of CRC-32/ISO-HDLC is 0xcbf43926 = 3421780262.
        let mut number = 0_u64;
        for digit in checksum_of("123456789").bytes() {
            number = number * 62 + ALPHABET.iter().position(|own| *own == digit).unwrap() as u64;
        }
        assert_eq!(number, 0xcbf4_3926);
        assert_eq!(checksum_of("").len(), CHECKSUM);
    }

    #[test]
    fn p1_a_token_is_read_as_it_was_made() {
        let text = token();
        let read = parse("pat_", &text).ok().unwrap();
        assert_eq!((read.id, *read.secret.digest()), (ID_, sha256("s".repeat(SECRET).as_bytes())));
        assert!(matches!(read.secret, Secret::Own(_)));
    }

    #[test]
    fn pt_002_pt_004_a_token_that_is_cut_bent_or_extended_is_none() {
        let text = token();
        for cut in 0..text.len() {
            assert!(reason(text.get(..cut).unwrap()).is_some(), "{cut}");
        }
        for (at, letter) in text.char_indices() {
            for other in ['A', '.', '-', '_', ' ', '\u{2010}'].into_iter().filter(|other| *other != letter) {
                let mut bent = text.clone();
                bent.replace_range(at..=at, &other.to_string());
                assert!(reason(&bent).is_some(), "{bent}");
            }
        }
        for bent in [format!("{text}0"), format!("{text}\n"), format!("pat_{text}"), text.to_uppercase()] {
            assert!(reason(&bent).is_some(), "{bent}");
        }
        assert_eq!(reason("x"), Some(Reason::InvalidPrefix));
        assert_eq!(reason("pat_"), Some(Reason::InvalidFormat));
    }

    #[test]
    fn p1_secrets_of_another_system_are_read_in_both_alphabets() {
        let bytes = [0xfb_u8; 32];
        let standard = base64::engine::general_purpose::STANDARD.encode(bytes);
        let url_safe = base64::engine::general_purpose::URL_SAFE.encode(bytes);
        assert_ne!(standard, url_safe);
        for secret in [&standard, &url_safe] {
            let text = format!("pat_{ID_}.{secret}");
            let Secret::Imported(read, _) = parse("pat_", &text).ok().unwrap().secret else { panic!("{secret}") };
            assert_eq!(read, bytes);
        }
        // Bits that say nothing, no padding, both alphabets in one.
        for secret in [standard.replace("s=", "t="), standard.replace('=', ""), standard.replacen('+', "-", 1)] {
            assert_eq!(reason(&format!("pat_{ID_}.{secret}")), Some(Reason::InvalidFormat), "{secret}");
        }
    }
}
