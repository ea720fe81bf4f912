//! The log, on the standard error. It carries no secret: requests are logged without their query.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

use super::arguments::{Command, LogForm};

/// A server tells what happens; a command of administration only what goes wrong.
pub(super) fn start(form: LogForm, command: &Command) {
    let usual = if matches!(command, Command::Serve(_)) { "info" } else { "warn" };
    let filter = EnvFilter::try_from_env("CLAVIGER_LOG_LEVEL").unwrap_or_else(|_| EnvFilter::new(usual));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match form {
        LogForm::Text => builder.with_target(false).with_ansi(stderr().is_terminal()).init(),
        LogForm::Json => builder.json().flatten_event(true).init(),
    }
}
