//! Mails that a command of the operator's sends.

use std::process::Stdio;

use claviger::Mail;
use claviger::services::ServiceError;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Gives a mail as JSON to the standard input of a command, which sends it; it fails when the command does.
pub(super) async fn send(command: String, mail: Mail) -> Result<(), ServiceError> {
    let json = serde_json::to_vec(&mail)?;
    let failed = |error: std::io::Error| format!("the mail command cannot be run: {error}");
    let mut sender =
        shell(&command).stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true).spawn().map_err(failed)?;
    if let Some(mut input) = sender.stdin.take() {
        // One that does not read what it is given says why by its status.
        _ = input.write_all(&json).await;
    }
    let status = sender.wait().await.map_err(failed)?;
    if status.success() {
        return Ok(());
    }
    Err(format!("a mail was not sent: the mail command ended with {status}").into())
}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command);
    shell
}

#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.arg("/C").arg(command);
    shell
}
