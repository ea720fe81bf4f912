//! `cargo xtask ledger`: which requirement is shown by which test, which is refused, and which is open.

mod row;

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, bail};

use crate::project;
use crate::test::Ran;
use row::{Area, Row, Status};

/// The folder of the area files.
const FOLDER: &str = "tests/ledger";

/// Prints the ledger; fails when it names a test that did not pass in the last `cargo xtask test`.
pub(crate) fn run(json: bool) -> anyhow::Result<()> {
    let areas = read()?;
    match json {
        true => println!("{}", serde_json::to_string_pretty(&as_json(&areas))?),
        false => print(&areas),
    }
    let mistakes = mistakes(&areas, &Ran::load()?);
    if !mistakes.is_empty() {
        bail!("ledger: {}", mistakes.join("\nledger: "));
    }
    Ok(())
}

/// The area files, in the order of their names.
fn read() -> anyhow::Result<Vec<Area>> {
    let mut files = fs::read_dir(project::path(FOLDER))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
        .iter()
        .map(|file| {
            let text = fs::read_to_string(file)?;
            Area::parse(&text).with_context(|| format!("{} is no ledger", file.display()))
        })
        .collect()
}

/// Everything that is wrong with a ledger, one text each.
fn mistakes(areas: &[Area], ran: &Ran) -> Vec<String> {
    let mut mistakes = Vec::new();
    let mut seen = BTreeSet::new();
    for row in areas.iter().flat_map(Area::rows) {
        if !seen.insert(&row.id) {
            mistakes.push(format!("{} stands twice", row.id));
        }
        let missing = row.tests().iter().filter(|test| !ran.passed(test));
        mistakes.extend(missing.map(|test| format!("{} names {test}, which did not run and pass", row.id)));
    }
    mistakes
}

fn print(areas: &[Area]) {
    println!("{:<68} {:>6} {:>8} {:>6}", "ledger", "shown", "refused", "open");
    let mut sum = [0; 3];
    for area in areas {
        let counts = Status::ALL.map(|status| area.rows().filter(|row| row.status() == status).count());
        let [shown, refused, open] = counts;
        println!("{:<68} {shown:>6} {refused:>8} {open:>6}", area.area);
        sum = [0, 1, 2].map(|i| sum.get(i).unwrap_or(&0) + counts.get(i).unwrap_or(&0));
    }
    let [shown, refused, open] = sum;
    println!("{:<68} {shown:>6} {refused:>8} {open:>6}", "all");
    for (area, row) in rows(areas).filter(|(_, row)| row.status() == Status::Refused) {
        println!("refused: {} ({}): {}", row.id, area.area, row.reason().unwrap_or_default());
    }
}

fn rows(areas: &[Area]) -> impl Iterator<Item = (&Area, &Row)> {
    areas.iter().flat_map(|area| area.rows().map(move |row| (area, row)))
}

fn as_json(areas: &[Area]) -> Vec<serde_json::Value> {
    rows(areas)
        .map(|(area, row)| {
            serde_json::json!({
                "id": row.id,
                "area": area.area,
                "title": row.title,
                "status": row.status(),
                "reason": row.reason(),
                "tests": row.tests(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::row::Area;
    use super::{as_json, mistakes, read};
    use crate::test::Ran;

    const LEDGER: &str = r#"
        area = "Authorization endpoint"
        [[row]]
        id = "AZ-001"
        title = "exact redirect"
        tests = ["core::az_001_exact"]
        [[row]]
        id = "AZ-002"
        title = "other redirect"
        open = "later"
    "#;

    fn ran(test: &str) -> Ran {
        Ran { passed: [test.to_owned()].into(), ..Ran::default() }
    }

    #[test]
    fn a_named_test_that_passed_is_no_mistake() {
        let areas = [Area::parse(LEDGER).unwrap()];
        assert!(mistakes(&areas, &ran("core::authorize::az_001_exact")).is_empty());
    }

    #[test]
    fn a_named_test_that_did_not_run_is_a_mistake() {
        let areas = [Area::parse(LEDGER).unwrap()];
        let mistakes = mistakes(&areas, &ran("core::authorize::another"));
        assert_eq!(mistakes, ["AZ-001 names core::az_001_exact, which did not run and pass"]);
    }

    #[test]
    fn an_id_that_stands_twice_is_a_mistake() {
        let areas = [Area::parse(LEDGER).unwrap(), Area::parse(LEDGER).unwrap()];
        let mistakes = mistakes(&areas, &ran("core::az_001_exact"));
        assert_eq!(mistakes, ["AZ-001 stands twice", "AZ-002 stands twice"]);
    }

    #[test]
    fn json_has_every_row_with_its_status_and_tests() {
        let rows = as_json(&[Area::parse(LEDGER).unwrap()]);
        assert_eq!(rows[0]["status"], "shown");
        assert_eq!(rows[0]["tests"][0], "core::az_001_exact");
        assert_eq!(rows[1]["status"], "open");
        assert_eq!(rows[1]["reason"], "later");
    }

    #[test]
    fn the_committed_ledger_is_well_formed() {
        let areas = read().unwrap();
        assert!(areas.iter().flat_map(Area::rows).count() > 600);
    }
}
