//! The workers, and the flows that live in them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Semaphore, oneshot};

use super::wire::{self, Answer, Done, Step};
use super::worker::{self, Message, StartError, Stepped};
use super::{EngineError, Module};

/// How many calls may wait for a worker's attention, for each worker. Flows that wait for storage are not counted.
const QUEUE: usize = 512;

/// What every instance of a pool shares.
#[derive(Clone)]
pub(crate) struct Tuning {
    /// Section 6 of the contract, in JSON.
    pub(crate) configuration: Arc<[u8]>,
    /// How long one call into the engine may take.
    pub(crate) deadline: Duration,
}

/// Engine instances on threads of their own.
pub(crate) struct Pool {
    workers: Vec<Sender<Message>>,
    places: Arc<Semaphore>,
    next: AtomicUsize,
}

impl Pool {
    pub(crate) fn start(module: &Module, tuning: &Tuning, size: usize) -> Result<Self, StartError> {
        let workers = (0..size.max(1))
            .map(|number| worker::start(format!("claviger-engine-{number}"), module.clone(), tuning))
            .collect::<Result<Vec<_>, _>>()?;
        let places = Arc::new(Semaphore::new(workers.len() * QUEUE));
        Ok(Self { workers, places, next: AtomicUsize::new(0) })
    }

    /// Begins a flow in one of the instances.
    pub(crate) async fn begin<T: Serialize>(&self, call: &T) -> Result<Progress, EngineError> {
        let call = serde_json::to_vec(call).map_err(contract)?;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| EngineError::Busy)?;
        let worker = self.next_worker()?;
        let (reply, answer) = oneshot::channel();
        send(&worker, Message::Begin { call, place, reply })?;
        progress(worker, answer.await.map_err(|_| gone())??)
    }

    fn next_worker(&self) -> Result<Sender<Message>, EngineError> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.workers.len().max(1);
        self.workers.get(turn).cloned().ok_or_else(gone)
    }

    /// Makes the next call into each instance trap.
    #[cfg(test)]
    pub(crate) fn starve(&self) {
        for worker in &self.workers {
            drop(worker.send(Message::Starve));
        }
    }
}

/// Where a flow stands.
pub(crate) enum Progress {
    Asks(Flow, Box<serde_json::value::RawValue>),
    Done(Box<Done>),
}

/// A flow that waits for an answer. Dropping it cancels it.
pub(crate) struct Flow {
    worker: Sender<Message>,
    generation: u64,
    number: u64,
    over: bool,
}

impl Flow {
    pub(crate) async fn resume(mut self, answer: &Answer) -> Result<Progress, EngineError> {
        let answer = wire::resume(self.number, answer).map_err(contract)?;
        let (reply, stepped) = oneshot::channel();
        send(&self.worker, Message::Resume { generation: self.generation, answer, reply })?;
        // If this future is dropped here, `self` goes with it, and the cancellation queues up behind the answer.
        let stepped = stepped.await.map_err(|_| gone());
        self.over = true;
        progress(self.worker.clone(), stepped??)
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        if !self.over {
            let message = Message::Cancel { generation: self.generation, flow: self.number };
            // A worker that is gone has no flows.
            drop(self.worker.send(message));
        }
    }
}

fn progress(worker: Sender<Message>, stepped: Stepped) -> Result<Progress, EngineError> {
    let step: Step = serde_json::from_slice(&stepped.step).map_err(contract)?;
    match (step.flow, step.ask, step.done) {
        (Some(number), Some(ask), None) => {
            Ok(Progress::Asks(Flow { worker, generation: stepped.generation, number, over: false }, ask))
        }
        (None, None, Some(done)) => Ok(Progress::Done(Box::new(done))),
        _ => Err(EngineError::Contract("a step neither asks nor is done".into())),
    }
}

fn send(worker: &Sender<Message>, message: Message) -> Result<(), EngineError> {
    worker.send(message).map_err(|_| gone())
}

fn gone() -> EngineError {
    EngineError::Trapped("the engine's thread is gone".into())
}

fn contract(error: serde_json::Error) -> EngineError {
    EngineError::Contract(error.to_string())
}
