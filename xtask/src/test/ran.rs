//! Which tests ran, kept between `test` and `ledger`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::project;

/// The names of the tests of the last run, each as `suite::path::name`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ran {
    pub(crate) passed: BTreeSet<String>,
    pub(crate) failed: BTreeSet<String>,
    /// Tests that a suite left out. No test may be left out: each counts as a failure.
    pub(crate) skipped: BTreeSet<String>,
}

/// How one test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Failed,
    Skipped,
}

impl Ran {
    /// Notes how a test ended.
    pub(super) fn note(&mut self, test: String, outcome: Outcome) {
        match outcome {
            Outcome::Passed => self.passed.insert(test),
            Outcome::Failed => self.failed.insert(test),
            Outcome::Skipped => self.skipped.insert(test),
        };
    }

    /// What the last `cargo xtask test` ran.
    pub(crate) fn load() -> anyhow::Result<Self> {
        let text = fs::read_to_string(file()).context("no tests ran yet: run `cargo xtask test` first")?;
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", file().display()))
    }

    /// Keeps what ran for the ledger.
    pub(super) fn save(&self) -> anyhow::Result<()> {
        fs::create_dir_all(folder())?;
        fs::write(file(), serde_json::to_vec_pretty(self)?)
            .with_context(|| format!("could not write {}", file().display()))
    }

    /// Whether a test of this name passed. A ledger names a test by its suite and the end of its path:
    /// `core::az_001_exact_match` is `core::authorize::redirect::tests::az_001_exact_match`.
    pub(crate) fn passed(&self, name: &str) -> bool {
        named(&self.passed, name) && !named(&self.failed, name)
    }
}

fn named(tests: &BTreeSet<String>, name: &str) -> bool {
    let Some((suite, end)) = name.split_once("::") else { return false };
    tests.iter().any(|test| {
        let Some(path) = test.strip_prefix(suite).and_then(|rest| rest.strip_prefix("::")) else { return false };
        path == end || path.strip_suffix(end).is_some_and(|parents| parents.ends_with("::"))
    })
}

fn folder() -> PathBuf {
    project::target().join("ledger")
}

fn file() -> PathBuf {
    folder().join("ran.json")
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Ran};

    fn ran() -> Ran {
        let mut ran = Ran::default();
        ran.note("core::authorize::tests::az_001_exact".into(), Outcome::Passed);
        ran.note("core::redeem::tests::tk_001_once".into(), Outcome::Failed);
        ran
    }

    #[test]
    fn a_test_is_named_by_its_suite_and_the_end_of_its_path() {
        assert!(ran().passed("core::az_001_exact"));
        assert!(ran().passed("core::authorize::tests::az_001_exact"));
    }

    #[test]
    fn part_of_a_name_or_another_suite_names_nothing() {
        assert!(!ran().passed("core::001_exact"));
        assert!(!ran().passed("node::az_001_exact"));
        assert!(!ran().passed("az_001_exact"));
    }

    #[test]
    fn a_failed_test_did_not_pass() {
        assert!(!ran().passed("core::tk_001_once"));
    }
}
