use std::fmt;

use claviger_core::{Engine, derive_json, opened_json};
use sha2::{Digest, Sha256};

use super::{Exchange, Export, Fault, Recording, Transcript};

/// Something that runs the engine: text in, text out. `Open` means a new instance.
pub trait Replayer {
    /// One call.
    ///
    /// # Errors
    /// Why there is no output, such as a trap.
    fn exchange(&mut self, export: Export, input: &str) -> Result<String, String>;
}

/// What came of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// SHA-256 over all outputs, each followed by a line feed, in hexadecimal digits.
    pub hash: String,
    /// Where the outputs first left the recording.
    pub difference: Option<Difference>,
}

/// An output that is not the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// In which transcript.
    pub fault: Option<Fault>,
    /// The number of the exchange in it, from 0.
    pub exchange: usize,
    /// What was recorded.
    pub recorded: Exchange,
    /// What came.
    pub output: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, exchange, recorded, output } = self;
        writeln!(f, "fault {fault:?}, exchange {exchange}, {:?}", recorded.export)?;
        writeln!(f, "  input:    {}\n  recorded: {}\n  output:   {output}", recorded.input, recorded.output)
    }
}

/// Replays every transcript of a recording.
pub fn replay(recording: &Recording, replayer: &mut impl Replayer) -> Replayed {
    let mut hash = Sha256::new();
    let mut difference = None;
    for transcript in &recording.transcripts {
        for (number, recorded) in transcript.exchanges.iter().enumerate() {
            let output = replayer.exchange(recorded.export, &recorded.input).unwrap_or_else(|error| error);
            hash.update(&output);
            hash.update("\n");
            if output != recorded.output && difference.is_none() {
                let (fault, recorded) = (transcript.fault, recorded.clone());
                difference = Some(Difference { fault, exchange: number, recorded, output });
            }
        }
    }
    let hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Replayed { hash, difference }
}

/// Where two transcripts of the same run first differ, told for people.
pub fn first_difference(recorded: &Transcript, now: &Transcript) -> Option<String> {
    let pairs = recorded.exchanges.iter().zip(&now.exchanges).enumerate();
    for (number, (recorded, now)) in pairs {
        if recorded != now {
            return Some(format!(
                "exchange {number}, {:?}\n  recorded: {} -> {}\n  now:      {} -> {}",
                now.export, recorded.input, recorded.output, now.input, now.output
            ));
        }
    }
    let lengths = (recorded.exchanges.len(), now.exchanges.len());
    (lengths.0 != lengths.1).then(|| format!("{} exchanges were recorded, now there are {}", lengths.0, lengths.1))
}

/// The engine itself, without WebAssembly.
#[derive(Default)]
pub struct Core(Option<Engine>);

impl Replayer for Core {
    fn exchange(&mut self, export: Export, input: &str) -> Result<String, String> {
        let input = input.as_bytes();
        let output = match (export, &mut self.0) {
            (Export::Open, engine) => {
                let opened = Engine::open(input);
                let answer = opened_json(opened.as_ref().err());
                *engine = opened.ok();
                answer
            }
            (Export::Derive, _) => derive_json(input),
            (_, None) => return Err("no engine is open".to_owned()),
            (Export::Begin, Some(engine)) => engine.begin_json(input),
            (Export::Resume, Some(engine)) => engine.resume_json(input),
            (Export::Cancel, Some(engine)) => engine.cancel_json(input),
        };
        String::from_utf8(output).map_err(|error| error.to_string())
    }
}
