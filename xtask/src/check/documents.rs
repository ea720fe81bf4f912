//! Relative links in Markdown lead somewhere.

use std::path::Path;

use anyhow::bail;

use super::files;
use crate::project;

/// Fails with every link to a file that is not there.
pub(super) fn check() -> anyhow::Result<()> {
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
    if !broken.is_empty() {
        bail!("{}", broken.join("\n"));
    }
    Ok(())
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
    use super::relative_links;

    #[test]
    fn only_links_to_files_are_looked_at() {
        let text =
            "[a](docs/a.md#part) and [b](https://b.example) and [c](#here)\n```\n[d](gone.md)\n```\n[e](e.md \"E\")";
        assert_eq!(relative_links(text), ["docs/a.md", "e.md"]);
    }
}
