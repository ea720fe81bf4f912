//! The project's files, as git knows them.

use std::fs;
use std::process::Command;

use crate::progress::say;
use crate::{process, project};

/// The length from which a file should be thought about, in lines.
const LONG: usize = 500;

/// The endings of what people write and read as code.
const CODE: [&str; 7] = ["rs", "ts", "mts", "js", "mjs", "css", "html"];

/// The paths of all files that are tracked or could be, relative to the project's root.
pub(super) fn all() -> anyhow::Result<Vec<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(project::root());
    let listed = process::output(&mut git)?;
    Ok(listed.split('\0').filter(|path| project::path(path).is_file()).map(str::to_owned).collect())
}

/// The text of a file, or none where it is no text.
pub(super) fn text(path: &str) -> Option<String> {
    fs::read_to_string(project::path(path)).ok()
}

/// Prints the code files that are so long that they should be thought about.
pub(super) fn name_the_long() -> anyhow::Result<()> {
    for path in all()?.iter().filter(|path| has_ending(path, &CODE)) {
        let lines = text(path).map_or(0, |text| text.lines().count());
        if lines > LONG {
            say("check", &format!("{path} has {lines} lines: can it be two files?"));
        }
    }
    Ok(())
}

/// Whether a path ends as one of these.
pub(super) fn has_ending(path: &str, endings: &[&str]) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
}
