//! Which of a short list: a token's share of its grant, in a few digits instead of the words once more.

use serde::{Deserialize, Serialize};

/// Bit `n` stands for the list's item `n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subset(u64);

impl Subset {
    /// How long the list may be.
    pub(crate) const MOST: usize = 64;

    pub(crate) fn of(list: &[String], has: &dyn Fn(&String) -> bool) -> Self {
        Self(list.iter().rev().fold(0, |bits, item| bits << 1 | u64::from(has(item))))
    }

    /// All of `wanted`, if the list has them all.
    pub(crate) fn all_of(list: &[String], wanted: &[String]) -> Option<Self> {
        let found = Self::of(list, &|item| wanted.contains(item));
        wanted.iter().all(|item| list.contains(item)).then_some(found)
    }

    pub(crate) fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The items themselves, in the list's order.
    pub(crate) fn pick(self, list: &[String]) -> Vec<String> {
        let has = |place: u32| self.0.checked_shr(place).is_some_and(|bits| bits & 1 == 1);
        list.iter().zip(0..).filter(|(_, place)| has(*place)).map(|(item, _)| item.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_subset_picks_what_it_was_made_of_in_the_lists_order() {
        let all = list(&["a", "b", "c"]);
        let some = Subset::all_of(&all, &list(&["c", "a"])).unwrap();
        assert_eq!(some.pick(&all), ["a", "c"]);
        assert_eq!(Subset::all_of(&all, &list(&["a", "d"])), None);
        assert!(some.is_within(Subset::of(&all, &|_| true)));
        assert!(!some.is_within(Subset::of(&all, &|item| item == "a")));
        assert_eq!(Subset::all_of(&all, &[]).unwrap().pick(&all), list(&[]));
    }

    #[test]
    fn the_longest_list_fits_and_a_longer_one_harms_nothing() {
        let all: Vec<String> = (0..Subset::MOST).map(|n| n.to_string()).collect();
        assert_eq!(Subset::of(&all, &|_| true).pick(&all), all);
        let longer: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        assert_eq!(Subset::of(&all, &|_| true).pick(&longer), all);
    }
}
