//! Other programs, run with errors that name them.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// How long an installer may take.
pub(crate) const INSTALL_LIMIT: Duration = Duration::from_secs(180);

/// Runs a program to its end with its output on this terminal; fails when it does.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("could not start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed: {status}");
    }
    Ok(())
}

/// Runs a program like [`run`], but ends it when it takes longer than the limit.
pub(crate) fn run_for(command: &mut Command, limit: Duration) -> anyhow::Result<()> {
    let shown = shown(command);
    let mut child = command.stdin(Stdio::null()).spawn().with_context(|| format!("could not start `{shown}`"))?;
    let start = Instant::now();
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("`{shown}` failed: {status}"),
            None if start.elapsed() < limit => thread::sleep(Duration::from_millis(100)),
            None => {
                child.kill()?;
                child.wait()?;
                bail!("`{shown}` did not end within {} s", limit.as_secs());
            }
        }
    }
}

/// Runs a program and gives back what it printed; fails, with what it said, when it does.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let shown = shown(command);
    let output = command.output().with_context(|| format!("could not start `{shown}`"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{shown}` failed: {}\n{}", output.status, said.trim_end());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Runs a program with its complaints on this terminal and gives back what it printed; fails when it does.
pub(crate) fn captured(command: &mut Command) -> anyhow::Result<String> {
    output(command.stderr(Stdio::inherit()))
}

/// Runs a program, hands over each line that it prints as it comes, and says whether it succeeded.
pub(crate) fn stream(command: &mut Command, mut each: impl FnMut(&str)) -> anyhow::Result<bool> {
    let shown = shown(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{shown}`"))?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            each(String::from_utf8_lossy(&line?).trim_end_matches('\r'));
        }
    }
    Ok(child.wait()?.success())
}

/// The cargo that runs this task, or the one on the PATH.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(crate::project::root());
    command
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
