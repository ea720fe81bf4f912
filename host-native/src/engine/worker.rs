//! A thread that owns an instance.
//!
//! A trap ends the instance: the worker opens a new one, and answers whatever still speaks of the old one's flows with
//! [`EngineError::Trapped`]. `generation` tells the two apart.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::pool::Tuning;
use super::wire::{Cancel, Opened, Waiting};
use super::{EngineError, Instance, Module};
use crate::error::Problem;

pub(super) type Reply = oneshot::Sender<Result<Stepped, EngineError>>;

/// A step, and the instance it came from.
pub(super) struct Stepped {
    pub(super) generation: u64,
    pub(super) step: Vec<u8>,
}

/// What a worker is told.
pub(super) enum Message {
    /// The permit is the place in the queue; it is given back when the worker takes the message up.
    Begin {
        call: Vec<u8>,
        place: OwnedSemaphorePermit,
        reply: Reply,
    },
    Resume {
        generation: u64,
        answer: Vec<u8>,
        reply: Reply,
    },
    Cancel {
        generation: u64,
        flow: u64,
    },
    #[cfg(test)]
    Starve,
}

/// Starts a worker with an open instance. It ends when the last sender is dropped.
pub(super) fn start(name: String, module: Module, tuning: &Tuning) -> Result<Sender<Message>, StartError> {
    let instance = open(&module, tuning)?;
    let (sender, receiver) = channel();
    let worker = Worker { module, tuning: tuning.clone(), instance: Some(instance), generation: 0 };
    thread::Builder::new()
        .name(name)
        .spawn(move || worker.run(&receiver))
        .map_err(|error| EngineError::Load(error.to_string()))?;
    Ok(sender)
}

/// Why no instance could be opened.
#[derive(Debug)]
pub(crate) enum StartError {
    Engine(EngineError),
    Configuration(Problem),
}

impl From<EngineError> for StartError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

fn open(module: &Module, tuning: &Tuning) -> Result<Instance, StartError> {
    let mut instance = Instance::of(module, tuning.deadline)?;
    let answer = instance.open(&tuning.configuration)?;
    let opened: Opened = serde_json::from_slice(&answer).map_err(|error| EngineError::Contract(error.to_string()))?;
    match opened.fault {
        Some(problem) => Err(StartError::Configuration(problem)),
        None => Ok(instance),
    }
}

struct Worker {
    module: Module,
    tuning: Tuning,
    /// None after a trap for as long as no new instance could be opened.
    instance: Option<Instance>,
    generation: u64,
}

impl Worker {
    fn run(mut self, messages: &Receiver<Message>) {
        while let Ok(message) = messages.recv() {
            match message {
                Message::Begin { call, place, reply } => {
                    drop(place);
                    self.begin(&call, reply);
                }
                Message::Resume { generation, answer, reply } => self.resume(generation, &answer, reply),
                Message::Cancel { generation, flow } => self.cancel(generation, flow),
                #[cfg(test)]
                Message::Starve => self.instance.iter_mut().for_each(Instance::starve),
            }
        }
    }

    fn begin(&mut self, call: &[u8], reply: Reply) {
        if reply.is_closed() {
            return;
        }
        let stepped = self.run_in_instance(|instance| instance.begin(call));
        if let Err(Ok(unwanted)) = reply.send(stepped) {
            self.forget(&unwanted);
        }
    }

    fn resume(&mut self, generation: u64, answer: &[u8], reply: Reply) {
        let stepped = if generation == self.generation {
            self.run_in_instance(|instance| instance.resume(answer))
        } else {
            Err(EngineError::Trapped("the flow's instance is gone".into()))
        };
        // Whoever does not take this reply cancels the flow.
        drop(reply.send(stepped));
    }

    fn cancel(&mut self, generation: u64, flow: u64) {
        if generation != self.generation {
            return;
        }
        if let Ok(message) = serde_json::to_vec(&Cancel { flow }) {
            drop(self.run_in_instance(|instance| instance.cancel(&message)));
        }
    }

    /// The caller went away before it learnt its flow's number, so only the worker can cancel it.
    fn forget(&mut self, unwanted: &Stepped) {
        if let Ok(Waiting { flow: Some(flow) }) = serde_json::from_slice(&unwanted.step) {
            self.cancel(unwanted.generation, flow);
        }
    }

    fn run_in_instance(
        &mut self,
        call: impl FnOnce(&mut Instance) -> Result<Vec<u8>, EngineError>,
    ) -> Result<Stepped, EngineError> {
        let instance = self.living_instance()?;
        match call(instance) {
            Ok(step) => Ok(Stepped { generation: self.generation, step }),
            Err(error) => {
                tracing::error!(%error, "the engine's instance is replaced");
                self.instance = None;
                self.generation += 1;
                Err(error)
            }
        }
    }

    fn living_instance(&mut self) -> Result<&mut Instance, EngineError> {
        let instance = match self.instance.take() {
            Some(instance) => instance,
            None => open(&self.module, &self.tuning).map_err(|error| match error {
                StartError::Engine(error) => error,
                StartError::Configuration(problem) => EngineError::Contract(problem.message),
            })?,
        };
        Ok(self.instance.insert(instance))
    }
}
