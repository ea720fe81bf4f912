//! The call's random stream: everything random in a flow comes from the call's seed, so that the same call gives the same bytes.

use std::cell::Cell;

use crate::hash::{Bytes32, as_id, hmac, leading};

/// A stream of independent draws, split by labels: draw `n` is HKDF-Expand (RFC 5869 section 2.3) of the seed
/// with the label and `n` as its info. A flow that decides anew goes on in the same stream.
pub(crate) struct Random {
    seed: Bytes32,
    drawn: Cell<u32>,
}

impl Random {
    pub(crate) fn new(seed: Bytes32) -> Self {
        Self { seed, drawn: Cell::new(0) }
    }

    /// `N` fresh bytes, at most 32.
    pub(crate) fn bytes<const N: usize>(&self, label: &str) -> [u8; N] {
        leading(&self.block(label))
    }

    /// 16 fresh bytes that people may have to type.
    pub(crate) fn id(&self, label: &str) -> [u8; 16] {
        as_id(self.bytes(label))
    }

    pub(crate) fn fill(&self, label: &str, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            for (into, from) in chunk.iter_mut().zip(self.block(label)) {
                *into = from;
            }
        }
    }

    fn block(&self, label: &str) -> Bytes32 {
        let draw = self.drawn.get();
        self.drawn.set(draw.wrapping_add(1));
        hmac(&self.seed, &[label.as_bytes(), &[0], &draw.to_be_bytes(), &[1]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::b64u;

    #[test]
    fn the_same_seed_gives_the_same_draws_and_no_draw_twice() {
        let (one, two) = (Random::new([7; 32]), Random::new([7; 32]));
        let first: [u8; 16] = one.bytes("code");
        assert_eq!(first, two.bytes::<16>("code"));
        assert_ne!(first, one.bytes::<16>("code"));
        assert_ne!(two.bytes::<16>("session"), one.bytes::<16>("code"));
    }

    #[test]
    fn fill_fills_every_byte() {
        let mut out = [0_u8; 100];
        Random::new([1; 32]).fill("x", &mut out);
        assert!(out.chunks(10).all(|chunk| chunk.iter().any(|&byte| byte != 0)));
    }

    #[test]
    fn an_id_is_taken_for_no_option() {
        let random = Random::new([7; 32]);
        for _ in 0..1000 {
            assert!(b64u(random.id("id")).starts_with(|first: char| first.is_ascii_alphabetic()));
        }
    }
}
