//! The settings: arguments over environment over file over defaults.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use claviger::services::PublicFetch;
use claviger::stores::{Memory, Sqlite};
use claviger::{Builder, Claviger};
use serde_json::{Map, Value};

use super::arguments::{Common, variable};
use super::failure::Failure;
use super::output::Output;

/// Members of the file that are this binary's, and not the engine's.
const STORE: &str = "store";
const LISTEN: &str = "listen";
const MAIL_COMMAND: &str = "mailCommand";

pub(super) struct Settings {
    /// `docs/contract.md`, section 6.
    pub(super) configuration: Map<String, Value>,
    pub(super) store: Option<StoreChoice>,
    pub(super) listen: Option<SocketAddr>,
    /// What sends mails.
    pub(super) mail_command: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StoreChoice {
    Memory,
    Sqlite(PathBuf),
}

impl Settings {
    pub(super) fn read(common: &Common) -> Result<Self, Failure> {
        let file = common.config.clone().or_else(|| variable("CLAVIGER_CONFIG").map(PathBuf::from));
        let mut configuration = file.as_deref().map_or_else(|| Ok(Map::new()), read_file)?;
        let (stored, listened) = (take_text(&mut configuration, STORE)?, take_text(&mut configuration, LISTEN)?);
        let mail_command = take_text(&mut configuration, MAIL_COMMAND)?;
        let store = common.store.clone().or_else(|| variable("CLAVIGER_STORE")).or(stored);
        let listen = variable("CLAVIGER_LISTEN").or(listened);
        if let Some(issuer) = common.issuer.clone().or_else(|| variable("CLAVIGER_ISSUER")) {
            configuration.insert("issuer".into(), issuer.into());
        }
        if let Some(secret) = secret(common.secret_file.as_deref())? {
            configuration.insert("secret".into(), secret.into());
        }
        Ok(Self {
            configuration,
            store: store.as_deref().map(StoreChoice::parse).transpose()?,
            listen: listen.as_deref().map(parse_address).transpose()?,
            mail_command: variable("CLAVIGER_MAIL_COMMAND").or(mail_command),
        })
    }

    /// The engine on the store, for administration: one thread is enough.
    pub(super) fn open(self) -> Result<Claviger, Failure> {
        if self.store == Some(StoreChoice::Memory) {
            return Err(Failure::new(
                "configuration",
                "the store `memory` lives in the server's own process and cannot be administered from here",
                "Use `--store sqlite:FILE`.",
            ));
        }
        self.build(|builder| builder.instances(1).derivers(1))
    }

    /// The engine on the store, with what else the builder is to be told.
    pub(super) fn build(self, adjust: impl FnOnce(Builder) -> Builder) -> Result<Claviger, Failure> {
        require(&self.configuration)?;
        let store = self.store.ok_or_else(|| {
            Failure::new("configuration", "no store is configured", "Say `--store sqlite:FILE`, or set CLAVIGER_STORE.")
        })?;
        let builder = adjust(Builder::from_configuration(self.configuration).fetch(PublicFetch::new()));
        let builder = match store {
            StoreChoice::Memory => builder.store(Memory::new()),
            StoreChoice::Sqlite(path) => builder.store(Sqlite::open(path)?),
        };
        Ok(builder.build()?)
    }
}

impl StoreChoice {
    fn parse(text: &str) -> Result<Self, Failure> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            _ => Err(Failure::new(
                "configuration",
                format!("`{text}` is no store"),
                "Say `sqlite:FILE`, such as `sqlite:auth.db`, or `memory`.",
            )),
        }
    }
}

/// Opens the engine with the configuration, on an empty store in memory.
pub(super) fn check(common: &Common, output: Output) -> Result<(), Failure> {
    let settings = Settings::read(common)?;
    require(&settings.configuration)?;
    let builder = Builder::from_configuration(settings.configuration).fetch(PublicFetch::new());
    builder.instances(1).derivers(1).store(Memory::new()).build()?;
    output.line("the configuration is good")
}

fn require(configuration: &Map<String, Value>) -> Result<(), Failure> {
    let needs = [
        ("issuer", "Say `--issuer https://auth.example.com`, or set CLAVIGER_ISSUER."),
        (
            "secret",
            "Set CLAVIGER_SECRET to what `claviger secret` prints, and keep it; or name a file with --secret-file.",
        ),
    ];
    match needs.iter().find(|(member, _)| !configuration.contains_key(*member)) {
        Some((member, help)) => Err(Failure::new("configuration", format!("no {member} is configured"), *help)),
        None => Ok(()),
    }
}

/// From the file that was typed; else from the environment, where the secret itself wins over a file.
fn secret(typed: Option<&Path>) -> Result<Option<String>, Failure> {
    if let Some(file) = typed {
        return read_secret(file).map(Some);
    }
    match variable("CLAVIGER_SECRET") {
        Some(secret) => Ok(Some(secret)),
        None => variable("CLAVIGER_SECRET_FILE").map(|file| read_secret(Path::new(&file))).transpose(),
    }
}

/// The first line of a file, as `claviger secret > FILE` writes it.
pub(super) fn read_secret(path: &Path) -> Result<String, Failure> {
    let text = read(path)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn read_file(path: &Path) -> Result<Map<String, Value>, Failure> {
    let text = read(path)?;
    let bad = |why: String| {
        let help = "Write a table of settings; `claviger --help` has an example.";
        Failure::new("configuration", format!("{} cannot be understood: {why}", path.display()), help)
    };
    if path.extension().is_some_and(|extension| extension == "json") {
        serde_json::from_str(&text).map_err(|error| bad(json_error(&error)))
    } else {
        toml::from_str(&text).map_err(|error| bad(toml_error(&text, &error)))
    }
}

/// What is wrong and where. Of a text or a number that stands for the whole, serde's words would have what it is.
fn json_error(error: &serde_json::Error) -> String {
    if error.is_data() { "it is no object".to_owned() } else { error.to_string() }
}

/// What is wrong and in which line. TOML's whole message quotes the line, and a secret may be in it.
fn toml_error(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map(|before| format!(" in line {}", before.matches('\n').count() + 1));
    format!("{}{}", error.message(), line.unwrap_or_default())
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| {
        let help = "See that the file is there, and may be read.";
        Failure::new("configuration", format!("{} cannot be read: {error}", path.display()), help)
    })
}

fn parse_address(text: &str) -> Result<SocketAddr, Failure> {
    text.parse()
        .map_err(|_| Failure::new("configuration", format!("`{text}` is no address"), "Say it like 127.0.0.1:8080."))
}

fn take_text(configuration: &mut Map<String, Value>, member: &str) -> Result<Option<String>, Failure> {
    match configuration.remove(member) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Failure::new("configuration", format!("`{member}` must be text"), "")),
    }
}
