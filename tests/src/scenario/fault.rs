use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Memory, World};

/// What goes wrong in every command of a run. After it, the command is given again and must work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Each commit is answered `stale` once, and was not applied.
    Stale,
    /// Every load finds nothing, as on a replica that is far behind.
    Empty,
    /// Each ask in turn is answered `failed`.
    Failed,
    /// The flow is cancelled at each ask in turn.
    Cancelled,
    /// Each commit is answered `unknown` once, and was applied.
    UnknownApplied,
    /// Each commit is answered `unknown` once, and was lost.
    UnknownLost,
}

/// How long an engine may remember that a row was not there: the time in which a token with an unknown `kid` makes it read the
/// keys no second time, and a bit.
const FORGOTTEN_AFTER: u64 = 6;

impl Fault {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Stale, Self::Empty, Self::Failed, Self::Cancelled, Self::UnknownApplied, Self::UnknownLost];

    /// Runs a command with this fault, then as long as it must be given again; returns how it ended at last.
    pub fn run(self, world: &mut World, command: &Value) -> Value {
        match self {
            Self::Stale => commits_answered(world, command, "stale", false),
            Self::UnknownApplied => commits_answered(world, command, "unknown", true),
            Self::UnknownLost => commits_answered(world, command, "unknown", false),
            Self::Empty => loads_answered_empty(world, command),
            Self::Failed => each_ask_in_turn(|ask| fail(world, command, ask)),
            Self::Cancelled => each_ask_in_turn(|ask| cancel(world, command, ask)),
        }
    }
}

fn plainly(world: &mut World, command: &Value) -> Value {
    world.run_with(command.clone(), |ask, _, store| store.answer(ask))
}

/// Each commit gets this answer the first time.
fn commits_answered(world: &mut World, command: &Value, answer: &str, applied: bool) -> Value {
    let mut seen = BTreeSet::new();
    let done = world.run_with(command.clone(), |ask, _, store| {
        if ask.get("commit").is_some_and(|batch| seen.insert(rows_of(batch))) {
            if applied {
                store.answer(ask);
            }
            return json!({ "commit": answer });
        }
        store.answer(ask)
    });
    let ended_well = done.get("ok").is_some() && done.get("fault").is_none();
    if seen.is_empty() || ended_well { done } else { plainly(world, command) }
}

/// What tells one commit of a command from another, however often it is decided anew.
fn rows_of(batch: &Value) -> Vec<String> {
    let keys = |member: &str| {
        let items = batch[member].as_array().cloned().unwrap_or_default();
        items.into_iter().map(|item| item.get("key").unwrap_or(&item).to_string())
    };
    keys("put").chain(keys("delete")).collect()
}

/// Where there is nothing, an empty answer is the truth, and the command has had its way.
fn loads_answered_empty(world: &mut World, command: &Value) -> Value {
    let mut lied = false;
    world.now -= FORGOTTEN_AFTER * 1000;
    let done = world.run_with(command.clone(), |ask, _, store| {
        let mut answer = store.answer(ask);
        for row in answer.get_mut("rows").and_then(Value::as_array_mut).into_iter().flatten() {
            lied |= !row.take().is_null();
        }
        answer
    });
    world.now += FORGOTTEN_AFTER * 1000;
    if lied { plainly(world, command) } else { done }
}

/// Lets something go wrong at the first ask, then at the second, until the command has no such ask and ends.
fn each_ask_in_turn(mut run: impl FnMut(usize) -> Option<Value>) -> Value {
    (0..).find_map(&mut run).unwrap_or_default()
}

fn fail(world: &mut World, command: &Value, at: usize) -> Option<Value> {
    let mut failed = false;
    let done = world.run_with(command.clone(), |ask, number, store: &mut Memory| {
        if number == at {
            failed = true;
            return json!({ "failed": "the disk is full" });
        }
        store.answer(ask)
    });
    (!failed).then_some(done)
}

fn cancel(world: &mut World, command: &Value, at: usize) -> Option<Value> {
    let mut step = world.begin(command.clone());
    for _ in 0..at {
        let Some(ask) = step.get("ask").cloned() else { break };
        let answer = world.store.answer(&ask);
        step = world.resume(&step["flow"].clone(), answer);
    }
    match step.get("done") {
        Some(done) => Some(done.clone()),
        None => {
            world.cancel(&step["flow"].clone());
            None
        }
    }
}
