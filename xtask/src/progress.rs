//! Progress that a person can follow: one line when a step starts, one when it ends.

use std::time::Instant;

/// Runs a step and prints what it is and how long it took: `wasm: building engine (plain simd) ... 12 s`.
pub(crate) fn step<T>(area: &str, what: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    println!("{area}: {what} ...");
    let start = Instant::now();
    let result = work();
    let seconds = start.elapsed().as_secs_f32();
    match &result {
        Ok(_) => println!("{area}: {what} ... {seconds:.1} s"),
        Err(_) => println!("{area}: {what} ... FAILED after {seconds:.1} s"),
    }
    result
}

/// Prints one line of a command's area.
pub(crate) fn say(area: &str, what: &str) {
    println!("{area}: {what}");
}
