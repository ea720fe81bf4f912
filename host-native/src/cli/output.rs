//! What is told on the standard output: text for people, or JSON.

use std::io::{Write, stderr, stdout};
use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;
use serde_json::{Value, json};

use super::failure::Failure;

#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether JSON was asked for.
    pub(super) fn is_json(self) -> bool {
        self.json
    }

    /// As it is, whatever was asked for.
    pub(super) fn text(self, text: &str) -> Result<(), Failure> {
        print(text)
    }

    /// One word or sentence; in JSON a string.
    pub(super) fn line(self, text: &str) -> Result<(), Failure> {
        if self.json { print(&Value::from(text).to_string()) } else { print(text) }
    }

    /// That there is nothing to tell; in JSON an array with nothing in it.
    pub(super) fn nothing(self, text: &str) -> Result<(), Failure> {
        if self.json { print("[]") } else { print(text) }
    }

    /// One thing, a member a line.
    pub(super) fn record(self, record: &impl Serialize) -> Result<(), Failure> {
        let value = serde_json::to_value(record).map_err(Failure::of("no output"))?;
        if self.json { print(&value.to_string()) } else { print(&lines(&value)) }
    }

    /// Several things, one a line, with these members; in JSON an array with all members.
    pub(super) fn table(self, rows: &[impl Serialize], columns: &[&str]) -> Result<(), Failure> {
        let rows = serde_json::to_value(rows).map_err(Failure::of("no output"))?;
        if self.json {
            return print(&rows.to_string());
        }
        let rows: Vec<Vec<String>> = rows
            .as_array()
            .into_iter()
            .flatten()
            .map(|row| columns.iter().map(|column| cell(column, row.get(column).unwrap_or(&Value::Null))).collect())
            .collect();
        let header = columns.iter().map(|column| (*column).to_owned()).collect();
        print(&aligned(&[vec![header], rows].concat()))
    }

    /// Why there is no result, and what to do about it.
    pub(super) fn failure(self, failure: &Failure) {
        let Failure { code, message, help } = failure;
        let text = if self.json {
            json!({ "error": { "code": code, "message": message, "help": help } }).to_string()
        } else if help.is_empty() {
            format!("error: {message}")
        } else {
            format!("error: {message}\nhelp: {help}")
        };
        // There is nowhere left to say that this failed.
        drop(writeln!(stderr(), "{text}"));
    }
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(Failure::of("nothing can be written"))
}

fn lines(record: &Value) -> String {
    let members = record.as_object().into_iter().flatten();
    aligned(&members.map(|(name, value)| vec![name.clone(), cell(name, value)]).collect::<Vec<_>>())
}

/// Every column as wide as its widest cell.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn cell(name: &str, value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(text) => text.clone(),
        Value::Number(number) if is_time(name) => number.as_u64().map_or_else(|| number.to_string(), time),
        Value::Array(values) => values.iter().map(|value| cell("", value)).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

fn is_time(name: &str) -> bool {
    name.ends_with("At") || name.ends_with("Time")
}

fn time(milliseconds: u64) -> String {
    let time = UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds));
    time.map_or_else(|| milliseconds.to_string(), |time| humantime::format_rfc3339_seconds(time).to_string())
}
