//! Where a password comes from: the environment, a file, or a prompt. Never from an argument.

use std::path::PathBuf;

use clap::Args;

use super::arguments::variable;
use super::failure::Failure;
use super::secret::fresh_password;
use super::settings::read_secret;

#[derive(Debug, Args)]
pub(super) struct PasswordSource {
    /// A file whose first line is the password; or set CLAVIGER_PASSWORD. Without either you are asked
    /// [env: CLAVIGER_PASSWORD_FILE]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// It is no password, but the hash that another system made of it
    #[arg(long)]
    hashed: bool,
    /// Make up a password and print it
    #[arg(long, conflicts_with_all = ["password_file", "hashed"])]
    generate: bool,
}

/// A password, and whether its owner has yet to be told; or the hash of one.
pub(super) struct Password {
    pub(super) text: String,
    pub(super) hashed: bool,
    pub(super) generated: bool,
}

impl PasswordSource {
    pub(super) fn read(&self) -> Result<Password, Failure> {
        if self.generate {
            return Ok(Password { text: fresh_password()?, hashed: false, generated: true });
        }
        let file = self.password_file.clone().or_else(|| variable("CLAVIGER_PASSWORD_FILE").map(PathBuf::from));
        let text = match (file, variable("CLAVIGER_PASSWORD")) {
            (Some(file), _) => read_secret(&file)?,
            (None, Some(password)) => password,
            (None, None) => ask()?,
        };
        Ok(Password { text, hashed: self.hashed, generated: false })
    }
}

fn ask() -> Result<String, Failure> {
    let prompt = |text| {
        rpassword::prompt_password(text).map_err(|error| {
            let help = "Set CLAVIGER_PASSWORD, name a file with --password-file, or say --generate.";
            Failure::new("failed", format!("no password can be asked for: {error}"), help)
        })
    };
    let password = prompt("Password: ")?;
    if prompt("Once more: ")? == password {
        return Ok(password);
    }
    Err(Failure::new("mistyped", "the two passwords differ", "Try again."))
}
