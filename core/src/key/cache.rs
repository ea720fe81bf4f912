//! Keys that were opened before, by their id. A cache only: what it holds is what the stored row says, opened.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::set::{KeySet, REMEMBERED};
use super::{PrivateKey, PublicKey};
use crate::time::{Millis, Seconds};

/// More keys than any set holds; when they are reached, everything is forgotten.
const MOST: usize = 64;

/// Opened keys.
#[derive(Debug, Default)]
pub(crate) struct KeyCache {
    private: RefCell<BTreeMap<String, Rc<PrivateKey>>>,
    public: RefCell<BTreeMap<String, Rc<PublicKey>>>,
    set: RefCell<Option<(Rc<KeySet>, Millis)>>,
}

impl KeyCache {
    /// The private key of this sealed text, opened at most once.
    pub(super) fn private<E>(
        &self,
        sealed: &str,
        open: impl FnOnce() -> Result<PrivateKey, E>,
    ) -> Result<Rc<PrivateKey>, E> {
        remember(&self.private, sealed, open)
    }

    /// The public key of this sealed text, read at most once: another key may have its `kid` one day.
    pub(super) fn public<E>(
        &self,
        sealed: &str,
        read: impl FnOnce() -> Result<PublicKey, E>,
    ) -> Result<Rc<PublicKey>, E> {
        remember(&self.public, sealed, read)
    }

    /// The public key that the configuration has for this id, which does not change.
    pub(super) fn of_host<E>(
        &self,
        kid: &str,
        read: impl FnOnce() -> Result<PublicKey, E>,
    ) -> Result<Rc<PublicKey>, E> {
        // No sealed text has a space.
        remember(&self.public, &format!("host {kid}"), read)
    }

    /// The key set that was read last, if that is not longer ago than this. One from the future was read by a clock that was wrong.
    pub(super) fn set(&self, now: Millis, at_most: Seconds) -> Option<Rc<KeySet>> {
        let set = self.set.borrow();
        let (set, read_at) = set.as_ref()?;
        (now.abs_diff(*read_at) < at_most.millis()).then(|| Rc::clone(set))
    }

    /// Remembers a set and gives the one to use: a withdrawal is for ever, so a set without one that is known was read before it,
    /// by a flow that was slower.
    pub(super) fn remember_set(&self, set: KeySet, now: Millis) -> Rc<KeySet> {
        if let Some(known) = self.set(now, REMEMBERED).filter(|known| known.withdrew_from(&set)) {
            return known;
        }
        let set = Rc::new(set);
        *self.set.borrow_mut() = Some((Rc::clone(&set), now));
        set
    }
}

fn remember<T, E>(
    known: &RefCell<BTreeMap<String, Rc<T>>>,
    name: &str,
    make: impl FnOnce() -> Result<T, E>,
) -> Result<Rc<T>, E> {
    if let Some(found) = known.borrow().get(name) {
        return Ok(Rc::clone(found));
    }
    let made = Rc::new(make()?);
    let mut known = known.borrow_mut();
    if known.len() >= MOST {
        known.clear();
    }
    known.insert(name.to_owned(), Rc::clone(&made));
    Ok(made)
}
