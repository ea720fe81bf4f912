//! `claviger keys`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use claviger::Claviger;
use claviger::commands::Algorithm;
use serde_json::{Map, Value};

use super::failure::Failure;
use super::key_files::{self, Elsewhere};
use super::output::Output;

const COLUMNS: [&str; 4] = ["kid", "algorithm", "state", "createdAt"];

const ROTATING: &str = "\
A key is published before it signs, so that caches know it in time:
  claviger keys generate EdDSA     makes the next key
  claviger keys rotate             the next key becomes active, the active key retires

Another system's key signs on:
  claviger keys import private-key.pem --activate

Keys rotate by themselves too; these commands are for when you want to decide.
";

#[derive(Debug, Subcommand)]
#[command(after_long_help = ROTATING)]
pub(super) enum KeysCommand {
    /// List all keys
    List,
    /// Make the key that signs next
    Generate(Generate),
    /// Bring a key along: a PEM of PKCS #8, a JWK or a key set
    Import(Import),
    /// Show the public half of a key as a PEM, or without a kid all that are published as a JWK Set
    Export {
        /// The key
        kid: Option<String>,
    },
    /// Let the next key sign
    Rotate(Rotate),
    /// End a compromised key: it verifies nothing from now on
    Withdraw {
        /// The key
        kid: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Generate {
    /// How it signs [default: as `signing.algorithm` is configured, else EdDSA]
    algorithm: Option<Signs>,
    #[command(flatten)]
    elsewhere: Elsewhere,
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The file [default: the one that JWT_PRIVATE_KEY names]
    file: Option<PathBuf>,
    /// What an RSA or a symmetric key is for
    #[arg(long)]
    algorithm: Option<Signs>,
    /// It signs from now on, in place of waiting for its turn
    #[arg(long)]
    activate: bool,
}

#[derive(Debug, Args)]
pub(super) struct Rotate {
    /// Only keys that sign like this
    #[arg(long)]
    algorithm: Option<Signs>,
}

/// The names of RFC 7518 and RFC 8037.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Signs {
    #[value(name = "EdDSA")]
    EdDsa,
    #[value(name = "ES256")]
    Es256,
    #[value(name = "ES384")]
    Es384,
    #[value(name = "RS256")]
    Rs256,
    #[value(name = "RS384")]
    Rs384,
    #[value(name = "RS512")]
    Rs512,
    #[value(name = "PS256")]
    Ps256,
    #[value(name = "PS384")]
    Ps384,
    #[value(name = "PS512")]
    Ps512,
    #[value(name = "HS256")]
    Hs256,
    #[value(name = "HS384")]
    Hs384,
    #[value(name = "HS512")]
    Hs512,
}

impl KeysCommand {
    /// With what is configured in place of what was not typed.
    pub(super) fn configured(self, configuration: &Map<String, Value>) -> Self {
        let algorithm = configuration.get("signing").and_then(|signing| signing.get("algorithm"));
        let signs = || algorithm.and_then(Value::as_str).and_then(|name| Signs::from_str(name, false).ok());
        match self {
            Self::Generate(Generate { algorithm: None, elsewhere }) => {
                Self::Generate(Generate { algorithm: signs(), elsewhere })
            }
            typed => typed,
        }
    }

    /// Whether a key for another system is wanted, which needs neither settings nor a store.
    pub(super) fn is_for_elsewhere(&self) -> bool {
        matches!(self, Self::Generate(Generate { elsewhere, .. }) if elsewhere.is_meant())
    }

    /// Makes one.
    pub(super) async fn make_for_elsewhere(&self, output: Output) -> Result<(), Failure> {
        let Self::Generate(Generate { algorithm, elsewhere }) = self else { return Ok(()) };
        elsewhere.make(algorithm.unwrap_or(Signs::EdDsa).into(), output).await
    }
}

impl From<Signs> for Algorithm {
    fn from(signs: Signs) -> Self {
        match signs {
            Signs::EdDsa => Self::EdDsa,
            Signs::Es256 => Self::Es256,
            Signs::Es384 => Self::Es384,
            Signs::Rs256 => Self::Rs256,
            Signs::Rs384 => Self::Rs384,
            Signs::Rs512 => Self::Rs512,
            Signs::Ps256 => Self::Ps256,
            Signs::Ps384 => Self::Ps384,
            Signs::Ps512 => Self::Ps512,
            Signs::Hs256 => Self::Hs256,
            Signs::Hs384 => Self::Hs384,
            Signs::Hs512 => Self::Hs512,
        }
    }
}

pub(super) async fn run(auth: &Claviger, command: KeysCommand, output: Output) -> Result<(), Failure> {
    let keys = auth.keys();
    match command {
        KeysCommand::List => output.table(&keys.list().await?, &COLUMNS),
        KeysCommand::Generate(Generate { algorithm, .. }) => {
            output.record(&keys.generate(algorithm.unwrap_or(Signs::EdDsa).into()).await?)
        }
        KeysCommand::Import(Import { file, algorithm, activate }) => {
            let imported = key_files::import(auth, file, algorithm.map(Into::into), activate).await?;
            output.table(&imported, &COLUMNS)
        }
        KeysCommand::Export { kid: Some(kid) } => {
            let key = keys.export(&kid).await?;
            if output.is_json() { output.record(&key) } else { output.text(key.public_pem.trim_end()) }
        }
        KeysCommand::Export { kid: None } => {
            let set = serde_json::to_string_pretty(&keys.jwks().await?).map_err(Failure::of("no output"))?;
            output.text(&set)
        }
        KeysCommand::Rotate(rotate) => output.table(&keys.rotate(rotate.algorithm.map(Into::into)).await?, &COLUMNS),
        KeysCommand::Withdraw { kid } => output.table(&keys.withdraw(&kid).await?, &COLUMNS),
    }
}
