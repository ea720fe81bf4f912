//! The Rust tests: unit tests, integration tests and the code in doc comments.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::Suite;
use super::ran::{Outcome, Ran};
use crate::process;
use crate::progress::say;
use crate::project;
use crate::tools::Tools;

pub(super) const SUITE: Suite = ("Rust tests", run);

/// The folders of the crates whose tests are run, and the name of each in the ledger.
const SUITES: [(&str, &str); 4] = [("core", "core"), ("tests", "tests"), ("host-native", "native"), ("xtask", "xtask")];

/// The crates that are built together. This tool alone, so that its dependencies are not built twice.
const BUILDS: [&[&str]; 2] = [&["claviger-core", "claviger-tests", "claviger"], &["xtask"]];

/// The crates with code in their doc comments, and the name of each in the ledger.
const DOCUMENTED: [(&str, &str); 2] = [("claviger-core", "core"), ("claviger", "native")];

fn run(tools: &Tools, ran: &mut Ran) -> anyhow::Result<()> {
    for packages in BUILDS {
        for executable in build(packages)? {
            execute(tools, &executable, ran)?;
        }
    }
    for (package, suite) in DOCUMENTED {
        doc_tests(tools, package, suite, ran)?;
    }
    Ok(())
}

/// One test program that cargo built.
struct Executable {
    suite: &'static str,
    target: String,
    path: PathBuf,
    /// The folder of its crate, where cargo would run it.
    folder: PathBuf,
}

/// Builds the test programs of some crates.
fn build(packages: &[&str]) -> anyhow::Result<Vec<Executable>> {
    let mut cargo = process::cargo();
    cargo.args(["test", "--no-run", "--quiet", "--message-format=json-render-diagnostics"]);
    for package in packages {
        cargo.args(["--package", package]);
    }
    let messages = process::captured(&mut cargo)?;
    let built = messages.lines().filter_map(|line| executable(line).transpose());
    let mut built = built.collect::<anyhow::Result<Vec<_>>>()?;
    built.sort_by(|one, other| (one.suite, &one.target).cmp(&(other.suite, &other.target)));
    Ok(built)
}

/// What cargo says of each artefact that it built.
#[derive(Deserialize)]
struct Message {
    reason: String,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

fn executable(line: &str) -> anyhow::Result<Option<Executable>> {
    let message: Message = serde_json::from_str(line).with_context(|| format!("cargo said: {line}"))?;
    let Message { reason, manifest_path: Some(manifest), target: Some(target), profile, executable } = message else {
        return Ok(None);
    };
    let is_test = reason == "compiler-artifact" && profile.is_some_and(|profile| profile.test);
    let (Some(path), Some(folder), true) = (executable, manifest.parent(), is_test) else { return Ok(None) };
    let suite = suite_of(folder)?;
    Ok(Some(Executable { suite, target: target.name, path, folder: folder.to_path_buf() }))
}

fn suite_of(folder: &Path) -> anyhow::Result<&'static str> {
    let found = SUITES.iter().find_map(|(of, suite)| (folder == project::path(of)).then_some(*suite));
    found.with_context(|| format!("the tests of {} belong to no suite", folder.display()))
}

fn execute(tools: &Tools, executable: &Executable, ran: &mut Ran) -> anyhow::Result<()> {
    say("test", &format!("{} ({})", executable.suite, executable.target));
    let mut command = tools.command(&executable.path);
    command.current_dir(&executable.folder).env("CARGO_MANIFEST_DIR", &executable.folder);
    note_all(&mut command, &format!("{}::{}", executable.suite, executable.target), ran)
}

fn doc_tests(tools: &Tools, package: &str, suite: &str, ran: &mut Ran) -> anyhow::Result<()> {
    say("test", &format!("{suite} (doc comments)"));
    let mut command = tools.command(process::cargo().get_program());
    command.args(["test", "--quiet", "--doc", "--package", package, "--", "--format=pretty"]);
    note_all(&mut command, &format!("{suite}::doc"), ran)
}

/// Runs a program that speaks as libtest does and notes its tests under a prefix.
fn note_all(command: &mut Command, prefix: &str, ran: &mut Ran) -> anyhow::Result<()> {
    let (mut failed, mut ended) = (false, false);
    let succeeded = process::stream(command, |line| {
        println!("{line}");
        ended |= line.starts_with("test result: ");
        if let Some((name, outcome)) = outcome(line) {
            failed |= outcome == Outcome::Failed;
            ran.note(format!("{prefix}::{name}"), outcome);
        }
    })?;
    ensure!(ended, "{prefix}: ended before its tests did");
    ensure!(succeeded || failed, "{prefix}: failed beside its tests");
    Ok(())
}

/// The name and the end of a test, from libtest's line for it.
fn outcome(line: &str) -> Option<(&str, Outcome)> {
    let (name, end) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let outcome = match end {
        "ok" => Outcome::Passed,
        "FAILED" => Outcome::Failed,
        ignored if ignored.starts_with("ignored") => Outcome::Skipped,
        _ => return None,
    };
    Some((name.trim_end_matches(" - should panic"), outcome))
}

#[cfg(test)]
mod tests {
    use super::{Outcome, outcome};

    #[test]
    fn libtest_lines_are_read() {
        assert_eq!(outcome("test a::b ... ok"), Some(("a::b", Outcome::Passed)));
        assert_eq!(outcome("test a::b - should panic ... ok"), Some(("a::b", Outcome::Passed)));
        assert_eq!(outcome("test a::b ... FAILED"), Some(("a::b", Outcome::Failed)));
        assert_eq!(outcome("test a::b ... ignored, slow"), Some(("a::b", Outcome::Skipped)));
        assert_eq!(
            outcome("test core/src/lib.rs - x (line 3) ... ok"),
            Some(("core/src/lib.rs - x (line 3)", Outcome::Passed))
        );
    }

    #[test]
    fn other_lines_name_no_test() {
        assert_eq!(outcome("test result: ok. 3 passed; 0 failed"), None);
        assert_eq!(outcome("running 3 tests"), None);
    }
}
