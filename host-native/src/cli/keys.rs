//! `claviger keys`.

use clap::{Args, Subcommand, ValueEnum};
use claviger::Claviger;
use claviger::commands::Algorithm;
use serde_json::{Map, Value};

use super::failure::Failure;
use super::output::Output;

const COLUMNS: [&str; 4] = ["kid", "algorithm", "state", "createdAt"];

const ROTATING: &str = "\
A key is published before it signs, so that caches know it in time:
  claviger keys generate EdDSA     makes the next key
  claviger keys rotate             the next key becomes active, the active key retires

Keys rotate by themselves too; these commands are for when you want to decide.
";

#[derive(Debug, Subcommand)]
#[command(after_long_help = ROTATING)]
pub(super) enum KeysCommand {
    /// List all keys
    List,
    /// Make the key that signs next
    Generate(Generate),
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
            Self::Generate(Generate { algorithm: None }) => Self::Generate(Generate { algorithm: signs() }),
            typed => typed,
        }
    }
}

impl From<Signs> for Algorithm {
    fn from(signs: Signs) -> Self {
        match signs {
            Signs::EdDsa => Self::EdDsa,
            Signs::Es256 => Self::Es256,
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
        KeysCommand::Generate(Generate { algorithm }) => {
            output.record(&keys.generate(algorithm.unwrap_or(Signs::EdDsa).into()).await?)
        }
        KeysCommand::Rotate(rotate) => output.table(&keys.rotate(rotate.algorithm.map(Into::into)).await?, &COLUMNS),
        KeysCommand::Withdraw { kid } => output.table(&keys.withdraw(&kid).await?, &COLUMNS),
    }
}
