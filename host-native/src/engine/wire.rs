//! The JSON that goes in and out of the engine (`docs/contract.md`, sections 2 to 4).

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::Problem;
use crate::event::Event;
use crate::mail::Mail;
use crate::services::{FetchAsk, Fetched, SignRequest, VerifyRequest};
use crate::stores::{Batch, Committed, Key, Page, Row, Scan, Version};
use crate::subject::{Found, SubjectAsk};

/// What begins a flow.
#[derive(Serialize)]
pub(crate) struct Call<'a, T> {
    /// Milliseconds since 1970.
    pub(crate) now: u64,
    /// 32 random bytes in base64url.
    pub(crate) seed: String,
    /// Which of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issuer: Option<&'a str>,
    pub(crate) command: Command<'a, T>,
}

/// An object with one member: the command's name and its arguments.
pub(crate) struct Command<'a, T> {
    pub(crate) name: &'a str,
    pub(crate) arguments: &'a T,
}

impl<T: Serialize> Serialize for Command<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.name, self.arguments)?;
        map.end()
    }
}

/// What the engine gives back: either `ask` with its `flow`, or `done`.
#[derive(Deserialize)]
pub(crate) struct Step {
    pub(crate) flow: Option<u64>,
    pub(crate) ask: Option<Box<RawValue>>,
    pub(crate) done: Option<Done>,
}

/// The number of the flow that a step belongs to, if it waits for an answer.
#[derive(Deserialize)]
pub(crate) struct Waiting {
    pub(crate) flow: Option<u64>,
}

/// How a flow ended.
#[derive(Deserialize)]
pub(crate) struct Done {
    /// The result, which may be `null`.
    #[serde(default, deserialize_with = "present")]
    pub(crate) ok: Option<Box<RawValue>>,
    pub(crate) refused: Option<Problem>,
    pub(crate) fault: Option<Problem>,
    #[serde(default)]
    pub(crate) events: Vec<Event>,
    #[serde(default)]
    pub(crate) mail: Vec<Mail>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

/// What a flow waits for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Ask {
    Load { keys: Vec<Key> },
    Commit(Batch),
    Scan(Scan),
    Derive(Box<RawValue>),
    Subject(SubjectAsk),
    Sign(SignRequest),
    Verify(VerifyRequest),
    Fetch(FetchAsk),
}

/// What the flow gets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Answer {
    Rows(Vec<Option<Row>>),
    Commit(Committed),
    Page(Page),
    Subject(Option<Found>),
    /// In base64url.
    Signature(String),
    Verified(bool),
    Response(Fetched),
    /// There is too much to do; in seconds.
    Busy(u64),
    Failed(String),
    /// An answer that is written already.
    #[serde(untagged)]
    Written(Box<RawValue>),
}

/// An answer on its way to its flow. The values of rows stand behind the message, each after a zero byte: they are JSON, and most of
/// what there would be to escape.
pub(crate) fn resume(flow: u64, answer: &Answer) -> serde_json::Result<Vec<u8>> {
    let Answer::Rows(rows) = answer else { return serde_json::to_vec(&Resume { flow, answer }) };
    let stands_behind = |row: &&Row| !row.value.contains('\0');
    let heads = rows.iter().map(|row| {
        row.as_ref().map(|row| Head { version: &row.version, value: (!stands_behind(&row)).then_some(&row.value) })
    });
    let mut message = serde_json::to_vec(&Resume { flow, answer: Heads { rows: heads.collect() } })?;
    for row in rows.iter().flatten().filter(stands_behind) {
        message.push(0);
        message.extend_from_slice(row.value.as_bytes());
    }
    Ok(message)
}

#[derive(Serialize)]
struct Resume<A> {
    flow: u64,
    answer: A,
}

#[derive(Serialize)]
struct Heads<'a> {
    rows: Vec<Option<Head<'a>>>,
}

#[derive(Serialize)]
struct Head<'a> {
    version: &'a Version,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
}

/// The end of a flow that nobody waits for any more.
#[derive(Serialize)]
pub(crate) struct Cancel {
    pub(crate) flow: u64,
}

/// What `open` answers.
#[derive(Deserialize)]
pub(crate) struct Opened {
    pub(crate) fault: Option<Problem>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_behind_the_message_unless_it_would_be_taken_for_several() {
        let row = |value: &str| Some(Row { version: "1".into(), value: value.into() });
        let answer = Answer::Rows(vec![row("{}"), None, row("a\0b"), row("")]);
        let written = String::from_utf8(resume(7, &answer).unwrap()).unwrap();
        let head =
            r#"{"flow":7,"answer":{"rows":[{"version":"1"},null,{"version":"1","value":"a\u0000b"},{"version":"1"}]}}"#;
        assert_eq!(written, format!("{head}\0{{}}\0"));
    }

    #[test]
    fn what_has_no_rows_is_written_as_it_is() {
        let written = resume(7, &Answer::Commit(Committed::Stale)).unwrap();
        assert_eq!(written, br#"{"flow":7,"answer":{"commit":"stale"}}"#);
    }
}
