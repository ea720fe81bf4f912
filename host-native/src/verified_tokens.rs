//! Tokens that were verified lately, by the whole text of each: nothing shorter than that can be taken for another's.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// The most that are kept, and the longest: so many of them are a few megabytes.
const MOST: usize = 1000;
const LONGEST: usize = 4096;
/// So much later than without this is it heard of when a key was withdrawn elsewhere. Milliseconds.
const LONGEST_TIME: u64 = 60_000;

/// A token is found until its end, or for a minute, whichever is first; a clock that goes backwards finds nothing.
pub(crate) struct VerifiedTokens<T>(Mutex<Kept<T>>);

struct Kept<T> {
    tokens: HashMap<Arc<str>, Entry<T>>,
    /// In the order in which they came.
    order: VecDeque<Arc<str>>,
    /// How many keys had been withdrawn when they were verified.
    withdrawals: u64,
}

struct Entry<T> {
    value: Arc<T>,
    since: u64,
    until: u64,
}

impl<T> Default for VerifiedTokens<T> {
    fn default() -> Self {
        Self(Mutex::new(Kept { tokens: HashMap::new(), order: VecDeque::new(), withdrawals: 0 }))
    }
}

impl<T> VerifiedTokens<T> {
    /// What the token says, if it was verified lately and no key was withdrawn since.
    pub(crate) fn find(&self, token: &str, now: u64, withdrawals: u64) -> Option<Arc<T>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = kept.tokens.get(token).filter(|_| kept.withdrawals == withdrawals)?;
        (entry.since <= now && now < entry.until).then(|| Arc::clone(&entry.value))
    }

    /// Keeps what was verified at `now`, when so many keys had been withdrawn. Where there are too many, the oldest gives way.
    pub(crate) fn keep(&self, token: &str, value: Arc<T>, (now, end): (u64, u64), withdrawals: u64) {
        let until = end.min(now.saturating_add(LONGEST_TIME));
        if token.len() > LONGEST || until <= now {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.withdrawals != withdrawals {
            *kept = Kept { tokens: HashMap::new(), order: VecDeque::new(), withdrawals };
        }
        let entry = Entry { value, since: now, until };
        if let Some(known) = kept.tokens.get_mut(token) {
            *known = entry;
            return;
        }
        while kept.tokens.len() >= MOST {
            let Some(oldest) = kept.order.pop_front() else { break };
            kept.tokens.remove(&oldest);
        }
        let token: Arc<str> = token.into();
        kept.order.push_back(Arc::clone(&token));
        kept.tokens.insert(token, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(token: &str, end: u64) -> VerifiedTokens<u8> {
        let known = VerifiedTokens::default();
        known.keep(token, Arc::new(1), (1000, end), 0);
        known
    }

    #[test]
    fn jw_055_a_token_is_found_by_all_of_its_text_until_its_end_for_a_minute_at_most() {
        let known = with("a.b.c", 500_000);
        assert!(known.find("a.b.c", 60_999, 0).is_some());
        assert!(known.find("a.b.c", 61_000, 0).is_none());
        assert!(known.find("a.b.c", 999, 0).is_none());
        assert!(["a.b.d", "a.b.c ", "a.b.", ""].iter().all(|other| known.find(other, 1000, 0).is_none()));
        let short = with("a.b.c", 1500);
        assert!(short.find("a.b.c", 1499, 0).is_some() && short.find("a.b.c", 1500, 0).is_none());
        assert!(with("a.b.c", 1000).find("a.b.c", 1000, 0).is_none());
        let long = "x".repeat(LONGEST + 1);
        assert!(with(&long, 500_000).find(&long, 1000, 0).is_none());
    }

    #[test]
    fn jw_055_a_withdrawal_empties_it_and_the_oldest_gives_way() {
        let known = with("a.b.c", 500_000);
        assert!(known.find("a.b.c", 1000, 1).is_none());
        for number in 0..MOST {
            known.keep(&number.to_string(), Arc::new(2), (1000, 500_000), 0);
        }
        assert!(known.find("a.b.c", 1000, 0).is_none());
        assert!(known.find("0", 1000, 0).is_some());
        known.keep("after", Arc::new(3), (1000, 500_000), 1);
        assert!(known.find("0", 1000, 1).is_none() && known.find("after", 1000, 1).is_some());
    }
}
