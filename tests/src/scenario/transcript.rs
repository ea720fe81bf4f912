use serde::{Deserialize, Serialize};

use super::Fault;

/// An export of the engine (`docs/contract.md`, section 1). `Open` is the first call into a new instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "they are named as in the contract")]
pub enum Export {
    Open,
    Begin,
    Resume,
    Cancel,
    Derive,
}

/// One call into the engine, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(Export, String, String)", into = "(Export, String, String)")]
pub struct Exchange {
    /// Which export.
    pub export: Export,
    /// What went in.
    pub input: String,
    /// What came out.
    pub output: String,
}

impl From<(Export, String, String)> for Exchange {
    fn from((export, input, output): (Export, String, String)) -> Self {
        Self { export, input, output }
    }
}

impl From<Exchange> for (Export, String, String) {
    fn from(exchange: Exchange) -> Self {
        (exchange.export, exchange.input, exchange.output)
    }
}

/// All calls of one run, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// What went wrong in every command.
    pub fault: Option<Fault>,
    /// The calls.
    pub exchanges: Vec<Exchange>,
}

/// A scenario's file: each transcript is replayed by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// Its name.
    pub scenario: String,
    /// What it shows.
    pub about: String,
    /// Without fault first.
    pub transcripts: Vec<Transcript>,
}

impl Recording {
    /// JSON with one line for each exchange, so that a change shows as the lines that it changed.
    pub fn to_text(&self) -> String {
        let transcripts: Vec<String> = self.transcripts.iter().map(transcript_text).collect();
        let [scenario, about] = [&self.scenario, &self.about].map(line);
        format!("{{\"scenario\":{scenario},\n\"about\":{about},\n\"transcripts\":[{}]}}\n", transcripts.join(",\n"))
    }
}

fn transcript_text(transcript: &Transcript) -> String {
    let exchanges: Vec<String> = transcript.exchanges.iter().map(line).collect();
    format!("{{\"fault\":{},\"exchanges\":[\n{}\n]}}", line(&transcript.fault), exchanges.join(",\n"))
}

fn line(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| panic!("a transcript is text: {error}"))
}
