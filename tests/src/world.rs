use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_core::{Engine, derive_json, opened_json};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::Memory;
use crate::scenario::{Exchange, Export, Fault};

/// What the engine asked for during one command, in order: `load`, `commit`, ...
pub type Asked = Vec<String>;

/// One engine and all that it can see.
pub struct World {
    engine: Engine,
    /// The store.
    pub store: Memory,
    /// The clock, in milliseconds.
    pub now: u64,
    seeds: u64,
    asked: Asked,
    events: Vec<Value>,
    mails: Vec<Value>,
    transcript: Vec<Exchange>,
    /// What [`World::run`] lets go wrong in every command.
    pub fault: Option<Fault>,
}

impl World {
    /// The issuer of every world.
    pub const ISSUER: &'static str = "https://auth.example.com";
    /// The root secret of every world.
    pub const SECRET: &'static str = "a root secret for tests: k3Jx0PqLw9TzRv";

    /// A world with the scopes `read` and `write`, and the resource `https://api.example.com`.
    pub fn new() -> Self {
        Self::with(json!({}))
    }

    /// The same with these members of the configuration changed.
    pub fn with(changes: Value) -> Self {
        let (engine, opened) = open(&changes);
        Self {
            engine,
            store: Memory::default(),
            now: 1_790_000_000_000,
            seeds: 0,
            asked: Vec::new(),
            events: Vec::new(),
            mails: Vec::new(),
            transcript: vec![opened],
            fault: None,
        }
    }

    /// The configuration of [`World::new`], changed.
    pub fn config(changes: Value) -> Value {
        let mut config = json!({
            "issuer": Self::ISSUER, "secret": Self::SECRET, "name": "Example",
            "scopes": { "read": "See your things", "write": "Change your things" },
            "resources": { "https://api.example.com": { "accessToken": "opaque", "lifetime": "5m" } },
            // As cheap as the bounds allow: what is tested here is not the hash.
            "password": { "memory": 7168, "passes": 1, "lanes": 1 },
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            config[name] = value.clone();
        }
        config
    }

    /// Another engine with other settings takes over, on the same store.
    pub fn reopen(&mut self, changes: Value) {
        let (engine, opened) = open(&changes);
        self.engine = engine;
        self.transcript.push(opened);
    }

    /// The next call for a command: this world's clock, a seed of its own.
    pub fn call(&mut self, command: Value) -> Value {
        self.seeds += 1;
        let seed = URL_SAFE_NO_PAD.encode(Sha256::digest(self.seeds.to_be_bytes()));
        json!({ "now": self.now, "seed": seed, "command": command })
    }

    /// Begins a flow and returns its first step.
    pub fn begin(&mut self, command: Value) -> Value {
        let call = self.call(command);
        self.begin_call(&call)
    }

    fn begin_call(&mut self, call: &Value) -> Value {
        parse(&self.exchange(Export::Begin, call.to_string()))
    }

    /// Goes on with a flow.
    pub fn resume(&mut self, flow: &Value, answer: Value) -> Value {
        parse(&self.exchange(Export::Resume, json!({ "flow": flow, "answer": answer }).to_string()))
    }

    /// Drops a flow.
    pub fn cancel(&mut self, flow: &Value) {
        self.exchange(Export::Cancel, json!({ "flow": flow }).to_string());
    }

    /// Hands text to the engine as it is and returns what comes back.
    pub fn exchange(&mut self, export: Export, input: String) -> String {
        let output = match export {
            Export::Open => panic!("an engine is opened once: see reopen"),
            Export::Begin => self.engine.begin_json(input.as_bytes()),
            Export::Resume => self.engine.resume_json(input.as_bytes()),
            Export::Cancel => self.engine.cancel_json(input.as_bytes()),
            Export::Derive => derive_json(input.as_bytes()),
        };
        let output = String::from_utf8(output).unwrap_or_else(|error| panic!("a step is text: {error}"));
        self.transcript.push(Exchange { export, input, output: output.clone() });
        output
    }

    /// All that went in and out of the engine so far.
    pub fn transcript(&self) -> &[Exchange] {
        &self.transcript
    }

    /// Runs a command to its end, with `answer` in place of the store: it gets the ask, its number, and the store.
    pub fn run_with(&mut self, command: Value, answer: impl FnMut(&Value, usize, &mut Memory) -> Value) -> Value {
        let call = self.call(command);
        self.run_call_with(&call, answer)
    }

    /// Runs a whole call to its end on the store.
    pub fn run_call(&mut self, call: &Value) -> Value {
        self.run_call_with(call, |ask, _, store| store.answer(ask))
    }

    fn run_call_with(&mut self, call: &Value, mut answer: impl FnMut(&Value, usize, &mut Memory) -> Value) -> Value {
        self.asked.clear();
        let mut step = self.begin_call(call);
        while let Some(ask) = step.get("ask").cloned() {
            let number = self.asked.len();
            self.asked.extend(ask.as_object().into_iter().flatten().map(|(name, _)| name.clone()));
            let answer = answer(&ask, number, &mut self.store);
            step = self.resume(&step["flow"].clone(), answer);
        }
        let done = step["done"].clone();
        self.events.extend(done["events"].as_array().into_iter().flatten().cloned());
        self.mails.extend(done["mail"].as_array().into_iter().flatten().cloned());
        done
    }

    /// Runs a command to its end on the store; after what went wrong, once more.
    pub fn run(&mut self, command: Value) -> Value {
        match self.fault {
            None => self.run_with(command, |ask, _, store| store.answer(ask)),
            Some(fault) => fault.run(self, &command),
        }
    }

    /// Begins the same command `times` times and answers all of them in rounds; gives their ends.
    pub fn race(&mut self, command: &Value, times: usize) -> Vec<Value> {
        let mut waiting: Vec<Value> = (0..times).map(|_| self.begin(command.clone())).collect();
        let mut ended = Vec::new();
        while !waiting.is_empty() {
            let mut still = Vec::new();
            for step in waiting {
                let answer = self.store.answer(&step["ask"]);
                let next = self.resume(&step["flow"], answer);
                if next.get("ask").is_some() { still.push(next) } else { ended.push(next["done"].clone()) }
            }
            waiting = still;
        }
        ended
    }

    /// Runs a command that must succeed.
    pub fn ok(&mut self, command: Value) -> Value {
        let done = self.run(command.clone());
        assert!(done.get("ok").is_some() && done.get("fault").is_none(), "{command} ended in {done}");
        done["ok"].clone()
    }

    /// Runs a command that must be refused, and returns the code.
    pub fn refused(&mut self, command: Value) -> String {
        let done = self.run(command.clone());
        done["refused"]["code"].as_str().unwrap_or_else(|| panic!("{command} ended in {done}")).to_owned()
    }

    /// What the last command asked for.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// What happened since this was last called.
    pub fn take_events(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.events)
    }

    /// The mails to send since this was last called.
    pub fn take_mails(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.mails)
    }

    /// The names of what happened since events were last taken.
    pub fn take_event_names(&mut self) -> Vec<String> {
        self.take_events().iter().map(|event| event["name"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Lets time pass.
    pub fn advance(&mut self, seconds: u64) {
        self.now += seconds * 1000;
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

fn open(changes: &Value) -> (Engine, Exchange) {
    let config = World::config(changes.clone()).to_string();
    let engine = Engine::open(config.as_bytes()).unwrap_or_else(|fault| panic!("{fault:?}"));
    let output = String::from_utf8_lossy(&opened_json(None)).into_owned();
    (engine, Exchange { export: Export::Open, input: config, output })
}

fn parse(step: &str) -> Value {
    serde_json::from_str(step).unwrap_or_else(|error| panic!("a step is JSON: {error}"))
}
