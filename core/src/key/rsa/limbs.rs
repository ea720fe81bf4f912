//! Natural numbers of a fixed length, least significant limb first.
//!
//! Unless a name ends in `_vartime`, the time depends on the lengths alone.

use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::Zeroizing;

/// Half of what the machine multiplies into: the engine's portable build has no 64 by 64 bit multiplication.
#[cfg(any(target_pointer_width = "64", feature = "wide"))]
mod width {
    pub(in super::super) type Limb = u64;
    pub(super) type Wide = u128;

    /// The limb in parts of 32 bits, the highest first.
    pub(super) const fn words(limb: Limb) -> [u32; 2] {
        [(limb >> 32) as u32, limb as u32]
    }
}
#[cfg(not(any(target_pointer_width = "64", feature = "wide")))]
mod width {
    pub(in super::super) type Limb = u32;
    pub(super) type Wide = u64;

    /// The limb in parts of 32 bits, the highest first.
    pub(super) const fn words(limb: Limb) -> [u32; 1] {
        [limb]
    }
}
pub(super) use width::Limb;
use width::{Wide, words};

const BYTES: usize = size_of::<Limb>();

/// Overwritten when dropped, since most of them are secret.
pub(super) type Limbs = Zeroizing<Vec<Limb>>;

pub(super) fn zero(length: usize) -> Limbs {
    Zeroizing::new(vec![0; length])
}

/// The number in another length: continued with zeros, or cut off.
pub(super) fn copy(number: &[Limb], length: usize) -> Limbs {
    let mut copied = zero(length);
    for (limb, other) in copied.iter_mut().zip(number) {
        *limb = *other;
    }
    copied
}

/// How many limbs hold so many bits.
pub(super) const fn limbs_for(bits: usize) -> usize {
    bits.div_ceil(BYTES * 8)
}

/// Reads big-endian bytes; `None` when the number does not fit.
pub(super) fn from_bytes(bytes: &[u8], length: usize) -> Option<Limbs> {
    let mut limbs = zero(length);
    let mut chunks = bytes.rchunks(BYTES);
    for (limb, chunk) in limbs.iter_mut().zip(&mut chunks) {
        *limb = chunk.iter().fold(0, |limb, byte| limb << 8 | Limb::from(*byte));
    }
    chunks.all(|rest| rest.iter().all(|byte| *byte == 0)).then_some(limbs)
}

/// Writes big-endian bytes, all of them.
pub(super) fn to_bytes(limbs: &[Limb]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(vec![0; limbs.len() * BYTES]);
    for (chunk, limb) in bytes.rchunks_mut(BYTES).zip(limbs) {
        chunk.copy_from_slice(&limb.to_be_bytes());
    }
    bytes
}

/// How many bits the number has without its leading zeros.
pub(super) fn bits_vartime(limbs: &[Limb]) -> usize {
    let above = limbs.iter().rev().take_while(|limb| **limb == 0).count();
    let top = limbs.iter().rev().nth(above).map_or(0, |limb| limb.leading_zeros() as usize);
    (limbs.len() - above) * BYTES * 8 - top
}

/// `sum += number * factor`, over the length of `number`; returns what is carried out.
pub(super) fn add_product(sum: &mut [Limb], number: &[Limb], factor: Limb) -> Limb {
    let mut carry = 0;
    for (limb, other) in sum.iter_mut().zip(number) {
        let wide = Wide::from(*limb) + Wide::from(*other) * Wide::from(factor) + Wide::from(carry);
        *limb = wide as Limb;
        carry = (wide >> Limb::BITS) as Limb;
    }
    carry
}

/// `sum += number * factor + other * multiple`, over the length of both; returns both carries.
pub(super) fn add_products(
    sum: &mut [Limb],
    (number, factor): (&[Limb], Limb),
    (other, multiple): (&[Limb], Limb),
) -> (Limb, Limb) {
    let (mut carry, mut other_carry) = (0, 0);
    for ((limb, number), other) in sum.iter_mut().zip(number).zip(other) {
        let wide = Wide::from(*limb) + Wide::from(*number) * Wide::from(factor) + Wide::from(carry);
        carry = (wide >> Limb::BITS) as Limb;
        let wide = Wide::from(wide as Limb) + Wide::from(*other) * Wide::from(multiple) + Wide::from(other_carry);
        other_carry = (wide >> Limb::BITS) as Limb;
        *limb = wide as Limb;
    }
    (carry, other_carry)
}

/// `number += other`; returns the carry, 0 or 1. A shorter `other` is continued with zeros.
pub(super) fn add(number: &mut [Limb], other: &[Limb]) -> Limb {
    let mut carry = 0;
    for (limb, other) in number.iter_mut().zip(other.iter().chain(core::iter::repeat(&0))) {
        let wide = Wide::from(*limb) + Wide::from(*other) + Wide::from(carry);
        *limb = wide as Limb;
        carry = (wide >> Limb::BITS) as Limb;
    }
    carry
}

/// `number -= other`; returns the borrow, 0 or 1. A shorter `other` is continued with zeros.
pub(super) fn subtract(number: &mut [Limb], other: &[Limb]) -> Limb {
    let mut borrow = 0;
    for (limb, other) in number.iter_mut().zip(other.iter().chain(core::iter::repeat(&0))) {
        let (difference, first) = limb.overflowing_sub(*other);
        let (difference, second) = difference.overflowing_sub(borrow);
        *limb = difference;
        borrow = Limb::from(first | second);
    }
    borrow
}

/// The product, as long as both together.
pub(super) fn multiply(left: &[Limb], right: &[Limb]) -> Limbs {
    let mut product = zero(left.len() + right.len());
    let mut rest = product.as_mut_slice();
    for factor in left {
        let carry = add_product(rest, right, *factor);
        if let Some(top) = rest.get_mut(right.len()) {
            *top = carry;
        }
        rest = rest.split_first_mut().map_or(&mut [], |(_, rest)| rest);
    }
    product
}

/// Whether `left < right`; both have one length.
pub(super) fn less(left: &[Limb], right: &[Limb]) -> Choice {
    let mut difference = Zeroizing::new(left.to_vec());
    Choice::from(subtract(&mut difference, right) as u8)
}

pub(super) fn equal(left: &[Limb], right: &[Limb]) -> Choice {
    left.ct_eq(right)
}

/// `number = other` where `choice`.
pub(super) fn assign_if(number: &mut [Limb], other: &[Limb], choice: Choice) {
    for (limb, other) in number.iter_mut().zip(other) {
        limb.conditional_assign(other, choice);
    }
}

/// The remainder of a division by a small number.
pub(super) fn remainder_small(number: &[Limb], divisor: u32) -> u32 {
    let divisor = u64::from(divisor);
    let words = number.iter().rev().flat_map(|limb| words(*limb));
    words.fold(0, |remainder, word| (remainder << 32 | u64::from(word)) % divisor) as u32
}

/// `number = number * factor + 1`; returns what is carried out.
pub(super) fn multiply_small_plus_one(number: &mut [Limb], factor: u32) -> Limb {
    let mut carry = 1;
    for limb in number {
        let wide = Wide::from(*limb) * Wide::from(factor) + Wide::from(carry);
        *limb = wide as Limb;
        carry = (wide >> Limb::BITS) as Limb;
    }
    carry
}

/// `number = (carry : number) / divisor`, rounded down.
pub(super) fn divide_small(number: &mut [Limb], carry: Limb, divisor: u32) {
    let divisor = Wide::from(divisor);
    let mut remainder = Wide::from(carry);
    for limb in number.iter_mut().rev() {
        let wide = remainder << Limb::BITS | Wide::from(*limb);
        *limb = (wide / divisor) as Limb;
        remainder = wide % divisor;
    }
}
