//! Whether something takes as long for one class of inputs as for another, as dudect finds out (Reparaz, Balasch and Verbauwhede, 2017).

use std::hint::black_box;
use std::time::Instant;

/// Beyond this, two means differ by more than chance.
const THRESHOLD: f64 = 4.5;

/// A machine that does something else meanwhile can disturb one run; a leak shows in each.
const RUNS: usize = 5;

/// Fails if the first input and the second can be told from each other by time, in so many samples of each.
pub(crate) fn takes_as_long<I: Clone, T>(samples: usize, inputs: [I; 2], work: impl Fn(&I) -> T) {
    let alike = (0..RUNS).any(|_| welch(&measure(samples, &inputs, &work)).abs() < THRESHOLD);
    assert!(alike, "told apart by time in {RUNS} runs");
}

/// Fails if they cannot: without it, a measurement that sees nothing would pass for a proof.
pub(crate) fn is_told_apart<I: Clone, T>(samples: usize, inputs: [I; 2], work: impl Fn(&I) -> T) {
    let t = welch(&measure(samples, &inputs, &work));
    assert!(t.abs() > THRESHOLD, "not told apart by time: t = {t}");
}

/// Nanoseconds of each sample, by class. The classes take turns at random, so that what else happens falls on both alike, and both are
/// looked at in one place, so that what the cache knows of an address does too.
fn measure<I: Clone, T>(samples: usize, inputs: &[I; 2], work: impl Fn(&I) -> T) -> [Vec<f64>; 2] {
    let mut taken = [Vec::with_capacity(samples), Vec::with_capacity(samples)];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    while taken.iter().any(|class| class.len() < samples) {
        // xorshift64 (Marsaglia, 2003): nobody has to be unable to guess it.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let class = (state >> 32 & 1) as usize;
        let input = inputs[class].clone();
        let start = Instant::now();
        black_box(work(black_box(&input)));
        taken[class].push(start.elapsed().as_nanos() as f64);
    }
    taken
}

/// Welch's t of both classes, without the slowest tenth: interruptions are not what is looked for.
fn welch(taken: &[Vec<f64>; 2]) -> f64 {
    let mut all: Vec<f64> = taken.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let bound = all[all.len() * 9 / 10];
    let [first, second] = taken.each_ref().map(|class| {
        let kept: Vec<f64> = class.iter().copied().filter(|taken| *taken <= bound).collect();
        let mean = kept.iter().sum::<f64>() / kept.len() as f64;
        let variance = kept.iter().map(|taken| (taken - mean).powi(2)).sum::<f64>() / (kept.len() - 1) as f64;
        (mean, variance / kept.len() as f64)
    });
    (first.0 - second.0) / (first.1 + second.1).sqrt().max(f64::MIN_POSITIVE)
}
