//! Arithmetic modulo an odd number in Montgomery's form: `x` stands as `x * R`, where `R` is the first power of the limb's base above the modulus.
//!
//! The time depends on the lengths alone, but for [`Modulus::power_public`].

use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use super::limbs::{Limb, Limbs, add, add_products, assign_if, bits_vartime, copy, less, subtract, zero};

const WINDOW_BITS: u32 = 4;

#[derive(Clone)]
pub(super) struct Modulus {
    value: Limbs,
    /// -1 / value, modulo the limb's base.
    inverse: Limb,
    /// 1 and R in Montgomery's form.
    one: Limbs,
    radix: Limbs,
}

impl Modulus {
    /// `None` for an even number, or one whose leading limb is zero.
    pub(super) fn new(value: Limbs) -> Option<Self> {
        let lowest = *value.first()?;
        if lowest & 1 == 0 || *value.last()? == 0 || value.as_slice() == [1] {
            return None;
        }
        let mut modulus =
            Self { inverse: negated_inverse(lowest), one: zero(value.len()), radix: zero(value.len()), value };
        modulus.one = modulus.one_in_form();
        modulus.radix = modulus.radix_in_form();
        Some(modulus)
    }

    /// Whether `number` is the form of 1 or of -1.
    pub(super) fn is_plus_or_minus_one(&self, number: &[Limb]) -> bool {
        let mut minus_one = self.value.clone();
        subtract(&mut minus_one, &self.one);
        bool::from(number.ct_eq(&self.one) | number.ct_eq(&minus_one))
    }

    /// Whether `number`, of the same length, is below the modulus.
    pub(super) fn is_above(&self, number: &[Limb]) -> bool {
        number.len() == self.value.len() && bool::from(less(number, &self.value))
    }

    pub(super) fn value(&self) -> &[Limb] {
        &self.value
    }

    /// Montgomery's form of a number of any value, of the modulus's length or up to the double.
    pub(super) fn enter(&self, number: &[Limb]) -> Limbs {
        let length = self.value.len();
        let (low, high) = number.split_at_checked(length).unwrap_or((number, &[]));
        let mut entered = copy(high, length);
        self.multiply(&mut entered, &self.radix);
        self.multiply(&mut entered, &self.radix);
        let mut low = copy(low, length);
        self.multiply(&mut low, &self.radix);
        self.add(&mut entered, &low);
        entered
    }

    /// The number that stands in Montgomery's form.
    pub(super) fn leave(&self, mut number: Limbs) -> Limbs {
        self.multiply(&mut number, &copy(&[1], self.value.len()));
        number
    }

    pub(super) fn add(&self, number: &mut [Limb], other: &[Limb]) {
        let carry = add(number, other);
        let mut reduced = copy(number, self.value.len());
        let borrow = subtract(&mut reduced, &self.value);
        assign_if(number, &reduced, Choice::from(((borrow ^ 1) | carry) as u8));
    }

    pub(super) fn subtract(&self, number: &mut Limbs, other: &[Limb]) {
        let borrow = subtract(number, other);
        let mut wrapped = number.clone();
        add(&mut wrapped, &self.value);
        assign_if(number, &wrapped, Choice::from(borrow as u8));
    }

    /// `number = number * other / R`. One of them must be below the modulus.
    pub(super) fn multiply(&self, number: &mut [Limb], other: &[Limb]) {
        let mut workspace = zero(2 * self.value.len() + 1);
        self.multiply_in(&mut workspace, number, other);
    }

    fn square(&self, number: &mut [Limb]) {
        let mut workspace = zero(2 * self.value.len() + 1);
        self.square_in(&mut workspace, number);
    }

    fn multiply_in(&self, workspace: &mut [Limb], number: &mut [Limb], other: &[Limb]) {
        self.product(workspace, number, other);
        self.take_product(workspace, number);
    }

    fn square_in(&self, workspace: &mut [Limb], number: &mut [Limb]) {
        self.product(workspace, number, number);
        self.take_product(workspace, number);
    }

    /// Leaves `left * right / R`, below twice the modulus, in the upper half of the workspace and the limb above it.
    fn product(&self, workspace: &mut [Limb], left: &[Limb], right: &[Limb]) {
        workspace.fill(0);
        let length = self.value.len();
        let mut rest = workspace;
        let mut carried = 0;
        for factor in left {
            let lowest =
                rest.iter().zip(right).next().map_or(0, |(sum, right)| sum.wrapping_add(right.wrapping_mul(*factor)));
            let multiple = lowest.wrapping_mul(self.inverse);
            let (first, second) = add_products(rest, (right, *factor), (&self.value, multiple));
            let (sum, over) = first.overflowing_add(second);
            let (sum, more) = sum.overflowing_add(carried);
            carried = Limb::from(over | more);
            if let Some(top) = rest.get_mut(length) {
                *top = sum;
            }
            rest = rest.split_first_mut().map_or(&mut [], |(_, above)| above);
        }
        if let Some(top) = rest.get_mut(length) {
            *top = carried;
        }
    }

    /// Takes the product below the modulus, in the lower half of the workspace, and gives whichever of both is right.
    fn take_product(&self, workspace: &mut [Limb], number: &mut [Limb]) {
        let Some((reduced, product)) = workspace.split_at_mut_checked(self.value.len()) else { return };
        for (limb, product) in reduced.iter_mut().zip(&*product) {
            *limb = *product;
        }
        let borrow = subtract(reduced, &self.value);
        let carry = product.last().copied().unwrap_or_default();
        let exceeds = Choice::from(((borrow ^ 1) | carry) as u8);
        for ((limb, product), reduced) in number.iter_mut().zip(&*product).zip(&*reduced) {
            *limb = Limb::conditional_select(product, reduced, exceeds);
        }
    }

    /// `base` to a secret power.
    pub(super) fn power(&self, base: &[Limb], exponent: &[Limb]) -> Limbs {
        let length = self.value.len();
        let mut workspace = zero(2 * length + 1);
        let powers = self.small_powers(base);
        let mut result = self.one.clone();
        let mut factor = zero(length);
        for limb in exponent.iter().rev() {
            for shift in (0..Limb::BITS).step_by(WINDOW_BITS as usize).rev() {
                for _ in 0..WINDOW_BITS {
                    self.square_in(&mut workspace, &mut result);
                }
                let digit = (limb >> shift) & ((1 << WINDOW_BITS) - 1);
                for (index, power) in (0..).zip(powers.chunks_exact(length)) {
                    assign_if(&mut factor, power, digit.ct_eq(&index));
                }
                self.multiply_in(&mut workspace, &mut result, &factor);
            }
        }
        result
    }

    /// The powers of `base` from 0 on, one after the other, as many as a window has values.
    fn small_powers(&self, base: &[Limb]) -> Limbs {
        let mut powers = zero(self.value.len() << WINDOW_BITS);
        let mut power = self.one.clone();
        for slot in powers.chunks_exact_mut(self.value.len()) {
            slot.copy_from_slice(&power);
            self.multiply(&mut power, base);
        }
        powers
    }

    /// `base` to a public power, which shows in the time.
    pub(super) fn power_public(&self, base: &[Limb], exponent: u64) -> Limbs {
        let mut workspace = zero(2 * self.value.len() + 1);
        let mut result = self.one.clone();
        for shift in (0..u64::BITS - exponent.leading_zeros()).rev() {
            self.square_in(&mut workspace, &mut result);
            if exponent >> shift & 1 == 1 {
                self.multiply_in(&mut workspace, &mut result, base);
            }
        }
        result
    }

    /// R modulo the modulus, by doubling the highest power of two below it. How many bits a modulus has is no secret.
    fn one_in_form(&self) -> Limbs {
        let bits = bits_vartime(&self.value);
        let mut one = zero(self.value.len());
        let top = Limb::BITS as usize;
        if let Some(limb) = one.get_mut((bits - 1) / top) {
            *limb = 1 << ((bits - 1) % top);
        }
        for _ in bits - 1..self.value.len() * top {
            self.double(&mut one);
        }
        one
    }

    /// R in Montgomery's form: the form of 2 to the number of bits of R, by doublings up to a thirty-second of them and five squarings.
    fn radix_in_form(&self) -> Limbs {
        let bits = self.value.len() as u32 * Limb::BITS;
        let mut radix = self.one.clone();
        for _ in 0..bits / 32 {
            self.double(&mut radix);
        }
        for _ in 0..5 {
            self.square(&mut radix);
        }
        radix
    }

    fn double(&self, number: &mut Limbs) {
        let same = number.clone();
        self.add(number, &same);
    }
}

/// -1 / `odd` modulo the limb's base, by Newton's iteration: each step doubles the number of right bits, from 3.
fn negated_inverse(odd: Limb) -> Limb {
    let inverse = (0..5).fold(odd, |guess, _| guess.wrapping_mul((2 as Limb).wrapping_sub(odd.wrapping_mul(guess))));
    inverse.wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::rsa::limbs::{from_bytes, limbs_for};

    /// One exponent has a single bit, the other all of them.
    #[test]
    fn jw_039_a_private_operation_takes_as_long_for_every_exponent() {
        let number = |byte: u8| from_bytes(&[byte; 128], limbs_for(1024)).unwrap();
        let modulus = Modulus::new(number(0xfb)).unwrap();
        let base = number(0x35);
        let mut sparse = zero(base.len());
        sparse[0] = 1;
        let exponents = [sparse, number(0xff)];
        crate::timing::takes_as_long(2_000, exponents.clone(), |exponent| modulus.power(&base, exponent));
        let publicly = |exponent: &Limbs| modulus.power_public(&base, u64::from(exponent[0] as u32));
        crate::timing::is_told_apart(2_000, exponents, publicly);
    }
}
