//! Key derivation, on threads and instances of its own, so that a password hash delays nobody's token.

use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use tokio::sync::oneshot;

use super::{EngineError, Instance, Module};

struct Job {
    request: Vec<u8>,
    reply: oneshot::Sender<Result<Vec<u8>, EngineError>>,
}

/// Threads that derive keys, with a bounded queue in front.
pub(crate) struct DerivePool {
    jobs: Sender<Job>,
}

impl DerivePool {
    /// `queue` is how many derivations may wait beside those that run.
    pub(crate) fn start(
        module: &Module,
        threads: usize,
        queue: usize,
        deadline: Duration,
    ) -> Result<Self, EngineError> {
        let (jobs, inbox) = bounded(queue);
        for number in 0..threads.max(1) {
            let (module, inbox) = (module.clone(), inbox.clone());
            thread::Builder::new()
                .name(format!("claviger-derive-{number}"))
                .spawn(move || run(&module, &inbox, deadline))
                .map_err(|error| EngineError::Load(error.to_string()))?;
        }
        Ok(Self { jobs })
    }

    /// # Errors
    /// [`EngineError::Busy`] at once when the queue is full.
    pub(crate) async fn derive(&self, request: Vec<u8>) -> Result<Vec<u8>, EngineError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.try_send(Job { request, reply }).map_err(|error| match error {
            TrySendError::Full(_) => EngineError::Busy,
            TrySendError::Disconnected(_) => gone(),
        })?;
        answer.await.map_err(|_| gone())?
    }
}

/// The instance is made when it is first needed, keeps its memory, and is replaced after a trap.
fn run(module: &Module, inbox: &Receiver<Job>, deadline: Duration) {
    let mut instance = None;
    while let Ok(Job { request, reply }) = inbox.recv() {
        if reply.is_closed() {
            continue;
        }
        let derived = derive(&mut instance, module, &request, deadline);
        if derived.is_err() {
            instance = None;
        }
        // Whoever asked may have gone away; a derived key is then of no use.
        drop(reply.send(derived));
    }
}

fn derive(
    slot: &mut Option<Instance>,
    module: &Module,
    request: &[u8],
    deadline: Duration,
) -> Result<Vec<u8>, EngineError> {
    let instance = match slot.take() {
        Some(instance) => instance,
        None => Instance::of(module, deadline)?,
    };
    slot.insert(instance).derive(request)
}

fn gone() -> EngineError {
    EngineError::Trapped("the derivation's thread is gone".into())
}
