//! The small tools by themselves, for browser and edge code: made of the engine's own rooms, with no IO, clock or randomness.
//!
//! `wasm/browser` puts a JavaScript face on them. Arguments with several members are read from JSON texts, strictly.

pub mod dpop;
pub mod jwt;
pub mod pkce;
pub mod sealed;

use serde::de::DeserializeOwned;

use crate::key::InvalidKey;
use crate::key::jwt::Why;
use crate::refusal::{Fault, Refusal, Told};

/// Why a tool refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolError {
    /// An argument is out of bounds.
    Argument(&'static str),
    /// The arguments cannot be read.
    Unreadable(String),
    /// A key is malformed, or none that is offered.
    Key(InvalidKey),
    /// The token is not what its reader expects.
    Token(Why),
    /// The text was not sealed with this secret for this purpose, or was changed.
    NotSealed,
    /// The sealed value's time is over.
    SealExpired,
    /// The value would not fit into a cookie.
    TooLarge,
    /// The engine's rooms are at fault, or were given a secret that is none.
    Fault(Fault),
}

impl ToolError {
    /// The code, the status, the text and the help.
    #[must_use]
    #[rustfmt::skip]
    pub fn told(&self) -> Told {
        let (code, status, message, help) = match self {
            Self::Argument(why) => return Refusal::InvalidArgument(why).told(),
            Self::Token(why) => return Told { help: why.help(), reason: Some(why.reason()), ..Refusal::InvalidToken.told() },
            Self::Fault(fault) => return fault.told(),
            Self::Unreadable(why) => ("invalid_argument", 400, format!("The arguments cannot be read: {why}"), "Correct the argument."),
            Self::Key(why) => ("invalid_key", 400, why.to_string(), "Pass a JWK of ES256 or EdDSA, whole and as it was made."),
            Self::NotSealed => ("invalid_seal", 401, "The sealed value is not valid here".into(), "Treat it as absent: it was changed, or sealed with another secret or for another purpose."),
            Self::SealExpired => ("seal_expired", 401, "The sealed value has expired".into(), "Treat it as absent, and seal a new one."),
            Self::TooLarge => ("too_large", 400, "The value is too large for a cookie".into(), "Keep the value in a store, and seal only what finds it."),
        };
        Told { code, status, message, help, reason: None, headers: Vec::new() }
    }
}

impl From<InvalidKey> for ToolError {
    fn from(why: InvalidKey) -> Self {
        Self::Key(why)
    }
}

impl From<Fault> for ToolError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

fn read<T: DeserializeOwned>(arguments: &str) -> Result<T, ToolError> {
    crate::json::read(arguments.as_bytes()).map_err(|why| ToolError::Unreadable(why.to_string()))
}
