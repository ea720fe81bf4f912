//! Nonces of the server (RFC 9449 section 8): a PRF of the time, in steps. Every instance makes and knows the same, and none is stored.

use crate::config::Config;
use crate::hash::{b64u, same};
use crate::seal::{Purpose, RootIndex};
use crate::time::{Millis, Seconds};

/// How long a nonce is given out; it is good for one such time more.
const STEP: Seconds = Seconds(180);

/// The nonce to use now.
pub(crate) fn current(config: &Config, now: Millis) -> String {
    at(config, RootIndex::CURRENT, now / STEP.millis())
}

/// Whether a nonce is the current one, the one before, or one of an instance whose clock is ahead.
pub(super) fn is_fresh(config: &Config, now: Millis, nonce: &str) -> bool {
    let step = now / STEP.millis();
    let steps = [step.saturating_sub(1), step, step.saturating_add(1)];
    let mut good = config.roots.indexes().flat_map(|root| steps.map(|step| at(config, root, step)));
    good.any(|good| same(good.as_bytes(), nonce.as_bytes()))
}

fn at(config: &Config, root: RootIndex, step: u64) -> String {
    b64u(config.roots.prf::<16>(root, Purpose::DpopNonce, &[&step.to_be_bytes(), config.tenant.as_bytes()]))
}
