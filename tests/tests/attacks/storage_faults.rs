//! Every kind of wrong answer at every ask of every operation (SF-001 to SF-009, SF-019, RV-007).

use claviger_tests::Memory;
use claviger_tests::setting::{Setting, text};
use serde_json::{Value, json};

use crate::check::CREDENTIALS;
use crate::operations::{OPERATIONS, Operation, redeem};
use crate::{
    account_pages, authenticators, email_operations, email_sign_in_commands, journeys, jwts, openid_operations,
    password_changes, pat_operations, security_page, session_operations, sign_in_operations,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Failed,
    Stale,
    StaleAlways,
    UnknownApplied,
    UnknownNotApplied,
    UnknownLate,
    WrongKind,
    NoRows,
    OtherTenant,
    Garbled,
}

use Fault::*;

const OF_COMMITS: [Fault; 7] = [Failed, Stale, StaleAlways, UnknownApplied, UnknownNotApplied, UnknownLate, WrongKind];
const OF_LOADS: [Fault; 5] = [Failed, WrongKind, NoRows, OtherTenant, Garbled];
const OF_SCANS: [Fault; 4] = [Failed, WrongKind, OtherTenant, Garbled];

/// Answers for the store, and goes wrong at one ask.
struct Saboteur {
    fault: Fault,
    at: usize,
    late: Option<Value>,
    /// Whether a row that there is was given as one that cannot be read.
    has_spoiled: bool,
}

impl Saboteur {
    fn answer(&mut self, ask: &Value, number: usize, store: &mut Memory) -> Value {
        let is_commit = ask.get("commit").is_some();
        if number > self.at && is_commit {
            // The commit that nobody could tell about arrives before the next one.
            self.late.take().map(|late| store.answer(&late));
        }
        let always = self.fault == StaleAlways && number > self.at && is_commit;
        if number != self.at && !always {
            return store.answer(ask);
        }
        match self.fault {
            Failed => json!({ "failed": "the disk is gone" }),
            Stale | StaleAlways => json!({ "commit": "stale" }),
            UnknownApplied => {
                store.answer(ask);
                json!({ "commit": "unknown" })
            }
            UnknownNotApplied => json!({ "commit": "unknown" }),
            UnknownLate => {
                self.late = Some(ask.clone());
                json!({ "commit": "unknown" })
            }
            WrongKind => json!({ "verified": true }),
            NoRows => changed(store.answer(ask), |_| Value::Null),
            OtherTenant => self.spoiled(store.answer(ask), |row| {
                let value = text(&row["value"]).replacen("\"tenant\":\"main\"", "\"tenant\":\"other\"", 1);
                json!({ "version": row["version"], "value": value })
            }),
            Garbled => self.spoiled(store.answer(ask), |row| {
                let value = text(&row["value"]);
                // Of a counter's one digit there is no half.
                let half = if value.len() < 2 { "?" } else { &value[..value.len() / 2] };
                json!({ "version": row["version"], "value": half })
            }),
        }
    }

    fn spoiled(&mut self, answer: Value, change: impl Fn(Value) -> Value) -> Value {
        let spoiled = changed(answer.clone(), change);
        self.has_spoiled |= spoiled != answer;
        spoiled
    }
}

fn changed(mut answer: Value, change: impl Fn(Value) -> Value) -> Value {
    if let Some(rows) = answer.pointer_mut("/page/rows").and_then(Value::as_array_mut) {
        for row in rows {
            let key = row["key"].clone();
            *row = change(row.take());
            row["key"] = key;
        }
        return answer;
    }
    let rows = answer["rows"].as_array().into_iter().flatten().cloned();
    json!({ "rows": rows.map(|row| if row.is_null() { row } else { change(row) }).collect::<Vec<_>>() })
}

fn succeeded(done: &Value) -> bool {
    let status = &done["ok"]["status"];
    let nothing_there = ["deleted", "revoked", "removed"].iter().any(|name| done["ok"][name] == false);
    !nothing_there
        && done.get("ok").is_some()
        && done.get("fault").is_none()
        && status.as_u64().is_none_or(|status| status < 400)
}

/// The asks of an operation when nothing goes wrong.
fn asks(operation: &Operation) -> Vec<String> {
    let (mut s, command) = (operation.start)();
    let done = s.world.run(command);
    assert!(succeeded(&done), "{}: {done}", operation.name);
    let asked = s.world.asked().clone();
    (operation.happened)(&mut s, &done);
    asked
}

/// Whether a single fault of this kind must not be seen by the requester at all.
fn is_healed(fault: Fault) -> bool {
    matches!(fault, Stale | UnknownApplied | UnknownNotApplied | UnknownLate)
}

fn survives(operation: &Operation, at: usize, fault: Fault) {
    let what = format!("{} with {fault:?} at ask {at}", operation.name);
    let (mut s, command) = (operation.start)();
    let mut saboteur = Saboteur { fault, at, late: None, has_spoiled: false };
    let done = s.world.run_with(command.clone(), |ask, number, store| saboteur.answer(ask, number, store));
    assert!(s.world.asked().len() < 30, "{what}: {:?}", s.world.asked());
    if succeeded(&done) {
        // What cannot be read is never taken for nothing.
        let must_fail = saboteur.has_spoiled || matches!(fault, Failed | StaleAlways | WrongKind);
        assert!(!must_fail, "{what}: {done}");
        return (operation.happened)(&mut s, &done);
    }
    assert!(!is_healed(fault), "{what}: {done}");
    releases_nothing(&what, fault, &done);
    let again = s.world.run(command);
    assert!(succeeded(&again), "{what}, then again: {again}");
    (operation.happened)(&mut s, &again);
}

/// A fault is told with 503 or 500, or the request is refused; either way no credential leaves.
fn releases_nothing(what: &str, fault: Fault, done: &Value) {
    let expected: &[u64] = match fault {
        Failed => &[503],
        StaleAlways => &[503, 409],
        WrongKind | OtherTenant | Garbled => &[500],
        _ => &[200, 400, 401, 403, 404, 409],
    };
    let told = if done.get("ok").is_some() { &done["ok"]["status"] } else { &done["refused"]["status"] };
    let told = if done.get("fault").is_some() { &done["fault"]["status"] } else { told };
    let nothing_to_do = fault == NoRows && done["ok"]["status"].is_null() && done.get("ok").is_some();
    assert!(nothing_to_do || told.as_u64().is_some_and(|status| expected.contains(&status)), "{what}: {done}");
    let body = done["ok"].to_string();
    assert!(!CREDENTIALS.iter().any(|prefix| body.contains(prefix)), "{what}: {done}");
    assert!(!body.contains("disk"), "details are for the log alone: {what}: {done}");
}

/// Every fault at every ask of the operations with these numbers; they are split so that the tests run side by side.
fn every_fault(operations: std::ops::Range<usize>) {
    every_fault_of(&OPERATIONS[operations]);
}

fn every_fault_of(operations: &[Operation]) {
    for operation in operations {
        for (at, ask) in asks(operation).iter().enumerate() {
            let faults: &[Fault] = match ask.as_str() {
                "commit" => &OF_COMMITS,
                "scan" => &OF_SCANS,
                "load" => &OF_LOADS,
                // Not the store's.
                _ => &[],
            };
            for fault in faults {
                survives(operation, at, *fault);
            }
        }
    }
}

#[test]
fn sf_001_sf_004_sf_009_redemption_survives_every_fault() {
    every_fault(0..3);
}

#[test]
fn sf_001_sf_004_sf_009_refresh_survives_every_fault() {
    every_fault(3..5);
}

#[test]
fn rv_007_introspection_and_revocation_survive_every_fault() {
    every_fault(5..10);
}

#[test]
fn sf_001_the_pages_survive_every_fault() {
    every_fault(10..13);
}

#[test]
fn sf_001_the_account_page_survives_every_fault() {
    every_fault_of(account_pages::OPERATIONS);
}

#[test]
fn sf_001_openid_connect_survives_every_fault() {
    every_fault_of(openid_operations::OPERATIONS);
}

#[test]
fn sf_001_sf_004_sessions_survive_every_fault() {
    every_fault_of(session_operations::OPERATIONS);
}

#[test]
fn sf_001_second_factors_survive_every_fault() {
    every_fault_of(authenticators::OPERATIONS);
    every_fault_of(security_page::OPERATIONS);
}

#[test]
fn sf_001_what_goes_by_mail_survives_every_fault() {
    every_fault_of(email_operations::OPERATIONS);
    every_fault_of(email_sign_in_commands::OPERATIONS);
}

#[test]
fn sf_001_sf_004_journeys_survive_every_fault() {
    every_fault_of(journeys::OPERATIONS);
}

#[test]
fn sf_001_the_applications_own_tokens_survive_every_fault() {
    every_fault_of(jwts::OPERATIONS);
}

#[test]
fn sf_001_passwords_survive_every_fault() {
    every_fault_of(password_changes::OPERATIONS);
}

#[test]
fn sf_001_the_typed_sign_in_survives_every_fault() {
    every_fault_of(sign_in_operations::OPERATIONS);
}

#[test]
fn sf_001_personal_access_tokens_survive_every_fault() {
    every_fault_of(pat_operations::OPERATIONS);
}

#[test]
fn sf_001_administration_survives_every_fault() {
    every_fault(13..19);
}

#[test]
fn sf_020_the_keys_survive_every_fault() {
    every_fault(19..21);
}

#[test]
fn sf_001_sf_004_sf_009_a_device_and_an_exchange_survive_every_fault() {
    every_fault(21..OPERATIONS.len());
}

#[test]
fn sf_009_an_outcome_that_stays_unknown_is_a_503_and_grants_nothing() {
    for apply in [false, true] {
        let (mut s, command) = redeem("opaque", true);
        // Neither the commits nor the reading back can be told about.
        let done = s.world.run_with(command.clone(), |ask, number, store| match ask.get("commit") {
            Some(_) => {
                if apply && number == 1 {
                    store.answer(ask);
                }
                json!({ "commit": "unknown" })
            }
            None if number == 0 => store.answer(ask),
            None => json!({ "failed": "down" }),
        });
        assert_eq!((&done["ok"]["status"], &done["fault"]["code"]), (&json!(503), &json!("store_failed")));
        releases_nothing("a lasting doubt", Failed, &done);
        assert_eq!(s.world.ok(command)["status"] == 200, !apply);
    }
}

#[test]
fn what_was_not_committed_is_not_told() {
    let replay = |s: &mut Setting, answer: &str| {
        let code = s.code();
        s.redeem(&code);
        s.world.take_events();
        let command = s.redeem_command(&code);
        let done = s.world.run_with(command, |ask, _, store| match ask.get("commit") {
            Some(_) if !answer.is_empty() => json!({ "failed": answer }),
            _ => store.answer(ask),
        });
        (done["ok"]["status"].clone(), s.world.take_event_names())
    };
    let mut s = Setting::opaque();
    assert_eq!(replay(&mut s, "the disk is gone"), (json!(503), vec![]));
    assert_eq!(replay(&mut s, ""), (json!(400), vec!["code.replayed".to_owned(), "grant.revoked".to_owned()]));
}

#[test]
fn what_was_committed_is_told_even_when_a_later_commit_loses_its_race() {
    let (mut s, command) = redeem("jwt", false);
    s.world.take_events();
    let mut saboteur = Saboteur { fault: Stale, at: 2, late: None, has_spoiled: false };
    let done = s.world.run_with(command, |ask, number, store| saboteur.answer(ask, number, store));
    assert_eq!(s.world.asked(), &["load", "commit", "commit", "load", "commit"]);
    assert_eq!(done["ok"]["status"], 200);
    let told = s.world.take_event_names();
    assert_eq!(told, ["key.generated", "key.rotated", "key.generated", "token.issued"]);
}
