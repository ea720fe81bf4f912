//! EMSA-PSS (RFC 8017 section 9.1) with MGF1 and a salt as long as the hash (RFC 7518 section 3.5).

use super::super::algorithm::Hash;

const TRAILER: u8 = 0xbc;

/// The encoded message for a modulus of so many bits (section 9.1.1); `None` when that is too short.
pub(super) fn encode(hash: Hash, message: &[u8], salt: &[u8], modulus_bits: usize) -> Option<Vec<u8>> {
    let bits = modulus_bits.checked_sub(1)?;
    let length = bits.div_ceil(8);
    let digest = digest_of(hash, message, salt);
    let padding = length.checked_sub(digest.len() + salt.len() + 2)?;
    let mut block = [&vec![0; padding][..], &[1], salt].concat();
    mask(hash, &digest, &mut block);
    clear_unused(&mut block, length * 8 - bits);
    block.extend_from_slice(&digest);
    block.push(TRAILER);
    Some(block)
}

/// Whether an opened signature, as a number of any length, is an encoding of the message (section 9.1.2).
pub(super) fn is_of(hash: Hash, message: &[u8], opened: &[u8], modulus_bits: usize) -> bool {
    salt_in(hash, opened, modulus_bits).is_some_and(|(encoded, salt)| {
        // Encoded again with the salt that was found, it must be the same in every bit.
        encode(hash, message, &salt, modulus_bits).is_some_and(|expected| expected == encoded)
    })
}

fn salt_in(hash: Hash, opened: &[u8], modulus_bits: usize) -> Option<(&[u8], Vec<u8>)> {
    let length = modulus_bits.checked_sub(1)?.div_ceil(8);
    let (above, encoded) = opened.split_at_checked(opened.len().checked_sub(length)?)?;
    let (block, rest) = encoded.split_at_checked(length.checked_sub(hash.length() + 1)?)?;
    let (digest, _) = rest.split_at_checked(hash.length())?;
    let mut block = block.to_vec();
    mask(hash, digest, &mut block);
    let salt = block.get(block.len().checked_sub(hash.length())?..)?.to_vec();
    above.iter().all(|byte| *byte == 0).then_some((encoded, salt))
}

/// Section 9.1.1, steps 5 and 6.
fn digest_of(hash: Hash, message: &[u8], salt: &[u8]) -> Vec<u8> {
    hash.digest(&[&[0; 8], &hash.digest(&[message]), salt])
}

/// MGF1 (appendix B.2.1), added.
fn mask(hash: Hash, seed: &[u8], block: &mut [u8]) {
    for (counter, chunk) in (0_u32..).zip(block.chunks_mut(hash.length())) {
        for (byte, mask) in chunk.iter_mut().zip(hash.digest(&[seed, &counter.to_be_bytes()])) {
            *byte ^= mask;
        }
    }
}

fn clear_unused(block: &mut [u8], bits: usize) {
    if let Some(first) = block.first_mut() {
        *first &= 0xff >> bits;
    }
}
