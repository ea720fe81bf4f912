//! bcrypt (Provos and Mazières, "A Future-Adaptable Password Scheme", 1999) on the cipher of the crate `blowfish`, and how `$2b$` is written.

use blowfish::Blowfish;

use super::phc::decimal;

/// The 24 bytes that bcrypt gives. Of the secret 72 bytes are read, with a zero byte after it.
pub(super) fn bcrypt(cost: u32, salt: &[u8; 16], secret: &[u8]) -> [u8; 24] {
    let mut key = zeroize::Zeroizing::new(Vec::with_capacity(secret.len() + 1));
    key.extend_from_slice(secret);
    key.push(0);
    let mut cipher: Blowfish = Blowfish::bc_init_state();
    cipher.salted_expand_key(salt, &key);
    for _ in 0..1_u64 << cost.min(31) {
        cipher.bc_expand_key(&key);
        cipher.bc_expand_key(salt);
    }
    let mut out = [0; 24];
    for (pair, into) in MAGIC.iter().zip(out.chunks_exact_mut(8)) {
        let [left, right] = (0..64).fold(*pair, |pair, _| cipher.bc_encrypt(pair));
        let bytes = (u64::from(left) << 32 | u64::from(right)).to_be_bytes();
        into.iter_mut().zip(bytes).for_each(|(into, from)| *into = from);
    }
    out
}

/// `OrpheanBeholderScryDoubt`.
const MAGIC: [[u32; 2]; 3] = [[0x4f72_7068, 0x6561_6e42], [0x6568_6f6c, 0x6465_7253], [0x6372_7944, 0x6f75_6274]];

/// What stands in `$2a$`, `$2b$` or `$2y$`, which differ in what old implementations did wrong.
pub(super) struct Written {
    pub(super) cost: u32,
    pub(super) salt: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

/// `2b$12$` and 53 characters: 22 of the salt, 31 of the hash.
pub(super) fn parse(text: &str) -> Option<Written> {
    let rest = ["2b$", "2a$", "2y$"].iter().find_map(|version| text.strip_prefix(version))?;
    let (cost, rest) = rest.split_once('$').filter(|(cost, _)| cost.len() == 2)?;
    // Checked as bytes first: a cut inside of a character is none (RUSTSEC-2026-0199).
    let (salt, hash) = rest.is_ascii().then(|| rest.split_at_checked(22)).flatten()?;
    let cost = decimal(cost.strip_prefix('0').unwrap_or(cost))?;
    let written = Written { cost, salt: decode(salt)?, hash: decode(hash)? };
    (written.salt.len() == 16 && written.hash.len() == 23).then_some(written)
}

pub(super) fn write(cost: u32, salt: &[u8], hash: &[u8]) -> String {
    format!("$2b${cost:02}${}{}", encode(salt), encode(hash))
}

const ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().enumerate().fold(0_u32, |bits, (place, byte)| bits | u32::from(*byte) << (16 - 8 * place));
        for place in 0..=chunk.len() {
            let letter = ALPHABET.get((bits >> (18 - 6 * place) & 63) as usize);
            text.extend(letter.map(|letter| char::from(*letter)));
        }
    }
    text
}

/// Without bits that say nothing.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for chunk in text.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for (place, letter) in chunk.iter().enumerate() {
            bits |= (ALPHABET.iter().position(|known| known == letter)? as u32) << (18 - 6 * place);
        }
        bytes.extend(bits.to_be_bytes().iter().skip(1).take(chunk.len().checked_sub(1)?));
    }
    (encode(&bytes) == text).then_some(bytes)
}
