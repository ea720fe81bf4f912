//! The engine: a bounded table of flows, polled by hand. No executor, no clock, no IO.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::ask::Answer;
use crate::call::{Call, Cancel, Command, Done, Outcome, Resume, Seed, Step};
use crate::command;
use crate::config::Config;
use crate::host::Host;
use crate::http;
use crate::issuers::Issuers;
use crate::refusal::{Fault, Refusal, Stop, Told};
use crate::unreadable;

/// How often a flow decides anew when its commits lose their races.
const DECISIONS: usize = 3;

/// One engine: one configuration of one issuer or several, many flows in flight.
#[derive(Debug)]
pub struct Engine {
    issuers: Issuers,
    flows: Vec<Place>,
    free: Vec<usize>,
    /// The last call's seed, folded: enough to know it again, too little to know it.
    last_seed: Option<u64>,
}

/// A place in the table. The turn tells a flow from the one that stood here before it.
#[derive(Debug)]
struct Place {
    turn: u64,
    flow: Option<Flow>,
}

struct Flow {
    host: Host,
    end: Pin<Box<dyn Future<Output = Done>>>,
}

impl std::fmt::Debug for Flow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Flow")
    }
}

/// Flow numbers are `turn * PLACES + place`, and fit in 53 bits for 2^33 turns of each place.
const PLACES: u64 = 1 << 20;

impl Engine {
    /// Reads and checks the configuration (JSON, `docs/contract.md` section 6).
    ///
    /// # Errors
    /// [`Fault::Configuration`] naming the member at fault.
    pub fn open(config: &[u8]) -> Result<Self, Fault> {
        Ok(Self { issuers: Issuers::open(config)?, flows: Vec::new(), free: Vec::new(), last_seed: None })
    }

    /// Starts a flow and runs it to its first ask or its end.
    pub fn begin(&mut self, call: Call) -> Step {
        let issuer = match self.issuers.of(call.issuer.as_deref(), &call.command) {
            Ok(issuer) => issuer,
            Err(fault) => return Step::Ended { done: failed(self.issuers.first(), &call.command, &fault) },
        };
        if self.is_stuck(&call.seed) {
            return Step::Ended { done: failed(&issuer.config, &call.command, &Fault::BadSeed) };
        }
        let Some(place) = self.take_place() else {
            return Step::Ended { done: failed(&issuer.config, &call.command, &Fault::Busy) };
        };
        let command = match call.command {
            Command::Http(request) => {
                let remote = http::peer(&request, issuer.config.trusted_hops);
                Command::Http(http::Request { remote, ..request })
            }
            other => other,
        };
        let host = Host::new(issuer, call.now, call.seed.0);
        let flow = Flow { host: host.clone(), end: Box::pin(run(host, command)) };
        self.advance(place, flow)
    }

    /// Goes on with a flow that asked.
    pub fn resume(&mut self, resume: Resume) -> Step {
        let Some((place, flow)) = self.take_flow(resume.flow) else {
            return ended_by(Fault::BadAnswer("no such flow is waiting"));
        };
        flow.host.put_answer(resume.answer);
        self.advance(place, flow)
    }

    /// Drops a flow that nobody waits for any more. Unknown flows are not an error.
    pub fn cancel(&mut self, cancel: &Cancel) {
        if let Some((place, _)) = self.take_flow(cancel.flow) {
            self.free.push(place);
        }
    }

    /// The continuous tests of NIST SP 800-90B section 4.4, as far as one call shows anything: a source that gives the same byte
    /// or the same seed again has failed.
    fn is_stuck(&mut self, Seed(seed): &Seed) -> bool {
        let (words, _) = seed.as_chunks::<8>();
        let folded = words.iter().fold(0, |folded, word| folded ^ u64::from_le_bytes(*word));
        self.last_seed.replace(folded) == Some(folded) || seed.windows(2).all(|pair| pair.first() == pair.last())
    }

    fn take_place(&mut self) -> Option<usize> {
        let most = usize::try_from(self.issuers.first().limits.flows).unwrap_or(usize::MAX);
        self.free.pop().or_else(|| {
            (self.flows.len() < most).then(|| {
                self.flows.push(Place { turn: 0, flow: None });
                self.flows.len() - 1
            })
        })
    }

    fn take_flow(&mut self, number: u64) -> Option<(usize, Flow)> {
        let place = usize::try_from(number % PLACES).ok()?;
        let entry = self.flows.get_mut(place)?;
        if entry.turn != number / PLACES {
            return None;
        }
        Some((place, entry.flow.take()?))
    }

    fn advance(&mut self, place: usize, mut flow: Flow) -> Step {
        let polled = flow.end.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        match (polled, flow.host.take_ask()) {
            (Poll::Pending, Some(ask)) => {
                let flow = self.put_flow(place, flow);
                Step::Asking { flow, ask }
            }
            (Poll::Ready(done), _) => {
                self.free.push(place);
                Step::Ended { done }
            }
            (Poll::Pending, None) => {
                self.free.push(place);
                ended_by(Fault::BadAnswer("the flow waits for nothing"))
            }
        }
    }

    fn put_flow(&mut self, place: usize, flow: Flow) -> u64 {
        let Some(entry) = self.flows.get_mut(place) else { return 0 };
        entry.turn += 1;
        entry.flow = Some(flow);
        entry.turn * PLACES + place as u64
    }

    /// [`Engine::begin`] and its kin with JSON on both sides, for hosts that speak bytes.
    pub fn begin_json(&mut self, call: &[u8]) -> Vec<u8> {
        answer(match crate::json::read(call) {
            Ok(call) => self.begin(call),
            Err(error) => match unreadable::blame(call, &error) {
                Stop::Refused(refusal) => Step::Ended { done: refused(&refusal) },
                Stop::Fault(fault) => ended_by(fault),
                Stop::Stale => ended_by(Fault::Contended),
            },
        })
    }

    /// See [`Engine::begin_json`]. The values of rows may stand behind the JSON, each after a zero byte: then nobody escapes them.
    pub fn resume_json(&mut self, resume: &[u8]) -> Vec<u8> {
        match read_resume(resume) {
            Some(resume) => answer(self.resume(resume)),
            None => answer(self.resume_unreadable(resume.split(|byte| *byte == 0).next().unwrap_or_default())),
        }
    }

    /// An answer that cannot be read still ends its flow, as any failed ask does.
    fn resume_unreadable(&mut self, resume: &[u8]) -> Step {
        match crate::json::read::<Cancel>(resume) {
            Ok(Cancel { flow }) => {
                self.resume(Resume { flow, answer: Answer::Failed("the answer cannot be read".into()) })
            }
            Err(error) => ended_by(Fault::BadCall(error.to_string())),
        }
    }

    /// See [`Engine::begin_json`].
    pub fn cancel_json(&mut self, cancel: &[u8]) -> Vec<u8> {
        if let Ok(cancel) = crate::json::read(cancel) {
            self.cancel(&cancel);
        }
        b"{}".to_vec()
    }
}

fn read_resume(bytes: &[u8]) -> Option<Resume> {
    let mut parts = std::str::from_utf8(bytes).ok()?.split('\0');
    let mut resume: Resume = crate::json::read(parts.next()?.as_bytes()).ok()?;
    if let Answer::Rows(rows) = &mut resume.answer {
        for row in rows.iter_mut().flatten().filter(|row| row.value.is_empty()) {
            parts.next()?.clone_into(&mut row.value);
        }
    }
    parts.next().is_none().then_some(resume)
}

/// What `open` answers, as JSON: the engine's version and the contract's, or the fault.
#[must_use]
pub fn opened_json(fault: Option<&Fault>) -> Vec<u8> {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "lowercase")]
    enum Opened {
        Ok { engine: &'static str, contract: u8 },
        Fault(Told),
    }
    let answer = fault
        .map_or(Opened::Ok { engine: env!("CARGO_PKG_VERSION"), contract: 1 }, |fault| Opened::Fault(fault.told()));
    serde_json::to_vec(&answer).unwrap_or_default()
}

/// A step that ends with this fault, as JSON.
#[must_use]
pub fn fault_json(fault: Fault) -> Vec<u8> {
    answer(ended_by(fault))
}

fn answer(step: Step) -> Vec<u8> {
    serde_json::to_vec(&step).unwrap_or_default()
}

fn ended_by(fault: Fault) -> Step {
    Step::Ended { done: Done { fault: Some(fault.told()), ..Done::default() } }
}

async fn run(host: Host, command: Command) -> Done {
    let decided = decide(&host, &command).await;
    if matches!(decided, Err(Stop::Fault(_) | Stop::Stale)) {
        host.untell();
    }
    let (events, mail) = (host.take_events(), host.take_mails());
    let done = match decided {
        Ok(outcome) => Done { ok: Some(outcome), ..Done::default() },
        Err(Stop::Refused(refusal)) => {
            Done { refused: Some(command::told(host.config(), &command, &refusal)), ..Done::default() }
        }
        Err(Stop::Fault(fault)) => failed(host.config(), &command, &fault),
        Err(Stop::Stale) => failed(host.config(), &command, &Fault::Contended),
    };
    Done { events, mail, ..done }
}

fn refused(refusal: &Refusal) -> Done {
    Done { refused: Some(refusal.told()), ..Done::default() }
}

/// A request is answered even so; a typed command is told the fault alone.
fn failed(config: &Config, command: &Command, fault: &Fault) -> Done {
    let ok = match command {
        Command::Http(request) => Some(Outcome::Http(http::fault_response(config, request, fault))),
        _ => None,
    };
    Done { ok, fault: Some(fault.told()), ..Done::default() }
}

async fn decide(host: &Host, command: &Command) -> Result<Outcome, Stop> {
    let mut decided = Err(Stop::Stale);
    for _ in 0..DECISIONS {
        // What a lost decision had to tell did not happen.
        host.untell();
        decided = command::carry_out(host, command).await;
        if !matches!(decided, Err(Stop::Stale)) {
            break;
        }
    }
    decided
}
