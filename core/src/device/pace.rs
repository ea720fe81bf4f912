//! How often devices poll (RFC 8628 section 3.5), noted in memory: a poll costs one trip, and nothing is written for it. What is
//! written is the longer interval of a device that polls too often. An instance that did not see the poll before lets one through;
//! nothing but the load on the store depends on it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::handle::Id;
use crate::time::{Millis, Seconds};

/// More devices than poll at once in one instance; when they are reached, all are forgotten.
const MOST: usize = 4096;
/// How much sooner a poll may arrive than it was sent.
const JITTER: Millis = 1000;

/// When each device polled last.
#[derive(Debug, Default)]
pub(crate) struct Pace(RefCell<BTreeMap<Id, Millis>>);

impl Pace {
    /// Notes a poll, and says whether it came too soon after the one before.
    pub(crate) fn is_too_fast(&self, device: Id, now: Millis, interval: Seconds) -> bool {
        let mut polled = self.0.borrow_mut();
        if polled.len() >= MOST {
            polled.clear();
        }
        polled.insert(device, now).is_some_and(|before| now.saturating_sub(before) + JITTER < interval.millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_keeps_its_pace_whatever_others_do() {
        let pace = Pace::default();
        let five = Seconds(5);
        assert!(!pace.is_too_fast([1; 16], 10_000, five));
        assert!(!pace.is_too_fast([2; 16], 10_001, five));
        assert!(pace.is_too_fast([1; 16], 13_999, five));
        assert!(!pace.is_too_fast([1; 16], 18_000, five), "five seconds, less what the network took off");
        assert!(pace.is_too_fast([1; 16], 23_000, Seconds(10)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let pace = Pace::default();
        for device in 0..10_000_u128 {
            pace.is_too_fast(device.to_be_bytes(), 0, Seconds(5));
        }
        assert!(pace.0.borrow().len() <= MOST);
    }
}
