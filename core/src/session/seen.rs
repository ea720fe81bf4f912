//! Who was seen lately by this instance: of all requests of one session, or of one personal access token, at one time, one writes that it is in use. Nothing but the load
//! on the store depends on it: an instance that did not see the others writes as well, and one of them is in time.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::time::{Millis, Seconds};

/// More sessions than are noted in one instance in a while; when they are reached, all are forgotten.
const MOST: usize = 4096;

/// How often it is written that a session is in use.
pub(super) fn interval(idle: Seconds) -> Seconds {
    Seconds((idle.0 / 10).max(1))
}

/// When each session was noted last.
#[derive(Debug, Default)]
pub(crate) struct Seen(RefCell<BTreeMap<String, Millis>>);

impl Seen {
    /// Whether it is for this request to note it: nobody else has in this while.
    pub(crate) fn claim(&self, session: &str, now: Millis, interval: Seconds) -> bool {
        let mut noted = self.0.borrow_mut();
        if noted.get(session).is_some_and(|at| now.abs_diff(*at) < interval.millis()) {
            return false;
        }
        if noted.len() >= MOST {
            noted.clear();
        }
        noted.insert(session.to_owned(), now);
        true
    }

    /// It was not noted after all.
    pub(crate) fn release(&self, session: &str) {
        self.0.borrow_mut().remove(session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_crowd_notes_it_and_another_when_that_one_failed() {
        let (seen, while_) = (Seen::default(), Seconds(60));
        assert_eq!((0..1000).filter(|n| seen.claim("a", 5000 + n, while_)).count(), 1);
        assert!(seen.claim("b", 5000, while_));
        seen.release("a");
        assert!(seen.claim("a", 5001, while_));
        assert!(!seen.claim("a", 65_000, while_) && seen.claim("a", 65_001, while_));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let seen = Seen::default();
        for session in 0..10_000 {
            seen.claim(&session.to_string(), 0, Seconds(60));
        }
        assert!(seen.0.borrow().len() <= MOST);
    }
}
