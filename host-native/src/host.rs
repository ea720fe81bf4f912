//! The host's half of a flow: it carries out what the engine asks for, outside the engine's threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::engine::wire::{Answer, Ask, Call, Command, Done};
use crate::engine::{DerivePool, EngineError, Pool, Progress};
use crate::error::{Error, Problem};
use crate::event::Event;
use crate::logouts::Logouts;
use crate::mail::{Mails, Sender};
use crate::services::{DynFetch, DynSign, DynVerify, FetchAsk, ServiceError, SignRequest, VerifyRequest, fetched};
use crate::stores::{Batch, Committed, DynStore, Key, Scan};
use crate::subject::{DynSubjects, SubjectAsk};

pub(crate) type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

/// What a command ended with, when it was not refused.
pub(crate) struct Outcome {
    pub(crate) ok: Box<RawValue>,
    /// A fault that `ok` already renders for the requester.
    pub(crate) fault: Option<Problem>,
}

/// What this host does beyond storage and derivation.
#[derive(Default)]
pub(crate) struct Services {
    pub(crate) sign: Option<Arc<dyn DynSign>>,
    pub(crate) verify: Option<Arc<dyn DynVerify>>,
    pub(crate) fetch: Option<Arc<dyn DynFetch>>,
    /// No ask: what it does is in the end of a flow.
    pub(crate) mail: Option<Sender>,
}

impl Services {
    /// Their names in the configuration.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        let sign = self.sign.as_ref().map(|_| "sign");
        let verify = self.verify.as_ref().map(|_| "verify");
        let fetch = self.fetch.as_ref().map(|_| "fetch");
        let mail = self.mail.as_ref().map(|_| "mail");
        [sign, verify, fetch, mail].into_iter().flatten()
    }
}

pub(crate) struct Host {
    pub(crate) pool: Pool,
    pub(crate) derive: DerivePool,
    pub(crate) store: Arc<dyn DynStore>,
    pub(crate) subjects: Option<Arc<dyn DynSubjects>>,
    pub(crate) services: Services,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) logouts: Logouts,
    pub(crate) mails: Mails,
    /// How many keys were withdrawn.
    pub(crate) withdrawals: AtomicU64,
    pub(crate) clock: Clock,
    /// How long an ask may take.
    pub(crate) patience: Duration,
    /// How long a derivation may take, its time in the queue included.
    pub(crate) derive_patience: Duration,
}

impl Host {
    /// Runs a command to its end, for this issuer if one is named. Dropping the future cancels the flow; a commit under way may still be applied.
    pub(crate) async fn run<T: Serialize>(
        self: &Arc<Self>,
        issuer: Option<&str>,
        name: &str,
        arguments: &T,
    ) -> Result<Outcome, Error> {
        let call = Call { now: self.clock.now(), seed: seed()?, issuer, command: Command { name, arguments } };
        let mut progress = self.pool.begin(&call).await?;
        loop {
            match progress {
                Progress::Asks(flow, ask) => {
                    let answer = self.serve(&ask).await;
                    progress = flow.resume(&answer).await?;
                }
                Progress::Done(done) => return self.finish(*done),
            }
        }
    }

    fn finish(self: &Arc<Self>, done: Done) -> Result<Outcome, Error> {
        for event in &done.events {
            if event.name == "key.withdrawn" {
                self.withdrawals.fetch_add(1, Ordering::SeqCst);
            }
            self.listeners.iter().for_each(|listener| listener(event));
            Logouts::note(self, event);
        }
        if let Some(sender) = &self.services.mail {
            done.mail.into_iter().for_each(|mail| self.mails.send(sender, mail));
        }
        match (done.ok, done.refused, done.fault) {
            (Some(ok), None, fault) => Ok(Outcome { ok, fault }),
            (None, Some(problem), None) => Err(Error::Refused(problem)),
            (None, None, Some(problem)) if problem.code == "busy" => Err(Error::Busy),
            (None, None, Some(problem)) => Err(Error::Fault(problem)),
            _ => Err(EngineError::Contract("a flow ended in more ways than one".into()).into()),
        }
    }

    async fn serve(&self, ask: &RawValue) -> Answer {
        match serde_json::from_str(ask.get()) {
            Ok(Ask::Load { keys }) => self.load(keys).await,
            Ok(Ask::Commit(batch)) => self.commit(batch).await,
            Ok(Ask::Scan(range)) => self.scan(range).await,
            Ok(Ask::Subject(ask)) => self.subject(ask).await,
            Ok(Ask::Derive(request)) => self.derive(&request).await,
            Ok(Ask::Sign(request)) => self.sign(request).await,
            Ok(Ask::Verify(request)) => self.verify(request).await,
            Ok(Ask::Fetch(ask)) => self.fetch(ask).await,
            Err(error) => failed("an ask", error),
        }
    }

    async fn load(&self, keys: Vec<Key>) -> Answer {
        let expected = keys.len();
        match timeout(self.patience, self.store.load(keys)).await {
            Ok(Ok(rows)) if rows.len() == expected => Answer::Rows(rows),
            Ok(Ok(rows)) => failed("a load", format!("{} rows for {expected} keys", rows.len())),
            Ok(Err(error)) => failed("a load", error),
            Err(late) => failed("a load", late),
        }
    }

    /// Nobody can say what became of a commit that fails, or does not answer in time: the engine reads back and finds out.
    async fn commit(&self, batch: Batch) -> Answer {
        let unknown = |why: &dyn std::fmt::Display| {
            tracing::warn!(error = %why, "a commit failed");
            Answer::Commit(Committed::Unknown)
        };
        match timeout(self.patience, self.store.commit(batch)).await {
            Ok(Ok(outcome)) => Answer::Commit(outcome),
            Ok(Err(error)) => unknown(&error),
            Err(late) => unknown(&late),
        }
    }

    async fn scan(&self, range: Scan) -> Answer {
        match timeout(self.patience, self.store.scan(range)).await {
            Ok(Ok(page)) => Answer::Page(page),
            Ok(Err(error)) => failed("a scan", error),
            Err(late) => failed("a scan", late),
        }
    }

    async fn subject(&self, ask: SubjectAsk) -> Answer {
        let Some(subjects) = &self.subjects else { return failed("a subject", "this host has none") };
        match timeout(self.patience, subjects.ask(ask)).await {
            Ok(Ok(subject)) => Answer::Subject(subject),
            Ok(Err(error)) => failed("a subject", error),
            Err(late) => failed("a subject", late),
        }
    }

    async fn sign(&self, request: SignRequest) -> Answer {
        let Some(service) = &self.services.sign else { return failed("a signature", "this host signs nothing") };
        match within(self.patience, service.sign(request)).await {
            Ok(signature) => Answer::Signature(URL_SAFE_NO_PAD.encode(signature)),
            Err(error) => failed("a signature", error),
        }
    }

    async fn verify(&self, request: VerifyRequest) -> Answer {
        let Some(service) = &self.services.verify else {
            return failed("a verification", "this host verifies nothing");
        };
        match within(self.patience, service.verify(request)).await {
            Ok(verified) => Answer::Verified(verified),
            Err(error) => failed("a verification", error),
        }
    }

    async fn fetch(&self, ask: FetchAsk) -> Answer {
        let Some(service) = &self.services.fetch else { return failed("a fetch", "this host fetches nothing") };
        let limits = ask.limits();
        let response = async { service.fetch(ask.into_request()?, limits).await };
        match within(self.patience.min(limits.time), response).await.and_then(|response| fetched(&response, limits)) {
            Ok(response) => Answer::Response(response),
            Err(error) => failed("a fetch", error),
        }
    }

    /// A full queue is told as such, so that the requester learns to come back later.
    async fn derive(&self, request: &RawValue) -> Answer {
        match timeout(self.derive_patience, self.derive.derive(request.get().as_bytes().to_vec())).await {
            Ok(Ok(answer)) => written(answer),
            Ok(Err(EngineError::Busy)) => Answer::Busy(1),
            Ok(Err(error)) => failed("a derivation", error),
            Err(late) => failed("a derivation", late),
        }
    }
}

async fn within<T>(patience: Duration, work: impl Future<Output = Result<T, ServiceError>>) -> Result<T, ServiceError> {
    timeout(patience, work).await?
}

fn written(answer: Vec<u8>) -> Answer {
    let text = String::from_utf8(answer).map_err(|error| error.to_string());
    match text.and_then(|text| RawValue::from_string(text).map_err(|error| error.to_string())) {
        Ok(answer) => Answer::Written(answer),
        Err(error) => failed("a derivation", error),
    }
}

fn failed(what: &str, why: impl std::fmt::Display) -> Answer {
    tracing::warn!(error = %why, "{what} failed");
    Answer::Failed(why.to_string())
}

/// Fresh for each call: it is all the chance that the engine knows.
fn seed() -> Result<String, Error> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| {
        let message = format!("the system gives no randomness: {error}");
        let help = "See that the process may read the system's random source.";
        Error::Fault(Problem::new("no_randomness", 500, message, help))
    })?;
    Ok(URL_SAFE_NO_PAD.encode(seed))
}
