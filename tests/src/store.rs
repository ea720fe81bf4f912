use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::services;

/// A store in memory, and the world outside, that speaks the contract's JSON.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    rows: BTreeMap<String, (u64, String)>,
    versions: u64,
    /// The world outside: what each address is answered with, as the contract says it.
    pub web: BTreeMap<String, Value>,
    /// Every `fetch` that was asked for.
    pub fetched: Vec<Value>,
}

impl Memory {
    /// Answers a load, commit or scan ask, and what the host does beside storage.
    pub fn answer(&mut self, ask: &Value) -> Value {
        if let Some(load) = ask.get("load") {
            return self.load(load);
        }
        if let Some(commit) = ask.get("commit") {
            return json!({ "commit": self.commit(commit) });
        }
        if let Some(scan) = ask.get("scan") {
            return self.scan(scan);
        }
        if let Some(fetch) = ask.get("fetch") {
            self.fetched.push(fetch.clone());
            if let Some(answer) = self.web.get(text(&fetch["url"])) {
                return answer.clone();
            }
        }
        services::answer(ask).unwrap_or_else(|| json!({ "failed": "this host does not offer that" }))
    }

    /// All text that is stored, for looking for what must not be there.
    pub fn dump(&self) -> String {
        self.rows.iter().map(|(key, (_, value))| format!("{key} {value}\n")).collect()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The keys that contain this text.
    pub fn keys(&self, part: &str) -> Vec<String> {
        self.rows.keys().filter(|key| key.contains(part)).cloned().collect()
    }

    /// A row's value as JSON.
    pub fn value(&self, key: &str) -> Option<Value> {
        serde_json::from_str(&self.rows.get(key)?.1).ok()
    }

    /// Overwrites a row behind the engine's back.
    pub fn put(&mut self, key: &str, value: &str) {
        self.versions += 1;
        self.rows.insert(key.to_owned(), (self.versions, value.to_owned()));
    }

    fn load(&self, load: &Value) -> Value {
        let row = |key: &Value| {
            self.rows.get(text(key)).map(|(version, value)| json!({ "version": version.to_string(), "value": value }))
        };
        json!({ "rows": items(&load["keys"]).map(row).collect::<Vec<_>>() })
    }

    fn commit(&mut self, batch: &Value) -> &'static str {
        let version = |key: &Value| self.rows.get(text(key)).map(|(version, _)| version.to_string());
        let holds =
            items(&batch["require"]).all(|require| version(&require["key"]).as_deref() == require["version"].as_str());
        let sums: Vec<(String, u64, u64)> = items(&batch["add"])
            .map(|add| {
                let before: u64 =
                    self.rows.get(text(&add["key"])).and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
                (
                    text(&add["key"]).to_owned(),
                    before + add["delta"].as_u64().unwrap_or(0),
                    add["ceiling"].as_u64().unwrap_or(u64::MAX),
                )
            })
            .collect();
        if !holds || sums.iter().any(|(_, sum, ceiling)| sum > ceiling) {
            return "stale";
        }
        for put in items(&batch["put"]) {
            self.put(text(&put["key"]), text(&put["value"]));
        }
        for key in items(&batch["delete"]) {
            self.rows.remove(text(key));
        }
        for (key, sum, _) in sums {
            self.put(&key, &sum.to_string());
        }
        "committed"
    }

    fn scan(&self, scan: &Value) -> Value {
        let (prefix, limit) = (text(&scan["prefix"]), scan["limit"].as_u64().unwrap_or(0) as usize);
        let after = scan["after"].as_str().unwrap_or("");
        let matching = self.rows.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
        let rows: Vec<Value> = matching
            .take(limit)
            .map(|(key, (version, value))| json!({ "key": key, "version": version.to_string(), "value": value }))
            .collect();
        let next =
            if rows.len() == limit { rows.last().map_or(Value::Null, |row| row["key"].clone()) } else { Value::Null };
        json!({ "page": { "rows": rows, "next": next } })
    }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
