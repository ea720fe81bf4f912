//! The npm package's tests, on Node's own runner, read as TAP.

use std::process::Command;

use anyhow::ensure;

use super::Suite;
use super::ran::{Outcome, Ran};
use crate::process;
use crate::tools::Tools;

pub(super) const SUITE: Suite = ("npm package tests", run);

fn run(tools: &Tools, ran: &mut Ran) -> anyhow::Result<()> {
    npm_test(&mut tools.npm("host-node"), "node", ran)
}

/// Runs `npm test` and notes its tests under the name of their suite.
pub(super) fn npm_test(npm: &mut Command, suite: &str, ran: &mut Ran) -> anyhow::Result<()> {
    npm.args(["test", "--silent"]).env("NODE_OPTIONS", "--test-reporter=tap");
    let mut tap = Tap::default();
    let (mut tests, mut failed) = (0, false);
    let succeeded = process::stream(npm, |line| {
        let test = tap.read(line);
        if tap.shows(line) {
            println!("{line}");
        }
        if let Some((name, outcome)) = test {
            tests += 1;
            failed |= outcome == Outcome::Failed;
            ran.note(format!("{suite}::{name}"), outcome);
        }
    })?;
    ensure!(tests > 0, "no test of the suite {suite} ran");
    ensure!(succeeded || failed, "`npm test` of the suite {suite} failed beside its tests");
    Ok(())
}

/// A reader of TAP as Node prints it: the name of a test that holds others comes before them, its end after them.
#[derive(Default)]
struct Tap {
    /// The names of the tests that are open, outermost first.
    open: Vec<String>,
    /// Whether the last test that ended failed, so that its details are of interest.
    failed: bool,
    /// Whether this line is among the details of a test.
    details: bool,
}

impl Tap {
    /// Reads a line; gives the name and the end of a test where the line says one.
    fn read(&mut self, line: &str) -> Option<(String, Outcome)> {
        let text = line.trim_start();
        match text {
            "---" => self.details = true,
            "..." => self.details = false,
            _ => {}
        }
        if self.details || text == "..." {
            return None;
        }
        let depth = (line.len() - text.len()) / 4;
        if let Some(name) = text.strip_prefix("# Subtest: ") {
            self.open.truncate(depth);
            self.open.push(name.to_owned());
            return None;
        }
        let outcome = outcome(text)?;
        self.failed = outcome == Outcome::Failed;
        let name = self.open.get(..=depth).map(|names| names.join("::"));
        self.open.truncate(depth);
        Some((name?, outcome))
    }

    /// Whether a person wants to see the line: not the announcements, and details only of what failed.
    fn shows(&self, line: &str) -> bool {
        let text = line.trim_start();
        let detail = self.details || text == "...";
        !text.starts_with("# Subtest: ") && (!detail || self.failed)
    }
}

fn outcome(text: &str) -> Option<Outcome> {
    let passed = text.starts_with("ok ");
    if !passed && !text.starts_with("not ok ") {
        return None;
    }
    let left_out = ["# SKIP", "# TODO"].iter().any(|mark| text.contains(mark));
    Some(match (passed, left_out) {
        (_, true) => Outcome::Skipped,
        (true, false) => Outcome::Passed,
        (false, false) => Outcome::Failed,
    })
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Tap};

    const NODE_SAYS: &str = "TAP version 13
# Subtest: redeem
    # Subtest: tk_001 once
    ok 1 - tk_001 once
      ---
      duration_ms: 1
      ...
    # Subtest: tk_002 twice
    not ok 2 - tk_002 twice
      ---
      error: 'ok 3 - not a test'
      ...
    1..2
not ok 1 - redeem
# Subtest: later
ok 2 - later # SKIP
1..2
# tests 3";

    #[test]
    fn tests_are_named_with_what_holds_them() {
        let mut tap = Tap::default();
        let read = NODE_SAYS.lines().filter_map(|line| tap.read(line)).collect::<Vec<_>>();
        let expected = [
            ("redeem::tk_001 once".to_owned(), Outcome::Passed),
            ("redeem::tk_002 twice".to_owned(), Outcome::Failed),
            ("redeem".to_owned(), Outcome::Failed),
            ("later".to_owned(), Outcome::Skipped),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn only_the_details_of_failed_tests_are_shown() {
        let mut tap = Tap::default();
        let shown = NODE_SAYS
            .lines()
            .filter(|line| {
                tap.read(line);
                tap.shows(line)
            })
            .collect::<Vec<_>>();
        assert!(!shown.contains(&"      duration_ms: 1"));
        assert!(shown.contains(&"      error: 'ok 3 - not a test'"));
    }
}
