//! What can go wrong, and the response that fits.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::{Deserialize, Serialize};

use crate::engine::{EngineError, StartError};
use crate::stores::StoreError;
use crate::web::append_headers;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Somebody's request was refused: the engine did its work.
    #[error("{}: {}", .0.code, .0.message)]
    Refused(Problem),
    /// The engine or its host is at fault. The message is for the log, not for strangers.
    #[error("{}: {}", .0.code, .0.message)]
    Fault(Problem),
    /// Too much work is waiting. Try again later.
    #[error("busy: too much work is waiting")]
    Busy,
    /// The configuration is not one that the engine takes.
    #[error("configuration: {}", .0.message)]
    Configuration(Problem),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine cannot be loaded on this machine.
    #[error(transparent)]
    Engine(EngineError),
}

/// A refusal or a fault, told in four members, and the headers of a response that tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// A word for programs, such as `invalid_grant`.
    pub code: String,
    /// The HTTP status that fits.
    pub status: u16,
    /// What happened, for people.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Why a JWT is refused, such as `expired` or `denied`: for your program and log, and never told to the requester.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Box<str>>,
    /// Beside those of any error: the challenge of a request that was not let through (RFC 6750 section 3, RFC 9728 section 5.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
}

impl Problem {
    pub(crate) fn new(code: &str, status: u16, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            status,
            message: message.into(),
            help: help.into(),
            reason: None,
            headers: Vec::new(),
        }
    }
}

impl Error {
    /// The word for programs: `invalid_token`, `not_found`, `store_failed`, `busy` and so on.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Refused(problem) | Self::Fault(problem) | Self::Configuration(problem) => &problem.code,
            Self::Busy => "busy",
            Self::Store(_) => "store_failed",
            Self::Engine(_) => "engine_failed",
        }
    }

    /// The HTTP status that fits.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        let status = match self {
            Self::Refused(problem) | Self::Fault(problem) => problem.status,
            Self::Busy | Self::Store(_) => 503,
            Self::Configuration(_) | Self::Engine(_) => 500,
        };
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &str {
        match self {
            Self::Refused(problem) | Self::Fault(problem) | Self::Configuration(problem) => &problem.help,
            Self::Busy => "Try again in a moment; if it persists, add processors.",
            Self::Store(_) => "See that the store is there, and may be read and written.",
            Self::Engine(_) => "See the log; this machine may not be one that wasmtime supports.",
        }
    }

    /// The response that fits, with the challenge of RFC 6750 section 3 where a request was not let through. What is at fault
    /// inside is not told.
    #[must_use]
    pub fn into_response(self) -> Response<Full<Bytes>> {
        let status = self.status();
        let body = match &self {
            Self::Refused(problem) => error_body(&problem.code, &problem.message),
            _ if status == StatusCode::SERVICE_UNAVAILABLE => {
                error_body("temporarily_unavailable", "The server cannot answer now; try again")
            }
            _ => error_body("server_error", "The server failed"),
        };
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Self::Refused(problem) = &self
            && let Err(what) = append_headers(headers, &problem.headers)
        {
            tracing::error!(what, "a header of a refusal was left out");
        }
        response
    }
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        let (code, status, help) = match &error {
            EngineError::Busy => return Self::Busy,
            EngineError::Load(_) => return Self::Engine(error),
            EngineError::Trapped(_) => {
                ("engine_trapped", 503, "The request was denied and may be tried again; see the log.")
            }
            EngineError::Contract(_) => ("engine_failed", 500, "This is a defect of the engine; see the log."),
        };
        Self::Fault(Problem::new(code, status, error.to_string(), help))
    }
}

impl From<StartError> for Error {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Engine(error) => error.into(),
            StartError::Configuration(problem) => Self::Configuration(problem),
        }
    }
}

fn error_body(code: &str, description: &str) -> String {
    serde_json::json!({ "error": code, "error_description": description }).to_string()
}
