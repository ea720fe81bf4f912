//! Why a command did not do what it should, and what to do about it.

use std::fmt;

use claviger::Error;
use claviger::stores::StoreError;

/// What is told on the standard error.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) help: String,
}

impl Failure {
    pub(super) fn new(code: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), help: help.into() }
    }

    /// For `map_err`: what went wrong, with the reason that follows.
    pub(super) fn of<E: fmt::Display>(what: impl fmt::Display) -> impl FnOnce(E) -> Self {
        move |error| Self::new("failed", format!("{what}: {error}"), "")
    }

    /// `list` is the command that shows what there is.
    pub(super) fn not_found(what: &str, id: &str, list: &str) -> Self {
        Self::new("not_found", format!("there is no {what} `{id}`"), format!("List them with `claviger {list}`."))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = match &error {
            Error::Refused(problem) | Error::Fault(problem) | Error::Configuration(problem) => problem.message.clone(),
            other => other.to_string(),
        };
        Self::new(error.code(), message, error.help())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}
