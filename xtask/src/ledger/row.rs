//! One area of the ledger, as its file says it.

use anyhow::ensure;
use serde::{Deserialize, Serialize};

/// The requirements of one area.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Area {
    pub(super) area: String,
    row: Vec<Row>,
}

/// One requirement: exactly one of `tests`, `refused` and `open` is there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) title: String,
    tests: Option<Vec<String>>,
    refused: Option<String>,
    open: Option<String>,
}

/// How far a requirement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// Tests show it.
    Shown,
    /// It will not be met, for a stated reason.
    Refused,
    /// It is not met yet.
    Open,
}

impl Status {
    /// In the order in which they are counted.
    pub(super) const ALL: [Status; 3] = [Status::Shown, Status::Refused, Status::Open];
}

impl Area {
    /// Reads an area file; fails, naming the row, when a row says nothing or more than one thing.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let area: Area = toml::from_str(text)?;
        for row in &area.row {
            row.check()?;
        }
        Ok(area)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.row.iter()
    }
}

impl Row {
    fn check(&self) -> anyhow::Result<()> {
        let tests = self.tests.as_ref().is_some_and(|tests| !tests.is_empty());
        let said = [tests, filled(&self.refused), filled(&self.open)];
        let exactly_one = said.iter().filter(|said| **said).count() == 1;
        ensure!(exactly_one, "{} needs exactly one of tests, refused and open, and it not empty", self.id);
        Ok(())
    }

    pub(super) fn status(&self) -> Status {
        match (&self.tests, &self.refused) {
            (Some(_), _) => Status::Shown,
            (None, Some(_)) => Status::Refused,
            (None, None) => Status::Open,
        }
    }

    /// The tests that show it.
    pub(super) fn tests(&self) -> &[String] {
        self.tests.as_deref().unwrap_or_default()
    }

    /// Why it is refused, or what it waits for.
    pub(super) fn reason(&self) -> Option<&str> {
        self.refused.as_deref().or(self.open.as_deref())
    }
}

fn filled(text: &Option<String>) -> bool {
    text.as_ref().is_some_and(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::Area;

    fn parse(says: &str) -> anyhow::Result<Area> {
        Area::parse(&format!("area = 'x'\n[[row]]\nid = 'AZ-001'\ntitle = 't'\n{says}"))
    }

    #[test]
    fn a_row_says_exactly_one_thing() {
        assert!(parse("open = 'later'").is_ok());
        assert!(parse("refused = 'no such thing'").is_ok());
        assert!(parse("tests = ['core::a']").is_ok());
        assert!(parse("").is_err());
        assert!(parse("open = 'later'\ntests = ['core::a']").is_err());
        assert!(parse("tests = []").is_err());
        assert!(parse("refused = ' '").is_err());
        assert!(parse("open = 'later'\nnote = 'x'").is_err());
    }
}
