//! Scenarios: recorded calls, asks, answers and outcomes. Every host must give the same bytes.
//!
//! A scenario is a small description that goes its way through a [`World`]. Recording it gives a [`Transcript`]: what went into
//! the engine and what came out, as text. Replaying one needs no store, no clock and no knowledge of the contract: hand in each
//! input, compare the output. From each scenario the same way is gone again with every [`Fault`].

mod application;
mod described;
mod fault;
mod replay;
mod transcript;

pub use application::Application;
pub use described::all;
pub use fault::Fault;
pub use replay::{Core, Difference, Replayed, Replayer, first_difference, replay};
pub use transcript::{Exchange, Export, Recording, Transcript};

use serde_json::Value;

use crate::World;

/// One way through the engine.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// The name of its file.
    pub name: &'static str,
    /// What it shows.
    pub about: &'static str,
    config: fn() -> Value,
    way: fn(&mut World),
}

impl Scenario {
    /// Goes its way and writes down what passed, without fault or with one in every command.
    pub fn record(&self, fault: Option<Fault>) -> Transcript {
        let mut world = World::with((self.config)());
        world.fault = fault;
        (self.way)(&mut world);
        Transcript { fault, exchanges: world.transcript().to_vec() }
    }

    /// The scenario as it is committed, and the same with each fault.
    pub fn with_faults(&self) -> Recording {
        let faults = Fault::ALL.into_iter().map(Some);
        let transcripts = std::iter::once(None).chain(faults).map(|fault| self.record(fault)).collect();
        Recording { scenario: self.name.to_owned(), about: self.about.to_owned(), transcripts }
    }

    /// The part of [`Scenario::with_faults`] that is committed.
    pub fn plain(&self) -> Recording {
        Recording { scenario: self.name.to_owned(), about: self.about.to_owned(), transcripts: vec![self.record(None)] }
    }
}
