//! Relative links in Markdown lead somewhere, and the contract names all that the engine knows.

use std::path::Path;

use anyhow::bail;

use super::files;
use crate::project;

/// Where the engine says what it takes and gives: what goes before each thing that the contract must have, and what after it.
const NAMED: [(&str, &str, &str); 4] = [
    ("core/src/config/mod.rs", "/// | `", " |\n"),
    ("core/src/call.rs", "#[serde(rename = \"", "\""),
    ("core/src/event.rs", "#[serde(rename = \"", "\""),
    ("core/src/refusal.rs", "=> (\"", "\""),
];

/// Fails with every link to a file that is not there, and with everything that the contract does not name.
pub(super) fn check() -> anyhow::Result<()> {
    let wrong = [broken_links()?, left_out_of_the_contract()].concat();
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

fn left_out_of_the_contract() -> Vec<String> {
    let contract = files::text("docs/contract.md").unwrap_or_default();
    let left_out = |(path, before, after): &(&str, &str, &str)| {
        let text = files::text(path).unwrap_or_default();
        let named = between(&text, before, after);
        if named.is_empty() {
            return vec![format!("{path} names nothing any more; say in documents.rs where it is said now")];
        }
        let unknown = named.into_iter().filter(|name| !contract.contains(&format!("`{name}")));
        unknown.map(|name| format!("docs/contract.md leaves out {name}, which {path} has")).collect()
    };
    NAMED.iter().flat_map(left_out).collect()
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Vec<&'t str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
}

fn broken_links() -> anyhow::Result<Vec<String>> {
    let mut broken = Vec::new();
    for path in files::all()?.iter().filter(|path| files::has_ending(path, &["md"])) {
        let folder = Path::new(path).parent().unwrap_or(Path::new(""));
        let text = files::text(path).unwrap_or_default();
        for link in relative_links(&text) {
            if !project::root().join(folder).join(link).exists() {
                broken.push(format!("{path} links to {link}, which is not there"));
            }
        }
    }
    Ok(broken)
}

/// The targets of a text's links to files of the project, without what follows `#`.
fn relative_links(text: &str) -> Vec<&str> {
    let mut code = false;
    let mut links = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
        }
        if !code {
            links.extend(targets(line).filter(|target| is_relative(target)));
        }
    }
    links.iter().map(|link| link.split('#').next().unwrap_or_default()).filter(|link| !link.is_empty()).collect()
}

/// What stands between `](` and `)`, without a title.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next()?.split_whitespace().next())
}

fn is_relative(target: &str) -> bool {
    !target.contains("://") && !target.starts_with("mailto:") && !target.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::{between, relative_links};

    #[test]
    fn what_is_named_stands_between_two_marks() {
        let code = "R::A => (\"invalid_request\", 400),\nR::B => (\"busy\", 503)";
        assert_eq!(between(code, "=> (\"", "\""), ["invalid_request", "busy"]);
    }

    #[test]
    fn only_links_to_files_are_looked_at() {
        let text =
            "[a](docs/a.md#part) and [b](https://b.example) and [c](#here)\n```\n[d](gone.md)\n```\n[e](e.md \"E\")";
        assert_eq!(relative_links(text), ["docs/a.md", "e.md"]);
    }
}
