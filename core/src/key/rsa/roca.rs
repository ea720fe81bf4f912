//! The keys of CVE-2017-15361, whose primes were made as powers of 65537 and can be factored.

use super::limbs::{Limb, remainder_small};

/// Primes modulo which few numbers are powers of 65537.
const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/// Whether the modulus has the fingerprint that Nemec and others published: another key has it with a chance below 2^-27.
pub(super) fn has_fingerprint(modulus: &[Limb]) -> bool {
    PRIMES.iter().all(|prime| is_power_of_65537(remainder_small(modulus, *prime), *prime))
}

fn is_power_of_65537(number: u32, prime: u32) -> bool {
    let powers = core::iter::successors(Some(1), |power| Some(power * (65537 % prime) % prime));
    powers.take(prime as usize).any(|power| power == number)
}
