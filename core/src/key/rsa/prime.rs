//! New RSA keys (FIPS 186-5 appendix A.1.3: probable primes from random numbers).

use zeroize::Zeroizing;

use super::limbs::{
    Limb, Limbs, bits_vartime, copy, divide_small, from_bytes, less, limbs_for, multiply, multiply_small_plus_one,
    remainder_small, subtract, zero,
};
use super::montgomery::Modulus;
use super::{Private, Public, to_bytes};
use crate::key::InvalidKey;

/// FIPS 186-5 table B.1 asks for 5 rounds at 1024 bits and an error below 2^-112; these cost little beside the search.
const ROUNDS: usize = 8;

/// A candidate is prime with a chance of 1 in 355. Not to have found one among so many means that `fill` gives no random bytes.
const MAX_CANDIDATES: usize = 20_000;

pub(super) fn generate(bits: usize, exponent: u32, fill: &mut dyn FnMut(&mut [u8])) -> Result<Private, InvalidKey> {
    let p = probable_prime(bits / 2, exponent, fill)?;
    let q = probable_prime(bits / 2, exponent, fill)?;
    // Random primes are never this close: `fill` repeats itself.
    if far_apart(p.value(), q.value()) { assemble(p, q, exponent) } else { Err(InvalidKey::Member("q")) }
}

fn assemble(p: Modulus, q: Modulus, exponent: u32) -> Result<Private, InvalidKey> {
    let public = Public::new(&to_bytes(&multiply(p.value(), q.value())), exponent.into())?;
    let (p_minus_1, q_minus_1) = (minus(p.value(), 1), minus(q.value(), 1));
    let inverse = |modulus: &[Limb]| inverse_of_small(exponent, modulus).ok_or(InvalidKey::Mismatch);
    let d = inverse(&multiply(&p_minus_1, &q_minus_1))?;
    let (dp, dq) = (inverse(&p_minus_1)?, inverse(&q_minus_1)?);
    // Fermat: q^(p-2) is the inverse of q modulo the prime p.
    let qi = p.leave(p.power(&p.enter(q.value()), &minus(p.value(), 2)));
    Ok(Private { public, d, p, q, dp, dq, qi })
}

fn probable_prime(bits: usize, exponent: u32, fill: &mut dyn FnMut(&mut [u8])) -> Result<Modulus, InvalidKey> {
    for _ in 0..MAX_CANDIDATES {
        let candidate = candidate(bits, fill);
        if remainder_small(&candidate, exponent) == 1 || has_small_factor(&candidate) {
            continue;
        }
        if let Some(modulus) = Modulus::new(candidate).filter(|modulus| survives_miller_rabin(modulus, fill)) {
            return Ok(modulus);
        }
    }
    Err(InvalidKey::Unsupported)
}

/// A random number whose two highest bits are set, so that the product of two has its full length, and which is 3 modulo 4 (one of the
/// forms that FIPS 186-5 lets one ask for), so that Miller and Rabin need no squarings.
fn candidate(bits: usize, fill: &mut dyn FnMut(&mut [u8])) -> Limbs {
    let mut number = random(bits, fill);
    if let Some(highest) = number.last_mut() {
        *highest |= 3 << (Limb::BITS - 2);
    }
    if let Some(lowest) = number.first_mut() {
        *lowest |= 3;
    }
    number
}

fn random(bits: usize, fill: &mut dyn FnMut(&mut [u8])) -> Limbs {
    let mut bytes = Zeroizing::new(vec![0; bits / 8]);
    fill(&mut bytes);
    let length = limbs_for(bits);
    from_bytes(&bytes, length).unwrap_or_else(|| zero(length))
}

fn has_small_factor(number: &[Limb]) -> bool {
    (3..2048).step_by(2).any(|factor| remainder_small(number, factor) == 0)
}

/// FIPS 186-5 appendix B.3.1, for a number that is 3 modulo 4.
fn survives_miller_rabin(modulus: &Modulus, fill: &mut dyn FnMut(&mut [u8])) -> bool {
    let mut half = minus(modulus.value(), 1);
    divide_small(&mut half, 0, 2);
    let bits = bits_vartime(modulus.value());
    (0..ROUNDS).all(|_| {
        // A random number is the form of a random number; it is below twice the modulus.
        let mut base = random(bits, fill);
        modulus.subtract(&mut base, modulus.value());
        modulus.is_plus_or_minus_one(&modulus.power(&base, &half))
    })
}

/// FIPS 186-5 appendix A.1.3, step 5.4: more than 2^(bits-100) between them.
fn far_apart(p: &[Limb], q: &[Limb]) -> bool {
    let (larger, smaller) = if bool::from(less(p, q)) { (q, p) } else { (p, q) };
    let mut difference = copy(larger, larger.len());
    subtract(&mut difference, smaller);
    bits_vartime(&difference) > bits_vartime(p) - 100
}

/// The inverse of a small prime: the `k` that makes `1 + k * modulus` a multiple of it, and then the quotient.
fn inverse_of_small(prime: u32, modulus: &[Limb]) -> Option<Limbs> {
    let remainder = remainder_small(modulus, prime);
    if remainder == 0 {
        return None;
    }
    let k = prime - power_small(remainder, prime - 2, prime);
    let mut inverse = copy(modulus, modulus.len());
    let carry = multiply_small_plus_one(&mut inverse, k);
    divide_small(&mut inverse, carry, prime);
    Some(inverse)
}

fn power_small(base: u32, exponent: u32, modulus: u32) -> u32 {
    let (base, modulus) = (u64::from(base), u64::from(modulus));
    let power = (0..u32::BITS).rev().fold(1, |power, shift| {
        let square = power * power % modulus;
        if exponent >> shift & 1 == 1 { square * base % modulus } else { square }
    });
    power as u32
}

fn minus(number: &[Limb], small: Limb) -> Limbs {
    let mut difference = copy(number, number.len());
    subtract(&mut difference, &[small]);
    difference
}
