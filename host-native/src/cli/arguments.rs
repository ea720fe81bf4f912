//! What may be typed. Secrets and passwords are never arguments: they would stay in the shell's history.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use super::clients::ClientsCommand;
use super::factors::FactorsCommand;
use super::grants::GrantsCommand;
use super::keys::KeysCommand;
use super::pats::PatsCommand;
use super::purge::PurgeArguments;
use super::registration_tokens::RegistrationTokensCommand;
use super::sessions::SessionsCommand;
use super::users::UsersCommand;

const EXAMPLES: &str = "\
Try it, with a demo user and a demo client:
  claviger serve --demo

Run it:
  export CLAVIGER_SECRET=$(claviger secret)    # once: keep it, everything is sealed with it
  export CLAVIGER_ISSUER=https://auth.example.com CLAVIGER_STORE=sqlite:auth.db
  claviger users create ada
  claviger clients create --name 'My app' --redirect-uri https://app.example.com/callback
  claviger serve

The issuer and the store may stand in a file instead:
  claviger --config claviger.toml serve

  # claviger.toml
  issuer = \"https://auth.example.com\"
  store = \"sqlite:auth.db\"
  listen = \"127.0.0.1:8080\"
  [scopes]
  read = \"See your things\"
";

/// Authentication and authorization: OAuth 2.1 from one WebAssembly engine.
#[derive(Debug, Parser)]
#[command(name = "claviger", version, after_long_help = EXAMPLES, propagate_version = true)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What every command may be told. Arguments win over the environment, and the environment over the file.
#[derive(Debug, Args)]
#[command(next_help_heading = "Configuration")]
pub(super) struct Common {
    /// A file of settings, TOML or JSON [env: CLAVIGER_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// The server's address as clients see it [env: CLAVIGER_ISSUER]
    #[arg(long, global = true, value_name = "URL")]
    pub(super) issuer: Option<String>,

    /// Where rows live: `sqlite:FILE` or `memory` [env: CLAVIGER_STORE]
    #[arg(long, global = true, value_name = "STORE")]
    pub(super) store: Option<String>,

    /// A file with the secret; or set CLAVIGER_SECRET to the secret itself [env: CLAVIGER_SECRET_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) secret_file: Option<PathBuf>,

    /// Answer in JSON
    #[arg(long, global = true)]
    pub(super) json: bool,

    /// How to write the log, which goes to the standard error; CLAVIGER_LOG_LEVEL filters it, such as `debug` [default: text]
    /// [env: CLAVIGER_LOG]
    #[arg(long, global = true, value_name = "FORM")]
    pub(super) log: Option<LogForm>,
}

impl Common {
    /// How to write the log: as it was typed, else as the environment says.
    pub(super) fn log_form(&self) -> Result<LogForm, clap::Error> {
        match (self.log, variable("CLAVIGER_LOG")) {
            (Some(form), _) => Ok(form),
            (None, None) => Ok(LogForm::Text),
            (None, Some(text)) => LogForm::from_str(&text, false).map_err(|_| {
                let message = format!("CLAVIGER_LOG is text or json, and not `{text}`\n");
                Arguments::command().error(clap::error::ErrorKind::InvalidValue, message)
            }),
        }
    }
}

/// A variable of the environment; one that is empty is as good as none.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// How to write the log.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum LogForm {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the server
    #[command(after_long_help = "Stops on SIGINT and SIGTERM, and lets requests that have begun end first.")]
    Serve(Serve),
    /// Print a fresh secret, for CLAVIGER_SECRET
    Secret,
    /// The keys that sign tokens
    #[command(subcommand)]
    Keys(KeysCommand),
    /// The applications that may ask for tokens
    #[command(subcommand)]
    Clients(Box<ClientsCommand>),
    /// What lets applications register themselves
    #[command(subcommand)]
    RegistrationTokens(RegistrationTokensCommand),
    /// What programs act with that people let act for them
    #[command(subcommand)]
    Pats(PatsCommand),
    /// The people who sign in
    #[command(subcommand)]
    Users(UsersCommand),
    /// Where people are signed in
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// What people prove themselves with beside a password
    #[command(subcommand)]
    Factors(FactorsCommand),
    /// What people have allowed applications to do
    #[command(subcommand)]
    Grants(GrantsCommand),
    /// Remove what has expired
    Purge(PurgeArguments),
    /// Check the configuration, and change nothing
    CheckConfig,
}

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The address to listen on [default: 127.0.0.1:8080] [env: CLAVIGER_LISTEN]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<SocketAddr>,

    /// What sends mails: it gets each as JSON on its standard input [env: CLAVIGER_MAIL_COMMAND]
    #[arg(long, value_name = "COMMAND")]
    pub(super) mail_command: Option<String>,

    /// Make a demo user and a demo client, and print them; needs no other setting
    #[arg(long)]
    pub(super) demo: bool,
}
